//! The attribute and the derive of `monitor-layer`, which re-exports and documents them.

mod arguments;
mod categorize;
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

/// Lets an error tell its category, its code and whether another try may succeed, by attributes.
///
/// `#[category(…)]` is one of `auth`, `pipeline`, `payment`, `timeout`, `rate_limit` and `unknown`. `#[code("…")]` is a
/// stable code to search for; one that begins with `AUTH_`, `PIPELINE_` or `PAYMENT_` tells the category, so that no
/// other is needed. `#[transient]` says that another try may succeed. They stand on a variant or on the type, for all
/// variants that say nothing themselves.
///
/// ```
/// use monitor_layer::{Categorize, Category};
///
/// #[derive(Debug, Categorize)]
/// #[category(payment)]
/// enum CheckoutError {
///     #[code("PAYMENT_CARD_DECLINED")]
///     CardDeclined { reason: String },
///     #[category(timeout)]
///     #[transient]
///     NoAnswer,
///     OutOfStock,
/// }
///
/// let declined = CheckoutError::CardDeclined { reason: "expired".to_owned() };
/// assert_eq!(declined.code(), Some("PAYMENT_CARD_DECLINED"));
/// assert_eq!(CheckoutError::NoAnswer.category(), Some(Category::Timeout));
/// assert!(CheckoutError::NoAnswer.is_transient());
/// assert_eq!(CheckoutError::OutOfStock.category(), Some(Category::Payment));
/// ```
#[proc_macro_derive(Categorize, attributes(category, code, transient))]
pub fn categorize(item: TokenStream) -> TokenStream {
    categorize::derive(item.into()).into()
}
