//! Label values of any kind come out of every form as they went in.

use std::{collections::BTreeSet, io};

use monitor_layer::{JobEnd, testing::TestMonitor};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};

use crate::{
    exposition::{Exposition, assert_same},
    parts::{Form, Job, Prometheus, Proxy, Python, program, until},
    random::Random,
};

const HOSTILE: [&str; 22] = [
    "",
    " ",
    "\"",
    "\\",
    "\n",
    "\\n",
    "\\\\n",
    "\\\"",
    "\"}",
    "\" 1\na_total 2",
    "ends in a backslash\\",
    "quote\" backslash\\ newline\n Ünïcödé 🦀",
    "a=\"b\",c=\"d\"",
    "{}",
    "# EOF",
    "\n# EOF\n",
    " # {trace_id=\"1\"} 1",
    "\r\n",
    "\t",
    "\u{2028}\u{2029}\u{85}",
    "\u{feff}bom",
    "_other_",
];

/// What random values are made of: all that has a meaning in some form, and characters of one to four bytes.
const ALPHABET: [char; 24] = [
    '"', '\\', '\n', '\r', '\t', 'n', '{', '}', ',', '=', '#', ' ', '+', '_', ':', '0', 'a', 'é',
    'ß', '\u{7f}', '\u{85}', '\u{2028}', '日', '🦀',
];

const HELP: &str = "He said \"no\\n\",\nand left # {x=\"y\"} \\";

/// The hostile ones and so many random ones.
fn values(count: usize) -> BTreeSet<String> {
    let mut random = Random::new(7);
    let random = (0..count).map(|_| {
        let length = random.below(12);
        let character = |_| ALPHABET[random.below(ALPHABET.len() as u64) as usize];
        (0..length).map(character).collect()
    });
    HOSTILE
        .into_iter()
        .map(str::to_owned)
        .chain(random)
        .collect()
}

/// A monitor that was given each value wherever it takes any.
async fn monitor(values: &BTreeSet<String>) -> TestMonitor {
    let monitor = TestMonitor::build("a\"p\\i\n", |builder| {
        builder
            .label_budget(10_000)
            .version("1\\.\"0\"\n")
            .env("tëst🦀")
    })
    .unwrap();
    let counters = IntCounterVec::new(Opts::new("own_total", HELP), &["reason"]).unwrap();
    let times = HistogramOpts::new("own_seconds", HELP).buckets(vec![0.1, 1.0]);
    let times = HistogramVec::new(times, &["reason"]).unwrap();
    let registry = monitor.registry();
    registry.register(Box::new(counters.clone())).unwrap();
    registry.register(Box::new(times.clone())).unwrap();
    let business = monitor.business();
    for value in values {
        business.signup(value);
        business.conversion(value);
        business
            .job_cost(value, JobEnd::Completed, value, 0.5)
            .unwrap();
        let job = monitor.job("job").niche(value.as_str());
        job.run(async { Ok::<_, io::Error>(()) }).await.unwrap();
        counters.with_label_values(&[value]).inc();
        times.with_label_values(&[value]).observe(0.5);
    }
    monitor
}

fn assert_has(read: &Exposition, name: &str, label: &str, values: &BTreeSet<String>) {
    let found: Vec<_> = read.label_values(name, label);
    let expected: Vec<_> = values.iter().map(String::as_str).collect();
    assert_eq!(found, expected, "{name}");
}

fn with(values: &BTreeSet<String>, more: &[&str]) -> BTreeSet<String> {
    let more = more.iter().map(|&value| value.to_owned());
    values.iter().cloned().chain(more).collect()
}

#[tokio::test]
async fn every_form_gives_back_every_value() {
    let values = values(300);
    let monitor = monitor(&values).await;
    for form in Form::ALL {
        let read = form.read(&form.scrape_monitor(&monitor).await);
        assert_has(
            &read,
            "signups_total",
            "method",
            &with(&values, &["email", "google"]),
        );
        assert_has(&read, "conversions_total", "type", &values);
        assert_has(&read, "own_total", "reason", &values);
        assert_has(&read, "own_seconds_count", "reason", &values);
        // Of each niche there are three ends.
        for (name, label) in [
            ("job_duration_seconds_count", "niche"),
            ("job_cost_usd_total", "niche"),
            ("job_cost_usd_total", "resource"),
        ] {
            let mut found = read.label_values(name, label);
            found.dedup();
            assert!(found.into_iter().eq(&values), "{form:?} {name} {label}");
        }
        for (label, value) in [
            ("service", "a\"p\\i\n"),
            ("version", "1\\.\"0\"\n"),
            ("env", "tëst🦀"),
        ] {
            assert_eq!(read.label_values("build_info", label), [value], "{form:?}");
        }
        assert_eq!(read.descriptions()["own"].1, HELP, "{form:?}");
    }
}

#[tokio::test]
async fn the_three_forms_of_any_values_say_the_same() {
    let monitor = monitor(&values(300)).await;
    let text = Form::Text.read(&Form::Text.scrape_monitor(&monitor).await);
    for form in [Form::OpenMetrics, Form::Protobuf] {
        let other = form.read(&form.scrape_monitor(&monitor).await);
        let numbers = |read: &Exposition| {
            let moves = ["metrics_scrape_", "process_"];
            let mut numbers = read.numbers();
            numbers.retain(|(name, _), _| moves.iter().all(|moves| !name.starts_with(moves)));
            numbers
        };
        let what = format!("{} and text", form.as_str());
        assert_same(&what, &numbers(&other), &numbers(&text));
    }
}

#[tokio::test]
async fn a_counter_that_is_not_named_as_one_is_sound_in_every_form() {
    let monitor = TestMonitor::new("api");
    let things = IntCounterVec::new(Opts::new("own_things", HELP), &["reason"]).unwrap();
    things.with_label_values(&["x"]).inc();
    monitor.registry().register(Box::new(things)).unwrap();
    for form in Form::ALL {
        let read = form.read(&form.scrape_monitor(&monitor).await);
        // OpenMetrics knows no counter whose samples do not end in `_total`.
        let found =
            ["own_things", "own_things_total"].map(|name| read.label_values(name, "reason"));
        assert_eq!(found.concat(), ["x"], "{form:?}");
    }
}

#[tokio::test]
async fn python_reads_any_values_as_we_do() {
    let Some(python) = Python::find() else {
        return;
    };
    let monitor = monitor(&values(300)).await;
    for form in [Form::Text, Form::OpenMetrics] {
        python.agrees(form, &form.scrape_monitor(&monitor).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_reads_any_values_in_every_form() {
    let Some(binary) = program("prometheus") else {
        return;
    };
    // Few enough to be scraped within a second whatever else the machine does.
    let values = values(50);
    let monitor = monitor(&values).await;
    let serving = monitor.serve_endpoints("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(&format!("http://{}", serving.address())).await;
    let job = |form: Form, path| Job {
        name: form.as_str(),
        address: proxy.address,
        path,
    };
    let jobs = [
        job(Form::Text, "/text"),
        job(Form::OpenMetrics, "/openmetrics"),
        job(Form::Protobuf, "/protobuf"),
    ];
    let prometheus = Prometheus::start(&binary, &jobs).await;
    for form in Form::ALL {
        let query = format!(r#"conversions_total{{job="{}"}}"#, form.as_str());
        until(&format!("every value in {query}"), async || {
            let found = prometheus.query(&query).await?;
            // To Prometheus an empty label is none.
            let types = found
                .into_keys()
                .map(|mut labels| labels.remove("type").unwrap_or_default());
            let found: BTreeSet<_> = types.collect();
            match found == values {
                true => Ok(()),
                false => Err(format!(
                    "{} of {} values; {:?}",
                    found.len(),
                    values.len(),
                    prometheus.scrape_errors().await?
                )),
            }
        })
        .await;
    }
    assert_eq!(prometheus.complaints(), Vec::<String>::new());
}
