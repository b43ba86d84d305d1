use std::{borrow::Cow, fmt};

/// What an entry tells beside its message, each key once: what is set first stays.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(Cow<'static, str>, Value)>);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    String(String),
    Unsigned(u128),
    Signed(i128),
    Float(f64),
    Boolean(bool),
    Error(ErrorValue),
}

/// A failure: its type, where known, its text, and those of its sources.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ErrorValue {
    pub(super) type_name: Option<String>,
    pub(super) message: String,
    pub(super) chain: Vec<String>,
}

impl Fields {
    pub(crate) fn string(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        self.set(key, || Value::String(value.into()));
    }

    pub(crate) fn number(&mut self, key: &'static str, value: u64) {
        self.set(key, || Value::Unsigned(value.into()));
    }

    /// Milliseconds, to the microsecond.
    pub(crate) fn milliseconds(&mut self, key: &'static str, duration: std::time::Duration) {
        self.set(key, || Value::Float(duration.as_micros() as f64 / 1e3));
    }

    pub(crate) fn failure(&mut self, key: &'static str, failure: &crate::error::Failure) {
        self.set(key, || {
            Value::Error(ErrorValue {
                type_name: Some(failure.type_name.clone()),
                message: failure.message.clone(),
                chain: failure.chain.clone(),
            })
        });
    }

    pub(super) fn set(&mut self, key: impl Into<Cow<'static, str>>, value: impl FnOnce() -> Value) {
        let key = key.into();
        if self.0.iter().all(|(known, _)| *known != key) {
            self.0.push((key, value()));
        }
    }

    /// Sets it anew: a span's field that is recorded again.
    pub(super) fn replace(&mut self, key: impl Into<Cow<'static, str>>, value: Value) {
        let key = key.into();
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.0.push((key, value)),
        }
    }

    /// Sets anew what the other has.
    pub(super) fn replace_all(&mut self, others: Self) {
        for (key, value) in others.0 {
            self.replace(key, value);
        }
    }

    pub(super) fn take_string(&mut self, key: &str) -> Option<String> {
        let index = self.0.iter().position(|(known, _)| *known == key)?;
        Some(self.0.remove(index).1.to_string())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) => formatter.write_str(text),
            Self::Unsigned(number) => number.fmt(formatter),
            Self::Signed(number) => number.fmt(formatter),
            Self::Float(number) => number.fmt(formatter),
            Self::Boolean(value) => value.fmt(formatter),
            Self::Error(error) => {
                formatter.write_str(&error.message)?;
                for source in &error.chain {
                    write!(formatter, ": {source}")?;
                }
                Ok(())
            }
        }
    }
}
