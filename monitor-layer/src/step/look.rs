//! What a step's returned value says of its end, by its type: found by method resolution, which takes the first of
//! these traits that fits, so that aliases of `Result` and errors of any kind are seen for what they are.

use std::{any::type_name, error::Error, fmt};

use crate::error::{Categorize, Reported, shown};

/// A value that a step returned.
#[derive(Debug)]
pub struct Look<'a, T>(pub &'a T);

/// A value that a step returned, whose error may borrow: it cannot be looked for along a chain of sources, nor is its
/// own type known for what it is.
#[derive(Debug)]
pub struct LookBorrowed<'a, T>(pub &'a T);

/// Errors that know their category or code.
pub trait ViaCategorize<'a> {
    /// The error, if the value is one.
    fn reported(&self) -> Option<Reported<'a>>;
}

impl<'a, T, E: Categorize + Error + 'static> ViaCategorize<'a> for &&&&&&Look<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        let error = self.0.as_ref().err()?;
        Some(Reported::error::<E>(error).categorized(error))
    }
}

/// Errors.
pub trait ViaError<'a> {
    /// The error, if the value is one.
    fn reported(&self) -> Option<Reported<'a>>;
}

impl<'a, T, E: Error + 'static> ViaError<'a> for &&&&&Look<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        let error = self.0.as_ref().err()?;
        Some(Reported::error::<E>(error))
    }
}

/// What lends an error: boxed ones, `anyhow`'s, `eyre`'s.
pub trait ViaLent<'a> {
    /// The error, if the value is one.
    fn reported(&self) -> Option<Reported<'a>>;
}

impl<'a, T, E: AsRef<dyn Error + Send + Sync>> ViaLent<'a> for &&&&Look<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        let error = self.0.as_ref().err()?;
        Some(Reported::error::<E>(error.as_ref()))
    }
}

/// What lends an error that stays on its thread.
pub trait ViaLocal<'a> {
    /// The error, if the value is one.
    fn reported(&self) -> Option<Reported<'a>>;
}

impl<'a, T, E: AsRef<dyn Error>> ViaLocal<'a> for &&&Look<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        let error = self.0.as_ref().err()?;
        Some(Reported::error::<E>(error.as_ref()))
    }
}

/// What can be shown.
pub trait ViaDisplay<'a> {
    /// The error, if the value is one.
    fn reported(&self) -> Option<Reported<'a>>;
}

impl<'a, T, E: fmt::Display> ViaDisplay<'a> for &&Look<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        let error = self.0.as_ref().err()?;
        Some(Reported::text::<E>(shown(error), None))
    }
}

/// Whatever else stands in an `Err`.
pub trait ViaType<'a> {
    /// The error, if the value is one.
    fn reported(&self) -> Option<Reported<'a>>;
}

impl<'a, T, E> ViaType<'a> for &Look<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        self.0.as_ref().err()?;
        Some(Reported::unreadable(type_name::<E>()))
    }
}

/// What is no `Result`.
pub trait ViaNothing<'a> {
    /// Nothing.
    fn reported(&self) -> Option<Reported<'a>>;
}

impl<'a, T> ViaNothing<'a> for Look<'a, T> {
    fn reported(&self) -> Option<Reported<'a>> {
        None
    }
}

impl<'a, T, E: Categorize + Error> ViaCategorize<'a> for &&&&&&LookBorrowed<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        let error = self.0.as_ref().err()?;
        let reported = Reported::text::<E>(shown(error), error.source());
        Some(reported.categorized(error))
    }
}

impl<'a, T, E: Error> ViaError<'a> for &&&&&LookBorrowed<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        let error = self.0.as_ref().err()?;
        Some(Reported::text::<E>(shown(error), error.source()))
    }
}

impl<'a, T, E: fmt::Display> ViaDisplay<'a> for &&LookBorrowed<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        let error = self.0.as_ref().err()?;
        Some(Reported::text::<E>(shown(error), None))
    }
}

impl<'a, T, E> ViaType<'a> for &LookBorrowed<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        self.0.as_ref().err()?;
        Some(Reported::unreadable(type_name::<E>()))
    }
}

impl<'a, T> ViaNothing<'a> for LookBorrowed<'a, T> {
    fn reported(&self) -> Option<Reported<'a>> {
        None
    }
}

/// Of what can be no error.
#[must_use]
pub const fn no_error<T>(_: &T) -> Option<Reported<'_>> {
    None
}

/// Of an `Option` whose `None` is an error.
pub fn none_is_error<T: MayBeNone>(returned: &T) -> Option<Reported<'_>> {
    returned.is_none().then(Reported::none)
}

/// What `option_none_is_error` is for.
#[diagnostic::on_unimplemented(
    message = "`option_none_is_error` is for functions that return an `Option`",
    label = "returns `{Self}`"
)]
pub trait MayBeNone {
    /// Whether it is `None`.
    fn is_none(&self) -> bool;
}

impl<T> MayBeNone for Option<T> {
    fn is_none(&self) -> bool {
        self.is_none()
    }
}
