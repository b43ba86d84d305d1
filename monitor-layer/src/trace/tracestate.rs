use std::{fmt, sync::Arc};

/// Members that a list may have (W3C Trace Context level 2, 3.3.2).
const MEMBERS: usize = 32;
/// Well above the 512 characters that must be passed on (3.3.2.5); what is longer is dropped whole.
const LENGTH: usize = 8 * 1024;
const KEY_LENGTH: usize = 256;
const VALUE_LENGTH: usize = 256;

/// Vendors' own state of a trace: checked, and passed on as it came.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TraceState(Arc<str>);

impl TraceState {
    /// Reads the values of all `tracestate` headers, in their order. `None` where there is no member, or where one
    /// is malformed or doubled, there are more than 32, or all of it is longer than 8 KiB.
    ///
    /// ```
    /// use monitor_layer::TraceState;
    ///
    /// let state = TraceState::parse([&b"rojo=00f067aa0ba902b7"[..], b"congo=t61"]).unwrap();
    /// assert_eq!(state.as_str(), "rojo=00f067aa0ba902b7,congo=t61");
    /// assert_eq!(TraceState::parse([&b"no member"[..]]), None);
    /// ```
    #[must_use]
    pub fn parse<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let mut raw = String::new();
        let mut members = 0;
        for header in headers {
            let text = trim(std::str::from_utf8(header).ok()?);
            let some = members_of(text).count();
            if some == 0 {
                continue;
            }
            members += some;
            if members > MEMBERS || raw.len() + text.len() >= LENGTH {
                return None;
            }
            if !raw.is_empty() {
                raw.push(',');
            }
            raw.push_str(text);
        }
        if members == 0 || !is_valid(&raw) {
            return None;
        }
        Some(Self(raw.into()))
    }

    /// The list as it came, several headers joined by commas, without those that are empty.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for TraceState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

fn is_valid(list: &str) -> bool {
    let mut keys = [""; MEMBERS];
    for (index, member) in members_of(list).enumerate() {
        let Some((key, value)) = member.split_once('=') else {
            return false;
        };
        // A key stands once in a list (3.3.2).
        if !is_key(key.as_bytes()) || !is_value(value.as_bytes()) || keys[..index].contains(&key) {
            return false;
        }
        keys[index] = key;
    }
    true
}

/// Those that are not empty, which all others may be (3.3.2).
fn members_of(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(trim)
        .filter(|member| !member.is_empty())
}

/// Optional white space around a member or a whole list: spaces and tabs (3.3.2.1).
fn trim(member: &str) -> &str {
    member.trim_matches([' ', '\t'])
}

/// `( lcalpha / DIGIT ) 0*255( keychar )` (3.3.2.2.1): level 2 has no tenants, `@` is a character as any other.
fn is_key(key: &[u8]) -> bool {
    key.len() <= KEY_LENGTH
        && key
            .first()
            .is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
        && key.iter().all(
            |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@'),
        )
}

/// `0*255(chr) nblk-chr`: printable but for the comma and the equals sign, no blank at the end (3.3.2.2.2).
fn is_value(value: &[u8]) -> bool {
    value.len() <= VALUE_LENGTH
        && value.last().is_some_and(|last| *last != b' ')
        && value
            .iter()
            .all(|byte| matches!(byte, 0x20..=0x7e) && !matches!(byte, b',' | b'='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(headers: &[&str]) -> Option<String> {
        TraceState::parse(headers.iter().map(|header| header.as_bytes()))
            .map(|state| state.as_str().to_owned())
    }

    fn is_taken(header: &str) -> bool {
        parse(&[header]).is_some()
    }

    #[test]
    fn several_headers_are_one_list_in_their_order() {
        assert_eq!(parse(&["a=1,b=2", "c=3"]).as_deref(), Some("a=1,b=2,c=3"));
        assert_eq!(parse(&["", "a=1", " ,\t"]).as_deref(), Some("a=1"));
    }

    #[test]
    fn the_list_is_passed_on_as_it_came() {
        let raw = "a= leading is kept , b=2\t,,c=3";
        assert_eq!(parse(&[raw]).as_deref(), Some(raw));
    }

    #[test]
    fn white_space_around_the_list_is_none_of_it_for_http_2_forbids_it() {
        assert_eq!(parse(&[" a=1\t", "\tb=2 "]).as_deref(), Some("a=1,b=2"));
    }

    #[test]
    fn thirty_two_members_are_taken_and_one_more_is_not() {
        let list = |members: usize| {
            let members: Vec<_> = (0..members).map(|number| format!("k{number}=v")).collect();
            members.join(",")
        };
        assert!(is_taken(&list(32)));
        assert!(!is_taken(&list(33)));
        let (first, second) = (list(32), "last=1");
        assert_eq!(parse(&[&first, second]), None);
        assert!(is_taken(&format!("{},,,", list(32))));
    }

    #[test]
    fn a_key_begins_with_a_lower_case_letter_or_a_digit() {
        for key in ["a", "0a", "a_-*/@b", "a@b@c"] {
            assert!(is_taken(&format!("{key}=1")), "{key}");
        }
        for key in ["", "A", "aB", "@a", "_a", "-a", "a b", "a\t", "ä", "a.b"] {
            assert!(!is_taken(&format!("{key}=1")), "{key:?}");
        }
    }

    #[test]
    fn a_key_has_at_most_256_characters() {
        assert!(is_taken(&format!("{}=1", "k".repeat(256))));
        assert!(!is_taken(&format!("{}=1", "k".repeat(257))));
    }

    #[test]
    fn a_value_is_printable_and_has_at_most_256_characters() {
        assert!(is_taken(&format!("k={}", "v".repeat(256))));
        assert!(!is_taken(&format!("k={}", "v".repeat(257))));
        assert!(is_taken("k=!\"#$%&'()*+-./:;<>?@[]^_`{|}~ x"));
        for value in ["", "a=b", "a\u{7f}", "ä", "a\u{1}b", "a\tb"] {
            assert!(!is_taken(&format!("k={value}")), "{value:?}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_makes_the_list_malformed() {
        assert!(!is_taken("a=1,b=2,a=3"));
        assert_eq!(parse(&["a=1", "a=1"]), None);
    }

    #[test]
    fn one_malformed_member_makes_the_list_malformed() {
        for list in ["a=1,b", "a=1,=2", "a=1,B=2", "a", "=", ","] {
            assert!(!is_taken(list), "{list}");
        }
    }

    #[test]
    fn at_least_512_characters_are_passed_on_and_megabytes_are_not() {
        assert!(is_taken(&format!(
            "a={},b={}",
            "v".repeat(256),
            "v".repeat(256)
        )));
        assert!(!is_taken(&format!("a=1{}b=2", ",".repeat(1 << 20))));
    }
}
