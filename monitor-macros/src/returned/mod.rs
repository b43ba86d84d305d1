//! What can be told of a function's returned value without types.

mod error_type;
mod inferred;
mod kind;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{
    GenericArgument, Generics, PathArguments, PathSegment, ReturnType, Signature, Type,
    TypeParamBound, punctuated::Punctuated,
};

pub(crate) use self::{error_type::ErrorType, kind::Kind};
use self::{
    error_type::borrowing_parameters,
    inferred::without_impl_trait,
    kind::{has_word, may_be_option},
};

/// What a function declares to return.
pub(crate) enum Returned {
    /// A value of this type.
    Value(Value),
    /// `impl Future`, where the function is not async itself: what it returns, if that is said.
    Future(Option<Value>),
    /// `!`.
    Never,
}

/// The type of a returned value.
pub(crate) struct Value {
    /// With `_` for each `impl Trait` in it.
    pub(crate) tokens: TokenStream,
    pub(crate) error: ErrorType,
    pub(crate) kind: Kind,
    pub(crate) may_be_option: bool,
    /// Whether it is called a future.
    pub(crate) is_future: bool,
}

impl Returned {
    pub(crate) fn of(signature: &Signature) -> Self {
        let declared = match &signature.output {
            ReturnType::Default => return Self::Value(Value::unit()),
            ReturnType::Type(_, declared) => without_groups(declared),
        };
        match declared {
            Type::Never(_) => Self::Never,
            Type::ImplTrait(opaque) if signature.asyncness.is_none() => {
                match future_bound(&opaque.bounds) {
                    Some(output) => {
                        Self::Future(output.map(|output| Value::of(output, &signature.generics)))
                    }
                    None => Self::Value(Value::of(declared, &signature.generics)),
                }
            }
            _ => Self::Value(Value::of(declared, &signature.generics)),
        }
    }
}

impl Value {
    fn of(declared: &Type, generics: &Generics) -> Self {
        let declared = without_groups(declared);
        let parameters = borrowing_parameters(generics);
        Self {
            tokens: without_impl_trait(declared.to_token_stream()),
            error: ErrorType::of(declared, &parameters),
            kind: Kind::of(declared),
            may_be_option: may_be_option(declared),
            is_future: has_word(declared.to_token_stream(), &|word| word.ends_with("Future")),
        }
    }

    fn unit() -> Self {
        Self {
            tokens: quote!(()),
            error: ErrorType::None,
            kind: Kind::Plain,
            may_be_option: false,
            is_future: false,
        }
    }
}

/// The output of the `Future` among the bounds; `None` where there is none.
fn future_bound<T>(bounds: &Punctuated<TypeParamBound, T>) -> Option<Option<&Type>> {
    let segment = bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .filter(|segment| segment.ident == "Future"),
        _ => None,
    })?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Some(None);
    };
    Some(arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(output) if output.ident == "Output" => Some(&output.ty),
        _ => None,
    }))
}

pub(super) fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(argument) => Some(argument),
            _ => None,
        })
}

/// The type inside of parentheses, or of the invisible groups that `macro_rules!` make.
fn without_groups(declared: &Type) -> &Type {
    match declared {
        Type::Group(group) => without_groups(&group.elem),
        Type::Paren(group) => without_groups(&group.elem),
        other => other,
    }
}
