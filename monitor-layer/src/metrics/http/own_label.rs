//! Labels of the user's own on the metrics of each request.

use std::{
    borrow::Cow,
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    exchange::{RequestHead, ResponseHead, guarded},
    metrics::{
        budget::Budget,
        catalog::{self, OTHER},
        family::Family,
        instrument::Counter,
    },
};

/// What bounds the number of an own label's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelValues {
    /// These alone; any other counts as `_other`.
    Closed(&'static [&'static str]),
    /// Whatever comes in, up to so many; then `_other`, as is a value of more than 128 bytes. Of two labels, one of which
    /// has a budget, up to 1 000 pairs are told apart. A monitor counts the others in `metrics_label_overflow_total`.
    Budget(u16),
}

/// How many own labels there may be.
pub(super) const MOST: usize = 2;

/// The values of one exchange's own labels; 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct OwnIds([u16; MOST]);

impl OwnIds {
    pub(super) fn bits(self) -> u64 {
        u64::from(self.0[0]) | u64::from(self.0[1]) << 16
    }
}

pub(in crate::metrics) struct OwnLabels {
    pub(super) labels: Vec<OwnLabel>,
    /// The pairs of values that have series: two budgets alone would let them be as many as the product.
    pairs: Mutex<HashSet<OwnIds>>,
    overflows: Counter,
}

const MOST_PAIRS: usize = 1_000;

pub(super) struct OwnLabel {
    pub(super) name: String,
    read: Read,
    values: Known,
}

type ReadRequest = dyn for<'a> Fn(&RequestHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;
type ReadResponse = dyn for<'a> Fn(&ResponseHead<'a>) -> Option<Cow<'a, str>> + Send + Sync;

#[derive(Clone)]
pub(super) enum Read {
    Request(Arc<ReadRequest>),
    Response(Arc<ReadResponse>),
}

/// Values by their id: nothing at 0, `_other` at 1, then one after the other.
enum Known {
    Closed(&'static [&'static str]),
    Budget(Box<Family<(), 1>>),
}

const NOTHING: u16 = 0;
const OTHERS: u16 = 1;
const FIRST: u16 = 2;

impl OwnLabels {
    pub(super) fn new(labels: Vec<OwnLabel>) -> Self {
        Self {
            labels,
            pairs: Mutex::default(),
            overflows: Counter::default(),
        }
    }

    /// These values, or `_other` for each where there are too many pairs. Asked for where there is no series yet.
    pub(super) fn admit(&self, ids: OwnIds) -> OwnIds {
        let is_closed = |label: &OwnLabel| matches!(label.values, Known::Closed(_));
        if self.labels.len() < MOST || self.labels.iter().all(is_closed) {
            return ids;
        }
        let mut pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner);
        if pairs.contains(&ids) || pairs.len() < MOST_PAIRS && pairs.insert(ids) {
            return ids;
        }
        self.overflows.add_one();
        OwnIds([OTHERS; MOST])
    }

    #[inline]
    pub(super) fn read_request(&self, request: &RequestHead<'_>) -> OwnIds {
        let mut ids = OwnIds::default();
        if self.labels.is_empty() {
            return ids;
        }
        for (id, label) in ids.0.iter_mut().zip(&self.labels) {
            if let Read::Request(read) = &label.read {
                // One that panics leaves the label empty, and the exchange counted.
                *id = label.id(guarded(|| read(request)).flatten().as_deref());
            }
        }
        ids
    }

    #[inline]
    pub(super) fn read_response(&self, response: &ResponseHead<'_>, ids: &mut OwnIds) {
        if self.labels.is_empty() {
            return;
        }
        for (id, label) in ids.0.iter_mut().zip(&self.labels) {
            if let Read::Response(read) = &label.read {
                *id = label.id(guarded(|| read(response)).flatten().as_deref());
            }
        }
    }

    /// Names and values.
    pub(super) fn pairs(&self, ids: OwnIds) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.labels.iter().zip(ids.0);
        labels.map(|(label, id)| (label.name.as_str(), label.values.text(id)))
    }

    /// How often each budget was hit: label, count.
    pub(in crate::metrics) fn overflows(&self) -> impl Iterator<Item = (&str, u64)> {
        let last = self.labels.len().wrapping_sub(1);
        self.labels
            .iter()
            .enumerate()
            .filter_map(move |(at, label)| {
                let Known::Budget(values) = &label.values else {
                    return None;
                };
                let of_values: u64 = values.overflows().map(|(.., count)| count).sum();
                // A pair's is told of its last label.
                let of_pairs = if at == last {
                    self.overflows.value()
                } else {
                    0
                };
                Some((label.name.as_str(), of_values + of_pairs))
            })
    }
}

impl OwnLabel {
    pub(super) fn new(name: &str, values: LabelValues, read: Read) -> Self {
        Self {
            name: name.to_owned(),
            read,
            values: match values {
                LabelValues::Closed(values) => Known::Closed(values),
                LabelValues::Budget(limit) => Known::Budget(Box::new(Family::with_budgets(
                    catalog::HTTP_REQUEST_DURATION.name,
                    [Some(Budget::new(
                        name,
                        limit.min(u16::MAX - FIRST - 1).into(),
                    ))],
                ))),
            },
        }
    }

    fn id(&self, value: Option<&str>) -> u16 {
        match value {
            None | Some("") => NOTHING,
            Some(OTHER) => OTHERS,
            Some(value) => self.values.id(value),
        }
    }
}

impl Known {
    fn id(&self, value: &str) -> u16 {
        let place = match self {
            Self::Closed(values) => values.iter().position(|known| *known == value),
            Self::Budget(values) => {
                let number = values.number([value], |_| ());
                // Past the budget it is what `_other` itself is.
                let is_other = values.values(number) == Some([OTHER]);
                (!is_other).then_some(number as usize)
            }
        };
        place.map_or(OTHERS, |place| FIRST + place as u16)
    }

    fn text(&self, id: u16) -> &str {
        let place = match id {
            NOTHING => return "",
            OTHERS => return OTHER,
            id => id - FIRST,
        };
        match self {
            Self::Closed(values) => values.get(usize::from(place)).copied(),
            Self::Budget(values) => values.values(place.into()).map(|[value]| value),
        }
        .unwrap_or(OTHER)
    }
}

impl fmt::Debug for OwnLabels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(&self.labels).finish()
    }
}

impl fmt::Debug for OwnLabel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OwnLabel")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
