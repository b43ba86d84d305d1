use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{
    Attribute, Signature, Visibility,
    parse::{Parse, ParseStream, Parser as _},
};

/// A function whose body is left as it came, so that what an editor is in the middle of typing stays as it is.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    /// The body, without its inner attributes.
    pub(crate) body: Group,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature: Signature = input.parse()?;
        if let Some(constness) = &signature.constness {
            return Err(syn::Error::new_spanned(
                constness,
                "a `const fn` cannot be a step: it may run at compile time",
            ));
        }
        let braces = input.step(|cursor| match cursor.token_tree() {
            Some((TokenTree::Group(braces), rest)) => Ok((unwrapped(braces), rest)),
            _ => Err(cursor.error("a function without a body cannot be a step")),
        })?;
        let (inner, statements) = split_inner_attributes.parse2(braces.stream())?;
        attributes.extend(inner);
        let mut body = Group::new(braces.delimiter(), statements);
        body.set_span(braces.span());
        Ok(Self {
            attributes,
            visibility,
            signature,
            body,
        })
    }
}

/// The braces inside of the invisible group that `$body:block` of a `macro_rules!` comes in.
fn unwrapped(group: Group) -> Group {
    if group.delimiter() == Delimiter::None
        && let Some(TokenTree::Group(inner)) = group.stream().into_iter().next()
    {
        return unwrapped(inner);
    }
    group
}

/// Inner attributes, as outer ones: they would not stand first in the block any more.
fn split_inner_attributes(input: ParseStream<'_>) -> syn::Result<(Vec<Attribute>, TokenStream)> {
    let mut attributes = input.call(Attribute::parse_inner)?;
    for attribute in &mut attributes {
        attribute.style = syn::AttrStyle::Outer;
    }
    Ok((attributes, input.parse()?))
}
