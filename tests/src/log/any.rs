//! Whatever is logged: one line of valid JSON, no key twice, nothing forged. The entry is the one that
//! `monitor-layer/fuzz` has.

use monitor_layer::__fuzz;

use crate::support::Random;

/// Of texts, a byte 0xff between them.
const TEXTS: u64 = 12;

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

#[test]
fn any_event_is_one_line_of_valid_json_with_no_key_twice() {
    let mut random = Random::new(4);
    __fuzz::event(b"");
    for _ in 0..500 {
        let mut bytes = vec![random.below(256) as u8];
        for _ in 0..TEXTS {
            bytes.push(0xff);
            bytes.extend_from_slice(text(&mut random).as_bytes());
        }
        __fuzz::event(&bytes);
    }
}

#[test]
fn any_bytes_are_one_line_of_valid_json_with_no_key_twice() {
    let mut random = Random::new(5);
    for _ in 0..500 {
        let length = random.below(400);
        let bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        __fuzz::event(&bytes);
    }
}
