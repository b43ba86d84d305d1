//! Methods that their trait does not have.

use monitor_layer::instrument_step;

pub trait Render {}
impl Render for u8 {
    #[instrument_step]
    fn other(&self) -> u16 {
        1
    }
}
