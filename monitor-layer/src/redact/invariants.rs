//! What holds for every text: tried on made-up ones, the same in every run.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use super::{Redactor, Scan};

fn redact_text(text: &str) -> Cow<'_, str> {
    Redactor::default().text(text)
}

#[test]
fn any_text_comes_out_valid_and_redacting_it_again_changes_nothing() {
    const PARTS: [&str; 62] = [
        "\"token\":",
        "\"token\":\"",
        "\\\"token\\\":\\\"",
        "password: Some(",
        "secret: Array [",
        "String(\"",
        "\", ",
        "\")",
        "\\\"",
        "\\",
        "4111111111111111",
        "5555555555554444",
        "378282246310005",
        "4111",
        "1111",
        "1",
        "12",
        "%20",
        "%",
        "%3D",
        "-",
        "-",
        " ",
        " ",
        ".",
        ".",
        ":",
        ":",
        "/",
        "//",
        "://",
        "a://u:",
        "@",
        "@",
        "host",
        "?",
        "#",
        "[",
        "]",
        "[REDACTED]",
        "Bearer ",
        "bearer",
        "BEARER\t",
        "token",
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9",
        "abc",
        "J",
        "ey",
        "\\n",
        "\n",
        "\"",
        ",",
        "é",
        "日本",
        "🦀",
        "_",
        "=",
        "0123456789abcdef",
        "11111111-2222-4333-8444-555555555555",
        "Z",
        "+",
    ];
    let mut random = Random(42);
    let mut changed = 0;
    for _ in 0..30_000 {
        let text: String = (0..random.below(14)).map(|_| random.pick(&PARTS)).collect();
        let once = redact_text(&text);
        let twice = redact_text(&once);
        assert_eq!(once, twice, "{text:?}");
        assert!(
            once == text || Scan::of(&text).may_hold_secret(),
            "{text:?}"
        );
        changed += u32::from(matches!(once, Cow::Owned(_)));
    }
    assert!(
        changed > 3_000,
        "{changed} texts with secrets are too few to tell"
    );
}

#[test]
fn any_number_of_digits_comes_out_the_same_when_redacted_again() {
    let mut random = Random(3);
    for _ in 0..30_000 {
        let text: String = (0..random.below(40))
            .map(|_| random.pick(&['4', '1', '5', '3', '7', '0', '6', '2', ' ', '-', '.', 'a']))
            .collect();
        let once = redact_text(&text);
        assert_eq!(once, redact_text(&once), "{text:?}");
        assert!(
            once == text || Scan::of(&text).may_hold_secret(),
            "{text:?}"
        );
    }
}

#[test]
fn a_secret_never_survives_among_ordinary_words() {
    let secrets = [
        "Bearer s3cr3t",
        "a://u:s3cr3t@h",
        "eyJs3cr3t.s3cr3t.s3cr3t",
        r#"{"token": "s3cr3t"}"#,
        r#"api_key: Some("s3cr3t")"#,
    ];
    let words = [
        "order",
        "42",
        "größe",
        "at:",
        "x@y",
        "http://h:80/p",
        "7d444840-9dc0-11d1-b245-5ffdce74fad2",
        "=",
        "(",
        ",",
    ];
    let mut random = Random(11);
    for _ in 0..10_000 {
        let mut parts: Vec<&str> = (0..random.below(8)).map(|_| random.pick(&words)).collect();
        let place = random.below(parts.len() as u64 + 1);
        parts.insert(usize::try_from(place).unwrap(), random.pick(&secrets));
        let text = parts.join(" ");
        assert!(!redact_text(&text).contains("s3cr3t"), "{text}");
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    let long = |part: &str| part.repeat(250_000 / part.len());
    for part in [
        "4",
        "41 ",
        "4-",
        "41-4111 ",
        "42 42 42 42 42 42 42 42 ",
        "eyJ",
        "-eyJ",
        "eyJ.",
        ".eyJ-",
        "Bearer ",
        "bearer",
        "b",
        "://",
        "a://b:",
        "a://b:c/",
        "a://u:p@",
        "://@:",
        ":",
        "%4",
        "%20",
        " ",
        "\\",
        "é",
        "4111111111111111 ",
        "11111111-2222-4333-8444-",
        "\"token\":",
        "token: \"[REDACTED]\" ",
        "token: \"\" ",
        "token:[\"\",",
        "token:[(((((((",
        "token:\\",
        "\\\\\":\"",
        "token: Some ",
    ] {
        let text = long(part);
        let start = Instant::now();
        let redacted = redact_text(&text);
        let elapsed = start.elapsed();
        assert!(
            elapsed < Duration::from_secs(2),
            "{part:?}: {elapsed:?}, {} bytes",
            redacted.len()
        );
    }
    let text = format!("Bearer{}x", long(" "));
    assert!(redact_text(&text).ends_with("[REDACTED]"));
}

#[test]
fn a_uuid_of_digits_only_stays() {
    let mut random = Random(7);
    for _ in 0..2_000 {
        let mut uuid = String::new();
        for length in [8, 4, 4, 4, 12] {
            uuid.push('-');
            uuid.extend((0..length).map(|_| random.pick(&['1', '4', '5', '6', '2', '3'])));
        }
        assert_eq!(redact_text(&uuid[1..]), uuid[1..]);
        let among_digits = format!("4111 {} 1111", &uuid[1..]);
        assert_eq!(redact_text(&among_digits), among_digits);
    }
}

/// A xorshift generator, always with a fixed seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}
