use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, LitStr, ext::IdentExt as _};

use crate::{
    arguments::Arguments,
    function::{Function, Returned},
};

pub(crate) fn instrument_step(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let arguments = syn::parse2::<Arguments>(arguments);
    let function = syn::parse2::<Function>(item.clone());
    match (arguments, function) {
        (Ok(arguments), Ok(function)) => expand(&arguments, &function),
        // The item stays, so that nothing but the mistake is reported.
        (Err(error), Ok(_)) => with_item(&error, item),
        (_, Err(error)) => with_item(&function_error(error, item), item),
    }
}

fn expand(arguments: &Arguments, function: &Function) -> TokenStream {
    let Function {
        attributes,
        visibility,
        signature,
        ..
    } = function;
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => LitStr::new(&signature.ident.unraw().to_string(), signature.ident.span()),
    };
    let site = quote! {
        {
            static SITE: ::monitor_layer::__private::StepSite =
                ::monitor_layer::__private::StepSite::new(#name);
            &SITE
        }
    };
    let call = match (function.returned(), signature.asyncness) {
        (Returned::Type(returned), Some(_)) => {
            let look = look(&returned);
            let body = function.block(&declare_type(&returned));
            quote!(::monitor_layer::__private::run(#site, async move #body, #look).await)
        }
        (Returned::Type(returned), None) => {
            let look = look(&returned);
            let body = function.block(&TokenStream::new());
            quote!(::monitor_layer::__private::run_sync(#site, move || -> #returned #body, #look))
        }
        (Returned::Never, Some(_)) => {
            let body = never(function);
            quote! {
                match ::monitor_layer::__private::run(#site, async move #body, |_| None).await {}
            }
        }
        (Returned::Never, None) => {
            let body = never(function);
            quote!(match ::monitor_layer::__private::run_sync(#site, move || #body, |_| None) {})
        }
    };
    quote! {
        #(#attributes)*
        #visibility #signature {
            #call
        }
    }
}

/// What looks at the returned value, by its type.
fn look(returned_type: &TokenStream) -> TokenStream {
    // Hygienic: no name of the user's can be this one, nor the other way round.
    let returned = Ident::new("returned", Span::mixed_site());
    quote! {
        |#returned: &#returned_type| {
            #[allow(unused_imports)]
            use ::monitor_layer::__private::{
                ViaCategorize as _, ViaDisplay as _, ViaError as _, ViaLent as _, ViaLocal as _,
                ViaNothing as _, ViaType as _,
            };
            (&&&&&&&::monitor_layer::__private::Look(#returned)).reported()
        }
    }
}

/// Never runs; tells an async block's type before its body is looked at, as a signature would.
fn declare_type(returned_type: &TokenStream) -> TokenStream {
    let returned = Ident::new("returned", Span::mixed_site());
    quote_spanned! {Span::mixed_site()=>
        #[allow(
            clippy::all,
            clippy::nursery,
            clippy::pedantic,
            clippy::restriction,
            unknown_lints,
            unreachable_code,
            unused_variables
        )]
        if false {
            let #returned: #returned_type = loop {};
            return #returned;
        }
    }
}

/// A body that does not return, as one of a type that can be named.
fn never(function: &Function) -> TokenStream {
    let body = function.block(&TokenStream::new());
    let returned = Ident::new("returned", Span::mixed_site());
    quote_spanned! {Span::mixed_site()=>
        {
            #[allow(clippy::diverging_sub_expression, unreachable_code, unused_variables)]
            let #returned: ::core::convert::Infallible = #body;
            #[allow(unreachable_code)]
            #returned
        }
    }
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
