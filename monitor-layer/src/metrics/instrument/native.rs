//! The native form of a histogram: buckets whose bounds are powers of 2^(2^-schema).

use super::{Layout, Reading, layout::SCHEMA};

/// More buckets than this are merged into wider ones, two by two.
const MOST_NATIVE_BUCKETS: usize = 160;
/// A gap of up to so many empty buckets is shorter written as buckets than as a new span.
const SHORT_GAP: i32 = 2;

/// As the protobuf form of the exposition has it (`io.prometheus.client.Histogram`).
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Native {
    pub(crate) schema: i32,
    pub(crate) zero_threshold: f64,
    pub(crate) zero_count: u64,
    /// The gap before each row of neighbouring buckets, and the row's length.
    pub(crate) spans: Vec<(i32, u32)>,
    /// Each bucket's count as a difference to the one before.
    pub(crate) deltas: Vec<i64>,
}

impl Native {
    /// `None` where the layout has no native buckets.
    pub(crate) fn of(reading: &Reading, layout: &Layout) -> Option<Self> {
        let native = layout.native()?;
        let mut zero_count = 0;
        let mut buckets: Vec<(i32, u64)> = Vec::new();
        for (count, index) in reading.cells().iter().zip(&native.buckets) {
            match *index {
                None => zero_count += count,
                Some(_) if *count == 0 => {}
                Some(index) => add(&mut buckets, i32::from(index), *count),
            }
        }
        let mut schema = SCHEMA;
        while written(&buckets) > MOST_NATIVE_BUCKETS {
            schema -= 1;
            let mut wider = Vec::new();
            for (index, count) in buckets {
                // Bucket i has its upper bound at 2^(i * 2^-schema): of two that merge, the even one's stays.
                add(&mut wider, (index + 1).div_euclid(2), count);
            }
            buckets = wider;
        }
        let mut this = Self {
            schema,
            zero_threshold: f64::from(native.zero_exponent).exp2(),
            zero_count,
            ..Self::default()
        };
        this.write(&buckets);
        Some(this)
    }

    fn write(&mut self, buckets: &[(i32, u64)]) {
        let mut next = 0;
        let mut before = 0;
        let mut put = |deltas: &mut Vec<i64>, count: u64| {
            deltas.push((count as i64).wrapping_sub(before));
            before = count as i64;
        };
        for (index, count) in buckets {
            let gap = index - next;
            match self.spans.last_mut() {
                Some((_, length)) if gap <= SHORT_GAP => {
                    (0..gap).for_each(|_| put(&mut self.deltas, 0));
                    *length += gap as u32 + 1;
                }
                _ => self.spans.push((gap, 1)),
            }
            put(&mut self.deltas, *count);
            next = index + 1;
        }
    }
}

fn add(buckets: &mut Vec<(i32, u64)>, index: i32, count: u64) {
    match buckets.last_mut() {
        Some((last, sum)) if *last == index => *sum += count,
        _ => buckets.push((index, count)),
    }
}

/// How many buckets are written, short gaps included.
fn written(buckets: &[(i32, u64)]) -> usize {
    let gaps = buckets
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0 - 1)
        .filter(|gap| *gap <= SHORT_GAP);
    buckets.len() + gaps.sum::<i32>() as usize
}
