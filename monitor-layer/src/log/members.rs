use super::json::push_escaped;

/// Of each key, in bytes as written.
const LONGEST_KEY: usize = 256;
const MOST_MEMBERS: usize = 128;
/// Of all members together, in bytes: with the longest message and ids, a line is no longer than 64 KiB.
const LONGEST: usize = 40 * 1024;
/// Says that something was cut or left out; no field of the user's may say otherwise.
const TRUNCATED: &str = "truncated";
/// A buffer that has grown larger is not kept.
const LARGEST_KEPT: usize = 4 * 1024;

/// Members of a JSON object as they will stand in the line, each key once.
///
/// Cleared, it takes in others without an allocation.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// `,"key":value` each.
    json: String,
    places: Vec<Place>,
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

/// What becomes of a member whose key is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Stays,
    Goes,
}

impl Members {
    /// Adds a member whose value `write` writes; it says whether the value is whole.
    pub(super) fn add(&mut self, key: &str, known: Known, write: impl FnOnce(&mut String) -> bool) {
        let start = self.json.len();
        self.json.push_str(",\"");
        let longest = self.json.len() + LONGEST_KEY;
        let mut is_whole = push_escaped(&mut self.json, key, longest);
        self.json.push('"');
        let key_end = self.json.len();
        let index = self.position(&self.json.as_bytes()[start + 1..key_end]);
        if index.is_some() && known == Known::Stays {
            self.json.truncate(start);
            return;
        }
        self.json.push(':');
        is_whole &= write(&mut self.json);
        let end = self.json.len();
        self.keep(Place {
            start,
            key_end,
            end,
        });
        self.is_cut |= !is_whole;
        if let Some(index) = index {
            self.remove(index);
        }
    }

    /// Adds those of the other's whose key is not there.
    pub(super) fn add_missing(&mut self, others: &Self) {
        self.is_cut |= others.is_cut;
        for place in &others.places {
            let key = &others.json.as_bytes()[place.start + 1..place.key_end];
            if self.position(key).is_some() {
                continue;
            }
            let start = self.json.len();
            self.json.push_str(&others.json[place.start..place.end]);
            self.keep(Place {
                start,
                key_end: start + place.key_end - place.start,
                end: self.json.len(),
            });
        }
    }

    /// Adds the other's in place of those whose key is there.
    pub(super) fn replace(&mut self, others: &Self) {
        for place in &others.places {
            let key = &others.json.as_bytes()[place.start + 1..place.key_end];
            if let Some(index) = self.position(key) {
                self.remove(index);
            }
        }
        self.add_missing(others);
    }

    /// Takes the value of this key out: what stands between a string's quotes, else the value as it is.
    pub(super) fn take(&mut self, key: &str, take: impl FnOnce(&str)) {
        let found = self.iter().position(|(known, _)| known == key);
        if let Some(index) = found {
            let Place { key_end, end, .. } = self.places[index];
            let value = &self.json[key_end + 1..end];
            let within = value.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
            take(within.unwrap_or(value));
            self.remove(index);
        }
    }

    /// Says that something was cut, if it was, in here or elsewhere in the entry.
    pub(super) fn close(&mut self, is_cut: bool) {
        if is_cut || self.is_cut {
            self.take(TRUNCATED, |_| {});
            self.json.push_str(",\"truncated\":true");
        }
    }

    /// The members between an object's braces.
    pub(super) fn json(&self) -> &str {
        self.json.get(1..).unwrap_or_default()
    }

    /// Keys and values as written, the keys without their quotes.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.places.iter().map(|place| {
            let key = &self.json[place.start + 2..place.key_end - 1];
            (key, &self.json[place.key_end + 1..place.end])
        })
    }

    pub(super) fn clear(&mut self) {
        self.json.clear();
        self.json.shrink_to(LARGEST_KEPT);
        self.places.clear();
        self.is_cut = false;
    }

    fn keep(&mut self, place: Place) {
        if self.places.len() == MOST_MEMBERS || place.end > LONGEST {
            self.json.truncate(place.start);
            self.is_cut = true;
        } else {
            self.places.push(place);
        }
    }

    /// Escapes tell keys apart as the keys themselves do.
    fn position(&self, key: &[u8]) -> Option<usize> {
        let json = self.json.as_bytes();
        self.places
            .iter()
            .position(|place| json[place.start + 1..place.key_end] == *key)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn add(members: &mut Members, key: &str, value: &str, known: Known) {
        members.add(key, known, |json| {
            json.push_str(value);
            true
        });
    }

    fn of(pairs: &[(&str, &str)]) -> Members {
        let mut members = Members::default();
        for (key, value) in pairs {
            add(&mut members, key, value, Known::Goes);
        }
        members
    }

    #[test]
    fn a_key_that_comes_again_stays_or_goes_as_told() {
        let mut members = of(&[("a", "1"), ("b", "22"), ("c", "3")]);
        add(&mut members, "b", "4", Known::Stays);
        assert_eq!(members.json(), r#""a":1,"b":22,"c":3"#);
        add(&mut members, "a", "5", Known::Goes);
        assert_eq!(members.json(), r#""b":22,"c":3,"a":5"#);
        members.add_missing(&of(&[("c", "6"), ("d", "7")]));
        assert_eq!(members.json(), r#""b":22,"c":3,"a":5,"d":7"#);
        let mut taken = String::new();
        members.take("c", |value| taken.push_str(value));
        assert_eq!(
            (taken.as_str(), members.json()),
            ("3", r#""b":22,"a":5,"d":7"#)
        );
    }

    #[test]
    fn a_member_set_again_and_again_takes_no_more_room() {
        let mut members = Members::default();
        for number in 0..100_000 {
            add(&mut members, "progress", &number.to_string(), Known::Goes);
        }
        assert_eq!(members.json(), r#""progress":99999"#);
        assert!(members.json.capacity() < 100);
    }

    #[test]
    fn what_is_too_long_or_too_many_is_left_out_and_told_of() {
        let mut members = Members::default();
        for number in 0..200 {
            add(&mut members, &format!("key{number}"), "1", Known::Goes);
        }
        members.close(false);
        let read: serde_json::Map<_, _> =
            serde_json::from_str(&format!("{{{}}}", members.json())).unwrap();
        assert_eq!(read.len(), MOST_MEMBERS + 1);
        assert_eq!(read["truncated"], true);

        let mut members = of(&[("a", "1"), ("truncated", "\"mine\"")]);
        add(&mut members, "b", &"9".repeat(LONGEST), Known::Goes);
        members.close(false);
        assert_eq!(members.json(), r#""a":1,"truncated":true"#);

        let mut members = of(&[(&"k".repeat(1_000), "1"), (&"k".repeat(2_000), "2")]);
        members.close(false);
        let key = "k".repeat(LONGEST_KEY);
        assert_eq!(members.json(), format!(r#""{key}":2,"truncated":true"#));
    }

    #[test]
    fn a_field_of_that_name_stays_where_nothing_is_cut() {
        let mut members = of(&[("truncated", "\"mine\"")]);
        members.close(false);
        assert_eq!(members.json(), r#""truncated":"mine""#);
        members.close(true);
        assert_eq!(members.json(), r#""truncated":true"#);
    }
}
