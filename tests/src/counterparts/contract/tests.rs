//! That each kind of mistake in a query is found, and that what is right is taken.

use super::{Contract, Rules};

const RECORDED: &str = r#"
groups:
  - name: requests
    rules:
      - record: job:http_requests:rate5m
        expr: sum by (job) (rate(http_requests_total[5m]))
      - alert: HighErrorRate
        expr: job:http_requests:rate5m > 1
"#;

fn problems(query: &str) -> Vec<String> {
    Contract::with(&Rules::parse(RECORDED))
        .check(query)
        .problems
}

fn refused(query: &str, problem: &str) {
    let problems = problems(query);
    assert!(
        matches!(&problems[..], [only] if only.contains(problem)),
        "{query}: {problems:?}, expected {problem:?}"
    );
}

#[test]
fn what_is_in_the_catalogue_is_taken() {
    for query in [
        r#"sum by (job) (rate(http_requests_total{job=~"a|b", status=~"5.."}[5m]))"#,
        r#"histogram_quantile(0.95, sum by (job, le) (rate(http_request_duration_seconds_bucket[5m])))"#,
        r#"sum by (niche) (increase(job_duration_seconds_count{status=~"FAILED|CANCELLED"}[1h]))"#,
        r#"rate(pipeline_step_duration_seconds_sum{status!="success"}[5m])"#,
        r#"sum by (job) (rate(http_request_duration_seconds_bucket{le=~"5(\\.0)?"}[5m]))"#,
        r#"http_request_duration_seconds_bucket{le="+Inf"}"#,
        r#"{__name__="errors_total", category="payment"}"#,
        r#"job:http_requests:rate5m{job="api"} > 1"#,
        r#"count(ALERTS{alertname="HighErrorRate", alertstate="firing"}) or vector(0)"#,
        r#"process_open_fds / process_max_fds"#,
        r#"up == 0 and on (job) absent(up{job="api"})"#,
        r#"topk(5, sum by (route) (rate(http_requests_total[5m])))"#,
        r#"max by (job) (max_over_time(job_queue_depth[10m]))"#,
        r#"sum by (job) (jobs_by_status) * on (job) group_left (version) max by (job, version) (build_info)"#,
        r#"max_over_time(sum(rate(http_requests_total[5m]))[1h:1m])"#,
    ] {
        assert_eq!(problems(query), Vec::<String>::new(), "{query}");
    }
}

#[test]
fn what_is_no_query_is_refused() {
    refused("sum by (job) (", "is no query");
}

#[test]
fn a_metric_that_is_not_there_is_found() {
    refused(
        "http_request_total",
        "http_request_total is in no catalogue",
    );
    refused("job:http_requests:rate1h", "is in no catalogue");
    refused("http_requests_total_bucket", "is no histogram");
    refused("job_queue_depth_count", "is no histogram");
    refused("errors_created", "is in no catalogue");
    refused("job_duration_seconds_avg", "is in no catalogue");
    refused("job_duration_seconds", "is a histogram");
    refused(r#"{job="api"}"#, "names no metric");
    refused(r#"{__name__=~"http_.*"}"#, "names no metric");
}

#[test]
fn a_label_that_a_metric_does_not_have_is_found() {
    refused(
        r#"http_requests_total{code="500"}"#,
        "http_requests_total has no label code",
    );
    refused(r#"job_duration_seconds_count{le="1"}"#, "has no label le");
    refused("sum by (path) (http_requests_total)", "has no label path");
    refused(
        "sum without (path) (http_requests_total)",
        "has no label path",
    );
    refused(
        "sum by (route) (job:http_requests:rate5m)",
        "has no label route",
    );
    refused(
        "sum by (route) (sum by (job) (http_requests_total))",
        "has no label route",
    );
    refused(
        "up * on (job, instance) job:http_requests:rate5m",
        "job:http_requests:rate5m has no label instance",
    );
    refused(
        "up * on (job) group_left (version) sum by (job) (build_info)",
        "has no label version",
    );
}

#[test]
fn a_value_that_a_closed_label_does_not_have_is_found() {
    refused(
        r#"job_duration_seconds_count{status="failed"}"#,
        r#"no status="failed""#,
    );
    refused(
        r#"job_duration_seconds_count{status!="failed"}"#,
        r#"no status="failed""#,
    );
    refused(
        r#"jobs_by_status{status=~"FAILED|DEAD"}"#,
        r#"no status="DEAD""#,
    );
    refused(r#"jobs_by_status{status!~"FAIL"}"#, r#"no status="FAIL""#);
    refused(
        r#"http_requests_total{status=~"5xx"}"#,
        r#"no status="5xx""#,
    );
    refused(
        r#"ALERTS{alertname="HighErrors"}"#,
        r#"no alertname="HighErrors""#,
    );
    refused(r#"ALERTS{alertstate="on"}"#, r#"no alertstate="on""#);
}

#[test]
fn a_bound_that_servers_write_in_two_ways_is_found() {
    refused(
        r#"http_request_duration_seconds_bucket{le="5"}"#,
        "5 or 5.0",
    );
    refused(
        r#"http_request_duration_seconds_bucket{le=~"5"}"#,
        "no bucket",
    );
    refused(
        r#"http_request_duration_seconds_bucket{le=~"7(\\.0)?"}"#,
        "no bucket",
    );
}

#[test]
fn a_function_for_another_kind_of_metric_is_found() {
    refused("rate(jobs_by_status[5m])", "rate is for a counter");
    refused("increase(job_queue_depth[5m])", "increase is for a counter");
    refused("deriv(errors_total[5m])", "deriv is for a gauge");
    refused(
        "delta(job_duration_seconds_sum[5m])",
        "delta is for a gauge",
    );
    refused(
        "histogram_quantile(0.9, rate(errors_total[5m]))",
        "has no label le",
    );
    refused(
        "histogram_quantile(0.9, sum by (job) (rate(job_duration_seconds_bucket[5m])))",
        "has no label le",
    );
}

#[test]
fn sides_that_never_match_are_found() {
    refused("sum by (job) (up) / sum(up)", "never match");
    refused(
        "up / ignoring (instance) sum by (job, category) (errors_total)",
        "never match",
    );
}

#[test]
fn the_metrics_that_a_query_asks_for_are_told() {
    let contract = Contract::with(&Rules::parse(RECORDED));
    let checked =
        contract.check("sum(rate(job_duration_seconds_sum[5m])) / sum(up) > scalar(errors_total)");
    let metrics: Vec<_> = checked.metrics.iter().map(String::as_str).collect();
    assert_eq!(metrics, ["errors_total", "job_duration_seconds", "up"]);
    assert!(contract.catalogue().contains("job_duration_seconds"));
    assert!(!contract.catalogue().contains("up"));
}
