//! Functions that nobody calls, and types that are more private than what shows them.

#![warn(missing_docs, unreachable_pub)]

use monitor_layer::instrument_step;

#[instrument_step]
fn never_called() {}
#[instrument_step]
async fn async_never_called() {}
pub struct Scene;
impl Scene {
    #[instrument_step]
    fn never_called(&self) {}
    #[instrument_step]
    async fn async_never_called(&self) {}
}
struct Private;
#[instrument_step]
pub fn shows(private: Private) -> Private {
    private
}
#[instrument_step]
pub async fn async_shows(private: Private) -> Private {
    private
}
mod hidden {
    use monitor_layer::instrument_step;
    pub struct Scene;
    impl Scene {
        #[instrument_step]
        pub fn draw(&self) {}
    }
}
