//! What is observed: the same durations and label sets for ours and for every peer, from seeded generators.

use std::{f64::consts::TAU, iter, time::Duration};

use http::{Method, StatusCode};
use monitor_layer::{Route, Sampler, TraceContext};

/// Buckets of `http_request_duration_seconds`.
pub const BUCKETS: [f64; 13] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];

/// How many different observations a loop goes through: enough to surprise a branch predictor, few enough for the first
/// cache; a power of two, so that the index is a mask away.
const LAP: usize = 512;

/// One in this many exchanges is sampled, as by default.
const SAMPLED: usize = 10;

/// Something to go through many times.
#[derive(Clone, Debug)]
pub struct Lap<T>(Box<[T; LAP]>);

/// Durations, log-normal around a median of 20 ms with a sigma of 1.
#[derive(Clone, Debug)]
pub struct Durations(Random);

/// Numbers that are the same in every run (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

/// One exchange to be observed, as ours and as the peers take it.
#[derive(Clone, Debug)]
pub struct Observation {
    /// As ours takes it.
    pub duration: Duration,
    /// As the peers take it.
    pub seconds: f64,
    /// Its context, where it is sampled.
    pub sampled: Option<&'static TraceContext>,
}

/// The labels of one series, as ours and as the peers take them: text that lives as long as the process, so that no
/// peer has to copy it.
#[derive(Clone, Debug)]
pub struct Labels {
    /// As ours takes it.
    pub method: Method,
    /// As ours takes it.
    pub route: Route,
    /// As ours takes it.
    pub status: StatusCode,
    /// Method, route and status, as the peers take them.
    pub text: [&'static str; 3],
}

impl<T> Lap<T> {
    /// As much of it as a lap takes.
    pub fn of(items: impl IntoIterator<Item = T>) -> Self {
        let items: Vec<T> = items.into_iter().take(LAP).collect();
        Self(items.try_into().ok().unwrap())
    }

    /// So many steps, lap after lap.
    pub fn along(&self, steps: usize) -> impl Iterator<Item = &T> {
        (0..steps).map(|step| &self.0[step % LAP])
    }
}

impl Durations {
    /// Those of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }
}

impl Iterator for Durations {
    type Item = Duration;

    /// By Box and Muller's transformation.
    fn next(&mut self) -> Option<Duration> {
        let radius = (-2.0 * (1.0 - self.0.unit()).ln()).sqrt();
        let normal = radius * (TAU * self.0.unit()).cos();
        Some(Duration::from_secs_f64(0.020 * normal.exp()))
    }
}

impl Random {
    /// Those of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Observations of a duration each, one in ten of them sampled, without end.
pub fn observations(seed: u64) -> impl Iterator<Item = Observation> {
    let every = Sampler::ratio(1.0).unwrap();
    let contexts: &'static [TraceContext] = (0..64)
        .map(|_| TraceContext::root(&every))
        .collect::<Vec<_>>()
        .leak();
    let sampled = (0..SAMPLED)
        .cycle()
        .zip(contexts.iter().cycle())
        .map(|(turn, context)| (turn == 0).then_some(context));
    Durations::new(seed)
        .zip(sampled)
        .map(|(duration, sampled)| Observation {
            duration,
            seconds: duration.as_secs_f64(),
            sampled,
        })
}

/// The labels of `4 * routes * 5` series.
#[must_use]
pub fn labels(routes: usize) -> Vec<Labels> {
    let methods = [Method::GET, Method::POST, Method::PUT, Method::DELETE];
    let statuses = [200, 201, 400, 404, 500].map(|code| StatusCode::from_u16(code).unwrap());
    let mut labels = Vec::with_capacity(methods.len() * routes * statuses.len());
    for route in 0..routes {
        let template: &'static str = format!("/api/v1/resource-{route:04}/{{id}}").leak();
        let route = Route::new(template);
        for method in &methods {
            let method_text: &'static str = method.to_string().leak();
            for status in statuses {
                labels.push(Labels {
                    method: method.clone(),
                    route: route.clone(),
                    status,
                    text: [method_text, template, status.as_str().to_owned().leak()],
                });
            }
        }
    }
    labels
}

/// Any of these labels, in random order, without end.
pub fn at_random(labels: &[Labels]) -> impl Iterator<Item = &Labels> {
    let mut random = Random::new(2);
    iter::repeat_with(move || &labels[random.bits() as usize % labels.len()])
}
