use super::function::Form;
use crate::support::Random;

/// What a function returns, and how its body comes to it from a number.
pub(super) struct Returned {
    pub(super) declared: &'static str,
    /// An expression of that type; `total` is a `u64`.
    pub(super) value: String,
    /// What is printed of a `CALL`.
    pub(super) shown: &'static str,
    /// What may stand before a `?`.
    pub(super) question: Option<&'static str>,
}

type Kind = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

const PARSED: Option<&str> = Some("parsed(total).map_err(|_| Failure(total))?");

const OWNED: [Kind; 18] = [
    ("()", "()", "CALL", None),
    ("u64", "total", "CALL", None),
    ("u8", "(total % 200) as _", "CALL", None),
    ("String", "total.to_string().into()", "CALL", None),
    (
        "(u64, String)",
        "(total, format!(\"{total:x}\"))",
        "CALL",
        None,
    ),
    (
        "Vec<u8>",
        "(0..total % 5).map(|number| number as u8).collect()",
        "CALL",
        None,
    ),
    ("Dropped", "Dropped(total)", "CALL", None),
    ("Box<dyn Debug>", "Box::new(total)", "CALL", None),
    ("impl Debug", "Some(total)", "CALL", None),
    ("impl Fn(u64) -> u64", "adder(total)", "CALL(3)", None),
    ("[u16; 2]", "[total as u16, 1]", "CALL", None),
    (
        "Option<u64>",
        "(total % 3 != 0).then_some(total)",
        "CALL",
        Some("checked(total)?"),
    ),
    (
        "Option<Box<dyn Debug>>",
        "if total % 3 == 0 { None } else { Some(Box::new(total)) }",
        "CALL",
        Some("checked(total)?"),
    ),
    (
        "Result<u64, Failure>",
        "if total % 4 == 0 { Err(Failure(total)) } else { Ok(total) }",
        "CALL",
        PARSED,
    ),
    (
        "Aliased<String>",
        "if total % 4 == 0 { Err(Failure(total)) } else { Ok(total.to_string()) }",
        "CALL",
        PARSED,
    ),
    (
        "Result<u64, Box<dyn Error>>",
        "if total % 4 == 0 { Err(\"by four\".into()) } else { Ok(total) }",
        "CALL",
        Some("parsed(total)?"),
    ),
    (
        "Result<Vec<u64>, std::num::ParseIntError>",
        "(1..4).map(|number| parsed(total + number)).collect()",
        "CALL",
        Some("parsed(total)?"),
    ),
    (
        "Result<impl Debug, String>",
        "if total % 4 == 0 { Err(total.to_string()) } else { Ok(total) }",
        "CALL",
        Some("parsed(total).map_err(|error| error.to_string())?"),
    ),
];

/// `TEXT` is a text of lifetime `'a`.
const BORROWED: [Kind; 4] = [
    ("&'a str", "TEXT", "CALL", None),
    (
        "Option<&'a str>",
        "TEXT.get(..(total % 3) as usize)",
        "CALL",
        Some("checked(total)?"),
    ),
    (
        "Result<&'a str, Borrowing<'a>>",
        "if total % 4 == 0 { Err(Borrowing(TEXT)) } else { Ok(TEXT) }",
        "CALL",
        Some("parsed(total).map_err(|_| Borrowing(TEXT))?"),
    ),
    (
        "Result<u64, &'a str>",
        "if total % 4 == 0 { Err(TEXT) } else { Ok(total) }",
        "CALL",
        None,
    ),
];

impl Returned {
    pub(super) fn random(random: &mut Random, form: Form, text: Option<&str>) -> Self {
        let borrowed = text.is_some() && random.below(2) == 0;
        let kinds: &[Kind] = if borrowed { &BORROWED } else { &OWNED };
        loop {
            let (declared, value, shown, question) =
                kinds[random.below(kinds.len() as u64) as usize];
            let is_block = matches!(form, Form::Boxed | Form::Future);
            // An async block coerces nothing, and `impl Trait` is not for it to say.
            if is_block && (declared.contains("impl ") || declared.contains("dyn Debug")) {
                continue;
            }
            let text = text.unwrap_or_default();
            return Self {
                declared,
                value: value.replace("TEXT", text),
                shown,
                question: question.filter(|question| !question.contains("TEXT")),
            };
        }
    }
}
