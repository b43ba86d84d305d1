//! Errors of every shape tell of themselves by attributes.

#![deny(warnings)]
#![allow(dead_code)]

use std::fmt::Debug;

use monitor_layer::{Categorize, Category};

mod shadowed {
    // Names that the derive may not take for its own.
    pub(crate) struct Option;
    pub(crate) struct Category;
    pub(crate) struct Some;

    #[derive(monitor_layer::Categorize)]
    #[category(auth)]
    pub(crate) struct Error(pub(crate) Option, pub(crate) Category, pub(crate) Some);
}

#[derive(Categorize)]
enum Checkout<'a, T: Debug, const N: usize>
where
    T: Clone,
{
    #[code("PAYMENT_CARD_DECLINED")]
    CardDeclined,
    #[category(rate_limit)]
    #[transient]
    TooMany { tries: [T; N] },
    Quoted(&'a str),
}

#[derive(Categorize)]
#[category(pipeline)]
#[transient]
enum Render {
    #[category(timeout)]
    Slow,
    #[code("PAYMENT_NO_CREDITS")]
    NoCredits,
    #[deprecated]
    Broken(String),
}

#[derive(Categorize)]
#[code("AUTH_NO_SESSION")]
struct NoSession;

#[derive(Categorize)]
struct Silent {
    reason: String,
}

#[derive(Categorize)]
#[category(auth)]
enum Never {}

fn told(error: &impl Categorize) -> (Option<Category>, Option<&str>, bool) {
    (error.category(), error.code(), error.is_transient())
}

#[allow(deprecated)]
fn main() {
    type Own<'a> = Checkout<'a, u8, 2>;
    assert_eq!(told(&Own::CardDeclined), (None, Some("PAYMENT_CARD_DECLINED"), false));
    assert_eq!(told(&Own::TooMany { tries: [1, 2] }), (Some(Category::RateLimit), None, true));
    assert_eq!(told(&Own::Quoted("text")), (None, None, false));
    assert_eq!(told(&Render::Slow), (Some(Category::Timeout), None, true));
    assert_eq!(told(&Render::NoCredits), (None, Some("PAYMENT_NO_CREDITS"), true));
    assert_eq!(told(&Render::Broken(String::new())), (Some(Category::Pipeline), None, true));
    assert_eq!(told(&NoSession), (None, Some("AUTH_NO_SESSION"), false));
    assert_eq!(told(&Silent { reason: String::new() }), (None, None, false));
    let shadowed = shadowed::Error(shadowed::Option, shadowed::Category, shadowed::Some);
    assert_eq!(told(&shadowed), (Some(Category::Auth), None, false));
}
