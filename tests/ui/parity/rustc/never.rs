//! Functions that are declared never to return, and do.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn never() -> ! {}
#[instrument_step]
pub fn never2() -> ! {
    7
}
#[instrument_step]
pub async fn never_async() -> ! {}
#[instrument_step]
pub async fn never2_async(x: bool) -> ! {
    if x {
        return 1;
    }
    loop {}
}
