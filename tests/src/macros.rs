//! What `#[instrument_step]` takes, and what it says of what it does not take.

#[test]
fn functions_that_compile_without_the_macro_compile_with_it() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

#[test]
fn a_mistake_is_one_error_at_the_right_place() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
