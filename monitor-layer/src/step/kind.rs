//! What a function that is not async makes: a value, or a boxed future, which is then what is observed. Told by the
//! declared type, found by method resolution as in [`look`](super::look), so that aliases are seen for what they are.

use std::{marker::PhantomData, pin::Pin};

use super::{Step, run, run_sync};
use crate::error::Reported;

/// The declared type of a function's value.
#[derive(Debug)]
pub struct Kind<R>(PhantomData<fn() -> R>);

impl<R> Kind<R> {
    /// The only one.
    pub const NEW: Self = Self(PhantomData);
}

macro_rules! boxed_futures {
    ($($(#[$docs:meta])* $name:ident for $references:ident { $($bound:tt)* })*) => {$(
        $(#[$docs])*
        pub trait $name<'a, O> {
            /// Makes the future, and observes it.
            fn run<B, L>(
                &self,
                step: Step,
                body: B,
                look: L,
            ) -> Pin<Box<dyn Future<Output = O> $($bound)* + 'a>>
            where
                B: FnOnce() -> Pin<Box<dyn Future<Output = O> $($bound)* + 'a>>,
                L: FnOnce(&O) -> Option<Reported<'_>> $($bound)* + 'a;
        }

        impl<'a, O: 'a> $name<'a, O>
            for $references!(Kind<Pin<Box<dyn Future<Output = O> $($bound)* + 'a>>>)
        {
            fn run<B, L>(
                &self,
                step: Step,
                body: B,
                look: L,
            ) -> Pin<Box<dyn Future<Output = O> $($bound)* + 'a>>
            where
                B: FnOnce() -> Pin<Box<dyn Future<Output = O> $($bound)* + 'a>>,
                L: FnOnce(&O) -> Option<Reported<'_>> $($bound)* + 'a,
            {
                Box::pin(run(step, body(), look))
            }
        }
    )*};
}

macro_rules! three_references {
    ($kind:ty) => {
        &&&$kind
    };
}

macro_rules! two_references {
    ($kind:ty) => {
        &&$kind
    };
}

macro_rules! one_reference {
    ($kind:ty) => {
        &$kind
    };
}

boxed_futures! {
    /// Boxed futures that may be sent and shared.
    ViaSharedFuture for three_references { + Send + Sync }
    /// Boxed futures that may be sent.
    ViaSendFuture for two_references { + Send }
    /// Boxed futures that stay on their thread.
    ViaLocalFuture for one_reference {}
}

/// All other values.
pub trait ViaValue<R> {
    /// Calls the function, and observes that.
    fn run<B, L>(&self, step: Step, body: B, look: L) -> R
    where
        B: FnOnce() -> R,
        L: FnOnce(&R) -> Option<Reported<'_>>;
}

impl<R> ViaValue<R> for Kind<R> {
    fn run<B, L>(&self, step: Step, body: B, look: L) -> R
    where
        B: FnOnce() -> R,
        L: FnOnce(&R) -> Option<Reported<'_>>,
    {
        run_sync(step, body, look)
    }
}
