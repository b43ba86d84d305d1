use super::function::Form;
use crate::support::Random;

/// A parameter, what its names are worth in the body, and an argument.
pub(super) struct Parameter {
    /// `P` stands for its own name, `N` in the argument for a number that differs from call to call.
    pattern: &'static str,
    declared: &'static str,
    pub(super) generic: Option<&'static str>,
    worth: &'static str,
    argument: &'static str,
    place: usize,
}

type Kind = (
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static str,
);

const KINDS: [Kind; 22] = [
    ("P", "u64", None, "P", "N"),
    ("mut P", "u64", None, "{ P += 1; P }", "N + 2"),
    ("P", "String", None, "P.len() as u64", "\"text\".repeat(N)"),
    (
        "mut P",
        "String",
        None,
        "{ P.push('a'); P.len() as u64 }",
        "\"text\".repeat(N)",
    ),
    (
        "P",
        "&'a str",
        None,
        "P.len() as u64",
        "&\"borrowed\"[..N + 1]",
    ),
    ("P", "&str", None, "P.len() as u64", "&\"elided\"[..N + 1]"),
    (
        "P",
        "&mut Vec<u64>",
        None,
        "{ P.push(3); P.len() as u64 }",
        "&mut vec![1; N]",
    ),
    ("P", "Vec<u64>", None, "P.iter().sum::<u64>()", "vec![2; N]"),
    (
        "(P, P_)",
        "(u8, u16)",
        None,
        "u64::from(P) + u64::from(P_)",
        "(N, 300)",
    ),
    (
        "(P, mut P_)",
        "(u8, u16)",
        None,
        "{ P_ += 1; u64::from(P) + u64::from(P_) }",
        "(N, 300)",
    ),
    ("Pair(P, _)", "Pair", None, "u64::from(P)", "Pair(N, 5)"),
    ("P @ Pair(..)", "Pair", None, "u64::from(P.0)", "Pair(N, 5)"),
    ("&P", "&u32", None, "u64::from(P)", "&N"),
    (
        "[P, .., P_]",
        "[u16; 3]",
        None,
        "u64::from(P ^ P_)",
        "[N, 1, 8]",
    ),
    (
        "ref P",
        "String",
        None,
        "P.len() as u64",
        "\"by reference\".repeat(N)",
    ),
    ("_", "Dropped", None, "0", "Dropped(N)"),
    ("_P", "Dropped", None, "1", "Dropped(N)"),
    (
        "P",
        "Dropped",
        None,
        "{ let moved = P; moved.0 }",
        "Dropped(N)",
    ),
    (
        "P",
        "impl Fn(u64) -> u64",
        None,
        "P(4)",
        "|number| number * N",
    ),
    (
        "P",
        "&dyn Debug",
        None,
        "format!(\"{P:?}\").len() as u64",
        "&Some(N)",
    ),
    (
        "P",
        "T",
        Some("T: Debug + Clone"),
        "format!(\"{:?}\", P.clone()).len() as u64",
        "Some(N)",
    ),
    (
        "P",
        "[u8; N]",
        Some("const N: usize"),
        "N as u64 + u64::from(P[0])",
        "[9, N]",
    ),
];

impl Parameter {
    pub(super) fn random(random: &mut Random, place: usize, form: Form) -> Self {
        loop {
            let (pattern, declared, generic, worth, argument) =
                KINDS[random.below(KINDS.len() as u64) as usize];
            // One generic parameter of each name; and what a boxed future keeps has to live as long as it.
            let repeats = generic.is_some() && place > 0;
            let short = [
                "&str",
                "&mut Vec<u64>",
                "&u32",
                "&dyn Debug",
                "impl Fn(u64) -> u64",
                "T",
            ];
            if repeats || (form == Form::Boxed && short.contains(&declared)) {
                continue;
            }
            return Self {
                pattern,
                declared,
                generic,
                worth,
                argument,
                place,
            };
        }
    }

    fn named(&self, text: &str) -> String {
        text.replace("P_", &format!("other_{}", self.place))
            .replace("Pair", "\u{1}")
            .replace('P', &format!("argument_{}", self.place))
            .replace('\u{1}', "Pair")
    }

    pub(super) fn declared(&self) -> String {
        format!("{}: {}", self.named(self.pattern), self.declared)
    }

    /// An expression of type `u64`, which may be there but once.
    pub(super) fn worth(&self) -> String {
        self.named(self.worth)
    }

    pub(super) fn argument(&self, call: u64) -> String {
        self.argument.replace('N', &(call + 1).to_string())
    }

    /// The name of a text of lifetime `'a`.
    pub(super) fn borrowed_text(&self) -> Option<String> {
        (self.declared == "&'a str").then(|| self.named(self.pattern))
    }
}
