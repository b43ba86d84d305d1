//! What functions become, as it stands in `snapshots/`. `UPDATE=1` writes it anew.

use std::{env, fs, path::Path};

use proc_macro2::TokenStream;

use super::instrument_step;

#[track_caller]
fn becomes(name: &str, arguments: &str, function: &str) {
    let parsed = |text: &str| text.parse::<TokenStream>().unwrap();
    let expanded = instrument_step(parsed(arguments), &parsed(function));
    let expanded = prettyplease::unparse(&syn::parse2(expanded).unwrap());
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("snapshots")
        .join(name)
        .with_extension("rs");
    if env::var_os("UPDATE").is_some() {
        fs::write(&file, &expanded).unwrap();
    }
    let known = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        expanded,
        known,
        "{}; UPDATE=1 writes it anew",
        file.display()
    );
}

#[test]
fn an_async_function_waits_for_its_body_as_a_step() {
    becomes(
        "async_function",
        "",
        "pub async fn render(scene: &Scene) -> Result<Frame, RenderError> { scene.frame().await }",
    );
}

#[test]
fn a_plain_function_calls_its_body_as_a_step() {
    becomes(
        "plain_function",
        "",
        "fn count(script: &str) -> usize { script.len() }",
    );
}

#[test]
fn a_function_of_a_type_that_may_be_a_boxed_future_asks_it() {
    becomes(
        "boxed_future",
        "",
        "fn later<'a>(text: &'a str) -> BoxFuture<'a, Result<u8, Refused>> { Box::pin(read(text)) }",
    );
}

#[test]
fn a_function_that_makes_a_future_makes_it_at_once() {
    becomes(
        "opaque_future",
        "",
        "fn later() -> impl Future<Output = Result<u8, Refused>> + Send { async { Ok(1) } }",
    );
}

#[test]
fn a_function_that_does_not_return_says_so() {
    becomes(
        "never",
        "",
        "async fn serve() -> ! { loop { accept().await } }",
    );
}

#[test]
fn parameters_are_named_in_the_order_in_which_they_go_or_bound_anew() {
    becomes(
        "parameters_named",
        "",
        "fn store(self, video: Video, receipt: Receipt) { self.put(receipt, video); }",
    );
    becomes(
        "parameters_bound",
        "",
        "fn store(video: Video, (name, _): (String, Owner), mut tries: u8, _: Permit) { tries += 1; put(video, name, tries); }",
    );
}

#[test]
fn each_argument_has_its_place() {
    becomes(
        "arguments",
        r#"name = "pay", level = "debug", fields(cents = cart.cents(), %card, shown = ?cart), record(tries),
            slow = "2s", err(category = payment), monitor = self.monitor, crate = crate::telemetry"#,
        "async fn charge(&self, cart: &Cart, card: &Card, tries: u8) -> Result<(), Declined> { Ok(()) }",
    );
    becomes(
        "none_is_error",
        "option_none_is_error",
        "fn find(id: u8) -> Option<Frame> { frames().get(id) }",
    );
}
