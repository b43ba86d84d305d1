//! What a step records of its arguments: nothing, unless the attribute asks for it.

use std::{error::Error, fmt, sync::Arc};

use tracing::{
    Metadata,
    field::{DisplayValue, Field, Value, ValueSet, Visit, display},
};

use super::StepSite;
use crate::log::{LONGEST_READ, Shown, start_of};

/// How many fields a step has at most, its name aside. The attribute refuses more.
pub(super) const MOST_FIELDS: usize = 31;

/// The fields of a step, as they were when it was called.
#[derive(Debug)]
pub(crate) struct StepFields {
    metadata: &'static Metadata<'static>,
    values: Vec<(Field, Owned)>,
}

impl StepFields {
    /// Makes the values of a span, with the step's name first.
    pub(super) fn with_values<R>(
        &self,
        step: &Field,
        name: &dyn Value,
        take: impl FnOnce(&ValueSet<'_>) -> R,
    ) -> R {
        // A value set is of a length that is known; what is left of it has no values.
        let mut values: [(&Field, Option<&dyn Value>); MOST_FIELDS + 1] =
            [(step, None); MOST_FIELDS + 1];
        values[0].1 = Some(name);
        for (place, (field, value)) in values[1..].iter_mut().zip(&self.values) {
            *place = (field, Some(value.as_value()));
        }
        take(&self.metadata.fields().value_set(&values))
    }

    pub(crate) const fn metadata(&self) -> &'static Metadata<'static> {
        self.metadata
    }

    /// Hands each of them over, without the step's name.
    pub(crate) fn visit(&self, visitor: &mut dyn Visit) {
        for (field, value) in &self.values {
            value.as_value().record(field, visitor);
        }
    }
}

/// Takes the fields of one call, in the order in which the attribute names them.
#[derive(Debug)]
pub struct FieldRecorder {
    metadata: &'static Metadata<'static>,
    next: usize,
    values: Vec<(Field, Owned)>,
}

impl FieldRecorder {
    pub(super) fn new(site: &'static StepSite) -> Self {
        Self {
            metadata: site.metadata(),
            next: 1,
            values: Vec::new(),
        }
    }

    /// As `%` shows it.
    pub fn display(&mut self, value: impl fmt::Display) {
        self.value(&display(value));
    }

    /// As `?` shows it.
    pub fn debug(&mut self, value: impl fmt::Debug) {
        self.value(&tracing::field::debug(value));
    }

    /// As what it is.
    pub fn value(&mut self, value: &dyn Value) {
        let field = self.metadata.fields().iter().nth(self.next);
        self.next += 1;
        if let Some(field) = field {
            value.record(&field, &mut Owner(&mut self.values));
        }
    }

    pub(super) fn finish(self) -> Arc<StepFields> {
        Arc::new(StepFields {
            metadata: self.metadata,
            values: self.values,
        })
    }
}

/// A value that is recorded as what it is, if `tracing` knows its type, else as `Debug` shows it.
#[derive(Debug)]
pub struct Recorded<'a, T: ?Sized>(pub &'a T);

/// Values of a type that `tracing` knows.
pub trait ViaTracing {
    /// Records it.
    fn record_to(&self, fields: &mut FieldRecorder);
}

impl<T: Value + ?Sized> ViaTracing for &Recorded<'_, T> {
    fn record_to(&self, fields: &mut FieldRecorder) {
        fields.value(&self.0);
    }
}

/// All others.
pub trait ViaDebug {
    /// Records it.
    fn record_to(&self, fields: &mut FieldRecorder);
}

impl<T: fmt::Debug + ?Sized> ViaDebug for Recorded<'_, T> {
    fn record_to(&self, fields: &mut FieldRecorder) {
        fields.debug(self.0);
    }
}

/// A value that outlives the call.
#[derive(Debug)]
enum Owned {
    Unsigned(u64),
    Signed(i64),
    WideUnsigned(u128),
    WideSigned(i128),
    Float(f64),
    Boolean(bool),
    Text(String),
    Shown(DisplayValue<String>),
}

impl Owned {
    fn as_value(&self) -> &dyn Value {
        match self {
            Self::Unsigned(value) => value,
            Self::Signed(value) => value,
            Self::WideUnsigned(value) => value,
            Self::WideSigned(value) => value,
            Self::Float(value) => value,
            Self::Boolean(value) => value,
            Self::Text(value) => value,
            Self::Shown(value) => value,
        }
    }
}

struct Owner<'a>(&'a mut Vec<(Field, Owned)>);

impl Owner<'_> {
    fn add(&mut self, field: &Field, value: Owned) {
        self.0.push((field.clone(), value));
    }
}

impl Visit for Owner<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut shown = String::new();
        Shown(&mut shown).show(value);
        self.add(field, Owned::Shown(display(shown)));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Owned::Text(start_of(value, LONGEST_READ).to_owned()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Owned::Unsigned(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Owned::Signed(value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, Owned::WideUnsigned(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add(field, Owned::WideSigned(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, Owned::Float(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Owned::Boolean(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, Owned::Shown(display(crate::error::text(value))));
    }
}
