//! That nothing is lost when the demo is stopped in the middle of its work: what a client saw an answer to is in the log
//! once, what began has ended, and every line is whole.

use std::{
    collections::HashMap,
    process::{Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    parts::{Demo, Form, Http, program, until},
    random::Random,
};

/// In seconds; wrk's goes on for longer than the demo.
const GRACE: &str = "0.5";
const LOAD: Duration = Duration::from_secs(1);
const WRK: &str = "6s";
const CLIENTS: usize = 4;
const WRK_CONNECTIONS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_that_a_client_saw_is_counted_and_told_of_once() {
    let Some(wrk) = program("wrk") else { return };
    let grace = [("GRACE_SECONDS", GRACE.to_owned())];
    let mut demo = Demo::start_with(&grace).await;
    let noise = Command::new(wrk)
        .args(["-t", "1", "-c", &WRK_CONNECTIONS.to_string(), "-d", WRK])
        .arg(format!("{}/noise", demo.url))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(ask_until_it_stops(demo.url.clone(), client as u64));
    }
    tokio::time::sleep(LOAD).await;
    demo.terminate();
    demo.told("Shutdown requested").await;
    let http = Http::new();
    let scraped = until("metrics within the grace time", async || {
        http.get(&format!("{}/metrics", demo.url)).await
    })
    .await;
    assert_eq!(scraped.status, 200);
    let scraped = Form::Text.read(&scraped.bytes);
    assert!(demo.stopped().await);
    let mut seen = HashMap::new();
    while let Some(answers) = clients.join_next().await {
        seen.extend(answers.unwrap());
    }
    let noise = tokio::task::spawn_blocking(|| noise.wait_with_output().unwrap());
    let noise = requests_of_wrk(&String::from_utf8(noise.await.unwrap().stdout).unwrap());

    let lines = demo.last_lines();
    let dropped = lines_dropped(&lines);
    assert_eq!(
        scraped.sum("telemetry_dropped_total", "signal", "logs"),
        0.0
    );
    assert_eq!(
        dropped, 0,
        "the test is gentle enough for the log to keep up"
    );
    let of = |message: &str| {
        let of_message = lines.iter().filter(|line| line["message"] == message);
        of_message.collect::<Vec<_>>()
    };
    let (started, completed) = (of("Request started"), of("Request completed"));
    assert_eq!(started.len(), completed.len());

    // Ours, one by one.
    assert!(seen.len() > CLIENTS * 10, "{} answers", seen.len());
    let mut told = HashMap::<&str, Vec<&Value>>::new();
    for line in &completed {
        told.entry(line["traceId"].as_str().unwrap())
            .or_default()
            .push(line);
    }
    for (trace, status) in &seen {
        let [line] = told[trace.as_str()][..] else {
            panic!("{trace} is told of {} times", told[trace.as_str()].len());
        };
        assert_eq!(line["metadata"]["status"], status.as_u16(), "{line}");
        assert_eq!(line["metadata"]["outcome"], "completed", "{line}");
    }
    // wrk's in number: it may miss those that were on their way as it closed its connections.
    let of_wrk = completed
        .iter()
        .filter(|line| line["metadata"]["path"] == "/noise");
    let of_wrk = of_wrk.count();
    assert!(noise > 100, "{noise} answers");
    assert!(
        (noise..=noise + WRK_CONNECTIONS).contains(&of_wrk),
        "{of_wrk} told, {noise} seen"
    );
    // Nobody had to be cut off.
    assert_eq!(of("Request abandoned").len(), 0);
    let last = lines.last().unwrap();
    assert_eq!(last["message"], "Shutdown completed");
    assert_eq!(last["metadata"]["abandonedRequests"], 0);
}

/// Asks again and again, with a trace of its own each time, until nobody listens any more. Tells the answers that came
/// whole, by trace.
async fn ask_until_it_stops(url: String, client: u64) -> HashMap<String, StatusCode> {
    let (http, mut random) = (Http::new(), Random::new(client));
    let mut seen = HashMap::new();
    let paths = ["/jobs/unknown", "/nothing", "/signups"];
    for path in paths.into_iter().cycle() {
        let trace = format!(
            "{:016x}{:016x}",
            random.below(u64::MAX),
            random.below(u64::MAX) | 1
        );
        let request = Request::get(format!("{url}{path}"))
            .header("traceparent", format!("00-{trace}-b7ad6b7169203331-01"))
            .body(Full::<Bytes>::default().boxed_unsync())
            .unwrap();
        match http.send(request).await {
            Ok(answer) => {
                assert_eq!(answer.headers["x-trace-id"], trace);
                seen.insert(trace, answer.status);
            }
            Err(_)
                if tokio::net::TcpStream::connect(&url["http://".len()..])
                    .await
                    .is_err() =>
            {
                break;
            }
            // A connection that was closed just then: it saw no answer.
            Err(_) => {}
        }
    }
    seen
}

/// The number in wrk's line `1234 requests in 6.00s, 1.23MB read`.
fn requests_of_wrk(report: &str) -> usize {
    let mut lines = report.lines().map(str::trim);
    let line = lines.find(|line| line.contains(" requests in ")).unwrap();
    line.split_once(' ').unwrap().0.parse().unwrap()
}

/// How many lines the log says that it lost.
fn lines_dropped(lines: &[Value]) -> u64 {
    let dropped = lines.iter().filter(|line| {
        let message = line["message"].as_str();
        message.is_some_and(|message| message.ends_with(" log lines dropped"))
    });
    dropped
        .map(|line| line["metadata"]["dropped"].as_u64().unwrap())
        .sum()
}
