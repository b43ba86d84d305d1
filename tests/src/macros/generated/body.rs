use super::{function::Form, parameter::Parameter, returned::Returned};
use crate::support::Random;

/// A block that comes to a `u64` by random ways, and returns what is to be returned of it.
pub(super) fn write(
    random: &mut Random,
    form: Form,
    parameters: &[Parameter],
    has_self: bool,
    returned: &Returned,
) -> String {
    let mut lines = vec!["let mut total: u64 = 1;".to_owned()];
    // Not all of them: what a body never mentions is another case.
    for parameter in parameters {
        if random.below(4) > 0 {
            lines.push(format!("total += {};", parameter.worth()));
        }
    }
    if has_self && random.below(4) > 0 {
        lines.push("total += self.number + self.text.len() as u64;".to_owned());
    }
    let mut statements = Statements { random, returned };
    match form {
        Form::Sync => lines.extend(statements.some(false)),
        Form::Async => lines.extend(statements.some(true)),
        Form::Future | Form::Boxed => {
            let before = statements.preparing();
            let inner = statements.some(true).join("\n");
            let future = format!("async move {{\n{inner}\n{}\n}}", returned.value);
            lines.extend(before);
            lines.push(match form {
                Form::Boxed => format!("Box::pin({future})"),
                _ => future,
            });
            return format!("{{\n{}\n}}", lines.join("\n"));
        }
    }
    lines.push(match statements.random.below(4) {
        0 => format!("return {};", returned.value),
        _ => returned.value.clone(),
    });
    format!("{{\n{}\n}}", lines.join("\n"))
}

struct Statements<'a> {
    random: &'a mut Random,
    returned: &'a Returned,
}

impl Statements<'_> {
    fn some(&mut self, can_wait: bool) -> Vec<String> {
        let count = 1 + self.random.below(5);
        (0..count).map(|_| self.one(can_wait)).collect()
    }

    /// Of a function that returns a future itself: nothing that returns.
    fn preparing(&mut self) -> Vec<String> {
        let count = self.random.below(3);
        (0..count).map(|_| self.computing()).collect()
    }

    fn one(&mut self, can_wait: bool) -> String {
        let value = &self.returned.value;
        match self.random.below(9) {
            0 => format!("if total % {} == 1 {{ return {value}; }}", self.number()),
            1 => format!(
                "let total = match total % 4 {{ 0 => 9, 1 => return {value}, other => total + other }};\nlet mut total = total;"
            ),
            2 if self.returned.question.is_some() => {
                let question = self.returned.question.unwrap_or_default();
                format!("total += {question};")
            }
            3 if can_wait => "turn().await;\ntotal += 1;".to_owned(),
            4 if can_wait => format!(
                "total += async {{ turn().await; if total % 2 == 0 {{ return {}; }} total }}.await % 1000;",
                self.number()
            ),
            5 if can_wait => {
                "let held = vec![total; 3];\nturn().await;\ntotal += held[1] % 100;".to_owned()
            }
            6 => format!(
                "if total % {} == 2 {{ panic!(\"stopped at {{total}}\"); }}",
                11 + self.number()
            ),
            _ => self.computing(),
        }
    }

    fn computing(&mut self) -> String {
        let number = self.number();
        match self.random.below(10) {
            0 => format!("for number in 0..{number} {{ if number == 3 {{ continue; }} total += number; if total > 90 {{ break; }} }}"),
            1 => format!("total += 'found: {{ if total % 2 == 0 {{ break 'found {number}; }} 5 }};"),
            2 => format!("let twice = |number: u64| {{ if number > {number} {{ return number % 50; }} number * 2 }};\ntotal = twice(total);"),
            3 => "let words: Vec<_> = \"a few words\".split(' ').map(str::to_owned).collect();\ntotal += words.len() as u64;".to_owned(),
            4 => format!("{{ const STEP: u64 = {number}; fn add(number: u64) -> u64 {{ number + STEP }} total = add(total); }}"),
            5 => "let _kept = Dropped(total);".to_owned(),
            6 => format!("let fallible = || -> Result<u64, Failure> {{ Ok(parsed(total + {number}).map_err(|_| Failure(1))? + 1) }};\ntotal += fallible().unwrap_or(2);"),
            7 => "let text = format!(\"{total:?}\");\ntotal += text.len() as u64;".to_owned(),
            8 => format!("let mut number = total % {number};\n'outer: while number > 0 {{ loop {{ number -= 1; if number == 2 {{ break 'outer; }} break; }} }}\ntotal += number;"),
            _ => format!("total = total.wrapping_mul({number}) % 977;"),
        }
    }

    fn number(&mut self) -> u64 {
        2 + self.random.below(7)
    }
}
