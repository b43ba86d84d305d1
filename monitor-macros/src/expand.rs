use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Ident, LitStr, ext::IdentExt as _};

use crate::{
    arguments::Arguments,
    function::Function,
    returned::{Returned, Value},
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
    let call = match (Returned::of(signature), signature.asyncness) {
        (Returned::Value(value), Some(_)) => {
            let look = look(Some(&value));
            let body = function.block(&declare_type(&value));
            quote!(::monitor_layer::__private::run(#site, async move #body, #look).await)
        }
        (Returned::Value(value), None) => {
            let returned = &value.tokens;
            let look = look(Some(&value));
            let body = function.block(&TokenStream::new());
            quote!(::monitor_layer::__private::run_sync(#site, move || -> #returned #body, #look))
        }
        (Returned::Future { output, boxed }, _) => {
            let look = look(output.as_ref());
            let body = function.block(&TokenStream::new());
            // Called at once, as without the attribute; what it makes is the step.
            if boxed {
                let returned = &signature.output;
                quote! {
                    ::std::boxed::Box::pin(
                        ::monitor_layer::__private::run(#site, (move || #returned #body)(), #look)
                    )
                }
            } else {
                quote!(::monitor_layer::__private::run(#site, (move || #body)(), #look))
            }
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
fn look(value: Option<&Value>) -> TokenStream {
    // Hygienic: no name of the user's can be this one, nor the other way round.
    let returned = Ident::new("returned", Span::mixed_site());
    let (declared, look) = match value {
        Some(value) if value.borrows => (value.tokens.clone(), quote!(LookBorrowed)),
        Some(value) => (value.tokens.clone(), quote!(Look)),
        None => (quote!(_), quote!(Look)),
    };
    quote! {
        |#returned: &#declared| {
            #[allow(unused_imports)]
            use ::monitor_layer::__private::{
                ViaCategorize as _, ViaDisplay as _, ViaError as _, ViaLent as _, ViaLocal as _,
                ViaNothing as _, ViaType as _,
            };
            (&&&&&&&::monitor_layer::__private::#look(#returned)).reported()
        }
    }
}

/// Never runs; tells an async block's type before its body is looked at, as a signature would.
fn declare_type(value: &Value) -> TokenStream {
    let returned_type = &value.tokens;
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
