use std::{collections::HashSet, mem};

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, Ident, Pat, PatIdent, Receiver, Signature, Type, ext::IdentExt as _};

/// What a function's parameters need where its body is moved into a closure or an async block, so that they are
/// dropped in the order in which they were, and borrowed for as long as they were.
///
/// What a block captures is dropped after its locals, in the order in which it is named first. So where the order can
/// be told, parameters that the body uses are named in theirs; and where one of them is not used, or has a pattern,
/// all are bound anew in the block, as an async function does with its own.
#[derive(Default)]
pub(crate) struct Parameters {
    /// Statements that come first in the block.
    pub(crate) bindings: TokenStream,
    /// Statements that come first in the block, too, and never run.
    pub(crate) mentions: TokenStream,
}

impl Parameters {
    /// Looks at the parameters, and takes out of the signature what is bound anew. Patterns stay in it where what they
    /// bind `is_recorded` outside of the block.
    pub(crate) fn of(
        signature: &mut Signature,
        body: &TokenStream,
        is_recorded: bool,
        span: Span,
    ) -> Self {
        let words = Words::of(body);
        let owned = signature.inputs.iter().filter(|input| is_owned(input));
        let has_pattern = signature
            .inputs
            .iter()
            .any(|input| is_owned(input) && matches!(kind(input), Kind::Pattern));
        let order_matters = owned.count() > 1 || (has_pattern && !is_recorded);
        let may_be_named = signature
            .inputs
            .iter()
            .filter(|input| is_owned(input))
            .all(|input| match kind(input) {
                Kind::Receiver => true,
                Kind::Name(name) => name.mutability.is_none() && words.has_or_ignores(&name.ident),
                Kind::Wild | Kind::Pattern => false,
            });
        let mut this = Self::default();
        for (place, input) in signature.inputs.iter_mut().enumerate() {
            let binds_all = order_matters && !may_be_named && is_owned(input);
            this.look_at(input, place, binds_all, is_recorded, span);
        }
        if order_matters && may_be_named {
            this.name_all(signature, &words, span);
        }
        this
    }

    fn look_at(
        &mut self,
        input: &mut FnArg,
        place: usize,
        binds_all: bool,
        is_recorded: bool,
        span: Span,
    ) {
        let FnArg::Typed(input) = input else { return };
        let conditions = conditions(&input.attrs);
        match &mut *input.pat {
            Pat::Ident(name) if is_name(name) => {
                // Bound anew, a reference may later be to something that lives less long.
                if let Some(mutability) = name.mutability.take() {
                    let name = &name.ident;
                    self.bind(&conditions, &quote!(#mutability #name), name, span);
                } else if binds_all {
                    let name = &name.ident;
                    self.bind(&conditions, &quote!(#name), name, span);
                }
            }
            pattern if binds_all && !is_recorded => {
                let name = format_ident!("__monitor_layer_argument_{place}", span = span);
                let replaced = Pat::Ident(PatIdent {
                    attrs: Vec::new(),
                    by_ref: None,
                    mutability: None,
                    ident: name.clone(),
                    subpat: None,
                });
                let pattern = mem::replace(pattern, replaced);
                // Whole at first: what the pattern leaves goes after what it binds.
                self.bind(&conditions, &quote!(#name), &name, span);
                if !matches!(pattern, Pat::Wild(_)) {
                    self.bind(&conditions, &pattern.into_token_stream(), &name, span);
                }
            }
            _ => {}
        }
    }

    fn bind(&mut self, conditions: &[Attribute], pattern: &TokenStream, name: &Ident, span: Span) {
        self.bindings
            .extend(quote_spanned!(span=> #(#conditions)* let #pattern = #name;));
    }

    fn name_all(&mut self, signature: &Signature, words: &Words, span: Span) {
        for input in signature
            .inputs
            .iter()
            .rev()
            .filter(|input| is_owned(input))
        {
            let (name, attributes) = match input {
                FnArg::Receiver(receiver) if words.has("self") => {
                    (receiver.self_token.into_token_stream(), &receiver.attrs)
                }
                FnArg::Receiver(_) => continue,
                FnArg::Typed(input) => match &*input.pat {
                    Pat::Ident(name) => (name.ident.to_token_stream(), &input.attrs),
                    _ => continue,
                },
            };
            let conditions = conditions(attributes);
            self.mentions
                .extend(quote_spanned!(span=> #(#conditions)* let _ = &#name;));
        }
    }
}

enum Kind<'a> {
    Receiver,
    Name(&'a PatIdent),
    Wild,
    Pattern,
}

fn kind(input: &FnArg) -> Kind<'_> {
    match input {
        FnArg::Receiver(_) => Kind::Receiver,
        FnArg::Typed(input) => match &*input.pat {
            Pat::Ident(name) if is_name(name) => Kind::Name(name),
            Pat::Wild(_) => Kind::Wild,
            _ => Kind::Pattern,
        },
    }
}

fn is_name(pattern: &PatIdent) -> bool {
    pattern.by_ref.is_none() && pattern.subpat.is_none()
}

fn conditions(attributes: &[Attribute]) -> Vec<Attribute> {
    let conditions = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.cloned().collect()
}

/// Whether it may be told when the parameter is dropped.
fn is_owned(input: &FnArg) -> bool {
    match input {
        FnArg::Receiver(Receiver {
            reference: Some(_), ..
        }) => false,
        FnArg::Receiver(receiver) => needs_drop(&receiver.ty),
        FnArg::Typed(input) => needs_drop(&input.ty),
    }
}

fn needs_drop(declared: &Type) -> bool {
    const PLAIN: [&str; 17] = [
        "bool", "char", "f32", "f64", "i128", "i16", "i32", "i64", "i8", "isize", "str", "u128",
        "u16", "u32", "u64", "u8", "usize",
    ];

    match declared {
        Type::Reference(_) | Type::Ptr(_) | Type::BareFn(_) | Type::Never(_) => false,
        Type::Array(array) => needs_drop(&array.elem),
        Type::Slice(slice) => needs_drop(&slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter().any(needs_drop),
        Type::Group(group) => needs_drop(&group.elem),
        Type::Paren(group) => needs_drop(&group.elem),
        Type::Path(path) => {
            let name = path.path.get_ident().map(Ident::to_string);
            !name.is_some_and(|name| PLAIN.contains(&name.as_str()))
        }
        _ => true,
    }
}

/// What a body may use: each word in it, those in texts included, for they may be formats.
struct Words {
    words: HashSet<String>,
    literals: String,
}

impl Words {
    fn of(body: &TokenStream) -> Self {
        let mut words = Self {
            words: HashSet::new(),
            literals: String::new(),
        };
        words.collect(body.clone());
        words
    }

    fn collect(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(word) => {
                    self.words.insert(word.unraw().to_string());
                }
                TokenTree::Group(group) => self.collect(group.stream()),
                TokenTree::Literal(literal) => self.literals.push_str(&literal.to_string()),
                TokenTree::Punct(_) => {}
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.words.contains(name) || self.literals.contains(name)
    }

    /// Whether the name is in it, or nobody is told that it is not.
    fn has_or_ignores(&self, name: &Ident) -> bool {
        let name = name.unraw().to_string();
        name.starts_with('_') || self.has(&name)
    }
}
