use std::any::Any;

use super::Cause;

/// The message that `panic!` was given.
pub(crate) fn panic_message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic whose payload is no text")
}

/// The error as something that can be read: tower's and axum's errors are boxed, a service's own type need not be an
/// error at all.
pub(super) fn cause_of<E: 'static>(error: &E) -> Cause<'_> {
    let any: &dyn Any = error;
    if let Some(boxed) = any.downcast_ref::<Box<dyn std::error::Error + Send + Sync>>() {
        return Cause::Error(boxed.as_ref());
    }
    if let Some(boxed) = any.downcast_ref::<Box<dyn std::error::Error>>() {
        return Cause::Error(boxed.as_ref());
    }
    if let Some(error) = any.downcast_ref::<std::io::Error>() {
        return Cause::Error(error);
    }
    #[cfg(feature = "axum")]
    if let Some(error) = any.downcast_ref::<axum::Error>() {
        return Cause::Error(error);
    }
    #[cfg(feature = "server")]
    if let Some(error) = any.downcast_ref::<hyper::Error>() {
        return Cause::Error(error);
    }
    Cause::Opaque(std::any::type_name::<E>())
}
