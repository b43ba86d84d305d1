//! What is timed, a group of rows in each file.

pub(crate) mod find;
pub(crate) mod line;
pub(crate) mod observe;
pub(crate) mod outage;
pub(crate) mod request;
pub(crate) mod scrape;
pub(crate) mod span;
pub(crate) mod stack;
pub(crate) mod step;
pub(crate) mod threads;
