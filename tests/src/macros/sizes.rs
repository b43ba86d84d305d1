//! What a step adds to its future.

use std::{fmt, future::ready, pin::Pin, rc::Rc};

use monitor_layer::instrument_step;

/// Bytes, of a step that awaits nothing but what is ready.
const LEAF: usize = 96;

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("refused")
    }
}

impl std::error::Error for Refused {}

/// The same functions twice.
macro_rules! functions {
    ($(#[$step:meta])? $module:ident) => {
        mod $module {
            use super::*;

            $(#[$step])?
            pub(super) async fn nothing() {}

            $(#[$step])?
            pub(super) async fn number(number: u64) -> u64 {
                ready(()).await;
                number
            }

            $(#[$step])?
            pub(super) async fn text(text: &str, limit: usize) -> Result<String, Refused> {
                ready(()).await;
                (text.len() < limit).then(|| text.to_owned()).ok_or(Refused)
            }

            $(#[$step])?
            pub(super) async fn held(shared: Rc<u8>) -> Rc<u8> {
                let kept = [1_u64; 16];
                ready(()).await;
                assert_eq!(kept[15], 1);
                shared
            }

            $(#[$step])?
            pub(super) fn unnamed(number: u64) -> impl Future<Output = u64> {
                async move {
                    ready(()).await;
                    number
                }
            }

            $(#[$step])?
            pub(super) fn boxed(number: u64) -> Pin<Box<dyn Future<Output = u64>>> {
                Box::pin(ready(number))
            }

            $(#[$step])?
            pub(super) async fn large(bytes: [u8; 1024]) -> u8 {
                ready(()).await;
                bytes[7]
            }

            $(#[$step])?
            pub(super) async fn outer(number: u64) -> u64 {
                inner(number).await + 1
            }

            $(#[$step])?
            async fn inner(number: u64) -> u64 {
                innermost(number).await + 1
            }

            $(#[$step])?
            async fn innermost(number: u64) -> u64 {
                ready(()).await;
                number
            }
        }
    };
}

functions!(bare);
functions!(
    #[instrument_step]
    step
);

/// Prints how much larger the second future is, and returns it.
#[expect(clippy::print_stdout, reason = "the figures are asked for")]
fn grown<A: Future, B: Future>(name: &str, bare: &A, step: &B) -> usize {
    let (bare, step) = (size_of_val(bare), size_of_val(step));
    println!("{name}: {bare} bytes, as a step {step}");
    step.saturating_sub(bare)
}

#[test]
fn a_step_adds_little_to_the_future_of_a_leaf() {
    let shared = || Rc::new(1);
    let leaves = [
        grown("nothing", &bare::nothing(), &step::nothing()),
        grown("number", &bare::number(1), &step::number(1)),
        grown("text", &bare::text("a", 1), &step::text("a", 1)),
        grown("held", &bare::held(shared()), &step::held(shared())),
        grown("unnamed", &bare::unnamed(1), &step::unnamed(1)),
        grown("boxed", &bare::boxed(1), &step::boxed(1)),
    ];
    assert!(leaves.iter().all(|grown| *grown <= LEAF), "{leaves:?}");
    assert_eq!(leaves[5], 0, "a boxed future is as large as its box");
}

#[test]
fn what_steps_add_to_a_future_is_the_same_at_each_level_and_for_each_argument() {
    let large = grown("large", &bare::large([1; 1024]), &step::large([1; 1024]));
    assert!(
        large <= LEAF,
        "the argument is stored no more often than bare: {large}"
    );
    let outer = grown("outer", &bare::outer(1), &step::outer(1));
    assert!(outer <= 3 * LEAF, "{outer}");
}
