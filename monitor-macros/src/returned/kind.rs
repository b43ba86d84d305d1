use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Type, TypePath};

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

impl Kind {
    pub(super) fn of(declared: &Type) -> Self {
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

/// A type that everybody knows, and that is neither a `Result` nor a future.
pub(super) fn is_plain(path: &TypePath) -> bool {
    const PLAIN: [&str; 20] = [
        "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "u128", "u16",
        "u32", "u64", "u8", "usize", "HashMap", "Option", "String", "Vec",
    ];
    let segment = path.path.segments.last();
    segment.is_some_and(|segment| PLAIN.contains(&segment.ident.to_string().as_str()))
}

pub(super) fn may_be_option(declared: &Type) -> bool {
    match declared {
        Type::Path(path) => {
            let name = path.path.segments.last().map(|segment| &segment.ident);
            name.is_some_and(|name| name == "Option" || !(is_plain(path) || name == "Result"))
        }
        Type::ImplTrait(_) | Type::Macro(_) | Type::Verbatim(_) => true,
        _ => false,
    }
}

pub(super) fn has_word(tokens: TokenStream, is_it: &dyn Fn(&str) -> bool) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => is_it(&word.to_string()),
        TokenTree::Group(group) => has_word(group.stream(), is_it),
        _ => false,
    })
}
