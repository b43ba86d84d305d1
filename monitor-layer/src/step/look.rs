//! What a step's returned value says of its end, by its type: found by method resolution, which takes the first of
//! these traits that fits, so that aliases of `Result` and errors of any kind are seen for what they are.

use std::{error::Error, fmt};

use crate::error::{Categorize, Reported, ReportedValue};

/// A value that a step returned.
#[derive(Debug)]
pub struct Look<'a, T>(pub &'a T);

/// Errors that know their category or code.
pub trait ViaCategorize<'a> {
    /// The error, if the value is one.
    fn reported(&self) -> Option<Reported<'a>>;
}

impl<'a, T, E: Categorize + Error + 'static> ViaCategorize<'a> for &&&&&&Look<'a, Result<T, E>> {
    fn reported(&self) -> Option<Reported<'a>> {
        self.0.as_ref().err().map(|error| Reported {
            category: error.category(),
            code: error.code(),
            ..Reported::of::<E>(ReportedValue::Error(error))
        })
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
        Some(Reported::of::<E>(ReportedValue::Error(error)))
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
        Some(Reported::of::<E>(ReportedValue::Error(error.as_ref())))
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
        Some(Reported::of::<E>(ReportedValue::Error(error.as_ref())))
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
        Some(Reported::of::<E>(ReportedValue::Text(error.to_string())))
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
        Some(Reported::unreadable::<E>())
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
