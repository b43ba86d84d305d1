//! A scrape of 100 000 histogram series as text: from the instruments to the bytes, without compression or socket.
//!
//! `versus::scrapes` says what the series are. The first scrape of each is not timed; the output's buffer is kept.

use versus::{
    scrapes::{self, Scrape},
    table::{Row, Table, Unit},
    timing,
    workload::labels,
};

const ROUTES: usize = 5_000;
const ROUNDS: usize = 5;
const NANOSECONDS_IN_MILLISECOND: f64 = 1e6;

pub(crate) fn print(table: &mut Table) {
    let labels = labels(ROUTES);
    let [ours, prometheus, client] = timing::in_turns(
        ROUNDS,
        1,
        [
            &mut again(scrapes::ours(&labels)),
            &mut again(scrapes::prometheus(&labels)),
            &mut again(scrapes::prometheus_client(&labels)),
        ],
        || (),
    )
    .map(|nanoseconds| nanoseconds / NANOSECONDS_IN_MILLISECOND);
    table.print(
        &Row::new(
            "scrape of 100 000 histogram series as text",
            Unit::Milliseconds,
            ours,
        )
        .peer("prometheus", prometheus)
        .ratio_at_most(0.06)
        .peer("prometheus-client", client),
    );
}

fn again(scrape: Scrape) -> impl FnMut(usize) {
    let mut out = Vec::new();
    move |scrapes| {
        for _ in 0..scrapes {
            out.clear();
            scrape(&mut out);
        }
    }
}
