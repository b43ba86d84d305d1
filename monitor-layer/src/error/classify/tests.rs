use std::fmt;

use super::*;

/// Says of itself and leads to whatever a test needs; asked only where it is registered.
#[derive(Debug, Default)]
struct Link {
    text: &'static str,
    category: Option<Category>,
    code: Option<&'static str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Display for Link {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text)
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Categorize for Link {
    fn category(&self) -> Option<Category> {
        self.category
    }

    fn code(&self) -> Option<&str> {
        self.code
    }
}

fn says(text: &'static str) -> Link {
    Link {
        text,
        ..Link::default()
    }
}

fn coded(code: &'static str) -> Link {
    Link {
        code: Some(code),
        ..Link::default()
    }
}

fn around(text: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Link {
    Link {
        source: Some(source.into()),
        ..says(text)
    }
}

fn registered() -> Classifier {
    let mut classifier = Classifier::default();
    classifier.register::<Link>();
    classifier
}

fn says_of_itself<'a>(category: Option<Category>, code: Option<&'a str>) -> Option<Own<'a>> {
    Some(Own {
        category,
        code,
        is_transient: false,
        or_category: None,
    })
}

fn found(category: Category, code: &str) -> Classification {
    Classification::new(category, Some(code))
}

fn bare(category: Category) -> Classification {
    Classification::new(category, None)
}

#[track_caller]
fn text_is(text: &'static str, expected: &Classification) {
    let classifier = Classifier::default();
    assert_eq!(classifier.classify_text(text), *expected, "{text}");
    assert_eq!(classifier.classify(&says(text), None), *expected, "{text}");
    let wrapped = around("step failed", says(text));
    assert_eq!(classifier.classify(&wrapped, None), *expected, "{text}");
}

#[test]
fn the_errors_own_category_beats_everything() {
    let error = around("AUTH_X: timed out", coded("PAYMENT_Y"));
    let own = says_of_itself(Some(Category::RateLimit), Some("PIPELINE_Z"));
    assert_eq!(
        registered().classify(&error, own),
        found(Category::RateLimit, "PIPELINE_Z")
    );
    let own = says_of_itself(Some(Category::RateLimit), None);
    assert_eq!(
        registered().classify(&error, own),
        bare(Category::RateLimit)
    );
}

#[test]
fn the_prefix_of_a_code_tells_the_category() {
    for (code, category) in [
        ("AUTH_EXPIRED", Category::Auth),
        ("PIPELINE_ASSET_MISSING", Category::Pipeline),
        ("PAYMENT_DECLINED", Category::Payment),
    ] {
        let own = says_of_itself(None, Some(code));
        assert_eq!(
            registered().classify(&says("timed out"), own),
            found(category, code)
        );
    }
}

#[test]
fn a_code_of_another_prefix_is_kept_and_decides_nothing() {
    let own = says_of_itself(None, Some("E42"));
    let classifier = registered();
    assert_eq!(
        classifier.classify(&says("x"), own),
        found(Category::Unknown, "E42")
    );
    assert_eq!(
        classifier.classify(&says("timed out"), own),
        found(Category::Timeout, "E42")
    );
    assert_eq!(
        classifier.classify(&says("AUTH_X"), own),
        found(Category::Auth, "AUTH_X")
    );
    assert_eq!(
        classifier.classify(&coded("auth_x"), None),
        found(Category::Unknown, "auth_x")
    );
}

#[test]
fn a_registered_type_is_asked_wherever_it_stands_in_the_chain() {
    let io = io::Error::new(io::ErrorKind::TimedOut, coded("PAYMENT_DECLINED"));
    let error = around("render failed", around("load failed", io));
    assert_eq!(
        registered().classify(&error, None),
        found(Category::Payment, "PAYMENT_DECLINED")
    );
    assert_eq!(
        Classifier::default().classify(&error, None),
        bare(Category::Timeout)
    );
}

#[test]
fn the_outermost_registered_type_that_knows_decides() {
    let inner = Link {
        category: Some(Category::Auth),
        ..Link::default()
    };
    let error = around("silent", around("silent", inner));
    assert_eq!(registered().classify(&error, None), bare(Category::Auth));
    let error = Link {
        code: Some("PAYMENT_X"),
        ..around("", coded("AUTH_X"))
    };
    assert_eq!(
        registered().classify(&error, None),
        found(Category::Payment, "PAYMENT_X")
    );
}

#[test]
fn a_registered_types_code_beats_a_text_further_out() {
    let error = around("AUTH_X: denied", coded("PIPELINE_X"));
    assert_eq!(
        registered().classify(&error, None),
        found(Category::Pipeline, "PIPELINE_X")
    );
}

#[test]
fn a_text_that_begins_with_a_code_tells_the_category() {
    text_is(
        "PIPELINE_ASSET_MISSING: no such file",
        &found(Category::Pipeline, "PIPELINE_ASSET_MISSING"),
    );
    text_is("AUTH_401", &found(Category::Auth, "AUTH_401"));
    text_is(
        "PAYMENT_DECLINED timed out",
        &found(Category::Payment, "PAYMENT_DECLINED"),
    );
}

#[test]
fn a_text_that_only_resembles_a_code_does_not() {
    for text in [
        "auth_expired: x",
        "AUTHOR_UNKNOWN",
        "AUTH_Expired",
        "AUTH_",
        "AUTH_: x",
        "AUTH_EXPIREDé",
        "see AUTH_EXPIRED",
        "",
    ] {
        text_is(text, &bare(Category::Unknown));
    }
}

#[test]
fn a_code_at_the_innermost_beats_a_type_or_phrase_at_the_outermost() {
    let error = around(
        "timed out",
        around("too many requests", says("AUTH_EXPIRED: x")),
    );
    assert_eq!(
        Classifier::default().classify(&error, None),
        found(Category::Auth, "AUTH_EXPIRED")
    );
    let io = io::Error::new(io::ErrorKind::TimedOut, says("PAYMENT_X"));
    assert_eq!(
        Classifier::default().classify(&io, None),
        found(Category::Payment, "PAYMENT_X")
    );
}

#[test]
fn an_io_time_out_is_a_timeout_and_beats_a_phrase() {
    let error = around(
        "rate limit",
        io::Error::new(io::ErrorKind::TimedOut, "late"),
    );
    assert_eq!(
        Classifier::default().classify(&error, None),
        bare(Category::Timeout)
    );
    let bare_kind = io::Error::from(io::ErrorKind::TimedOut);
    assert_eq!(
        Classifier::default().classify(&bare_kind, None),
        bare(Category::Timeout)
    );
}

#[test]
fn other_kinds_of_io_errors_tell_nothing() {
    for kind in [
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::NotFound,
        io::ErrorKind::ConnectionRefused,
        io::ErrorKind::WouldBlock,
    ] {
        let error = io::Error::from(kind);
        assert_eq!(
            Classifier::default().classify(&error, None),
            bare(Category::Unknown)
        );
    }
}

#[test]
fn a_phrase_in_any_case_tells_the_category() {
    for text in [
        "operation timed out",
        "Request TIMED OUT after 5s",
        "Timeout",
        "gateway timeout: upstream",
        "deadline has elapsed",
        "Deadline Has Elapsed",
    ] {
        text_is(text, &bare(Category::Timeout));
    }
    for text in [
        "Rate limit exceeded",
        "429 Too Many Requests",
        "RATE LIMIT; timeout 5s",
    ] {
        text_is(text, &bare(Category::RateLimit));
    }
    for text in [
        "time out",
        "rate",
        "too many",
        "größer timed",
        "time\u{130}out",
    ] {
        text_is(text, &bare(Category::Unknown));
    }
}

#[test]
fn the_outermost_phrase_decides() {
    let error = around("rate limit", says("timed out"));
    assert_eq!(
        Classifier::default().classify(&error, None),
        bare(Category::RateLimit)
    );
}

#[test]
fn an_error_that_panics_when_asked_is_unknown() {
    #[derive(Debug)]
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("in Display")
        }
    }
    impl Error for Panics {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            panic!("in source")
        }
    }
    impl Categorize for Panics {
        fn category(&self) -> Option<Category> {
            panic!("in category")
        }
    }
    let mut classifier = registered();
    classifier.register::<Panics>();
    assert_eq!(classifier.classify(&Panics, None), bare(Category::Unknown));
}

#[test]
fn a_source_that_leads_to_itself_comes_to_an_end() {
    #[derive(Debug)]
    struct Cyclic;
    impl fmt::Display for Cyclic {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("again")
        }
    }
    impl Error for Cyclic {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }
    assert_eq!(
        registered().classify(&Cyclic, None),
        bare(Category::Unknown)
    );
}

#[test]
fn a_status_tells_the_category_of_what_it_names() {
    let known: Vec<_> = (100..600)
        .filter_map(|status| Some((status, from_status(status)?)))
        .collect();
    assert_eq!(
        known,
        [
            (401, Category::Auth),
            (403, Category::Auth),
            (408, Category::Timeout),
            (429, Category::RateLimit),
            (504, Category::Timeout),
        ]
    );
}

#[test]
fn an_error_is_transient_where_it_or_one_behind_it_says_so() {
    #[derive(Debug)]
    struct Busy;
    impl std::fmt::Display for Busy {
        fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("busy")
        }
    }
    impl Error for Busy {}
    impl Categorize for Busy {
        fn is_transient(&self) -> bool {
            true
        }
    }

    let mut classifier = registered();
    assert!(
        !classifier
            .classify(&around("stored", Busy), None)
            .is_transient
    );
    let seen = Some(Own::of(&Busy));
    assert!(classifier.classify(&Busy, seen).is_transient);
    assert!(
        classifier
            .classify_told(Own::of(&Busy), "busy", None)
            .is_transient
    );
    classifier.register::<Busy>();
    assert!(
        classifier
            .classify(&around("stored", Busy), None)
            .is_transient
    );
    let behind = classifier.classify_told(Own::default(), "stored", Some(&Busy));
    assert!(behind.is_transient);
}
