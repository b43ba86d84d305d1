//! Functions that a macro of the user's makes.

#![deny(warnings)]
#![allow(dead_code)]

use std::fmt::Debug;

use monitor_layer::instrument_step;

macro_rules! whole {
    ($(#[$attribute:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),*) -> $returned:ty $body:block) => {
        $(#[$attribute])* #[instrument_step] $visibility fn $name($($argument: $type),*) -> $returned $body
    };
}
whole! { /// Docs.
/// # Errors
/// Where the number is large.
pub fn fallible(number: u8, text: &'static str) -> Result<usize, String> { if number > 1 { return Err(text.to_owned()); } Ok(text.len()) } }
whole! { fn coerces() -> Box<dyn Debug> { Box::new(1) } }
whole! { fn returns_impl() -> impl Debug { 1 } }
whole! { fn later() -> std::pin::Pin<Box<dyn Future<Output = u8>>> { Box::pin(async { 1 }) } }

macro_rules! whole_async {
    (async fn $name:ident($($argument:ident: $type:ty),*) -> $returned:ty $body:block) => {
        #[instrument_step] async fn $name($($argument: $type),*) -> $returned $body
    };
}
whole_async! { async fn async_fallible(number: u8, text: &str) -> Result<usize, String> { if number > 1 { return Err(text.to_owned()); } Ok(text.len()) } }
whole_async! { async fn async_coerces() -> Box<dyn Debug> { Box::new(1) } }

macro_rules! expression {
    ($name:ident, $body:expr) => {
        #[instrument_step]
        fn $name() -> u8 {
            $body
        }
    };
}
expression!(from_an_expression, 1 + 1);

macro_rules! tokens { ($name:ident ($($arguments:tt)*) $($body:tt)*) => { #[instrument_step] async fn $name($($arguments)*) -> usize { $($body)* } }; }
tokens!(from_tokens (mut number: usize, _: u8) number += 1; if number > 2 { return 2; } number);

macro_rules! method { ($name:ident, $self:ident, $body:block) => { #[instrument_step] async fn $name(&$self) -> u8 $body }; }
struct Scene(u8);
impl Scene {
    method!(from_a_body, self, { self.0 });
}

macro_rules! item {
    ($item:item) => {
        #[instrument_step]
        $item
    };
}
item! { fn from_an_item() -> u8 { 1 } }
item! { async fn async_from_an_item() -> Result<u8, String> { Ok(1) } }

macro_rules! name {
    ($text:literal, $name:ident) => {
        #[instrument_step(name = $text)]
        fn $name() {}
    };
}
name!("a name", named);

macro_rules! error { ($name:ident, $lifetime:lifetime, $error:ty) => { #[instrument_step] fn $name<$lifetime>(text: &$lifetime str) -> Result<u8, $error> { Err(text) } }; }
error!(borrowed, 'a, &'a str);

macro_rules! never {
    ($name:ident, $never:ty) => {
        #[instrument_step]
        fn $name() -> $never {
            panic!("always")
        }
    };
}
never!(never, !);

macro_rules! hygiene {
    ($name:ident, $argument:ident) => {
        #[instrument_step]
        fn $name($argument: u8) -> u8 {
            let returned = 1;
            let site = 2;
            $argument + returned + site
        }
    };
}
hygiene!(own_names, returned);

fn main() {}
