//! The configuration of `infra/`, on a clock that is 60 times as fast: each duration is divided, the windows, offsets and
//! `for` of rules and all that Prometheus and Alertmanager wait for. Nothing else is changed, so that a rule keeps its
//! form, and each window its number of samples.

use std::{fs, path::Path};

use promql_parser::{
    parser::{self, Expr, MatrixSelector, Offset},
    util::{
        parse_duration,
        visitor::{ExprVisitorMut, walk_expr_mut},
    },
};
use serde_json::Value;

const TIMES: u32 = 60;

/// The names of what is a duration.
const DURATIONS: [&str; 8] = [
    "evaluation_interval",
    "for",
    "group_interval",
    "group_wait",
    "interval",
    "repeat_interval",
    "resolve_timeout",
    "scrape_interval",
];

/// A file of `infra/`.
pub(super) fn faster(name: &str) -> Value {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra");
    let text = fs::read_to_string(infra.join(name)).unwrap();
    let mut value = serde_yaml_ng::from_str(&text).unwrap();
    hasten(&mut value);
    value
}

fn hasten(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(hasten),
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(text) if DURATIONS.contains(&name.as_str()) && text != "0s" => {
                        let duration = parse_duration(text).unwrap() / TIMES;
                        // As seldom as the rules allow: half a minute, by the clock that they are written for.
                        let least = if name.ends_with("interval") { 500 } else { 0 };
                        *value = format!("{}ms", duration.as_millis().max(least)).into();
                    }
                    Some(text) if name == "expr" => {
                        let mut expr = parser::parse(text).unwrap();
                        walk_expr_mut(&mut Hasten, &mut expr).unwrap();
                        *value = expr.to_string().into();
                    }
                    _ => hasten(value),
                }
            }
        }
        _ => {}
    }
}

struct Hasten;

impl ExprVisitorMut for Hasten {
    type Error = String;

    fn pre_visit(&mut self, expr: &mut Expr) -> Result<bool, String> {
        if let Expr::MatrixSelector(MatrixSelector { vs, range }) = expr {
            *range /= TIMES;
            if let Some(Offset::Pos(offset)) = &mut vs.offset {
                *offset /= TIMES;
            }
        }
        Ok(true)
    }
}

#[test]
fn only_durations_are_others() {
    let rules = faster("alerts.yml");
    let rule = &rules["groups"][0]["rules"][1];
    assert_eq!(
        rule["expr"],
        r#"sum by (job) ((http_requests_total{status=~"5.."} unless last_over_time(http_requests_total[5s] offset 5s)) or increase(http_requests_total{status=~"5.."}[5s]))"#
    );
    let alert = &rules["groups"][0]["rules"][5];
    assert_eq!(alert["alert"], "HighErrorRate");
    assert_eq!(alert["for"], "5000ms");
    let routes = faster("alertmanager.yml");
    assert_eq!(routes["route"]["group_wait"], "500ms");
}
