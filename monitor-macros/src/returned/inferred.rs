use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{TokenStreamExt as _, quote};

/// `impl Trait` up to the comma, semicolon or end that closes it becomes `_`.
pub(super) fn without_impl_trait(tokens: TokenStream) -> TokenStream {
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
