//! How many jobs stand where: asked for in the background, never at a scrape.

mod counts;
mod sampling;

pub use self::counts::QueueCounts;
pub(crate) use self::sampling::{QueueSampling, Sampling};
