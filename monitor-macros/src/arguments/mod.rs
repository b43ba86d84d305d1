//! What stands in the attribute's parentheses.

mod category;
mod field;
mod level;
mod slow;

use proc_macro2::Span;
use syn::{
    Expr, Ident, LitStr, Path, Token,
    ext::IdentExt as _,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

pub(crate) use self::{
    category::Category,
    field::{Field, Value},
    level::Level,
    slow::Slow,
};

const EXPECTED: &str = "expected one of `name = \"…\"`, `level = \"…\"`, `fields(key = value, …)`, \
    `record(argument, …)`, `slow = \"2s\"`, `err(category = …)`, `option_none_is_error`, `monitor = …` and `crate = …`";
/// Of a `tracing` span, which has the step's name beside.
const MOST_FIELDS: usize = 31;

/// The arguments, each at most once.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<LitStr>,
    pub(crate) level: Option<Level>,
    /// Of `fields` and of `record`, in the order in which they stand.
    pub(crate) fields: Vec<Field>,
    pub(crate) slow: Option<Slow>,
    pub(crate) category: Option<Category>,
    pub(crate) option_none_is_error: Option<Ident>,
    pub(crate) monitor: Option<Expr>,
    pub(crate) library: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        let mut known: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let name = input
                .call(Ident::parse_any)
                .map_err(|error| syn::Error::new(error.span(), EXPECTED))?;
            if known.contains(&name) {
                let message = format!("`{name}` is given twice");
                return Err(syn::Error::new(name.span(), message));
            }
            arguments.take(&name, input)?;
            known.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        arguments.check_fields()?;
        Ok(arguments)
    }
}

impl Arguments {
    fn take(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match name.to_string().as_str() {
            "name" => self.name = Some(step_name(name, input)?),
            "level" => self.level = Some(value(name, input)?),
            "fields" => {
                let fields = list(name, input, "fields(key = value, …)", Field::parse)?;
                self.fields.extend(fields);
            }
            "record" => {
                let arguments = list(name, input, "record(argument, …)", Field::parse_argument)?;
                self.fields.extend(arguments);
            }
            "slow" => self.slow = Some(value(name, input)?),
            "err" => self.category = Some(Category::parse_named(name, input)?),
            "option_none_is_error" => self.option_none_is_error = Some(name.clone()),
            "monitor" => self.monitor = Some(value(name, input)?),
            "crate" => self.library = Some(library(name, input)?),
            _ => {
                let message = format!("unknown argument `{name}`; {EXPECTED}");
                return Err(syn::Error::new(name.span(), message));
            }
        }
        Ok(())
    }

    fn check_fields(&self) -> syn::Result<()> {
        for (place, field) in self.fields.iter().enumerate() {
            let problem = if field.name == "step" {
                "`step` has the step's own name; call the field something else".to_owned()
            } else if self.fields[..place]
                .iter()
                .any(|other| other.name == field.name)
            {
                format!("the field `{}` is there twice", field.name)
            } else if place == MOST_FIELDS {
                format!("a step has at most {MOST_FIELDS} fields")
            } else {
                continue;
            };
            return Err(syn::Error::new(field.span, problem));
        }
        Ok(())
    }
}

/// What stands behind the `=`.
fn value<T: Parse>(name: &Ident, input: ParseStream<'_>) -> syn::Result<T> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new(
            name.span(),
            format!("expected `{name} = …`"),
        ));
    }
    input.parse::<Token![=]>()?;
    input.parse()
}

/// What stands in the parentheses behind a name.
fn list<T>(
    name: &Ident,
    input: ParseStream<'_>,
    expected: &str,
    parse: fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<Punctuated<T, Token![,]>> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(
            name.span(),
            format!("expected `{expected}`"),
        ));
    }
    let content;
    parenthesized!(content in input);
    content.parse_terminated(parse, Token![,])
}

fn step_name(name: &Ident, input: ParseStream<'_>) -> syn::Result<LitStr> {
    let text: syn::Lit = value(name, input).map_err(|error| not_a_text(error.span()))?;
    match text {
        syn::Lit::Str(text) if text.value().is_empty() => Err(syn::Error::new(
            text.span(),
            "a step's name may not be empty",
        )),
        syn::Lit::Str(text) => Ok(text),
        other => Err(not_a_text(other.span())),
    }
}

fn not_a_text(span: Span) -> syn::Error {
    syn::Error::new(span, "expected `name = \"…\"`")
}

/// A path, in quotes or without.
fn library(name: &Ident, input: ParseStream<'_>) -> syn::Result<Path> {
    let expected = |error: syn::Error| {
        syn::Error::new(
            error.span(),
            "expected the path of `monitor_layer`, as in `crate = my_crate::monitor_layer`",
        )
    };
    if input.peek(Token![=]) && input.peek2(LitStr) {
        let text: LitStr = value(name, input)?;
        return text.parse_with(Path::parse_mod_style).map_err(expected);
    }
    let _: Token![=] = input
        .parse()
        .map_err(|_| syn::Error::new(name.span(), "expected `crate = …`"))?;
    input.call(Path::parse_mod_style).map_err(expected)
}
