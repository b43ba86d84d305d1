use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Ident, LitStr, ext::IdentExt as _};

use crate::{arguments::Arguments, function::Function};

pub(crate) fn instrument_step(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = syn::parse2::<Arguments>(arguments);
    let function = syn::parse2::<Function>(item.clone());
    match (arguments, function) {
        (Ok(arguments), Ok(function)) => expand(&arguments, &function),
        // The item stays, so that nothing but the mistake is reported.
        (Err(error), Ok(_)) => with_item(&error, &item),
        (_, Err(error)) => with_item(&function_error(error, &item), &item),
    }
}

fn expand(arguments: &Arguments, function: &Function) -> TokenStream {
    let Function {
        attributes,
        visibility,
        signature,
        body,
    } = function;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => LitStr::new(&signature.ident.unraw().to_string(), signature.ident.span()),
    };
    // Hygienic: no name of the body's can be this one, nor the other way round.
    let returned = Ident::new("returned", Span::mixed_site());
    let site = quote! {
        {
            static SITE: ::monitor_layer::__private::StepSite =
                ::monitor_layer::__private::StepSite::new(#name);
            &SITE
        }
    };
    let (looked_at, typed) = match function.returned_type() {
        Some(returned_type) => (
            quote!(#returned: &#returned_type),
            // Never runs; tells the body's type before the body is looked at, as a signature would.
            quote_spanned! {Span::mixed_site()=>
                #[allow(
                    clippy::all,
                    clippy::pedantic,
                    clippy::nursery,
                    clippy::restriction,
                    unknown_lints,
                    unreachable_code,
                    unused_variables
                )]
                if false {
                    let #returned: #returned_type = loop {};
                    return #returned;
                }
            },
        ),
        None => (quote!(#returned: &_), TokenStream::new()),
    };
    let look = quote! {
        |#looked_at| {
            #[allow(unused_imports)]
            use ::monitor_layer::__private::{
                ViaCategorize as _, ViaDisplay as _, ViaError as _, ViaLent as _, ViaNothing as _,
                ViaType as _,
            };
            (&&&&&&::monitor_layer::__private::Look(#returned)).reported()
        }
    };
    let body = inner(body, &typed);
    let call = if signature.asyncness.is_some() {
        quote!(::monitor_layer::__private::run(#site, async move #body, #look).await)
    } else {
        quote!(::monitor_layer::__private::run_sync(#site, move || #body, #look))
    };
    quote! {
        #(#attributes)*
        #visibility #signature {
            #call
        }
    }
}

/// The body's block, with what has to come first in it.
fn inner(body: &proc_macro2::TokenTree, first: &TokenStream) -> TokenStream {
    let proc_macro2::TokenTree::Group(group) = body else {
        return body.to_token_stream();
    };
    let statements = group.stream();
    let mut block =
        proc_macro2::Group::new(proc_macro2::Delimiter::Brace, quote!(#first #statements));
    block.set_span(group.span());
    block.to_token_stream()
}

fn function_error(error: syn::Error, item: &TokenStream) -> syn::Error {
    // Where it is no function at all, what syn missed first says little.
    let is_function = item
        .clone()
        .into_iter()
        .any(|token| matches!(&token, proc_macro2::TokenTree::Ident(word) if word == "fn"));
    if is_function {
        return error;
    }
    syn::Error::new_spanned(
        item,
        "`#[instrument_step]` belongs on a function or a method",
    )
}

fn with_item(error: &syn::Error, item: &TokenStream) -> TokenStream {
    let error = error.to_compile_error();
    quote!(#error #item)
}
