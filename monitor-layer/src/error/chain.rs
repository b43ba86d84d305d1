use std::{
    error::Error,
    fmt::{self, Write},
    io,
    iter::successors,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

/// An error's `source()` may lead to itself; no honest chain is longer.
const MOST_SOURCES: usize = 16;
/// Of each text, in bytes.
const LONGEST_TEXT: usize = 1024;
const UNAVAILABLE: &str = "<error text unavailable>";

/// The texts of an error's sources, outermost first, each as [`text`] makes it; one that only repeats the text before
/// it, the error's own included, is left out.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut texts: Vec<String> = links(error).map(text).collect();
    texts.dedup();
    texts.into_iter().skip(1).collect()
}

/// An error's text, up to 1024 bytes of it.
pub(crate) fn text(error: &(dyn Error + 'static)) -> String {
    text_within(error, LONGEST_TEXT)
}

/// An error's text and those of its sources, in one.
#[cfg(feature = "server")]
pub(crate) fn text_with_sources(error: &(dyn Error + 'static)) -> String {
    let mut texts = vec![text(error)];
    texts.extend(chain(error));
    texts.join(": ")
}

/// What a value shows, up to 1024 bytes of it.
pub(crate) fn shown(value: &dyn fmt::Display) -> String {
    shown_within(value, LONGEST_TEXT)
}

/// An error's text up to a number of bytes.
pub(super) fn text_within(error: &(dyn Error + 'static), limit: usize) -> String {
    shown_within(&error, limit)
}

/// What a value shows up to a number of bytes, whatever its `Display` does.
///
/// What is longer is cut before the word that does not fit: half a URL or token would no longer be known as one that
/// holds a secret.
fn shown_within(value: &dyn fmt::Display, limit: usize) -> String {
    let written = guarded(|| {
        let mut bounded = Bounded {
            text: String::new(),
            limit,
            is_full: false,
        };
        let result = write!(bounded, "{value}");
        (result.is_ok() || bounded.is_full).then_some(bounded.text)
    });
    written.flatten().unwrap_or_else(|| UNAVAILABLE.to_owned())
}

/// An error and its sources, outermost first.
pub(super) fn links<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |link| guarded(|| source(*link)).flatten()).take(1 + MOST_SOURCES)
}

/// What `source()` gives, but for I/O errors: theirs skips the error that they were made from.
fn source<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match downcast::<io::Error>(error).and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// The error as an `E`, also where it is one in a `Box` or `Arc`.
pub(super) fn downcast<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    error
        .downcast_ref::<E>()
        .or_else(|| error.downcast_ref::<Box<E>>().map(|boxed| &**boxed))
        .or_else(|| error.downcast_ref::<Arc<E>>().map(|shared| &**shared))
}

/// Runs code of an error's author, which may panic; `None` if it does.
pub(super) fn guarded<T>(ask: impl FnOnce() -> T) -> Option<T> {
    // What it may have left half-changed is the error's own, and only ever asked in here.
    catch_unwind(AssertUnwindSafe(ask)).ok()
}

/// Takes what fits, then refuses, so that a text without an end comes to one.
struct Bounded {
    text: String,
    limit: usize,
    is_full: bool,
}

impl Write for Bounded {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        if self.is_full {
            return Err(fmt::Error);
        }
        let room = self.limit - self.text.len();
        if part.len() <= room {
            self.text.push_str(part);
            return Ok(());
        }
        self.is_full = true;
        let fits = (0..=room).rev().find(|end| part.is_char_boundary(*end));
        self.text.push_str(&part[..fits.unwrap_or(0)]);
        if !part[fits.unwrap_or(0)..].starts_with(char::is_whitespace)
            && let Some(last_word) = self.text.rfind(char::is_whitespace)
        {
            self.text.truncate(last_word);
        }
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Source = Box<dyn Error + Send + Sync>;

    #[derive(Debug)]
    struct Link(String, Option<Source>);

    impl Link {
        fn new(text: &str) -> Self {
            Self(text.to_owned(), None)
        }

        fn from(text: &str, source: impl Into<Source>) -> Self {
            Self(text.to_owned(), Some(source.into()))
        }
    }

    impl fmt::Display for Link {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(&self.0)
        }
    }

    impl Error for Link {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|source| source as _)
        }
    }

    /// Says and leads to whatever a test needs.
    #[derive(Debug)]
    struct Hostile {
        say: fn(&mut fmt::Formatter<'_>) -> fmt::Result,
        source: fn(&Hostile) -> Option<&(dyn Error + 'static)>,
    }

    impl fmt::Display for Hostile {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.say)(formatter)
        }
    }

    impl Error for Hostile {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            (self.source)(self)
        }
    }

    fn says(say: fn(&mut fmt::Formatter<'_>) -> fmt::Result) -> Hostile {
        Hostile {
            say,
            source: |_| None,
        }
    }

    #[test]
    fn the_sources_texts_come_outermost_first_without_the_error_itself() {
        let error = Link::from("render", Link::from("load", Link::new("no such file")));
        assert_eq!(chain(&error), ["load", "no such file"]);
        assert_eq!(text(&error), "render");
        assert!(chain(&Link::new("alone")).is_empty());
    }

    #[test]
    fn a_source_that_repeats_the_text_before_it_is_left_out() {
        let error = Link::from(
            "a",
            Link::from("a", Link::from("b", Link::from("b", Link::new("a")))),
        );
        assert_eq!(chain(&error), ["b", "a"]);
    }

    #[test]
    fn the_error_inside_an_io_error_is_a_source_too() {
        let inner = Link::from("asset missing", Link::new("disk gone"));
        let error = Link::from("load", io::Error::other(inner));
        assert_eq!(chain(&error), ["asset missing", "disk gone"]);
        assert_eq!(links(&error).count(), 4);
        let shared = Link::from(
            "load",
            Box::new(Arc::new(io::Error::other(Link::new("x")))) as Source,
        );
        assert_eq!(links(&shared).count(), 3);
    }

    #[test]
    fn a_source_that_leads_to_itself_comes_to_an_end() {
        let error = Hostile {
            say: |formatter| formatter.write_str("again"),
            source: |this| Some(this),
        };
        assert_eq!(links(&error).count(), 17);
        assert!(chain(&error).is_empty());
    }

    #[test]
    fn a_long_chain_is_cut_after_sixteen_sources() {
        let error = (0..40).rev().fold(Link::new("end"), |source, depth| {
            Link::from(&depth.to_string(), source)
        });
        let expected: Vec<String> = (1..=16).map(|depth| depth.to_string()).collect();
        assert_eq!(chain(&error), expected);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let cut = text(&Link::new(&"x".repeat(5_000)));
        assert_eq!(cut, "x".repeat(1024));
        let cut = text(&Link::new(&format!("x{}", "é".repeat(5_000))));
        assert_eq!(cut, format!("x{}", "é".repeat(511)));
        assert_eq!(text(&Link::new(&"x".repeat(1024))).len(), 1024);
    }

    #[test]
    fn a_long_text_is_cut_before_the_word_that_does_not_fit() {
        let secret = "postgres://user:hunter2";
        let prose = "no route ".repeat(112);
        let cut = text(&Link::new(&format!("{prose}{secret}@host")));
        assert_eq!(cut, prose.trim_end());
        let fits = format!("{} fits", "x".repeat(1019));
        assert_eq!(text(&Link::new(&format!("{fits} not"))), fits);
    }

    #[test]
    fn a_text_without_an_end_comes_to_one() {
        let error = says(|formatter| {
            loop {
                write!(formatter, "more ")?;
            }
        });
        assert_eq!(text(&error), "more ".repeat(205).trim_end());
    }

    #[test]
    fn a_text_that_goes_on_though_refused_stays_cut() {
        let error = says(|formatter| {
            let _ = formatter.write_str(&format!("x{}", "é".repeat(2_000)));
            formatter.write_str("never")
        });
        assert_eq!(text(&error), format!("x{}", "é".repeat(511)));
    }

    #[test]
    fn a_display_that_panics_or_fails_yields_a_stand_in() {
        let panics = says(|formatter| {
            formatter.write_str("half")?;
            panic!("in Display")
        });
        assert_eq!(text(&panics), "<error text unavailable>");
        assert_eq!(text(&says(|_| Err(fmt::Error))), "<error text unavailable>");
        let outer = Link::from("outer", Box::new(panics) as Source);
        assert_eq!(chain(&outer), ["<error text unavailable>"]);
    }

    #[test]
    fn a_source_that_panics_ends_the_chain() {
        let error = Hostile {
            say: |formatter| formatter.write_str("fine"),
            source: |_| panic!("in source"),
        };
        assert_eq!(
            chain(&Link::from("outer", Box::new(error) as Source)),
            ["fine"]
        );
    }

    #[test]
    fn an_error_is_found_in_a_box_or_arc() {
        assert!(downcast::<Link>(&Link::new("")).is_some());
        assert!(downcast::<Link>(&Box::new(Link::new(""))).is_some());
        assert!(downcast::<Link>(&Arc::new(Link::new(""))).is_some());
        assert!(downcast::<Link>(&fmt::Error).is_none());
    }
}
