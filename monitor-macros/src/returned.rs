use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, quote};
use syn::{
    GenericArgument, GenericParam, Generics, PathArguments, PathSegment, ReturnType, Signature,
    Type, TypeParamBound, TypePath, WherePredicate, punctuated::Punctuated,
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

/// Whether a type is one of futures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is not.
    Plain,
    /// It may be, which is told by what its name stands for.
    ToldByType,
    /// It may be, and has no name.
    Opaque,
}

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

impl ErrorType {
    fn of(declared: &Type, parameters: &[String]) -> Self {
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

/// A type that everybody knows, and that is neither a `Result` nor a future.
fn is_plain(path: &TypePath) -> bool {
    const PLAIN: [&str; 20] = [
        "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128", "u16",
        "u32", "u64", "u8", "usize", "HashMap", "Option", "String", "Vec",
    ];
    let segment = path.path.segments.last();
    segment.is_some_and(|segment| PLAIN.contains(&segment.ident.to_string().as_str()))
}

impl Kind {
    fn of(declared: &Type) -> Self {
        match declared {
            Type::ImplTrait(_) => Self::Opaque,
            Type::Macro(_) | Type::Verbatim(_) => Self::ToldByType,
            Type::Path(path) => {
                let segment = path.path.segments.last();
                if is_plain(path) || segment.is_some_and(|segment| segment.ident == "Result") {
                    Self::Plain
                } else if has_word(path.to_token_stream(), &|word| word == "impl") {
                    Self::Opaque
                } else {
                    Self::ToldByType
                }
            }
            _ => Self::Plain,
        }
    }
}

fn may_be_option(declared: &Type) -> bool {
    match declared {
        Type::Path(path) => {
            let name = path.path.segments.last().map(|segment| &segment.ident);
            name.is_some_and(|name| name == "Option" || !(is_plain(path) || name == "Result"))
        }
        Type::ImplTrait(_) | Type::Macro(_) | Type::Verbatim(_) => true,
        _ => false,
    }
}

fn has_word(tokens: TokenStream, is_it: &dyn Fn(&str) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => is_it(&word.to_string()),
        TokenTree::Group(group) => has_word(group.stream(), is_it),
        _ => false,
    })
}

fn has_lifetime(segment: &PathSegment) -> bool {
    matches!(&segment.arguments, PathArguments::AngleBracketed(arguments)
        if arguments.args.iter().any(|argument| matches!(argument, GenericArgument::Lifetime(_))))
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
