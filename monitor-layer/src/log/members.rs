use super::{
    json::push_integer,
    key::{Key, bit, push_key},
};

const MOST_MEMBERS: usize = 128;
/// Of all members together, in bytes: with the longest message and ids, a line is no longer than 64 KiB.
const LONGEST: usize = 40 * 1024;
/// Says that something was cut or left out; no field of the user's may say otherwise.
const TRUNCATED: &[u8] = b"truncated";
/// A buffer that has grown larger is not kept.
const LARGEST_KEPT: usize = 4 * 1024;

/// Members of a JSON object as they will stand in the line, each key once.
///
/// Cleared, it takes in others without an allocation.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// `,"key":value` each.
    json: Vec<u8>,
    places: Vec<Place>,
    /// The bits of all keys: one whose bit is not there is new, without a look.
    bits: u64,
    /// Something was cut or left out.
    is_cut: bool,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    /// After the key's closing quote.
    key_end: usize,
    end: usize,
}

impl Members {
    /// Adds a member whose value `write` writes, unless its key is there; it says whether the value is whole.
    pub(super) fn add(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let start = self.json.len();
        let is_whole = push_key(&mut self.json, key);
        let key_end = self.json.len() - 1;
        let bit = bit(self.key(start, key_end));
        if self.position(start, key_end, bit).is_some() {
            self.json.truncate(start);
            return;
        }
        self.write(start, key_end, bit, is_whole, write);
    }

    /// Adds a number, unless its key is there.
    pub(super) fn add_number(&mut self, key: &str, number: impl itoa::Integer) {
        self.add(key, |json| {
            push_integer(json, number);
            true
        });
    }

    /// Adds a member whose value `write` writes, in place of the one whose key is there.
    #[inline]
    pub(super) fn set(&mut self, key: &Key, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let start = self.json.len();
        key.push_to(&mut self.json);
        let key_end = self.json.len() - 1;
        let older = self.position(start, key_end, key.bit);
        self.write(start, key_end, key.bit, key.is_whole, write);
        if let Some(older) = older {
            self.remove(older);
        }
    }

    /// Has a value written, and hands it over instead of keeping it: what stands between a string's quotes, else the
    /// value as it is.
    pub(super) fn aside(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> bool,
        take: impl FnOnce(&[u8]) -> bool,
    ) {
        let start = self.json.len();
        let mut is_whole = write(&mut self.json);
        let value = &self.json[start..];
        let within = value
            .strip_prefix(b"\"")
            .and_then(|it| it.strip_suffix(b"\""));
        is_whole &= take(within.unwrap_or(value));
        self.json.truncate(start);
        self.is_cut |= !is_whole;
    }

    /// Something was cut that is not in here.
    pub(super) fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Adds those of the other's whose key is not there.
    pub(super) fn add_missing(&mut self, others: &Self) {
        self.is_cut |= others.is_cut;
        let start = self.json.len();
        let fits = self.places.len() + others.places.len() <= MOST_MEMBERS
            && start + others.json.len() <= LONGEST;
        if self.bits & others.bits == 0 && fits {
            self.json.extend_from_slice(&others.json);
            self.bits |= others.bits;
            let places = others.places.iter();
            self.places.extend(places.map(|place| place.moved(start)));
            return;
        }
        for place in &others.places {
            let start = self.json.len();
            self.json
                .extend_from_slice(&others.json[place.start..place.end]);
            let key_end = start + place.key_end - place.start;
            let bit = bit(self.key(start, key_end));
            if self.position(start, key_end, bit).is_some() {
                self.json.truncate(start);
                continue;
            }
            self.keep(start, key_end, bit);
        }
    }

    /// Adds the other's in place of those whose key is there.
    pub(super) fn replace(&mut self, others: &Self) {
        for place in &others.places {
            let key = others.key(place.start, place.key_end);
            let known = self
                .places
                .iter()
                .position(|own| self.key(own.start, own.key_end) == key);
            if let Some(index) = known {
                self.remove(index);
            }
        }
        self.add_missing(others);
    }

    /// Says that something was cut, if it was, in here or elsewhere in the entry.
    pub(super) fn close(&mut self, is_cut: bool) {
        if is_cut || self.is_cut {
            let known = self.iter().position(|(key, _)| key == TRUNCATED);
            if let Some(index) = known {
                self.remove(index);
            }
            self.json.extend_from_slice(b",\"truncated\":true");
        }
    }

    /// The members between an object's braces.
    pub(super) fn json(&self) -> &[u8] {
        self.json.get(1..).unwrap_or_default()
    }

    /// Keys and values as written, the keys without their quotes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.places.iter().map(|place| {
            let key = &self.json[place.start + 2..place.key_end - 1];
            (key, &self.json[place.key_end + 1..place.end])
        })
    }

    pub(super) fn clear(&mut self) {
        self.json.clear();
        self.json.shrink_to(LARGEST_KEPT);
        self.places.clear();
        self.bits = 0;
        self.is_cut = false;
    }

    #[inline]
    fn write(
        &mut self,
        start: usize,
        key_end: usize,
        bit: u64,
        is_whole: bool,
        write: impl FnOnce(&mut Vec<u8>) -> bool,
    ) {
        let is_whole = write(&mut self.json) && is_whole;
        self.is_cut |= !is_whole;
        self.keep(start, key_end, bit);
    }

    /// Keeps what has been written since `start`, if there is room for it.
    fn keep(&mut self, start: usize, key_end: usize, bit: u64) {
        let end = self.json.len();
        if self.places.len() == MOST_MEMBERS || end > LONGEST {
            self.json.truncate(start);
            self.is_cut = true;
        } else {
            self.bits |= bit;
            self.places.push(Place {
                start,
                key_end,
                end,
            });
        }
    }

    /// The member whose key is the one that was written at `start`. Escapes tell keys apart as the keys themselves do.
    #[inline]
    fn position(&self, start: usize, key_end: usize, bit: u64) -> Option<usize> {
        if self.bits & bit == 0 {
            return None;
        }
        let key = self.key(start, key_end);
        self.places
            .iter()
            .position(|place| self.key(place.start, place.key_end) == key)
    }

    /// What stands between the quotes of a key.
    fn key(&self, start: usize, key_end: usize) -> &[u8] {
        &self.json[start + 2..key_end - 1]
    }

    fn remove(&mut self, index: usize) {
        let Place { start, end, .. } = self.places.remove(index);
        self.json.drain(start..end);
        for place in &mut self.places[index..] {
            place.start -= end - start;
            place.key_end -= end - start;
            place.end -= end - start;
        }
    }
}

impl Place {
    const fn moved(&self, by: usize) -> Self {
        Self {
            start: self.start + by,
            key_end: self.key_end + by,
            end: self.end + by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{log::key::LONGEST_KEY, redact::Redactor};

    fn text(members: &Members) -> &str {
        str::from_utf8(members.json()).unwrap()
    }

    fn add(members: &mut Members, key: &str, value: &str) {
        members.add(key, |json| {
            json.extend_from_slice(value.as_bytes());
            true
        });
    }

    fn set(members: &mut Members, key: &str, value: &str) {
        members.set(&Key::new(key, &Redactor::default()), |json| {
            json.extend_from_slice(value.as_bytes());
            true
        });
    }

    fn of(pairs: &[(&str, &str)]) -> Members {
        let mut members = Members::default();
        for (key, value) in pairs {
            set(&mut members, key, value);
        }
        members
    }

    #[test]
    fn a_key_that_comes_again_stays_or_goes_as_told() {
        let mut members = of(&[("a", "1"), ("b", "22"), ("c", "3")]);
        add(&mut members, "b", "4");
        assert_eq!(text(&members), r#""a":1,"b":22,"c":3"#);
        set(&mut members, "a", "5");
        assert_eq!(text(&members), r#""b":22,"c":3,"a":5"#);
        members.add_missing(&of(&[("c", "6"), ("d", "7")]));
        assert_eq!(text(&members), r#""b":22,"c":3,"a":5,"d":7"#);
        members.replace(&of(&[("a", "8"), ("b", "9")]));
        assert_eq!(text(&members), r#""c":3,"d":7,"a":8,"b":9"#);
        members.aside(
            |json| {
                json.extend_from_slice(b"\"told\"");
                true
            },
            |told| told == b"told",
        );
        members.close(false);
        assert_eq!(text(&members), r#""c":3,"d":7,"a":8,"b":9"#);
    }

    #[test]
    fn a_member_set_again_and_again_takes_no_more_room() {
        let mut members = Members::default();
        for number in 0..100_000 {
            set(&mut members, "progress", &number.to_string());
        }
        assert_eq!(text(&members), r#""progress":99999"#);
        assert!(members.json.capacity() < 100);
    }

    #[test]
    fn what_is_too_long_or_too_many_is_left_out_and_told_of() {
        let mut members = Members::default();
        for number in 0..200 {
            set(&mut members, &format!("key{number}"), "1");
        }
        members.close(false);
        let read: serde_json::Map<_, _> =
            serde_json::from_str(&format!("{{{}}}", text(&members))).unwrap();
        assert_eq!(read.len(), MOST_MEMBERS + 1);
        assert_eq!(read["truncated"], true);

        let mut members = of(&[("a", "1"), ("truncated", "\"mine\"")]);
        set(&mut members, "b", &"9".repeat(LONGEST));
        members.close(false);
        assert_eq!(text(&members), r#""a":1,"truncated":true"#);

        let mut members = of(&[(&"k".repeat(1_000), "1"), (&"k".repeat(2_000), "2")]);
        members.close(false);
        let key = "k".repeat(LONGEST_KEY);
        assert_eq!(text(&members), format!(r#""{key}":2,"truncated":true"#));
    }

    #[test]
    fn a_field_of_that_name_stays_where_nothing_is_cut() {
        let mut members = of(&[("truncated", "\"mine\"")]);
        members.close(false);
        assert_eq!(text(&members), r#""truncated":"mine""#);
        members.close(true);
        assert_eq!(text(&members), r#""truncated":true"#);
    }
}
