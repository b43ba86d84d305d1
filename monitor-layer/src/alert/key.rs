//! What an alert is known by, at every replica of a service and after a restart.

use std::fmt::Write as _;

use super::text::start_of;

/// As PagerDuty takes it.
pub(super) const LONGEST: usize = 255;

/// Service, environment, summary and labels, which stand in order.
pub(super) fn derived<'a>(
    service: &str,
    env: &str,
    summary: &str,
    labels: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut key = String::with_capacity(service.len() + env.len() + summary.len() + 32);
    for part in [service, "/", env, "/", summary] {
        key.push_str(part);
    }
    for (name, value) in labels {
        // Quoted, so that no two lists of labels read alike. Writing into a string does not fail.
        let _ = write!(key, " {name}={value:?}");
    }
    bounded(key)
}

/// A long one keeps its beginning, and a number that differs where the rest does.
pub(super) fn bounded(mut key: String) -> String {
    if key.len() > LONGEST {
        let rest = fnv(key.as_bytes());
        key.truncate(start_of(&key, LONGEST - 17).len());
        let _ = write!(key, "~{rest:016x}");
    }
    key
}

/// FNV-1a: the same at every replica and version.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_that_read_alike_side_by_side_are_told_apart() {
        let key = |labels: &[(&'static str, &'static str)]| {
            derived("api", "test", "Disk full", labels.iter().copied())
        };
        assert_eq!(key(&[]), "api/test/Disk full");
        assert_eq!(
            key(&[("disk", "/data"), ("host", "a")]),
            r#"api/test/Disk full disk="/data" host="a""#
        );
        assert_ne!(key(&[("a", "1\" b=\"2")]), key(&[("a", "1"), ("b", "2")]));
    }

    #[test]
    fn long_keys_fit_and_differ_where_their_ends_do() {
        let long = |end: &str| bounded(format!("x{}{end}", "é".repeat(200)));
        assert_eq!(long("1").len(), LONGEST - 1, "between characters");
        assert_ne!(long("1"), long("2"));
        assert_eq!(long("1"), long("1"));
        assert_eq!(bounded("x".repeat(LONGEST)), "x".repeat(LONGEST));
        // So that replicas of different builds agree.
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
