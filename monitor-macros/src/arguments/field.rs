use proc_macro2::Span;
use syn::{
    Expr, Ident, LitStr, Token,
    ext::IdentExt as _,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    spanned::Spanned as _,
};

/// A field of the step, and where its value comes from.
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// How a field's value is recorded.
pub(crate) enum Value {
    /// As `%` shows it.
    Display(Expr),
    /// As `?` shows it.
    Debug(Expr),
    /// As what it is, if `tracing` knows its type, else as `?` shows it.
    Plain(Expr),
}

impl Field {
    /// One of `record(…)`: an argument, by its name.
    pub(super) fn parse_argument(input: ParseStream<'_>) -> syn::Result<Self> {
        let argument = input.call(Ident::parse_any).map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected an argument's name; `fields(key = value)` records other values",
            )
        })?;
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error(
                "expected an argument's name alone; `fields(key = value)` records other values",
            ));
        }
        Ok(Self {
            name: argument.unraw().to_string(),
            span: argument.span(),
            value: Value::Plain(path(argument)),
        })
    }
}

impl Parse for Field {
    /// `key = value`, `a.key = %value`, `"key" = ?value`, or a variable alone, as in `%id`.
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![%]) || input.peek(Token![?]) {
            let value: Value = input.parse()?;
            let (Value::Display(shown) | Value::Debug(shown) | Value::Plain(shown)) = &value;
            let Some(name) = dotted(shown) else {
                return Err(syn::Error::new(
                    shown.span(),
                    "expected a variable; a field with another value has a key: `key = value`",
                ));
            };
            return Ok(Self {
                name,
                span: shown.span(),
                value,
            });
        }
        if input.peek(LitStr) {
            let key: LitStr = input.parse()?;
            input.parse::<Token![=]>()?;
            return Ok(Self {
                name: key.value(),
                span: key.span(),
                value: input.parse()?,
            });
        }
        let key =
            Punctuated::<Ident, Token![.]>::parse_separated_nonempty_with(input, Ident::parse_any)?;
        let name = joined(&key);
        let span = key.span();
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            return Ok(Self {
                name,
                span,
                value: input.parse()?,
            });
        }
        let text = quote::quote!(#key);
        Ok(Self {
            name,
            span,
            value: Value::Plain(syn::parse2(text)?),
        })
    }
}

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.parse::<Option<Token![%]>>()?.is_some() {
            Ok(Self::Display(input.parse()?))
        } else if input.parse::<Option<Token![?]>>()?.is_some() {
            Ok(Self::Debug(input.parse()?))
        } else {
            Ok(Self::Plain(input.parse()?))
        }
    }
}

fn path(argument: Ident) -> Expr {
    Expr::Path(syn::ExprPath {
        attrs: Vec::new(),
        qself: None,
        path: argument.into(),
    })
}

fn joined(key: &Punctuated<Ident, Token![.]>) -> String {
    let parts: Vec<_> = key.iter().map(|part| part.unraw().to_string()).collect();
    parts.join(".")
}

/// `a.b` of the variable `a.b`.
fn dotted(variable: &Expr) -> Option<String> {
    match variable {
        Expr::Path(variable) => Some(variable.path.get_ident()?.unraw().to_string()),
        Expr::Field(field) => match &field.member {
            syn::Member::Named(name) => Some(format!("{}.{}", dotted(&field.base)?, name.unraw())),
            syn::Member::Unnamed(_) => None,
        },
        _ => None,
    }
}
