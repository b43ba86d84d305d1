//! Borrows that do not live long enough.

use monitor_layer::instrument_step;

#[instrument_step]
pub fn boxed(text: &str) -> std::pin::Pin<Box<dyn Future<Output = usize>>> {
    Box::pin(async move { text.len() })
}
#[instrument_step]
pub fn unnamed(text: &str) -> impl Future<Output = usize> + 'static {
    async move { text.len() }
}
#[instrument_step]
pub fn closure() -> impl Fn() -> usize {
    let text = String::new();
    || text.len()
}
pub struct Scene(String);
impl Scene {
    #[instrument_step]
    pub fn other(&self, text: &str) -> &str {
        text
    }
}
