use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{
    Ident, LitStr, Path,
    parse::{Parse, ParseStream},
};

const EXPECTED: &str = "expected \"trace\", \"debug\", \"info\", \"warn\", \"error\" or `Level::TRACE` to `Level::ERROR`";
const LEVELS: [&str; 5] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];

/// How loud a step is that ends well.
pub(crate) struct Level {
    constant: &'static str,
    span: Span,
}

impl Level {
    pub(crate) fn tokens(&self, runtime: &TokenStream) -> TokenStream {
        let constant = Ident::new(self.constant, self.span);
        quote_spanned!(self.span=> #runtime::Level::#constant)
    }
}

impl Parse for Level {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (name, span) = if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            (text.value().to_ascii_uppercase(), text.span())
        } else {
            let path = Path::parse_mod_style(input)
                .map_err(|error| syn::Error::new(error.span(), EXPECTED))?;
            let last = path.segments.last().map(|segment| &segment.ident);
            let last = last.map(|ident| (ident.to_string(), ident.span()));
            last.unwrap_or_else(|| (String::new(), input.span()))
        };
        let constant = LEVELS.into_iter().find(|level| *level == name);
        match constant {
            Some(constant) => Ok(Self { constant, span }),
            None => Err(syn::Error::new(span, EXPECTED)),
        }
    }
}
