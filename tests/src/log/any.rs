//! Whatever is logged: one line of valid JSON, no key twice, nothing forged.

use std::fmt;

use monitor_layer::{Monitor, current};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::support::{Random, Written};

const KEYS: [&str; 10] = [
    "timestamp",
    "level",
    "message",
    "service",
    "env",
    "traceId",
    "spanId",
    "userId",
    "jobId",
    "metadata",
];

/// JSON in which no object has a key twice.
#[derive(Debug)]
enum Strict {
    Object(Vec<(String, Strict)>),
    List,
    Other,
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let mut members: Vec<(String, Strict)> = Vec::new();
        while let Some((key, value)) = map.next_entry()? {
            if members.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom(format!("{key:?} is there twice")));
            }
            members.push((key, value));
        }
        Ok(Strict::Object(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Strict, A::Error> {
        while list.next_element::<Strict>()?.is_some() {}
        Ok(Strict::List)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Strict, E> {
        Ok(Strict::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Strict, E> {
        Ok(Strict::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Strict, E> {
        Ok(Strict::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Strict, E> {
        Ok(Strict::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Strict, E> {
        Ok(Strict::Other)
    }
}

/// A text of parts that have meant trouble to someone, seldom a long one.
fn text(random: &mut Random) -> String {
    const PARTS: [&str; 24] = [
        "",
        "a",
        "level",
        "metadata",
        "truncated",
        "user_id",
        "\"",
        "\\",
        "\n",
        "\r\n",
        "\u{0}",
        "\u{1b}[31m",
        "\u{7f}",
        "\u{9b}",
        "\u{2028}",
        "é",
        "🦀",
        "\",\"level\":\"error",
        "{",
        "}}",
        "Bearer abc",
        "://u:p@h",
        "4111 1111 1111 1111",
        "password: \"",
    ];
    let mut text = String::new();
    for _ in 0..random.below(6) {
        let part = PARTS[random.below(PARTS.len() as u64) as usize];
        let times = match random.below(40) {
            0 => 20_000 / part.len().max(1),
            _ => 1,
        };
        text.push_str(&part.repeat(times));
    }
    text
}

fn whole(random: &mut Random) -> u64 {
    (0..4).fold(0, |bits, _| bits << 16 | random.below(1 << 16))
}

/// Something logged, in spans and with tags or without.
fn log(random: &mut Random, monitor: &Monitor) {
    let (one, two, three) = (text(random), text(random), text(random));
    let (whole, part) = (whole(random), f64::from_bits(whole(random)));
    let error = std::io::Error::other(std::io::Error::other(text(random)));
    let error = &error as &dyn std::error::Error;
    let outer = tracing::info_span!(
        "outer",
        level = one,
        shared = two,
        user_id = three,
        late = tracing::field::Empty
    );
    let inner = tracing::info_span!(parent: &outer, "inner", shared = ?one, job_id = whole, "odd \"key\"\n" = part);
    outer.record("late", &*three);
    if random.below(2) == 0 {
        outer.record("late", whole);
    }
    let job = monitor.job(text(random)).user(text(random));
    let (key, value) = (text(random), text(random));
    let done = job.run(async {
        current().tag(key, value).tag("level", one.clone());
        let _entered = (random.below(2) == 0).then(|| inner.enter());
        match random.below(5) {
            0 => tracing::info!(level = two, message = three, part, error, "odd \"key\"\n" = whole),
            1 => tracing::warn!(shared = %three, user_id = ?two, truncated = one, "{three}"),
            2 => tracing::error!(error, metadata = part, job_id = part, timestamp = true),
            3 => tracing::debug!(large = u128::from(whole) << 60, below = -i128::from(whole), "{one}{two}"),
            _ => tracing::trace!(password = one, nested = ?[&two, &three], "\"}}\n{{\"level\":\"error\""),
        }
        if random.below(2) == 0 { Ok(()) } else { Err(std::io::Error::other(three.clone())) }
    });
    let _ = futures_util::FutureExt::now_or_never(done);
}

#[test]
fn any_event_is_one_line_of_valid_json_with_no_key_twice() {
    let written = Written::default();
    let monitor = Monitor::builder("api")
        .env("te\"st")
        .log_level("trace")
        .log_to(written.clone())
        .build()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
    let mut random = Random::new(4);
    const EVENTS: usize = 1_000;
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..EVENTS {
            log(&mut random, &monitor);
        }
    });
    let lines = written.raw_lines();
    assert_eq!(lines.len(), 3 * EVENTS, "two of the job, one of its own");
    let mut cut = 0;
    for line in &lines {
        assert!(line.len() <= 64 * 1024, "{} bytes", line.len());
        assert!(!line.contains(|c: char| c.is_ascii_control()), "{line}");
        let read: Strict =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let Strict::Object(members) = read else {
            panic!("{line}")
        };
        let mut order = KEYS.iter();
        for (key, _) in &members {
            assert!(order.any(|known| known == key), "{key} in {line}");
        }
        cut += usize::from(line.contains("\"truncated\":true"));
    }
    assert!(cut > EVENTS / 50 && cut < EVENTS, "{cut} are cut");
}
