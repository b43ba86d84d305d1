use std::error::Error;

use super::{Category, Classification, chain::chain};
use crate::monitor::Core;

/// An error as the code that saw it hands it over.
pub struct Reported<'a> {
    /// The error's type, as `type_name` has it.
    pub type_name: &'static str,
    /// What can be read of it.
    pub value: ReportedValue<'a>,
    /// Its own category.
    pub category: Option<Category>,
    /// Its own code.
    pub code: Option<&'a str>,
}

impl<'a> Reported<'a> {
    /// An error of this type, of which nothing but this is known.
    pub(crate) fn of<E>(value: ReportedValue<'a>) -> Self {
        Self {
            type_name: std::any::type_name::<E>(),
            value,
            category: None,
            code: None,
        }
    }

    /// An error of which nothing but the type can be read.
    pub(crate) fn unreadable<E>() -> Self {
        let type_name = short_type_name(std::any::type_name::<E>());
        Self::of::<E>(ReportedValue::Text(format!("an error of type {type_name}")))
    }
}

/// What can be read of a reported error.
pub enum ReportedValue<'a> {
    /// Text and sources.
    Error(&'a (dyn Error + 'static)),
    /// A text.
    Text(String),
}

/// An error that can be reported; `M` tells apart how it is read, and is always inferred.
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
        Reported::of::<E>(ReportedValue::Error(self))
    }
}

impl<E: AsRef<dyn Error + Send + Sync>> AsReported<Lent> for E {
    fn as_reported(&self) -> Reported<'_> {
        Reported::of::<E>(ReportedValue::Error(self.as_ref()))
    }
}

/// Marks what is read as an error though it is none of the two.
pub enum Told {}

impl AsReported<Told> for Box<dyn Error> {
    fn as_reported(&self) -> Reported<'_> {
        Reported::of::<Self>(ReportedValue::Error(self.as_ref()))
    }
}

impl AsReported<Told> for String {
    fn as_reported(&self) -> Reported<'_> {
        Reported::of::<Self>(ReportedValue::Text(self.clone()))
    }
}

impl AsReported<Told> for &str {
    fn as_reported(&self) -> Reported<'_> {
        Reported::of::<Self>(ReportedValue::Text((*self).to_owned()))
    }
}

impl AsReported<Told> for () {
    fn as_reported(&self) -> Reported<'_> {
        Reported::unreadable::<Self>()
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
    pub(crate) fn reported(core: &Core, reported: &Reported<'_>) -> Self {
        let classifier = core.errors.classifier();
        let type_name = short_type_name(reported.type_name);
        match &reported.value {
            ReportedValue::Error(error) => Self {
                type_name,
                message: super::chain::text(*error),
                chain: chain(*error),
                classification: classifier
                    .classify(*error, Some((reported.category, reported.code))),
            },
            ReportedValue::Text(text) => Self {
                type_name,
                classification: classifier.classify_text(text),
                message: text.clone(),
                chain: Vec::new(),
            },
        }
    }

    pub(crate) fn error(core: &Core, error: &(dyn Error + 'static)) -> Self {
        Self::reported(
            core,
            &Reported {
                type_name: "error",
                value: ReportedValue::Error(error),
                category: None,
                code: None,
            },
        )
    }

    pub(crate) fn panicked(core: &Core, message: &str) -> Self {
        Self {
            type_name: "panic".to_owned(),
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
            classification: Classification {
                category,
                code: None,
            },
        }
    }
}

/// `render::RenderError<Io>` of `demo::render::RenderError<demo::Io>`: what a person calls the type.
fn short_type_name(full: &str) -> String {
    let mut short = String::with_capacity(full.len());
    let mut rest = full;
    while let Some(end) = rest.find(|character: char| !is_path(character)) {
        let (path, after) = rest.split_at(end);
        short.push_str(last_segment(path));
        let separator = after.chars().next().map_or(0, char::len_utf8);
        short.push_str(&after[..separator]);
        rest = &after[separator..];
    }
    short.push_str(last_segment(rest));
    short
}

fn is_path(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | ':')
}

fn last_segment(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
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
        assert_eq!(short_type_name("&str"), "&str");
    }
}
