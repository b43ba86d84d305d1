use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, quote};
use syn::{
    GenericArgument, GenericParam, Generics, PathArguments, PathSegment, ReturnType, Signature,
    Type, TypeParamBound, WherePredicate, punctuated::Punctuated,
};

/// What a function declares to return.
pub(crate) enum Returned {
    /// A value.
    Value(Value),
    /// A future, where the function is not async itself.
    Future {
        /// What the future returns; `None` where it is not said.
        output: Option<Value>,
        /// Whether it is a `Pin<Box<dyn Future>>`.
        boxed: bool,
    },
    /// `!`.
    Never,
}

/// The type of a returned value.
pub(crate) struct Value {
    /// With `_` for each `impl Trait` in it.
    pub(crate) tokens: TokenStream,
    /// Whether it is a `Result` whose error may borrow.
    pub(crate) borrows: bool,
}

impl Returned {
    pub(crate) fn of(signature: &Signature) -> Self {
        let declared = match &signature.output {
            ReturnType::Default => return Self::Value(Value::unit()),
            ReturnType::Type(_, declared) => without_groups(declared),
        };
        if matches!(declared, Type::Never(_)) {
            return Self::Never;
        }
        if signature.asyncness.is_none()
            && let Some((output, boxed)) = future(declared)
        {
            return Self::Future {
                output: output.map(|output| Value::of(output, &signature.generics)),
                boxed,
            };
        }
        Self::Value(Value::of(declared, &signature.generics))
    }
}

impl Value {
    fn of(declared: &Type, generics: &Generics) -> Self {
        Self {
            tokens: without_impl_trait(declared.to_token_stream()),
            borrows: error_of(declared).is_some_and(|error| {
                may_borrow(error.to_token_stream(), &borrowing_parameters(generics))
            }),
        }
    }

    fn unit() -> Self {
        Self {
            tokens: quote!(()),
            borrows: false,
        }
    }
}

/// What a declared future returns, and whether it is boxed.
fn future(declared: &Type) -> Option<(Option<&Type>, bool)> {
    match declared {
        Type::ImplTrait(declared) => Some((future_bound(&declared.bounds)?, false)),
        Type::Path(declared) => {
            let segment = declared.path.segments.last()?;
            match segment.ident.to_string().as_str() {
                "Pin" => match type_arguments(segment).next().map(without_groups)? {
                    Type::Path(boxed) => {
                        let segment = boxed.path.segments.last()?;
                        let pointee = type_arguments(segment).next().map(without_groups)?;
                        match pointee {
                            Type::TraitObject(object) if segment.ident == "Box" => {
                                Some((future_bound(&object.bounds)?, true))
                            }
                            _ => None,
                        }
                    }
                    _ => None,
                },
                "BoxFuture" | "LocalBoxFuture" => Some((type_arguments(segment).last(), true)),
                _ => None,
            }
        }
        _ => None,
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

/// `E` of `Result<T, E>`; an alias does not tell its own.
fn error_of(declared: &Type) -> Option<&Type> {
    let Type::Path(declared) = without_groups(declared) else {
        return None;
    };
    let segment = declared.path.segments.last()?;
    (segment.ident == "Result")
        .then(|| type_arguments(segment).nth(1))
        .flatten()
}

fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
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

/// The type parameters that are not declared `'static`.
fn borrowing_parameters(generics: &Generics) -> Vec<String> {
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

/// Whether a type has a lifetime or one of these parameters in it.
fn may_borrow(tokens: TokenStream, parameters: &[String]) -> bool {
    let mut after_quote = false;
    tokens.into_iter().any(|token| {
        let is_lifetime = std::mem::replace(
            &mut after_quote,
            matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\''),
        );
        match token {
            TokenTree::Ident(word) if is_lifetime => word != "static",
            TokenTree::Ident(word) => parameters.iter().any(|parameter| word == parameter),
            TokenTree::Punct(punct) => punct.as_char() == '&',
            TokenTree::Group(group) => may_borrow(group.stream(), parameters),
            TokenTree::Literal(_) => false,
        }
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

/// `impl Trait` up to the comma, semicolon or end that closes it becomes `_`.
fn without_impl_trait(tokens: TokenStream) -> TokenStream {
    let mut inferred = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "impl" => {
                inferred.append_all(quote!(_));
                skip_type(&mut tokens);
            }
            TokenTree::Group(group) => {
                let mut replaced =
                    Group::new(group.delimiter(), without_impl_trait(group.stream()));
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
                ',' | ';' if open_angles == 0 => return,
                _ => {}
            }
            after_minus = punct.as_char() == '-';
        } else {
            after_minus = false;
        }
        tokens.next();
    }
}
