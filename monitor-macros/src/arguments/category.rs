use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{
    Ident, LitStr, Token,
    ext::IdentExt as _,
    parenthesized,
    parse::{Parse, ParseStream},
};

use crate::categories::CATEGORIES;

const EXPECTED: &str = "expected `err(category = …)` with `auth`, `pipeline`, `payment`, `timeout`, `rate_limit` or `unknown`";

/// What a step's errors are where they do not say so themselves.
pub(crate) struct Category {
    variant: &'static str,
    span: Span,
}

impl Category {
    /// `(category = …)`, behind `err`.
    pub(super) fn parse_named(err: &Ident, input: ParseStream<'_>) -> syn::Result<Self> {
        let refused = |span| syn::Error::new(span, EXPECTED);
        if !input.peek(syn::token::Paren) {
            return Err(refused(err.span()));
        }
        let content;
        parenthesized!(content in input);
        let key: Ident = content
            .call(Ident::parse_any)
            .map_err(|error| refused(error.span()))?;
        if key != "category" {
            return Err(refused(key.span()));
        }
        content
            .parse::<Token![=]>()
            .map_err(|error| refused(error.span()))?;
        let category = content.parse()?;
        content.parse::<Option<Token![,]>>()?;
        match content.is_empty() {
            true => Ok(category),
            false => Err(refused(content.span())),
        }
    }

    pub(crate) fn tokens(&self, runtime: &TokenStream) -> TokenStream {
        let variant = Ident::new(self.variant, self.span);
        quote_spanned!(self.span=> #runtime::Category::#variant)
    }
}

impl Parse for Category {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (name, span) = if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            (text.value(), text.span())
        } else {
            let ident =
                Ident::parse_any(input).map_err(|error| syn::Error::new(error.span(), EXPECTED))?;
            (ident.to_string(), ident.span())
        };
        let known = CATEGORIES
            .into_iter()
            .find(|(known, variant)| *known == name || *variant == name);
        match known {
            Some((_, variant)) => Ok(Self { variant, span }),
            None => Err(syn::Error::new(span, EXPECTED)),
        }
    }
}
