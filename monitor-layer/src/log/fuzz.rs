//! What holds of a log entry whatever is logged; no part of the public interface.
//!
//! `monitor-layer/fuzz` calls this with what a fuzzer finds, a property test with texts that have meant trouble. It
//! panics where something does not hold.

#![expect(clippy::panic, reason = "a panic is how it says so")]

use std::{
    error::Error,
    fmt,
    io::{self, Write},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use tracing::{Dispatch, dispatcher, field::Empty};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::{Monitor, current};

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
/// Of a line, in bytes.
const LONGEST: usize = 64 * 1024;

/// Any bytes, taken as texts that a byte 0xff divides: whatever is logged of them, in a job and in spans, is one line
/// each of valid JSON with no key twice, and with none that another one forged.
pub fn event(bytes: &[u8]) {
    SCENE.with(|scene| {
        scene.written.lock().clear();
        dispatcher::with_default(&scene.dispatch, || log(&mut Texts(bytes), &scene.monitor));
        assert_lines(&scene.written.lock());
    });
}

thread_local! {
    /// Made once, for it takes longer than all that is done with it.
    static SCENE: Scene = Scene::new();
}

struct Scene {
    monitor: Monitor,
    dispatch: Dispatch,
    written: Written,
}

impl Scene {
    fn new() -> Self {
        let written = Written::default();
        let monitor = Monitor::builder("api")
            .env("te\"st")
            .log_level("trace")
            .log_to(written.clone())
            .build();
        let Ok(monitor) = monitor else {
            panic!("the environment stops the start");
        };
        let subscriber = tracing_subscriber::registry().with(monitor.log_layer());
        Self {
            monitor,
            dispatch: Dispatch::new(subscriber),
            written,
        }
    }
}

fn assert_lines(written: &[u8]) {
    let text = match str::from_utf8(written) {
        Ok(text) => text.trim_ascii_end(),
        Err(error) => panic!("{error}"),
    };
    assert_eq!(
        text.lines().count(),
        3,
        "two of the job, one of its own: {text}"
    );
    for line in text.lines() {
        assert!(line.len() <= LONGEST, "{} bytes", line.len());
        assert!(!line.contains(|c: char| c.is_ascii_control()), "{line}");
        let members = match serde_json::from_str(line) {
            Ok(Strict::Object(members)) => members,
            other => panic!("{other:?}: {line}"),
        };
        let mut order = KEYS.iter();
        for (key, _) in &members {
            assert!(order.any(|known| known == key), "{key} in {line}");
        }
    }
}

/// Something logged, in spans and with tags or without.
fn log(texts: &mut Texts<'_>, monitor: &Monitor) {
    let choice = texts.number();
    let [one, two, three] = [(); 3].map(|()| texts.text());
    let (whole, part) = (texts.number(), f64::from_bits(texts.number()));
    let error = io::Error::other(io::Error::other(texts.text()));
    let error = &error as &dyn Error;
    let outer = tracing::info_span!(
        "outer",
        level = one,
        shared = two,
        user_id = three,
        late = Empty
    );
    let inner = tracing::info_span!(parent: &outer, "inner", shared = ?one, job_id = whole, "odd \"key\"\n" = part);
    outer.record("late", &*three);
    if choice & 1 == 0 {
        outer.record("late", whole);
    }
    let job = monitor.job(texts.text()).user(texts.text());
    let [key, value] = [(); 2].map(|()| texts.text());
    let done = job.run(async {
        current().tag(key, value).tag("level", one.clone());
        let _entered = (choice & 2 == 0).then(|| inner.enter());
        match choice >> 3 & 7 {
            0 => tracing::info!(level = two, message = three, part, error, "odd \"key\"\n" = whole),
            1 => tracing::warn!(shared = %three, user_id = ?two, truncated = one, "{three}"),
            2 => tracing::error!(error, metadata = part, job_id = part, timestamp = true),
            3 => tracing::debug!(large = u128::from(whole) << 60, below = -i128::from(whole), "{one}{two}"),
            _ => tracing::trace!(password = one, nested = ?[&two, &three], "\"}}\n{{\"level\":\"error\""),
        }
        match choice & 4 {
            0 => Ok(()),
            _ => Err(io::Error::other(three.clone())),
        }
    });
    let _ = pin!(done).poll(&mut Context::from_waker(Waker::noop()));
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is left of the bytes.
struct Texts<'a>(&'a [u8]);

impl Texts<'_> {
    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    fn number(&mut self) -> u64 {
        let bytes = self.bytes().iter().take(8);
        bytes.fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn bytes(&mut self) -> &[u8] {
        let end = self.0.iter().position(|byte| *byte == 0xff);
        let (bytes, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest.get(1..).unwrap_or_default();
        bytes
    }
}

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
