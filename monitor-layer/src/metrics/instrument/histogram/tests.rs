use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::*;
use crate::metrics::{
    catalog::{self, Definition, Kind},
    instrument::Native,
};

fn layout(definition: &Definition) -> Arc<Layout> {
    let (Kind::Seconds(bounds) | Kind::Bytes(bounds)) = definition.kind else {
        panic!("{} is no histogram", definition.name);
    };
    Arc::new(Layout::with_native(definition.kind, bounds, 8, true))
}

fn read(histogram: &Histogram) -> Reading {
    let mut reading = Reading::detailed();
    histogram.read(&mut reading);
    reading
}

fn native(histogram: &Histogram) -> Native {
    Native::of(&read(histogram), histogram.layout()).unwrap()
}

/// The buckets that a native histogram's spans and deltas stand for.
fn native_buckets(native: &Native) -> Vec<(i32, u64)> {
    let mut buckets = Vec::new();
    let (mut index, mut count, mut deltas) = (0, 0, native.deltas.iter());
    for (gap, length) in &native.spans {
        index += gap;
        for _ in 0..*length {
            count += deltas.next().unwrap();
            buckets.push((index, count as u64));
            index += 1;
        }
    }
    assert_eq!(deltas.next(), None);
    buckets
}

/// SplitMix64: the same numbers for the same seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Of any magnitude up to about 9 hours in nanoseconds.
    fn amount(&mut self) -> u64 {
        let bits = self.next() % 45;
        self.next() & ((1 << bits) - 1)
    }
}

#[test]
fn a_bound_belongs_to_its_bucket() {
    let histogram = Histogram::new(&layout(&catalog::HEALTH_DURATION));
    histogram.observe_duration(Duration::from_millis(5), None);
    histogram.observe_duration(Duration::from_nanos(5_000_001), None);
    histogram.observe_duration(Duration::from_secs(6), None);
    let reading = read(&histogram);
    assert_eq!(reading.buckets(), [0, 1, 1, 0, 0, 0, 0, 0, 1]);
    assert_eq!(reading.count(), 3);
    assert_eq!(reading.sum(), 6_010_000_001);
}

#[test]
fn the_largest_and_the_smallest_amounts_are_counted() {
    for definition in [&catalog::HEALTH_DURATION, &catalog::HTTP_RESPONSE_SIZE] {
        let histogram = Histogram::new(&layout(definition));
        histogram.observe(0, None);
        histogram.observe(u64::MAX, None);
        let native = native(&histogram);
        assert_eq!(native.zero_count, 1);
        assert_eq!(native.deltas, [1]);
        assert_eq!(read(&histogram).count(), 2);
    }
    let histogram = Histogram::new(&layout(&catalog::HEALTH_DURATION));
    histogram.observe_duration(Duration::MAX, None);
    assert_eq!(histogram.count(), 1);
}

#[test]
fn numbers_that_are_full_are_carried_over() {
    let histogram = Histogram::new(&layout(&catalog::HTTP_RESPONSE_SIZE));
    let cell = histogram.layout().cell(100);
    // So full that they would overflow within the next observations.
    let (count, sum) = (u32::MAX - 2, u64::MAX - 250);
    histogram
        .shards
        .write(8, |shard, _| shard.prefill(cell, count, sum));
    for observed in 1..=5 {
        histogram.observe(100, None);
        let reading = read(&histogram);
        assert_eq!(reading.count(), u64::from(count) + observed);
        assert_eq!(reading.sum(), u128::from(sum) + 100 * u128::from(observed));
    }
}

#[test]
fn merged_shards_equal_one_reference_under_any_interleaving_of_threads_and_scrapes() {
    const THREADS: u64 = 12;
    const EACH: usize = 20_000;

    let layout = layout(&catalog::HTTP_REQUEST_DURATION);
    let merged = Histogram::new(&layout);
    let over = AtomicBool::new(false);
    let start = Barrier::new(THREADS as usize + 1);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|seed| {
                let (merged, start) = (&merged, &start);
                scope.spawn(move || {
                    let mut random = Random(seed);
                    start.wait();
                    for _ in 0..EACH {
                        merged.observe(random.amount(), None);
                    }
                })
            })
            .collect();
        let scraping = scope.spawn(|| {
            start.wait();
            let mut before = Reading::detailed();
            merged.read(&mut before);
            let mut scrapes = 0_u64;
            while !over.load(Ordering::Acquire) {
                let reading = read(&merged);
                assert!(reading.sum() >= before.sum());
                for (now, before) in reading.buckets().iter().zip(before.buckets()) {
                    assert!(now >= before, "a scrape is never below the one before");
                }
                for (now, before) in reading.cells().iter().zip(before.cells()) {
                    assert!(now >= before);
                }
                let native = Native::of(&reading, merged.layout()).unwrap();
                let counts = native_buckets(&native)
                    .iter()
                    .map(|(_, count)| count)
                    .sum::<u64>();
                assert_eq!(native.zero_count + counts, reading.count());
                before = reading;
                scrapes += 1;
            }
            assert!(scrapes > 0);
        });
        writers
            .into_iter()
            .for_each(|writer| writer.join().unwrap());
        over.store(true, Ordering::Release);
        scraping.join().unwrap();
    });

    let reference = Histogram::new(&layout);
    for seed in 0..THREADS {
        let mut random = Random(seed);
        (0..EACH).for_each(|_| reference.observe(random.amount(), None));
    }
    let (merged, reference) = (read(&merged), read(&reference));
    assert_eq!(merged.cells(), reference.cells());
    assert_eq!(merged.buckets(), reference.buckets());
    assert_eq!(merged.sum(), reference.sum());
    assert_eq!(merged.count(), THREADS * EACH as u64);
}

#[test]
fn native_buckets_agree_with_what_was_observed_and_with_the_classic_ones() {
    let histogram = Histogram::new(&layout(&catalog::HTTP_REQUEST_DURATION));
    let mut random = Random(7);
    // Between 2^-2 and 2^4 seconds, so that no buckets have to be merged.
    let amounts: Vec<u64> = (0..5_000)
        .map(|_| 250_000_001 + random.next() % 15_000_000_000)
        .collect();
    amounts
        .iter()
        .for_each(|amount| histogram.observe(*amount, None));
    let native = native(&histogram);
    assert_eq!(native.schema, 3);
    for (index, count) in native_buckets(&native) {
        let bound = |index: i32| (f64::from(index) / 8.0).exp2();
        let expected = amounts
            .iter()
            .map(|amount| *amount as f64 / 1e9)
            .filter(|value| *value > bound(index - 1) && *value <= bound(index))
            .count();
        assert_eq!(count, expected as u64, "bucket {index}");
    }
    // 1, 2 and 4 s... are bounds of both kinds.
    let reading = read(&histogram);
    let up_to_2_seconds = reading.buckets()[..9].iter().sum::<u64>();
    let native_up_to_2_seconds = native_buckets(&native)
        .iter()
        .filter(|(index, _)| *index <= 8)
        .map(|(_, count)| count)
        .sum::<u64>();
    assert_eq!(up_to_2_seconds, native_up_to_2_seconds);
}

#[test]
fn more_native_buckets_than_160_are_merged_into_wider_ones() {
    let histogram = Histogram::new(&layout(&catalog::HTTP_REQUEST_DURATION));
    let mut amount = 1_000_u64;
    let mut observed = 0;
    while amount < 1 << 58 {
        histogram.observe(amount, None);
        observed += 1;
        amount += amount / 20;
    }
    let native = native(&histogram);
    let buckets = native_buckets(&native);
    assert_eq!(native.schema, 1, "4 x 160 buckets of 2^(1/8) are too many");
    assert!(buckets.len() <= 160, "{}", buckets.len());
    let counts = buckets.iter().map(|(_, count)| count).sum::<u64>();
    assert_eq!(native.zero_count + counts, observed);
    let (index, _) = buckets[0];
    assert!((f64::from(index) / 2.0).exp2() >= 1e-6);
}

#[test]
fn many_small_observations_do_not_drift() {
    let histogram = Histogram::new(&layout(&catalog::HEALTH_DURATION));
    for _ in 0..100_000 {
        histogram.observe_duration(Duration::from_micros(100), None);
    }
    assert_eq!(read(&histogram).sum(), 10_000_000_000);
}

#[test]
fn a_thread_makes_a_shard_only_where_it_writes() {
    let histogram = Histogram::new(&layout(&catalog::HEALTH_DURATION));
    assert_eq!(histogram.shards.written().count(), 0);
    histogram.observe(1, None);
    assert_eq!(histogram.shards.written().count(), 1);
}
