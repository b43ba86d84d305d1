//! Each mistake is one error at its own token, and all of them come at once.

use monitor_layer::Categorize;

#[derive(Categorize)]
#[category(paymnt)]
enum Checkout {
    #[category]
    CardDeclined,
    #[category(auth, payment)]
    TooMany,
    #[code(PAYMENT_LATE)]
    Late,
    #[code("")]
    Empty,
    #[code("PAYMENT_A")]
    #[code("PAYMENT_B")]
    Twice,
    #[transient(true)]
    Slow,
    Wrapped(#[transient] std::io::Error),
}

#[derive(Categorize)]
union Either {
    a: u8,
    b: u8,
}

fn main() {
    // The trait is there all the same.
    let _ = Checkout::CardDeclined.category();
}
