//! `#[derive(Categorize)]`: what an error says of itself, as attributes of its type and its variants.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Field, Fields, Generics, Item, LitStr, Meta, Variant, parse::Parse,
    spanned::Spanned as _,
};

use crate::categories::CATEGORIES;

const EXPECTED_CATEGORY: &str =
    "expected one of `auth`, `pipeline`, `payment`, `timeout`, `rate_limit` or `unknown`";
const EXPECTED_CODE: &str = "expected a code as `#[code(\"PAYMENT_CARD_DECLINED\")]`";

pub(crate) fn derive(item: TokenStream) -> TokenStream {
    let item = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let (name, generics, methods) = match &item {
        Item::Enum(item) => (
            &item.ident,
            &item.generics,
            of_enum(&item.attrs, &item.variants),
        ),
        Item::Struct(item) => (
            &item.ident,
            &item.generics,
            of_struct(&item.attrs, &item.fields),
        ),
        other => {
            let problem = "`Categorize` is derived for an enum or a struct; implement it by hand";
            return syn::Error::new(other.span(), problem).to_compile_error();
        }
    };
    // With the trait there all the same, so that nothing else fails for the lack of it.
    let methods = methods.unwrap_or_else(|error| Methods {
        error: Some(error),
        ..Methods::default()
    });
    methods.implement(name, generics)
}

/// What stands on a type or a variant.
#[derive(Clone, Default)]
struct Said {
    category: Option<Ident>,
    code: Option<LitStr>,
    is_transient: bool,
}

impl Said {
    fn of(attributes: &[Attribute]) -> syn::Result<Self> {
        let mut said = Self::default();
        let mut problems = Problems::default();
        for attribute in attributes {
            problems.note(said.read(attribute));
        }
        problems.none_or(said)
    }

    fn read(&mut self, attribute: &Attribute) -> syn::Result<()> {
        let twice =
            |name| syn::Error::new_spanned(attribute, format!("`#[{name}]` is given twice"));
        if attribute.path().is_ident("category") {
            let category = category(&argument(attribute, EXPECTED_CATEGORY)?)?;
            if self.category.replace(category).is_some() {
                return Err(twice("category"));
            }
        } else if attribute.path().is_ident("code") {
            let code: LitStr = argument(attribute, EXPECTED_CODE)?;
            if code.value().is_empty() {
                return Err(syn::Error::new(code.span(), "a code may not be empty"));
            }
            if self.code.replace(code).is_some() {
                return Err(twice("code"));
            }
        } else if attribute.path().is_ident("transient") {
            let Meta::Path(_) = attribute.meta else {
                return Err(syn::Error::new_spanned(
                    attribute,
                    "`#[transient]` takes nothing",
                ));
            };
            if std::mem::replace(&mut self.is_transient, true) {
                return Err(twice("transient"));
            }
        }
        Ok(())
    }

    /// Of a variant; what it does not say, its type does. A code of its own tells a category of its own.
    fn or(self, of_type: &Self) -> Self {
        let category = match self.code {
            Some(_) => None,
            None => of_type.category.clone(),
        };
        Self {
            category: self.category.or(category),
            code: self.code.or_else(|| of_type.code.clone()),
            is_transient: self.is_transient || of_type.is_transient,
        }
    }
}

fn argument<T: Parse>(attribute: &Attribute, expected: &str) -> syn::Result<T> {
    match &attribute.meta {
        Meta::List(list) => syn::parse2(list.tokens.clone())
            .map_err(|error| syn::Error::new(error.span(), expected)),
        _ => Err(syn::Error::new_spanned(attribute, expected)),
    }
}

fn category(name: &Ident) -> syn::Result<Ident> {
    let known = CATEGORIES.iter().find(|(written, _)| name == written);
    match known {
        Some((_, called)) => Ok(Ident::new(called, name.span())),
        None => Err(syn::Error::new(
            name.span(),
            format!("`{name}` is no category; {EXPECTED_CATEGORY}"),
        )),
    }
}

/// The bodies of the trait's methods, where they are not the usual ones.
#[derive(Default)]
struct Methods {
    category: Option<TokenStream>,
    code: Option<TokenStream>,
    is_transient: Option<TokenStream>,
    error: Option<syn::Error>,
}

fn of_struct(attributes: &[Attribute], fields: &Fields) -> syn::Result<Methods> {
    let mut problems = Problems::default();
    fields
        .iter()
        .for_each(|field| problems.note(unmarked(field)));
    let said = Said::of(attributes);
    let said = problems.keep(said).unwrap_or_default();
    problems.none_or(Methods {
        category: said.category.as_ref().map(some_category),
        code: said.code.map(some),
        is_transient: said.is_transient.then(|| quote!(true)),
        error: None,
    })
}

fn of_enum<'a>(
    attributes: &[Attribute],
    variants: impl IntoIterator<Item = &'a Variant>,
) -> syn::Result<Methods> {
    let mut problems = Problems::default();
    let of_type = problems.keep(Said::of(attributes)).unwrap_or_default();
    let mut said = Vec::new();
    for variant in variants {
        variant
            .fields
            .iter()
            .for_each(|field| problems.note(unmarked(field)));
        let own = problems.keep(Said::of(&variant.attrs)).unwrap_or_default();
        said.push((&variant.ident, own.or(&of_type)));
    }
    problems.none_or(Methods {
        category: matched(
            &said,
            |said| said.category.as_ref().map(some_category),
            &none(),
        ),
        code: matched(&said, |said| said.code.clone().map(some), &none()),
        is_transient: matched(
            &said,
            |said| said.is_transient.then(|| quote!(true)),
            &quote!(false),
        ),
        error: None,
    })
}

/// A `match` over the variants, without an arm that is never reached; `None` where no variant says anything.
fn matched(
    variants: &[(&Ident, Said)],
    value: impl Fn(&Said) -> Option<TokenStream>,
    otherwise: &TokenStream,
) -> Option<TokenStream> {
    let arms: Vec<_> = variants
        .iter()
        .filter_map(|(name, said)| Some((name, value(said)?)))
        .map(|(name, value)| quote!(Self::#name { .. } => #value,))
        .collect();
    if arms.is_empty() {
        return None;
    }
    let others = (arms.len() < variants.len()).then(|| quote!(_ => #otherwise,));
    Some(quote!(match self { #(#arms)* #others }))
}

fn some_category(category: &Ident) -> TokenStream {
    some(quote!(::monitor_layer::Category::#category))
}

fn some(value: impl ToTokens) -> TokenStream {
    quote!(::core::option::Option::Some(#value))
}

fn none() -> TokenStream {
    quote!(::core::option::Option::None)
}

/// A field says nothing.
fn unmarked(field: &Field) -> syn::Result<()> {
    let mut attributes = field.attrs.iter();
    let marked = attributes.find(|attribute| {
        ["category", "code", "transient"]
            .iter()
            .any(|name| attribute.path().is_ident(name))
    });
    match marked {
        Some(attribute) => Err(syn::Error::new_spanned(
            attribute,
            "`#[category]`, `#[code]` and `#[transient]` belong on the type or on a variant",
        )),
        None => Ok(()),
    }
}

impl Methods {
    fn implement(self, name: &Ident, generics: &Generics) -> TokenStream {
        let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
        let category = self.category.map(|body| {
            quote! {
                fn category(&self) -> ::core::option::Option<::monitor_layer::Category> { #body }
            }
        });
        let code = self.code.map(|body| {
            quote! {
                fn code(&self) -> ::core::option::Option<&::core::primitive::str> { #body }
            }
        });
        let is_transient = self.is_transient.map(|body| {
            quote! {
                fn is_transient(&self) -> ::core::primitive::bool { #body }
            }
        });
        let error = self.error.as_ref().map(syn::Error::to_compile_error);
        quote! {
            #[automatically_derived]
            #[allow(deprecated)]
            impl #impl_generics ::monitor_layer::Categorize for #name #type_generics #where_clause {
                #category
                #code
                #is_transient
            }
            #error
        }
    }
}

/// All mistakes at once.
#[derive(Default)]
struct Problems(Option<syn::Error>);

impl Problems {
    fn note(&mut self, result: syn::Result<()>) {
        self.keep(result);
    }

    fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                match &mut self.0 {
                    Some(first) => first.combine(error),
                    first => *first = Some(error),
                }
                None
            }
        }
    }

    fn none_or<T>(self, value: T) -> syn::Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}
