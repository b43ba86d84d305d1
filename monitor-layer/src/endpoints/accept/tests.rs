use http::HeaderValue;

use super::*;

use Format::{OpenMetrics, Protobuf, Text};

fn format_by(accept: &[&str]) -> Format {
    let lines = accept.iter().map(|line| (ACCEPT, line.parse().unwrap()));
    Accepted::by(&lines.collect()).format
}

fn gzip_by(accept_encoding: &[&str]) -> bool {
    let lines = accept_encoding
        .iter()
        .map(|line| (ACCEPT_ENCODING, line.parse().unwrap()));
    Accepted::by(&lines.collect()).gzip
}

#[test]
fn scrapers_and_browsers_get_what_they_read_best() {
    for (client, accept, expected) in [
        (
            "Prometheus 2.42",
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OpenMetrics,
        ),
        (
            "Prometheus 2.42 with native histograms",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            Protobuf,
        ),
        (
            "Prometheus 2 before OpenMetrics 1.0.0",
            "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            OpenMetrics,
        ),
        (
            "Prometheus 1",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
            Protobuf,
        ),
        (
            "Prometheus 3",
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            OpenMetrics,
        ),
        (
            "Prometheus 3 with native histograms",
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
            Protobuf,
        ),
        (
            "Prometheus 3 told to prefer text",
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.3",
            Text,
        ),
        (
            "a browser",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            Text,
        ),
        ("curl", "*/*", Text),
        (
            "Java's HttpURLConnection",
            "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
            Text,
        ),
    ] {
        assert_eq!(format_by(&[accept]), expected, "{client}");
    }
}

const PROTOBUF: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

#[test]
fn a_format_is_named_with_its_parameters_in_any_case_and_quoted_or_not() {
    for (accept, expected) in [
        ("application/openmetrics-text", OpenMetrics),
        ("application/openmetrics-text;version=1.0.0", OpenMetrics),
        ("application/openmetrics-text;version=0.0.1", OpenMetrics),
        ("application/openmetrics-text;version=2.0.0", Text),
        ("application/openmetrics-text;version=", Text),
        (
            "APPLICATION/OpenMetrics-Text; Version = \"1.0.0\"",
            OpenMetrics,
        ),
        (
            "application/openmetrics-text; charset=utf-8; escaping=allow-utf-8",
            OpenMetrics,
        ),
        (PROTOBUF, Protobuf),
        (
            "application/vnd.google.protobuf; encoding=\"delimited\"; escaping=underscores; proto=\"io.prometheus.client.MetricFamily\"",
            Protobuf,
        ),
        ("application/vnd.google.protobuf", Text),
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily",
            Text,
        ),
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
            Text,
        ),
        (
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricSet;encoding=delimited",
            Text,
        ),
        ("text/plain;version=0.0.4", Text),
    ] {
        assert_eq!(format_by(&[accept]), expected, "{accept:?}");
    }
}

#[test]
fn weights_then_closeness_then_order_decide() {
    let protobuf = |rest: &str| format!("{PROTOBUF}{rest}");
    for (accept, expected) in [
        (
            "text/plain;q=0.5,application/openmetrics-text;q=0.6",
            OpenMetrics,
        ),
        ("text/plain;q=0.6,application/openmetrics-text;q=0.5", Text),
        ("application/openmetrics-text,text/plain", OpenMetrics),
        ("text/plain,application/openmetrics-text", Text),
        (
            "text/plain,application/openmetrics-text;version=1.0.0",
            OpenMetrics,
        ),
        ("text/*,application/openmetrics-text", OpenMetrics),
        ("*/*,application/openmetrics-text", OpenMetrics),
        // A text of another version is none of ours.
        (
            "text/plain;version=1.0.0,application/openmetrics-text;q=0.1",
            OpenMetrics,
        ),
        // The closest range says what a format is worth, not the best one.
        ("*/*,application/openmetrics-text;q=0.5", Text),
        ("application/openmetrics-text;q=0,*/*", Text),
        ("text/plain;q=0,*/*;q=0.1", OpenMetrics),
        ("text/*;q=0.1,application/*;q=0.2", OpenMetrics),
        ("application/*", OpenMetrics),
        // Nothing fits.
        ("text/plain;q=0", Text),
        ("*/*;q=0", Text),
        ("text/plain;q=0,application/*;q=0", Text),
        ("image/png", Text),
        ("application/*;q=0.5,application/openmetrics-text;q=0", Text),
        ("application/openmetrics-text;q=2", Text),
        (&protobuf(";q=0.5,text/plain;q=0.4"), Protobuf),
        (
            &protobuf(";q=0,application/openmetrics-text;q=0.1"),
            OpenMetrics,
        ),
        ("text/html;x=\"application/openmetrics-text,\"", Text),
        ("\"text/html,application/openmetrics-text", Text),
    ] {
        assert_eq!(format_by(&[accept]), expected, "{accept:?}");
    }
}

#[test]
fn several_lines_are_one_list() {
    assert_eq!(format_by(&[]), Text);
    assert_eq!(
        format_by(&["text/plain;q=0.5", "application/openmetrics-text"]),
        OpenMetrics
    );
    assert_eq!(
        format_by(&["text/plain", "application/openmetrics-text"]),
        Text
    );
    assert!(gzip_by(&["br", "gzip"]));
    assert!(!gzip_by(&["gzip;q=0.1", "identity"]));
}

#[test]
fn gzip_is_used_where_it_is_asked_for() {
    for (accept_encoding, expected) in [
        ("gzip", true),
        ("GZip", true),
        ("x-gzip", true),
        ("gzip, deflate, br, zstd", true),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", true),
        ("gzip;q=0.001", true),
        ("*", true),
        ("*;q=0, gzip", true),
        ("identity;q=0.5, gzip;q=0.5", true),
        ("identity;q=0.5, *;q=0.7", true),
        ("identity;q=0, gzip;q=0.1", true),
        ("", false),
        ("identity", false),
        ("br", false),
        ("gzipped", false),
        ("gzip;q=0", false),
        ("gzip;q=0, *", false),
        ("gzip;q=nothing", false),
        ("*;q=0", false),
        ("identity;q=0", false),
        ("gzip;q=0.5, identity;q=0.6", false),
        ("gzip;q=0.5, *", false),
    ] {
        assert_eq!(gzip_by(&[accept_encoding]), expected, "{accept_encoding:?}");
    }
}

#[test]
fn hostile_headers_mean_text_unpacked() {
    let mut hostile = vec![
        b",".repeat(20_000),
        b";".repeat(20_000),
        b"\"".repeat(19_999),
        b"\\".repeat(20_000),
        b"\xff\xfe*/*;q=\xc3\x28,".repeat(2_000),
        b"/".repeat(20_000),
        b"*/*;q=0.".repeat(3_000),
        b"*/*;version=\"".repeat(2_000),
        b"a;q=1;".repeat(4_000),
        b"text/plain;q=0,".repeat(2_000),
        b";=".repeat(10_000),
    ];
    hostile.extend((0..=u8::MAX).map(|byte| vec![byte]));
    for bytes in hostile {
        let Ok(line) = HeaderValue::from_bytes(&bytes) else {
            continue;
        };
        let accepted = Accepted::by(&HeaderMap::from_iter([(ACCEPT, line)]));
        assert_eq!((accepted.format, accepted.gzip), (Text, false));
    }
}

#[test]
fn any_bytes_have_an_answer() {
    let alphabet: &[u8] = b"agziptext/plain*,;=\"\\ q01.\xff";
    let mut seed = 7_u64;
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..24)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                alphabet[(seed >> 33) as usize % alphabet.len()]
            })
            .collect();
        let line = HeaderValue::from_bytes(&bytes).unwrap();
        let headers = HeaderMap::from_iter([(ACCEPT, line.clone()), (ACCEPT_ENCODING, line)]);
        assert_ne!(Accepted::by(&headers).format, Protobuf);
    }
}
