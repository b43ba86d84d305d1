//! Methods that are not those of their trait.

use monitor_layer::instrument_step;

pub trait Render {
    fn frame(&self) -> u8;
    fn number(&self) -> u8;
    fn size(&self);
}
impl Render for u8 {
    #[instrument_step]
    fn frame(&self) -> u16 {
        1
    }
    #[instrument_step]
    fn number(&self, scale: u8) -> u8 {
        scale
    }
}
