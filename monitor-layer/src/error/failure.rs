use std::{borrow::Cow, error::Error};

use super::{Categorize, Category, Classification, chain, classify::Own, panic::PANIC_TYPE};
use crate::monitor::Core;

/// The type of errors that only a log line had.
const LINE_TYPE: &str = "error";

/// An error as the code that saw it hands it over.
#[derive(Debug)]
pub struct Reported<'a> {
    /// As `type_name` has it.
    type_name: &'static str,
    value: Value<'a>,
    /// What it says of itself.
    own: Own<'a>,
}

/// What can be read of a reported error.
#[derive(Debug)]
enum Value<'a> {
    /// Everything.
    Error(&'a (dyn Error + 'static)),
    /// A text, and the error behind it.
    Text(String, Option<&'a (dyn Error + 'static)>),
}

impl<'a> Reported<'a> {
    /// An error of type `E`.
    pub(crate) fn error<E: ?Sized>(error: &'a (dyn Error + 'static)) -> Self {
        Self::new::<E>(Value::Error(error))
    }

    /// Something of type `E` that shows as this, and the error behind it.
    pub(crate) fn text<E: ?Sized>(text: String, source: Option<&'a (dyn Error + 'static)>) -> Self {
        Self::new::<E>(Value::Text(text, source))
    }

    /// Something of this type, as `type_name` has it, of which nothing else is known.
    pub(crate) fn unreadable(type_name: &'static str) -> Self {
        let short = short_type_name(type_name);
        Self {
            type_name,
            value: Value::Text(format!("an error of type {short}"), None),
            own: Own::default(),
        }
    }

    /// The `None` of a step that has failed by it.
    pub(crate) fn none() -> Self {
        Self {
            type_name: "None",
            value: Value::Text("returned None".to_owned(), None),
            own: Own::default(),
        }
    }

    /// No error, but what somebody says.
    pub(crate) fn message(text: String) -> Self {
        Self {
            type_name: "message",
            ..Self::text::<()>(text, None)
        }
    }

    /// With a category and a code, in place of what is found.
    pub(crate) fn told(self, category: Option<Category>, code: Option<&'a str>) -> Self {
        Self {
            own: self.own.or(category, code),
            ..self
        }
    }

    /// With what the error says of itself.
    pub(crate) fn categorized(self, error: &'a impl Categorize) -> Self {
        Self {
            own: Own::of(error),
            ..self
        }
    }

    fn new<E: ?Sized>(value: Value<'a>) -> Self {
        Self {
            type_name: std::any::type_name::<E>(),
            value,
            own: Own::default(),
        }
    }
}

/// An error that can be reported; `M` tells apart how it is read, and is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be reported as an error",
    note = "expected an `Error` that is `'static`, a boxed one, `anyhow`'s or its like, `String`, `&str` or `()`"
)]
pub trait AsReported<M> {
    /// Hands the error over.
    fn as_reported(&self) -> Reported<'_>;
}

/// Marks types that are errors themselves.
pub enum Plain {}

/// Marks types that lend an error: boxed ones, `anyhow`'s, `eyre`'s.
pub enum Lent {}

impl<E: Error + 'static> AsReported<Plain> for E {
    fn as_reported(&self) -> Reported<'_> {
        Reported::error::<E>(self)
    }
}

impl<E: AsRef<dyn Error + Send + Sync>> AsReported<Lent> for E {
    fn as_reported(&self) -> Reported<'_> {
        Reported::error::<E>(self.as_ref())
    }
}

/// Marks what is read as an error though it is none of the two.
pub enum Told {}

impl AsReported<Told> for Box<dyn Error> {
    fn as_reported(&self) -> Reported<'_> {
        Reported::error::<Self>(self.as_ref())
    }
}

impl AsReported<Told> for Box<dyn Error + Send> {
    fn as_reported(&self) -> Reported<'_> {
        Reported::error::<Self>(self.as_ref())
    }
}

impl AsReported<Told> for dyn Error {
    fn as_reported(&self) -> Reported<'_> {
        Reported::error::<Self>(self)
    }
}

impl AsReported<Told> for dyn Error + Send + Sync {
    fn as_reported(&self) -> Reported<'_> {
        Reported::error::<Self>(self)
    }
}

impl AsReported<Told> for String {
    fn as_reported(&self) -> Reported<'_> {
        Reported::text::<Self>(self.clone(), None)
    }
}

impl AsReported<Told> for str {
    fn as_reported(&self) -> Reported<'_> {
        Reported::text::<&str>(self.to_owned(), None)
    }
}

impl AsReported<Told> for &str {
    fn as_reported(&self) -> Reported<'_> {
        Reported::text::<Self>((*self).to_owned(), None)
    }
}

impl AsReported<Told> for () {
    fn as_reported(&self) -> Reported<'_> {
        Reported::unreadable(std::any::type_name::<Self>())
    }
}

/// A failure, ready for the log and for the error sinks.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) type_name: String,
    pub(crate) message: String,
    /// The texts of the sources, outermost first.
    pub(crate) chain: Vec<String>,
    pub(crate) classification: Classification,
}

impl Failure {
    /// `or_category` is what it counts as where it says nothing of itself.
    pub(crate) fn reported(
        core: &Core,
        reported: &Reported<'_>,
        or_category: Option<Category>,
    ) -> Self {
        let own = Own {
            or_category,
            ..reported.own
        };
        let classifier = core.errors.classifier();
        let type_name = short_type_name(reported.type_name);
        match &reported.value {
            Value::Error(error) => Self {
                type_name,
                message: chain::text(*error),
                chain: chain::chain(*error),
                classification: classifier.classify(*error, Some(own)),
            },
            Value::Text(message, source) => {
                let mut texts: Vec<String> =
                    source.iter().map(|source| chain::text(*source)).collect();
                texts.extend(source.iter().flat_map(|source| chain::chain(*source)));
                Self {
                    type_name,
                    classification: classifier.classify_told(own, message, *source),
                    message: message.clone(),
                    chain: texts,
                }
            }
        }
    }

    pub(crate) fn error(core: &Core, error: &(dyn Error + 'static)) -> Self {
        Self {
            type_name: "http.error".to_owned(),
            ..Self::reported(core, &Reported::error::<()>(error), None)
        }
    }

    /// Of which a log line tells: what it is of is not known.
    pub(crate) fn line(core: &Core, error: &(dyn Error + 'static)) -> Self {
        Self {
            type_name: LINE_TYPE.to_owned(),
            ..Self::reported(core, &Reported::error::<()>(error), None)
        }
    }

    /// Whether whoever fails by it knows better what it is.
    pub(super) fn is_vague(&self) -> bool {
        self.type_name == LINE_TYPE
    }

    pub(crate) fn panicked(core: &Core, message: &str) -> Self {
        Self {
            type_name: PANIC_TYPE.to_owned(),
            message: message.to_owned(),
            chain: Vec::new(),
            classification: core.errors.classifier().classify_text(message),
        }
    }

    pub(crate) fn plain(type_name: &str, message: String, category: Category) -> Self {
        Self {
            type_name: type_name.to_owned(),
            message,
            chain: Vec::new(),
            classification: Classification::new(category, None),
        }
    }
}

/// `render::RenderError<Io>` of `demo::render::RenderError<demo::Io>`: what a person calls the type.
fn short_type_name(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    let mut rest = full;
    while let Some(end) = rest.find(|character: char| !is_path(character)) {
        let (path, after) = rest.split_at(end);
        short.push_str(&last_segment(path));
        let separator = after.chars().next().map_or(0, char::len_utf8);
        short.push_str(&after[..separator]);
        rest = &after[separator..];
    }
    short.push_str(&last_segment(rest));
    short
}

fn is_path(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | ':')
}

/// With the segment before it where the last is the word that half of all error types are called.
fn last_segment(path: &str) -> Cow<'_, str> {
    let mut segments = path.rsplit("::");
    let last = segments.next().unwrap_or(path);
    let owner = segments.find(|segment| !matches!(*segment, "error" | "errors"));
    match owner {
        // `core::error::Error` is the trait.
        Some(owner) if last == "Error" && !matches!(owner, "core" | "std") => {
            format!("{owner}::{last}").into()
        }
        _ => last.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_named_without_its_path() {
        assert_eq!(
            short_type_name("demo::pipeline::PipelineError"),
            "PipelineError"
        );
        assert_eq!(
            short_type_name("alloc::boxed::Box<dyn core::error::Error + core::marker::Send>"),
            "Box<dyn Error + Send>"
        );
        assert_eq!(short_type_name("std::io::error::Error"), "io::Error");
        assert_eq!(short_type_name("anyhow::Error"), "anyhow::Error");
        assert_eq!(short_type_name("Error"), "Error");
        assert_eq!(short_type_name("&str"), "&str");
    }
}
