/// Whether a word may begin at `at`: no ASCII letter or digit precedes it, unless as the end of an escape
/// (`%3D` of a URL, `\n` of a debug text).
pub(super) fn is_word_start(bytes: &[u8], at: usize) -> bool {
    match &bytes[..at] {
        [.., b'\\', b'n' | b'r' | b't'] | [] => true,
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
        [.., before] => !before.is_ascii_alphanumeric(),
    }
}

/// Where the run of bytes that begins at `at` ends.
pub(super) fn run_end(bytes: &[u8], at: usize, belongs: impl Fn(u8) -> bool) -> usize {
    bytes[at..]
        .iter()
        .position(|&byte| !belongs(byte))
        .map_or(bytes.len(), |length| at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_begins_after_what_is_no_letter_or_digit_or_after_an_escape() {
        for text in ["", " ", "=", "_", "é", r"\n", "%3D", "a%20"] {
            assert!(is_word_start(text.as_bytes(), text.len()), "{text}");
        }
        for text in ["a", "Z", "0", "n", "3D", "%3", "%GD"] {
            assert!(!is_word_start(text.as_bytes(), text.len()), "{text}");
        }
    }
}
