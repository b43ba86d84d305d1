use std::collections::BTreeMap;

use super::messages::Histogram;

/// A native histogram: bucket `i` of schema `s` holds what lies above 2^((i-1)/2^s) and up to 2^(i/2^s).
#[derive(Debug)]
pub(crate) struct Native {
    pub(crate) schema: i32,
    pub(crate) zero_count: u64,
    pub(crate) buckets: BTreeMap<i32, u64>,
    zero_threshold: f64,
}

impl Native {
    /// `None` where the message has classic buckets alone.
    pub(super) fn of(message: &Histogram) -> Result<Option<Self>, String> {
        let Some(schema) = message.schema else {
            return match message.positive_spans.is_empty() {
                true => Ok(None),
                false => Err("spans without a schema".to_owned()),
            };
        };
        if !(-4..=8).contains(&schema) {
            return Err(format!("there is no schema {schema}"));
        }
        if !message.negative_spans.is_empty() {
            return Err("nothing that is measured is negative".to_owned());
        }
        let native = Self {
            schema,
            zero_count: message.zero_count.unwrap_or(0),
            zero_threshold: message.zero_threshold.unwrap_or(0.0),
            buckets: buckets(message)?,
        };
        // By these a server tells a native histogram from a classic one.
        if message.positive_deltas.is_empty()
            && native.zero_count == 0
            && native.zero_threshold == 0.0
        {
            return Err("an empty native histogram that reads as a classic one".to_owned());
        }
        if native.count() != message.sample_count.unwrap_or(0) {
            return Err(format!("{} is not the sample count", native.count()));
        }
        Ok(Some(native))
    }

    pub(crate) fn count(&self) -> u64 {
        self.zero_count + self.buckets.values().sum::<u64>()
    }

    /// How many observations are surely at most this, and how many may be.
    pub(crate) fn at_most(&self, bound: f64) -> (u64, u64) {
        // Powers are not exact: a bound that is one to the last digits is that one.
        let slack = 1.0 + 1e-9;
        let up_to = |limit: &dyn Fn(i32) -> bool| -> u64 {
            let within = self.buckets.iter().filter(|(index, _)| limit(**index));
            within.map(|(_, count)| count).sum()
        };
        let surely = up_to(&|index| self.upper(index) <= bound * slack);
        let perhaps = up_to(&|index| self.upper(index - 1) * slack < bound);
        let zeros_surely = match self.zero_threshold <= bound {
            true => self.zero_count,
            false => 0,
        };
        (surely + zeros_surely, perhaps + self.zero_count)
    }

    fn upper(&self, index: i32) -> f64 {
        (f64::from(index) / f64::from(self.schema).exp2()).exp2()
    }
}

/// Spans tell which buckets there are, deltas how each count differs from the one before.
fn buckets(message: &Histogram) -> Result<BTreeMap<i32, u64>, String> {
    let mut buckets = BTreeMap::new();
    let mut deltas = message.positive_deltas.iter();
    let (mut index, mut count) = (0_i32, 0_i64);
    for (at, span) in message.positive_spans.iter().enumerate() {
        let offset = span.offset.unwrap_or(0);
        if at > 0 && offset < 0 {
            return Err(format!("a span goes back by {offset}"));
        }
        index += offset;
        for _ in 0..span.length.unwrap_or(0) {
            count += deltas.next().ok_or("fewer deltas than buckets")?;
            let count = u64::try_from(count).map_err(|_| format!("a bucket of {count}"))?;
            buckets.insert(index, count);
            index += 1;
        }
    }
    match deltas.next() {
        None => Ok(buckets),
        Some(_) => Err("more deltas than buckets".to_owned()),
    }
}
