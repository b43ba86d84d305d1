//! What a scrape of 100 000 histogram series as text allocates, in steady state.
//!
//! The output's buffer is in the peak, with the quarter more than the last output that the endpoint leaves it. A buffer
//! that grows is copied by this allocator, and counts twice while it is.

use std::mem;

use versus::{
    scrapes::{self, Scrape},
    table::{Row, Table, Unit},
    workload::labels,
};

const ROUTES: usize = 5_000;
const OUTPUT: f64 = 1.5;
/// Some hundred for the scrape as a whole; none for a series.
const ALLOCATIONS: f64 = 0.01;

pub(crate) fn print(table: &mut Table) {
    let labels = labels(ROUTES);
    let series = labels.len() as f64;
    let ours = Counted::of(&scrapes::ours(&labels));
    let prometheus = Counted::of(&scrapes::prometheus(&labels));
    let client = Counted::of(&scrapes::prometheus_client(&labels));
    table.print(
        &Row::new(
            "peak memory of a scrape of 100 000 series, over its output",
            Unit::Times,
            ours.peak(),
        )
        .at_most(OUTPUT)
        .note(ours.note())
        .peer("prometheus", prometheus.peak())
        .note(prometheus.note())
        .peer("prometheus-client", client.peak())
        .note(client.note()),
    );
    table.print(
        &Row::new(
            "allocations of that scrape, per series",
            Unit::Allocations,
            ours.allocations / series,
        )
        .at_most(ALLOCATIONS)
        .note(format_args!("{} in all", ours.allocations))
        .peer("prometheus", prometheus.allocations / series)
        .peer("prometheus-client", client.allocations / series),
    );
}

struct Counted {
    allocations: f64,
    peak_bytes: f64,
    output_bytes: f64,
}

impl Counted {
    fn of(scrape: &Scrape) -> Self {
        let mut out = Vec::new();
        scrape(&mut out);
        let length = mem::take(&mut out).len();
        let counted = allocation_counter::measure(|| {
            let mut out = Vec::with_capacity(length + length / 4);
            scrape(&mut out);
        });
        Self {
            allocations: counted.count_total as f64,
            peak_bytes: counted.bytes_max as f64,
            output_bytes: length as f64,
        }
    }

    fn peak(&self) -> f64 {
        self.peak_bytes / self.output_bytes
    }

    fn note(&self) -> String {
        let mebibytes = |bytes: f64| bytes / f64::from(1 << 20);
        format!(
            "{:.0} MiB for {:.0} MiB",
            mebibytes(self.peak_bytes),
            mebibytes(self.output_bytes)
        )
    }
}
