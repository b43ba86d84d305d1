use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    GenericArgument, GenericParam, Generics, PathArguments, PathSegment, Type, TypeParamBound,
    WherePredicate, punctuated::Punctuated,
};

use super::{future_bound, kind::is_plain, type_arguments, without_groups};

/// What can be told of the errors that a type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorType {
    /// There are none: it is no `Result`, under no name.
    None,
    /// They may borrow, if there are any.
    Borrowing,
    /// They live for ever, if there are any.
    Static,
}

impl ErrorType {
    pub(super) fn of(declared: &Type, parameters: &[String]) -> Self {
        let Type::Path(path) = declared else {
            // `impl Trait` may be a `Result`, which nobody can know who does not see the body.
            return match declared {
                Type::Macro(_) | Type::Verbatim(_) => Self::Borrowing,
                _ => Self::None,
            };
        };
        let Some(segment) = path.path.segments.last() else {
            return Self::Borrowing;
        };
        // That a future borrows says nothing of its error.
        if let Some(output) = output_of_boxed(segment) {
            return Self::of(without_groups(output), parameters);
        }
        if is_plain(path) {
            return Self::None;
        }
        let mut types = type_arguments(segment);
        let told = match (types.next(), types.next()) {
            // An alias that takes a type and no lifetime takes what comes where all is well.
            _ if segment.ident != "Result" => declared.to_token_stream(),
            (Some(_), Some(error)) => error.to_token_stream(),
            (Some(_), None) if !has_lifetime(segment) => TokenStream::new(),
            _ => declared.to_token_stream(),
        };
        match may_borrow(told, parameters) {
            true => Self::Borrowing,
            false => Self::Static,
        }
    }
}

/// `T` of `Pin<Box<dyn Future<Output = T>>>`, or of what is called as an alias of it is.
fn output_of_boxed(segment: &PathSegment) -> Option<&Type> {
    let name = segment.ident.to_string();
    if name.ends_with("Future") {
        return type_arguments(segment).last();
    }
    let boxed = type_arguments(segment).next().filter(|_| name == "Pin")?;
    let Type::Path(boxed) = without_groups(boxed) else {
        return None;
    };
    let pointee = type_arguments(boxed.path.segments.last()?).next()?;
    match without_groups(pointee) {
        Type::TraitObject(object) => future_bound(&object.bounds)?,
        _ => None,
    }
}

fn has_lifetime(segment: &PathSegment) -> bool {
    matches!(&segment.arguments, PathArguments::AngleBracketed(arguments)
        if arguments.args.iter().any(|argument| matches!(argument, GenericArgument::Lifetime(_))))
}

/// The type parameters that are not declared `'static`.
pub(super) fn borrowing_parameters(generics: &Generics) -> Vec<String> {
    let is_static = |bounds: &Punctuated<TypeParamBound, syn::Token![+]>| {
        bounds.iter().any(|bound| {
            matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static")
        })
    };
    let predicates = || {
        generics
            .where_clause
            .iter()
            .flat_map(|clause| &clause.predicates)
    };
    generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) if !is_static(&parameter.bounds) => {
                Some(parameter.ident.to_string())
            }
            _ => None,
        })
        .filter(|name| {
            !predicates().any(|predicate| {
                matches!(predicate, WherePredicate::Type(predicate)
                    if predicate.bounded_ty.to_token_stream().to_string() == *name
                        && is_static(&predicate.bounds))
            })
        })
        .collect()
}

/// Whether a type has a lifetime or one of these parameters in it, or what may be one of those around the function.
fn may_borrow(tokens: TokenStream, parameters: &[String]) -> bool {
    let mut after_quote = false;
    tokens.into_iter().any(|token| {
        let is_lifetime = std::mem::replace(
            &mut after_quote,
            matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\''),
        );
        match token {
            TokenTree::Ident(word) if is_lifetime => word != "static",
            TokenTree::Ident(word) => {
                let word = word.to_string();
                parameters.contains(&word) || may_be_parameter(&word)
            }
            TokenTree::Punct(punct) => punct.as_char() == '&',
            TokenTree::Group(group) => may_borrow(group.stream(), parameters),
            TokenTree::Literal(_) => false,
        }
    })
}

/// The parameters of the `impl` or trait around a method are not seen: those that are named as most are count.
fn may_be_parameter(word: &str) -> bool {
    let mut characters = word.chars();
    let is_letter = characters
        .next()
        .is_some_and(|first| first.is_ascii_uppercase())
        && characters.all(|character| character.is_ascii_digit());
    is_letter || matches!(word, "Self" | "Err" | "impl")
}
