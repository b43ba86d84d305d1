//! Many series of one histogram, each of which has seen some requests, to be scraped as text 0.0.4.

use prometheus::{Encoder as _, TextEncoder};

use crate::{
    ours::RequestSeries,
    peers::{prometheus as peer, prometheus_client as client},
    workload::{Labels, observations},
};

const OBSERVATIONS: usize = 4;

/// Writes everything it has behind what is there.
pub type Scrape = Box<dyn Fn(&mut Vec<u8>)>;

/// Our series.
#[must_use]
pub fn ours(labels: &[Labels]) -> Scrape {
    let series = RequestSeries::new();
    let mut observations = observations(3);
    for labels in labels {
        for observed in observations.by_ref().take(OBSERVATIONS) {
            let Labels {
                method,
                route,
                status,
                ..
            } = labels;
            series.observe(method, route, *status, observed.duration, observed.sampled);
        }
    }
    Box::new(move |out| series.text(out))
}

/// The same series in `prometheus`: `gather`, then its encoder.
#[must_use]
pub fn prometheus(labels: &[Labels]) -> Scrape {
    let (registry, family) = peer::family();
    let mut observations = observations(3);
    for labels in labels {
        let series = family.with_label_values(&labels.text);
        for observed in observations.by_ref().take(OBSERVATIONS) {
            series.observe(observed.seconds);
        }
    }
    Box::new(move |out| TextEncoder::new().encode(&registry.gather(), out).unwrap())
}

/// The same series in `prometheus-client`.
#[must_use]
pub fn prometheus_client(labels: &[Labels]) -> Scrape {
    let (registry, family) = client::family();
    let mut observations = observations(3);
    for labels in labels {
        let series = family.get_or_create_owned(&labels.into());
        for observed in observations.by_ref().take(OBSERVATIONS) {
            series.observe(observed.seconds);
        }
    }
    Box::new(move |out| {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        out.append(&mut text.into_bytes());
    })
}
