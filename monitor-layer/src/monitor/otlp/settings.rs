use std::time::Duration;

use crate::{
    monitor::InvalidSetting,
    trace::otlp::{LONGEST_TIME, MOST_WAITING, Otlp, parse_headers},
};

/// A variable for traces alone, and the one for all that is exported, which it wins over.
type Variable = [&'static str; 2];

const ENDPOINT: Variable = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];
const HEADERS: Variable = [
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_HEADERS",
];
const TIMEOUT: Variable = [
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
];
const COMPRESSION: Variable = [
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
];
const PROTOCOL: Variable = [
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
];
const DISABLED: &str = "OTEL_SDK_DISABLED";

const EXPORT_TIMEOUT: &str = "OTEL_BSP_EXPORT_TIMEOUT";
const SCHEDULE_DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
const QUEUE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";

/// What the environment says of exporting spans.
#[derive(Debug, Default)]
pub(in crate::monitor) struct OtlpSettings {
    pub(super) export: Option<(Otlp, Variables)>,
    pub(super) disabled: bool,
    /// All of `OTEL_RESOURCE_ATTRIBUTES`.
    pub(in crate::monitor) resource: Vec<(String, String)>,
}

/// Which variables said where spans go.
#[derive(Debug)]
pub(super) struct Variables {
    pub(super) endpoint: &'static str,
    pub(super) headers: &'static str,
}

impl Default for Variables {
    fn default() -> Self {
        let ([_, endpoint], [_, headers]) = (ENDPOINT, HEADERS);
        Self { endpoint, headers }
    }
}

impl OtlpSettings {
    pub(in crate::monitor) fn read(
        text: impl Fn(&'static str) -> Result<Option<String>, InvalidSetting>,
        warnings: &mut Vec<String>,
    ) -> Result<Self, InvalidSetting> {
        let first = |variables: Variable| {
            for variable in variables {
                if let Some(value) = text(variable)? {
                    return Ok(Some((variable, value)));
                }
            }
            Ok(None)
        };
        let disabled = text(DISABLED)?.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let Some((variable, endpoint)) = first(ENDPOINT)?.filter(|_| !disabled) else {
            return Ok(Self {
                disabled,
                ..Self::default()
            });
        };
        let mut variables = Variables {
            endpoint: variable,
            ..Variables::default()
        };
        let mut otlp = Otlp::new(endpoint);
        otlp.is_whole_url = variable == ENDPOINT[0];
        if let Some((variable, protocol)) = first(PROTOCOL)?
            && protocol != "http/protobuf"
        {
            warnings.push(format!(
                "{variable} is {protocol:?}; spans are exported by http/protobuf all the same, which collectors take at \
                 port 4318"
            ));
        }
        if let Some((variable, headers)) = first(HEADERS)? {
            variables.headers = variable;
            // What could not be read may be a key: it is not shown.
            otlp.headers = parse_headers(&headers).ok_or_else(|| InvalidSetting {
                variable,
                problem: "has a part that is no pair".to_owned(),
                expected: "pairs key=value divided by commas, values percent-encoded",
            })?;
        }
        if let Some((variable, compression)) = first(COMPRESSION)? {
            otlp.gzip = match &*compression {
                "gzip" => true,
                "none" => false,
                _ => {
                    return Err(InvalidSetting {
                        variable,
                        problem: format!("is {compression:?}"),
                        expected: "gzip or none",
                    });
                }
            };
        }
        if let Some((variable, timeout)) = first(TIMEOUT)? {
            otlp.timeout = milliseconds(variable, &timeout)?;
        }
        if let Some(timeout) = text(EXPORT_TIMEOUT)? {
            otlp.timeout = otlp.timeout.min(milliseconds(EXPORT_TIMEOUT, &timeout)?);
        }
        if let Some(delay) = text(SCHEDULE_DELAY)? {
            otlp.interval = milliseconds(SCHEDULE_DELAY, &delay)?;
        }
        if let Some(spans) = text(QUEUE)? {
            let expected = "a number of spans from 1 to 1000000";
            otlp.queue = spans_up_to(MOST_WAITING, QUEUE, &spans, expected)?;
        }
        if let Some(spans) = text(BATCH)? {
            let expected = "a number of spans from 1 to that of OTEL_BSP_MAX_QUEUE_SIZE, which is 2048 by default";
            otlp.batch = spans_up_to(otlp.queue, BATCH, &spans, expected)?;
        }
        Ok(Self {
            export: Some((otlp, variables)),
            ..Self::default()
        })
    }
}

fn milliseconds(variable: &'static str, text: &str) -> Result<Duration, InvalidSetting> {
    let time = text.parse().ok().map(Duration::from_millis);
    time.filter(|time| !time.is_zero() && *time <= LONGEST_TIME)
        .ok_or_else(|| InvalidSetting {
            variable,
            problem: format!("is {text:?}"),
            expected: "a number of milliseconds from 1 to 86400000",
        })
}

fn spans_up_to(
    most: usize,
    variable: &'static str,
    text: &str,
    expected: &'static str,
) -> Result<usize, InvalidSetting> {
    let spans = text.parse().ok();
    spans
        .filter(|spans| (1..=most).contains(spans))
        .ok_or_else(|| InvalidSetting {
            variable,
            problem: format!("is {text:?}"),
            expected,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");

    fn read(pairs: &[(&str, &str)]) -> (Result<OtlpSettings, InvalidSetting>, Vec<String>) {
        let mut warnings = Vec::new();
        let text = |variable| {
            let mut pairs = pairs.iter();
            let known = pairs.find(|(name, _)| *name == variable);
            Ok(known.map(|(_, value)| (*value).to_owned()))
        };
        (OtlpSettings::read(text, &mut warnings), warnings)
    }

    fn export(pairs: &[(&str, &str)]) -> Otlp {
        let pairs: Vec<_> = [HERE].iter().chain(pairs).copied().collect();
        read(&pairs).0.unwrap().export.unwrap().0
    }

    fn error(variable: &str, value: &str) -> String {
        read(&[HERE, (variable, value)]).0.unwrap_err().to_string()
    }

    #[test]
    fn an_endpoint_switches_the_export_on_and_the_sdk_s_switch_off() {
        assert!(read(&[HERE]).0.unwrap().export.is_some());
        assert!(read(&[]).0.unwrap().export.is_none());
        let off = read(&[HERE, (DISABLED, "TRUE")]).0.unwrap();
        assert!(off.export.is_none() && off.disabled);
        let on = read(&[HERE, (DISABLED, "false")]).0.unwrap();
        assert!(on.export.is_some());
    }

    #[test]
    fn an_endpoint_of_traces_wins_and_is_taken_as_it_is() {
        let traces = (ENDPOINT[0], "http://traces:4318/here");
        for pairs in [&[traces][..], &[HERE, traces]] {
            let (otlp, variables) = read(pairs).0.unwrap().export.unwrap();
            assert_eq!(otlp.traces_url().as_deref(), Ok("http://traces:4318/here"));
            assert_eq!(variables.endpoint, ENDPOINT[0]);
        }
        let below = export(&[]).traces_url();
        assert_eq!(below.as_deref(), Ok("http://localhost:4318/v1/traces"));
    }

    #[test]
    fn grpc_warns_and_means_http() {
        for variable in PROTOCOL {
            let (settings, warnings) = read(&[HERE, (variable, "grpc")]);
            assert!(settings.unwrap().export.is_some());
            assert_eq!(warnings.len(), 1);
            assert!(warnings[0].starts_with(variable), "{warnings:?}");
            assert!(warnings[0].contains("http/protobuf"), "{warnings:?}");
            assert_eq!(read(&[HERE, (variable, "http/protobuf")]).1.len(), 0);
        }
    }

    #[test]
    fn headers_that_are_none_stop_the_start_without_being_shown() {
        for variable in HEADERS {
            let error = error(variable, "s3cret");
            assert!(!error.contains("s3cret"), "{error}");
            assert!(error.starts_with(variable), "{error}");
        }
        let [traces, all] = HEADERS;
        let own = |value: &str| [("key".to_owned(), value.to_owned())];
        assert_eq!(export(&[(all, "key=v")]).headers, own("v"));
        let both = export(&[(all, "key=v,other=w"), (traces, "key=t")]);
        assert_eq!(both.headers, own("t"));
    }

    #[test]
    fn the_shorter_timeout_counts() {
        let [traces, all] = TIMEOUT;
        let timeout = |pairs: &[(&str, &str)]| export(pairs).timeout.as_millis();
        assert_eq!(timeout(&[]), 10_000);
        assert_eq!(timeout(&[(all, "250")]), 250);
        assert_eq!(timeout(&[(all, "250"), (traces, "350")]), 350);
        assert_eq!(timeout(&[(EXPORT_TIMEOUT, "700")]), 700);
        assert_eq!(timeout(&[(EXPORT_TIMEOUT, "30000")]), 10_000);
        assert_eq!(
            timeout(&[(all, "40000"), (EXPORT_TIMEOUT, "30000")]),
            30_000
        );
    }

    #[test]
    fn what_waits_and_what_is_sent_at_once_is_as_said() {
        let said = export(&[
            (SCHEDULE_DELAY, "50"),
            (QUEUE, "4096"),
            (BATCH, "4096"),
            (COMPRESSION[1], "gzip"),
        ]);
        assert_eq!(said.interval, Duration::from_millis(50));
        assert_eq!((said.queue, said.batch, said.gzip), (4096, 4096, true));
        let unsaid = export(&[(COMPRESSION[0], "none"), (COMPRESSION[1], "gzip")]);
        assert_eq!(
            (unsaid.queue, unsaid.batch, unsaid.gzip),
            (2048, 512, false)
        );
    }

    #[test]
    fn what_cannot_be_used_stops_the_start_with_the_variable_and_what_it_takes() {
        let times = [TIMEOUT[0], TIMEOUT[1], EXPORT_TIMEOUT, SCHEDULE_DELAY];
        for variable in times {
            for bad in ["0", "-1", "soon", "1.5", "86400001", "99999999999999999999"] {
                assert_eq!(
                    error(variable, bad),
                    format!(
                        "{variable} is {bad:?}; expected a number of milliseconds from 1 to 86400000"
                    )
                );
            }
        }
        for bad in ["0", "-1", "many", "1000001"] {
            assert_eq!(
                error(QUEUE, bad),
                format!("{QUEUE} is {bad:?}; expected a number of spans from 1 to 1000000")
            );
        }
        for bad in ["0", "2049"] {
            assert_eq!(
                error(BATCH, bad),
                format!(
                    "{BATCH} is {bad:?}; expected a number of spans from 1 to that of OTEL_BSP_MAX_QUEUE_SIZE, \
                     which is 2048 by default"
                )
            );
        }
        for variable in COMPRESSION {
            assert_eq!(
                error(variable, "zstd"),
                format!("{variable} is \"zstd\"; expected gzip or none")
            );
        }
    }

    #[test]
    fn a_queue_shorter_than_a_batch_makes_the_batch_shorter() {
        let queue = export(&[(QUEUE, "100")]);
        assert_eq!((queue.queue, queue.batch), (100, 512));
        assert_eq!(queue.within_limits().batch, 100);
    }
}
