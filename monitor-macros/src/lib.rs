//! The attribute of `monitor-layer`, which re-exports and documents it.

mod arguments;
mod expand;
mod function;
mod returned;

use proc_macro::TokenStream;

/// Makes a function a step: counted by how it ended, timed, traced and logged, and captured where it fails.
///
/// Works on async and sync functions and methods. The step is named for the function, or by `name = "…"`; it has
/// failed where the returned value is an `Err`, and it is also told when it panics or when its future is dropped
/// before the end. The value itself is passed on untouched, and nothing of the arguments is recorded. The step of a
/// function that returns a future is that future, also where it is boxed, as by `#[async_trait]`.
///
/// With no monitor anywhere, a step is a `tracing` span and nothing else.
///
/// ```
/// use monitor_layer::instrument_step;
///
/// #[instrument_step]
/// async fn render(scene: &str) -> Result<usize, std::io::Error> {
///     Ok(scene.len())
/// }
///
/// #[instrument_step(name = "count_words")]
/// fn words(script: &str) -> usize {
///     script.split_whitespace().count()
/// }
/// ```
#[proc_macro_attribute]
pub fn instrument_step(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::instrument_step(arguments.into(), &item.into()).into()
}
