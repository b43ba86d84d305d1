use syn::{
    Ident, LitStr, Token,
    parse::{Parse, ParseStream},
};

const EXPECTED: &str = "expected `name = \"…\"`";

/// What stands in the attribute's parentheses.
#[derive(Default)]
pub(crate) struct Arguments {
    pub(crate) name: Option<LitStr>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let key: Ident = input
                .parse()
                .map_err(|error| syn::Error::new(error.span(), EXPECTED))?;
            if key != "name" {
                return Err(syn::Error::new(
                    key.span(),
                    format!("unknown argument `{key}`; {EXPECTED}"),
                ));
            }
            input.parse::<Token![=]>()?;
            let name: LitStr = input
                .parse()
                .map_err(|error| syn::Error::new(error.span(), EXPECTED))?;
            if name.value().is_empty() {
                return Err(syn::Error::new(
                    name.span(),
                    "a step's name may not be empty",
                ));
            }
            if arguments.name.replace(name).is_some() {
                return Err(syn::Error::new(key.span(), "`name` is given twice"));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}
