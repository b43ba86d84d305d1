use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};
use syn::{
    Attribute, ReturnType, Signature, Type, Visibility,
    parse::{Parse, ParseStream},
};

/// A function whose body is left as it came, so that what an editor is in the middle of typing stays as it is.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    /// `default` of a specialised method, where it stands.
    pub(crate) signature: Signature,
    /// With its braces.
    pub(crate) body: TokenTree,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature: Signature = input.parse()?;
        if let Some(constness) = &signature.constness {
            return Err(syn::Error::new_spanned(
                constness,
                "a `const fn` cannot be a step: it may run at compile time",
            ));
        }
        let body = input.step(|cursor| match cursor.token_tree() {
            Some((tree @ TokenTree::Group(_), rest)) => Ok((tree, rest)),
            _ => Err(cursor.error("a function without a body cannot be a step")),
        })?;
        Ok(Self {
            attributes,
            visibility,
            signature,
            body,
        })
    }
}

impl Function {
    /// The declared type, with `_` for each `impl Trait` in it; `None` where it cannot stand in a body.
    pub(crate) fn returned_type(&self) -> Option<TokenStream> {
        match &self.signature.output {
            ReturnType::Default => Some(quote::quote!(())),
            ReturnType::Type(_, returned) if matches!(**returned, Type::Never(_)) => None,
            ReturnType::Type(_, returned) => Some(without_impl_trait(returned.to_token_stream())),
        }
    }
}

/// `impl Trait` up to the comma or the end that closes it becomes `_`.
fn without_impl_trait(tokens: TokenStream) -> TokenStream {
    let mut inferred = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "impl" => {
                inferred.append_all(quote::quote!(_));
                skip_type(&mut tokens);
            }
            TokenTree::Group(group) => {
                let mut replaced =
                    proc_macro2::Group::new(group.delimiter(), without_impl_trait(group.stream()));
                replaced.set_span(group.span());
                inferred.append(replaced);
            }
            other => inferred.append(other),
        }
    }
    inferred
}

fn skip_type(tokens: &mut std::iter::Peekable<impl Iterator<Item = TokenTree>>) {
    let mut open_angles = 0_usize;
    let mut after_minus = false;
    while let Some(token) = tokens.peek() {
        if let TokenTree::Punct(punct) = token {
            match punct.as_char() {
                '<' => open_angles += 1,
                // The head of `->` closes nothing.
                '>' if after_minus => {}
                '>' if open_angles == 0 => return,
                '>' => open_angles -= 1,
                ',' if open_angles == 0 => return,
                _ => {}
            }
            after_minus = punct.as_char() == '-';
        } else {
            after_minus = false;
        }
        tokens.next();
    }
}
