//! The attribute and the derive of `monitor-layer`, which re-exports and documents them.

mod arguments;
mod categories;
mod categorize;
mod expand;
mod function;
mod parameters;
mod returned;

use proc_macro::TokenStream;

/// Makes a function a step: counted by how it ended, timed, traced and logged, and captured where it fails.
///
/// Works on every function that compiles without it, async or not, methods and those of traits among them. The step is
/// named for the function; it has failed where the returned value is an `Err`, under whatever alias, and it is also
/// told when it panics or when its future is dropped before the end. The value itself is passed on untouched. The step
/// of a function that returns a future is that future, also where it is boxed, as by `#[async_trait]`.
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
/// #[instrument_step(name = "count_words", level = "debug", record(script), slow = "250ms")]
/// fn words(script: &str) -> usize {
///     script.split_whitespace().count()
/// }
/// ```
///
/// # Arguments
///
/// | argument | what it does |
/// |---|---|
/// | `name = "…"` | names the step: the label of its metrics, the name of its span |
/// | `level = "debug"` | the level of its span and of the lines `Step started` and `Step completed`, `info` without it; `Level::DEBUG` will do, too |
/// | `fields(key = value, …)` | records values that are made of the arguments as the function is called: on its span, in its lines, on its exported span. `%value` shows it by `Display`, `?value` by `Debug`; a variable needs no key: `%id` |
/// | `record(argument, …)` | records arguments: numbers, booleans and strings as what they are, all others by `Debug` |
/// | `slow = "2s"` | what takes longer ends with a warning, and is preferred as an exemplar; `ms`, `s`, `m` and `h` |
/// | `err(category = payment)` | the category of its errors where they neither name one nor have a code that tells one |
/// | `option_none_is_error` | a returned `None` is a failure |
/// | `monitor = self.monitor` | what observes the step and what is inside, in place of the monitor that is current or installed |
/// | `crate = path` | the path of `monitor_layer`, where it has another one |
///
/// Nothing of the arguments is recorded unless `fields` or `record` say so: arguments hold secrets and megabytes. What
/// is recorded is redacted as everything else, and made where somebody reads it alone.
///
/// The step's lines have the target `monitor_layer::step`, its span has that of the function's module.
///
/// # What is different inside
///
/// The body runs in a closure or an async block. So `#[track_caller]` does not reach into it, and an error message may
/// speak of a closure where it spoke of a function.
///
/// `-> impl Future` is taken for the `Future` of the standard library: a trait of one's own of that name does not compile.
/// A parameter of the `impl` block around that an error type is, or has in it, is taken to borrow if it is named by one
/// letter, as most are; one of another name has to be `'static`.
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
