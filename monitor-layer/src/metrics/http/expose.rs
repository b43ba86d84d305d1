use std::{cell::RefCell, rc::Rc};

use super::{Instruments, STARTED, builder::Options, routes::Route};
use crate::{
    exchange::End,
    metrics::{
        catalog::{self, Definition},
        exposition::{Expose, Exposition, Head, Metric, MetricList, Number},
        instrument::{Histogram, Layout},
        labels::Labels,
        register::Description,
        series::Series,
    },
};

impl Expose for Instruments {
    fn metrics(&self) -> Vec<Metric<'_>> {
        let mut metrics = MetricList::default();
        self.add(&mut metrics);
        metrics.all()
    }
}

impl Instruments {
    pub(in crate::metrics) fn add<'a>(&'a self, metrics: &mut MetricList<'a>) {
        let [started, ended @ ..] = self.read_counts();
        let active = started.saturating_sub(ended.iter().sum());
        // Requests are counted by the reading of their durations, so that the two agree at every scrape.
        let counting = Rc::<RefCell<Counted>>::default();
        let counted = Rc::clone(&counting);
        let layouts = self.routes.layouts();

        metrics.add(self.head(&catalog::HTTP_REQUEST_DURATION), move |to| {
            self.write_durations(to, &mut counting.borrow_mut());
        });
        metrics.add(self.head(&catalog::HTTP_REQUESTS), move |to| {
            self.write_requests(to, &counted.borrow());
        });
        metrics.add(self.head(&catalog::HTTP_ACTIVE), move |to| {
            to.number(&self.labels([]), Number::Count(active));
        });
        metrics.add(self.head(&catalog::HTTP_STARTED), move |to| {
            to.number(&self.labels([]), Number::Count(started));
        });
        metrics.add(self.head(&catalog::HTTP_OUTCOMES), move |to| {
            for (end, count) in End::ALL.iter().zip(ended) {
                let labels = self.labels([("outcome", end.as_str())]);
                to.number(&labels, Number::Count(count));
            }
        });
        metrics.add(self.head(&catalog::HTTP_REQUEST_SIZE), move |to| {
            self.write_routes(to, &layouts.request_size, |route| route.request_size.get());
        });
        if let Some(layout) = &layouts.response_size {
            metrics.add(self.head(&catalog::HTTP_RESPONSE_SIZE), move |to| {
                self.write_routes(to, layout, |route| route.response_size.as_deref());
            });
        }
        if let Some(layout) = &layouts.response_start {
            metrics.add(self.head(&catalog::HTTP_RESPONSE_START), move |to| {
                self.write_routes(to, layout, |route| route.response_start.as_deref());
            });
        }
        metrics.add(self.head(&catalog::HTTP_STREAM_DURATION), move |to| {
            to.start_reading(&self.stream_layout);
            for (_, Series { labels, instrument }) in self.streams.iter() {
                to.histogram(labels, instrument);
            }
        });
        metrics.add(self.head(&catalog::GRPC_REQUESTS), move |to| {
            for (_, calls) in self.grpc.iter() {
                for (labels, count) in calls.labels.iter().zip(calls.counts.values()) {
                    to.number(labels, Number::Count(count));
                }
            }
        });
    }

    /// `None` for a metric that is left out.
    fn head(&self, definition: &'static Definition) -> Option<Head<'_>> {
        let name = self.options.name(definition)?;
        Some(Head::of(definition, name))
    }

    /// How many exchanges have arrived and are not over.
    #[cfg(feature = "server")]
    pub(in crate::metrics) fn active(&self) -> u64 {
        let [started, ended @ ..] = self.read_counts();
        started.saturating_sub(ended.iter().sum())
    }

    fn read_counts(&self) -> [u64; 1 + End::ALL.len()] {
        // The ends first: what ends in between is still active then, and nothing has ended that has not started.
        let mut counts = self.counts.values();
        counts[STARTED] = self.counts.values()[STARTED];
        counts
    }

    fn write_durations(&self, to: &mut dyn Exposition, counted: &mut Counted) {
        to.start_reading(&self.routes.layouts().duration);
        for series in self.routes.series() {
            let count = match series.histogram.is_untouched() {
                true => 0,
                false => to.histogram(&series.labels, &series.histogram),
            };
            counted.push(&series.labels, count);
        }
    }

    fn write_requests(&self, to: &mut dyn Exposition, counted: &Counted) {
        if self.options.name(&catalog::HTTP_REQUEST_DURATION).is_some() {
            for (labels, count) in counted.iter() {
                to.number(labels, Number::Count(count));
            }
            return;
        }
        for series in self.routes.series() {
            let count = series.histogram.count();
            to.number(&series.labels, Number::Count(count));
        }
    }

    fn write_routes(
        &self,
        to: &mut dyn Exposition,
        layout: &Layout,
        histogram: impl Fn(&Route) -> Option<&Histogram>,
    ) {
        to.start_reading(layout);
        for route in self.routes.routes() {
            if let Some(histogram) = histogram(route) {
                to.histogram(&route.labels, histogram);
            }
        }
    }

    fn labels<'a>(&'a self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
        Labels::new(&self.options.constant, pairs)
    }
}

impl Instruments {
    /// How often the budgets of own labels were hit: metric, label, count.
    pub(in crate::metrics) fn overflows(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        let with_own = [&catalog::HTTP_REQUEST_DURATION, &catalog::HTTP_REQUESTS];
        let shown = with_own
            .into_iter()
            .find_map(|with_own| self.options.name(with_own));
        let overflows = self.options.own.overflows();
        overflows.filter_map(move |(label, count)| Some((shown?, label, count)))
    }

    /// For the registry.
    pub(in crate::metrics) fn descriptions(&self) -> Vec<Description> {
        self.options.descriptions()
    }
}

/// What was read of each series' durations, with its labels: what lies side by side is read on while 100 000 series,
/// each in its own place, would be fetched from memory a second time.
#[derive(Default)]
struct Counted {
    labels: String,
    /// Where each series' labels end, and its count.
    series: Vec<(usize, u64)>,
}

impl Counted {
    fn push(&mut self, labels: &str, count: u64) {
        self.labels.push_str(labels);
        self.series.push((self.labels.len(), count));
    }

    fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        let mut start = 0;
        self.series.iter().map(move |(end, count)| {
            let labels = &self.labels[start..*end];
            start = *end;
            (labels, *count)
        })
    }
}

impl Options {
    fn descriptions(&self) -> Vec<Description> {
        let described = self.shown.iter().map(|(definition, name)| {
            let labels = definition.labels.iter().map(|label| label.name);
            // Those of each request, by its status.
            let has_own = definition.labels.iter().any(|label| label.name == "status");
            let own = if has_own { &self.own.labels[..] } else { &[] };
            Description {
                name: name.clone(),
                help: definition.help,
                labels: labels
                    .chain(own.iter().map(|label| label.name.as_str()))
                    .map(str::to_owned)
                    .collect(),
                constant: self.constant.to_vec(),
                way_out: "tell the two apart by HttpMetricsBuilder::namespace, or by a constant_label that \
                          both have with other values, or leave it out by without",
            }
        });
        described.collect()
    }
}
