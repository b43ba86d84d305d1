//! The readers refuse what they have to refuse: a reader that takes everything proves nothing.

use prost::Message as _;

use super::{
    Kind,
    messages::{
        Bucket, BucketSpan, Counter, Exemplar, Histogram, LabelPair, Metric, MetricFamily,
        MetricType,
    },
    read_openmetrics, read_protobuf, read_text,
};

const TEXT: &str = "\
# HELP a_total Counts \\\\ and \\n.
# TYPE a_total counter
a_total{kind=\"q\\\"b\\\\n\\nx\"} 1
# HELP t_seconds Times.
# TYPE t_seconds histogram
t_seconds_bucket{le=\"0.5\"} 1
t_seconds_bucket{le=\"1\"} 1
t_seconds_bucket{le=\"+Inf\"} 2
t_seconds_sum 2.5
t_seconds_count 2
";

const OPENMETRICS: &str = "\
# HELP a Counts \\\\ and \\n and \\\".
# TYPE a counter
a_total{kind=\"q\\\"b\\\\n\\nx\"} 1
# HELP t_seconds Times.
# TYPE t_seconds histogram
# UNIT t_seconds seconds
t_seconds_bucket{le=\"0.5\"} 1 # {trace_id=\"4bf9\"} 0.25 1700000000.125
t_seconds_bucket{le=\"1.0\"} 1
t_seconds_bucket{le=\"+Inf\"} 2
t_seconds_sum 2.5
t_seconds_count 2
# EOF
";

#[test]
fn sound_text_is_read_and_its_escapes_are_undone() {
    let exposition = read_text(TEXT).unwrap();
    assert_eq!(exposition.label_values("a_total", "kind"), ["q\"b\\n\nx"]);
    let help = exposition.descriptions()["a"];
    assert_eq!(help, (Kind::Counter, "Counts \\ and \n."));
    assert_eq!(
        exposition.label_values("t_seconds_bucket", "le"),
        ["+Inf", "0.5", "1"]
    );
}

#[test]
fn sound_openmetrics_is_read_and_equals_the_text() {
    let exposition = read_openmetrics(OPENMETRICS).unwrap();
    assert_eq!(exposition.numbers(), read_text(TEXT).unwrap().numbers());
    let exemplars: Vec<_> = exposition.exemplars().collect();
    let [(bucket, exemplar)] = exemplars[..] else {
        panic!("{exemplars:?}");
    };
    assert_eq!(bucket.labels["le"], "0.5");
    assert_eq!(
        (exemplar.value, exemplar.timestamp),
        (0.25, Some(1_700_000_000.125))
    );
    assert_eq!(exposition.families[1].unit.as_deref(), Some("seconds"));
}

#[test]
fn text_with_one_thing_wrong_is_refused() {
    for (sound, wrong) in [
        ("t_seconds_count 2\n", "t_seconds_count 2"),
        ("t_seconds_count 2\n", "t_seconds_count 2\n\n"),
        ("t_seconds_count 2", "t_seconds_count 3"),
        ("t_seconds_count 2", "t_seconds_count 2 1700000000"),
        ("t_seconds_count 2", "t_seconds_count  2"),
        (
            "t_seconds_count 2\n",
            "t_seconds_count 2\nt_seconds_count 2\n",
        ),
        ("t_seconds_count 2\n", "t_seconds_count 2\na_total 2\n"),
        (
            "t_seconds_count 2\n",
            "t_seconds_count 2\n# TYPE a_total counter\na_total 2\n",
        ),
        ("t_seconds_count 2\n", ""),
        ("t_seconds_sum 2.5\n", ""),
        ("t_seconds_sum 2.5", "t_seconds_sum infinity"),
        ("le=\"+Inf\"} 2", "le=\"+Inf\"} 0"),
        ("t_seconds_bucket{le=\"+Inf\"} 2\n", ""),
        ("le=\"1\"", "le=\"0.50\""),
        ("le=\"1\"", "le=\"0.1\""),
        ("le=\"1\"", "le=\"one\""),
        ("a_total{", "a_total{le=\"1\","),
        ("a_total{", "a_total{kind=\"x\","),
        ("a_total{", "a_total{1=\"x\","),
        ("a_total{", "a_total{ "),
        ("x\"} 1", "x\",} 1"),
        ("x\"} 1", "x\"} -1"),
        ("x\"} 1", "x\"} NaN"),
        ("x\"} 1", "\\x\"} 1"),
        ("x\"} 1", "x} 1"),
        ("a_total{", "a-total{"),
        ("# TYPE a_total counter\n", ""),
        (
            "# TYPE a_total counter\n",
            "# TYPE a_total counter\n# TYPE a_total counter\n",
        ),
        ("# TYPE a_total counter", "# TYPE a_total count"),
        ("# HELP a_total", "# HELP b_total"),
        ("# HELP a_total Counts \\\\", "# HELP a_total Counts \\a"),
    ] {
        let text = replaced(TEXT, sound, wrong);
        assert!(read_text(&text).is_err(), "{text}");
    }
}

#[test]
fn openmetrics_with_one_thing_wrong_is_refused() {
    let too_long = "x".repeat(121);
    for (sound, wrong) in [
        ("# EOF\n", ""),
        ("# EOF\n", "# EOF\n# EOF\n"),
        ("le=\"1.0\"", "le=\"1\""),
        ("a_total{", "a{"),
        ("# UNIT t_seconds seconds", "# UNIT t_seconds bytes"),
        ("and \\\".", "and \"."),
        ("# TYPE a counter", "# TYPE a untyped"),
        (" # {trace_id=\"4bf9\"} 0.25", " # {trace_id=\"4bf9\"} 0.75"),
        (" # {trace_id=\"4bf9\"} 0.25", " # {} 0.25"),
        (" # {trace_id=\"4bf9\"} 0.25", "# {trace_id=\"4bf9\"} 0.25"),
        ("4bf9", &too_long),
        (
            "t_seconds_sum 2.5",
            "t_seconds_sum 2.5 # {trace_id=\"4bf9\"} 0.25",
        ),
        (
            "# EOF",
            "# HELP a_created Clashes.\n# TYPE a_created gauge\na_created 1\n# EOF",
        ),
    ] {
        let text = replaced(OPENMETRICS, sound, wrong);
        assert!(read_openmetrics(&text).is_err(), "{text}");
    }
}

fn replaced(text: &str, sound: &str, wrong: &str) -> String {
    assert!(text.contains(sound), "{sound}");
    text.replacen(sound, wrong, 1)
}

/// Two observations: one of 0.25, in the bucket -16 of schema 3, and one of 2, in the bucket 8.
fn histogram() -> Histogram {
    let span = |offset, length| BucketSpan {
        offset: Some(offset),
        length: Some(length),
    };
    let bucket = |bound, count| Bucket {
        upper_bound: Some(bound),
        cumulative_count: Some(count),
        exemplar: None,
    };
    Histogram {
        sample_count: Some(2),
        sample_sum: Some(2.25),
        buckets: vec![bucket(0.5, 1), bucket(1.0, 1)],
        schema: Some(3),
        zero_threshold: Some(1e-9),
        positive_spans: vec![span(-16, 1), span(23, 1)],
        positive_deltas: vec![1, 0],
        ..Histogram::default()
    }
}

fn encoded(name: &str, kind: MetricType, metric: Metric) -> Vec<u8> {
    MetricFamily {
        name: Some(name.to_owned()),
        help: Some("Help.".to_owned()),
        kind: Some(kind.into()),
        metrics: vec![metric],
        unit: None,
    }
    .encode_length_delimited_to_vec()
}

fn encoded_histogram(histogram: Histogram) -> Vec<u8> {
    let metric = Metric {
        histogram: Some(histogram),
        ..Metric::default()
    };
    encoded("t_seconds", MetricType::Histogram, metric)
}

#[test]
fn a_native_histogram_is_read_beside_its_classic_buckets() {
    let exposition = read_protobuf(&encoded_histogram(histogram())).unwrap();
    let (_, native) = &exposition.families[0].natives[0];
    assert_eq!(native.count(), 2);
    assert_eq!(native.buckets.keys().collect::<Vec<_>>(), [&-16, &8]);
    assert_eq!(native.at_most(0.25), (1, 1));
    assert_eq!(native.at_most(0.24), (0, 1));
    assert_eq!(native.at_most(2.0), (2, 2));
    let bounds = exposition.label_values("t_seconds_bucket", "le");
    assert_eq!(bounds, ["+Inf", "0.5", "1"]);
}

#[test]
fn protobuf_with_one_thing_wrong_is_refused() {
    let sound = encoded_histogram(histogram());
    assert!(read_protobuf(&sound.repeat(2)).is_err(), "a metric twice");
    assert!(read_protobuf(&sound[..sound.len() - 1]).is_err(), "cut off");
    let spoilt: [fn(&mut Histogram); 8] = [
        |histogram| histogram.positive_deltas.push(0),
        |histogram| histogram.positive_deltas = vec![1],
        |histogram| histogram.positive_deltas = vec![1, -2],
        |histogram| histogram.zero_count = Some(1),
        |histogram| histogram.schema = None,
        |histogram| histogram.sample_count = Some(3),
        |histogram| histogram.buckets.reverse(),
        |histogram| histogram.buckets[1].cumulative_count = Some(0),
    ];
    for (index, spoil) in spoilt.iter().enumerate() {
        let mut histogram = histogram();
        spoil(&mut histogram);
        assert!(
            read_protobuf(&encoded_histogram(histogram)).is_err(),
            "{index}"
        );
    }
}

#[test]
fn labels_of_protobuf_are_taken_as_they_are_and_once() {
    let pair = |name: &str| LabelPair {
        name: Some(name.to_owned()),
        value: Some("q\"b\\\n".to_owned()),
    };
    let counter = |labels| {
        let counter = Counter {
            value: Some(1.0),
            exemplar: Some(Exemplar {
                labels: vec![pair("trace_id")],
                value: Some(1.0),
                timestamp: None,
            }),
        };
        let metric = Metric {
            labels,
            counter: Some(counter),
            ..Metric::default()
        };
        encoded("a_total", MetricType::Counter, metric)
    };
    let exposition = read_protobuf(&counter(vec![pair("kind")])).unwrap();
    assert_eq!(exposition.label_values("a_total", "kind"), ["q\"b\\\n"]);
    assert_eq!(exposition.exemplars().count(), 1);
    assert!(read_protobuf(&counter(vec![pair("kind"), pair("kind")])).is_err());
}
