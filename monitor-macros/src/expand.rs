use proc_macro2::{Group, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::{Ident, LitStr, ext::IdentExt as _, spanned::Spanned as _};

use crate::{
    arguments::{Arguments, Field, Value as FieldValue},
    function::Function,
    parameters::Parameters,
    returned::{ErrorType, Kind, Returned, Value},
};

pub(crate) fn instrument_step(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let arguments = syn::parse2::<Arguments>(arguments);
    let function = syn::parse2::<Function>(item.clone());
    match (arguments, function) {
        (Ok(arguments), Ok(function)) => {
            let expansion = Expansion::new(arguments, function);
            match expansion.check() {
                Ok(()) => expansion.expand(),
                Err(error) => with_item(&error, item),
            }
        }
        // The item stays, so that nothing but the mistake is reported.
        (Err(error), Ok(_)) => with_item(&error, item),
        (_, Err(error)) => with_item(&function_error(error, item), item),
    }
}

struct Expansion {
    arguments: Arguments,
    function: Function,
    returned: Returned,
    parameters: Parameters,
    /// The path of what the expansion calls.
    runtime: TokenStream,
    /// Of the body's braces, as what the attribute made: errors point there, and no lint does.
    span: Span,
}

impl Expansion {
    fn new(arguments: Arguments, mut function: Function) -> Self {
        let span = Span::call_site().located_at(function.body.span());
        let library = match &arguments.library {
            Some(path) => path.to_token_stream(),
            None => quote!(::monitor_layer),
        };
        Self {
            returned: Returned::of(&function.signature),
            parameters: Parameters::of(
                &mut function.signature,
                &function.body.stream(),
                arguments.monitor.is_some() || !arguments.fields.is_empty(),
                span,
            ),
            runtime: quote_spanned!(span=> #library::__private),
            arguments,
            function,
            span,
        }
    }

    /// Whether the arguments fit the function, as far as that can be told without types.
    fn check(&self) -> syn::Result<()> {
        let Some(argument) = &self.arguments.option_none_is_error else {
            return Ok(());
        };
        let may_be_option = match &self.returned {
            Returned::Value(value) | Returned::Future(Some(value)) => value.may_be_option,
            Returned::Future(None) => true,
            Returned::Never => false,
        };
        match may_be_option {
            true => Ok(()),
            false => Err(syn::Error::new(
                argument.span(),
                "`option_none_is_error` is for functions that return an `Option`",
            )),
        }
    }

    fn expand(&self) -> TokenStream {
        let Function {
            attributes,
            visibility,
            signature,
            body,
        } = &self.function;
        // The function's own braces: it is to end where it ended.
        let mut outer = Group::new(body.delimiter(), self.call());
        outer.set_span(body.span());
        quote! {
            #(#attributes)*
            #visibility #signature #outer
        }
    }

    fn call(&self) -> TokenStream {
        let (runtime, step) = (&self.runtime, self.step());
        let (block, look) = (self.block(), self.look());
        let is_async = self.function.signature.asyncness.is_some();
        // The words that make a closure of the body are where the body is, so that errors name what it captures.
        let body_span = self.function.body.span();
        if is_async {
            let body = quote_spanned!(body_span=> async move #block);
            let run = quote_spanned!(self.span=> #runtime::run(#step, #body, #look));
            return match &self.returned {
                Returned::Never => quote_spanned!(self.span=> #run.await.0),
                Returned::Value(value) if value.is_future => {
                    let name = own_name("step", self.span);
                    quote_spanned! {self.span=>
                        #[allow(clippy::async_yields_async, reason = "it is what the function is declared to return")]
                        let #name = #run;
                        #name.await
                    }
                }
                _ => quote_spanned!(self.span=> #run.await),
            };
        }
        match &self.returned {
            Returned::Future(_) => {
                let body = quote_spanned!(body_span=> move || #block);
                quote_spanned!(self.span=> #runtime::run(#step, #runtime::make(#body), #look))
            }
            Returned::Never => {
                let body = quote_spanned!(body_span=> move || -> ! #block);
                quote_spanned!(self.span=> #runtime::run_sync(#step, #body, #look))
            }
            Returned::Value(value) => {
                let returned = &value.tokens;
                let body = quote_spanned!(body_span=> move || -> #returned #block);
                match value.kind {
                    Kind::ToldByType => quote_spanned!(self.span=> {
                        use #runtime::via::*;
                        (&&&&#runtime::Kind::<#returned>::NEW).run(#step, #body, #look)
                    }),
                    Kind::Plain | Kind::Opaque => {
                        quote_spanned!(self.span=> #runtime::run_sync(#step, #body, #look))
                    }
                }
            }
        }
    }

    /// The body, with what has to come first.
    fn block(&self) -> Group {
        let outer = &self.function.body;
        let Parameters { bindings, mentions } = &self.parameters;
        let is_async = self.function.signature.asyncness.is_some();
        if !is_async && bindings.is_empty() && mentions.is_empty() {
            return outer.clone();
        }
        // Within others, braces around one expression would be told of as needless.
        let mut body = Group::new(outer.delimiter(), outer.stream());
        body.set_span(self.span);
        let runtime = &self.runtime;
        // Never runs. An async block is told its type, as a signature would tell it, before its body is looked at.
        let returns = match &self.returned {
            _ if !is_async => None,
            Returned::Value(Value { tokens, .. }) => Some(quote_spanned! {self.span=>
                return #runtime::value_of_type::<#tokens>();
            }),
            // To wait for `!` itself would make what is around unreachable.
            Returned::Never => {
                Some(quote_spanned!(self.span=> return #runtime::never::<fn() -> !>();))
            }
            Returned::Future(_) => None,
        };
        let first = (returns.is_some() || !mentions.is_empty())
            .then(|| quote_spanned!(self.span=> if false { #mentions #returns }));
        let statements = match &self.returned {
            // What the body's last expression holds goes before what is bound here does.
            Returned::Value(Value {
                tokens: returned, ..
            }) if !bindings.is_empty() => {
                let name = own_name("returned", self.span);
                quote_spanned! {self.span=> #first #bindings let #name: #returned = #body; #name}
            }
            _ => quote_spanned!(self.span=> #first #bindings #body),
        };
        let mut block = Group::new(outer.delimiter(), statements);
        block.set_span(outer.span());
        block
    }

    /// The step that is to run.
    fn step(&self) -> TokenStream {
        let (runtime, arguments) = (&self.runtime, &self.arguments);
        let site = self.site();
        let monitor = arguments.monitor.as_ref().map(|monitor| {
            let span = self.span.located_at(monitor.span());
            quote_spanned!(span=> .monitor(&(#monitor)))
        });
        let fields = (!arguments.fields.is_empty()).then(|| {
            let name = own_name("fields", self.span);
            let fields = arguments
                .fields
                .iter()
                .map(|field| self.field(field, &name));
            quote_spanned!(self.span=> .fields(|#name| { use #runtime::via::*; #(#fields)* }))
        });
        quote_spanned!(self.span=> #site #monitor #fields)
    }

    fn field(&self, field: &Field, fields: &Ident) -> TokenStream {
        let runtime = &self.runtime;
        let span = self.span.located_at(field.span);
        match &field.value {
            FieldValue::Display(value) => quote_spanned!(span=> #fields.display(&(#value));),
            FieldValue::Debug(value) => quote_spanned!(span=> #fields.debug(&(#value));),
            FieldValue::Plain(value) => quote_spanned! {span=>
                (&&#runtime::Recorded(&(#value))).record_to(#fields);
            },
        }
    }

    fn site(&self) -> TokenStream {
        let (runtime, arguments) = (&self.runtime, &self.arguments);
        let function = &self.function.signature.ident;
        let name = match &arguments.name {
            Some(name) => name.clone(),
            None => LitStr::new(&function.unraw().to_string(), function.span()),
        };
        let level = match &arguments.level {
            Some(level) => level.tokens(runtime),
            None => quote_spanned!(self.span=> #runtime::Level::INFO),
        };
        let fields = arguments.fields.iter().map(|field| &field.name);
        let slow = arguments.slow.as_ref().map(|slow| {
            let milliseconds = slow.milliseconds;
            quote_spanned!(self.span=> .slow(#milliseconds))
        });
        let category = arguments.category.as_ref().map(|category| {
            let category = category.tokens(runtime);
            quote_spanned!(self.span=> .category(#category))
        });
        quote_spanned! {self.span=> {
            static SITE: #runtime::StepSite = #runtime::StepSite::new(
                #name, #runtime::module_path!(), #level, &["step", #(#fields),*], &SITE,
            ) #slow #category;
            SITE.step()
        }}
    }

    /// What looks at the returned value.
    fn look(&self) -> TokenStream {
        let runtime = &self.runtime;
        if let Some(argument) = &self.arguments.option_none_is_error {
            let span = self.span.located_at(argument.span());
            let name = own_name("returned", span);
            return quote_spanned!(span=> |#name| #runtime::none_is_error(#name));
        }
        let error = match &self.returned {
            Returned::Value(value) | Returned::Future(Some(value)) => value.error,
            Returned::Future(None) => ErrorType::Borrowing,
            Returned::Never => ErrorType::None,
        };
        let look = match error {
            ErrorType::None => return quote_spanned!(self.span=> #runtime::no_error),
            ErrorType::Static => quote_spanned!(self.span=> Look),
            ErrorType::Borrowing => quote_spanned!(self.span=> LookBorrowed),
        };
        let name = own_name("returned", self.span);
        let declared = match &self.returned {
            Returned::Future(Some(value)) => {
                let declared = &value.tokens;
                Some(quote_spanned!(self.span=> : &#declared))
            }
            _ => None,
        };
        quote_spanned! {self.span=>
            |#name #declared| { use #runtime::via::*; (&&&&&&&#runtime::#look(#name)).reported() }
        }
    }
}

/// A name that nobody else has: one of an item of the user's would be taken for that.
fn own_name(name: &str, span: Span) -> Ident {
    format_ident!("__monitor_layer_{name}", span = span)
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

#[cfg(test)]
mod tests;
