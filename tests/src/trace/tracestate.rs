use super::calls::{Call, TRACE, TRACEPARENT, call};

/// A call that is made under a valid `traceparent` and these values of `tracestate` headers.
async fn under(tracestates: &[&str]) -> Call {
    let lines: Vec<_> = tracestates
        .iter()
        .map(|value| format!("tracestate: {value}"))
        .collect();
    let mut all = vec![TRACEPARENT];
    all.extend(lines.iter().map(String::as_str));
    let call = call(&all).await;
    // Whatever stands in `tracestate`, it takes nothing from `traceparent` (3.3).
    assert_eq!(call.trace, TRACE, "{tracestates:?}");
    call
}

async fn is_discarded(tracestates: &[&str]) -> bool {
    under(tracestates).await.tracestate.is_none()
}

#[tokio::test]
async fn tracestate_included_traceparent_missing() {
    for state in ["foo=1", "foo=1,bar=2"] {
        let call = call(&[&format!("tracestate: {state}")]).await;
        assert_eq!(call.tracestate, None);
    }
    let invalid = TRACEPARENT.replace("00-", "ff-");
    let call = call(&[&invalid, "tracestate: foo=1"]).await;
    assert_eq!(call.tracestate, None);
}

#[tokio::test]
async fn tracestate_included_traceparent_included() {
    let call = under(&["foo=1,bar=2"]).await;
    // In its order, and without a member of this service's own.
    assert_eq!(call.tracestate.as_deref(), Some("foo=1,bar=2"));
}

#[tokio::test]
async fn tracestate_header_name() {
    for name in ["trace-state", "trace.state"] {
        let call = call(&[TRACEPARENT, &format!("{name}: foo=1")]).await;
        assert_eq!(call.tracestate, None, "{name}");
    }
}

#[tokio::test]
async fn tracestate_header_name_valid_casing() {
    for name in ["TraceState", "TrAcEsTaTe", "TRACESTATE"] {
        let call = call(&[TRACEPARENT, &format!("{name}: foo=1")]).await;
        assert_eq!(call.state("foo"), Some("1"), "{name}");
    }
}

#[tokio::test]
async fn tracestate_empty_header() {
    // Read, and not sent on (3.3.2).
    assert!(is_discarded(&[""]).await);
    for empty_among in [
        ["foo=1", ""],
        ["", "foo=1"],
        ["foo=1", " \t"],
        [",", "foo=1"],
    ] {
        let call = under(&empty_among).await;
        assert_eq!(call.tracestate.as_deref(), Some("foo=1"), "{empty_among:?}");
    }
}

#[tokio::test]
async fn tracestate_multiple_headers_different_keys() {
    let call = under(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"]).await;
    let joined = "foo=1,bar=2,rojo=1,congo=2,baz=3";
    assert_eq!(call.tracestate.as_deref(), Some(joined));
}

#[tokio::test]
async fn tracestate_duplicated_keys() {
    for doubled in [
        &["foo=1,foo=1"][..],
        &["foo=1,foo=2"],
        &["foo=1", "foo=1"],
        &["foo=1", "foo=2"],
    ] {
        assert!(is_discarded(doubled).await, "{doubled:?}");
    }
}

#[tokio::test]
async fn tracestate_all_allowed_characters() {
    let plain: String = ('a'..='z').chain('0'..='9').chain("_-*/".chars()).collect();
    let tenants = format!("{plain}@a-z0-9_-*/");
    let value: String = (' '..='~')
        .filter(|allowed| !",=".contains(*allowed))
        .collect();
    for key in [plain, tenants] {
        let call = under(&[&format!("{key}={value}")]).await;
        assert_eq!(call.state(&key), Some(value.as_str()));
    }
}

#[tokio::test]
async fn tracestate_ows_handling() {
    for list in [
        "foo=1 \t , \t bar=2, \t baz=3",
        "foo=1\t \t,\t \tbar=2,\t \tbaz=3",
        " foo=1,bar=2,baz=3",
        "\tfoo=1,bar=2,baz=3",
        "foo=1,bar=2,baz=3 ",
        "foo=1,bar=2,baz=3\t",
        "\t foo=1,bar=2,baz=3 \t",
        "foo=1,, ,bar=2,\t,baz=3",
    ] {
        let call = under(&[list]).await;
        let states = ["foo", "bar", "baz"].map(|key| call.state(key));
        assert_eq!(states, [Some("1"), Some("2"), Some("3")], "{list:?}");
    }
}

#[tokio::test]
async fn tracestate_key_illegal_characters() {
    for list in ["foo =1", "FOO=1", "foo.bar=1", "=1", "_foo=1"] {
        assert!(is_discarded(&[list]).await, "{list}");
    }
}

/// Level 2 has no tenants: `@` stands anywhere but at the beginning (3.3.2.2.1).
#[tokio::test]
async fn tracestate_key_illegal_vendor_format() {
    for key in ["foo@", "foo@@bar", "foo@bar@baz", "0@foo"] {
        let call = under(&[&format!("{key}=1,bar=2")]).await;
        assert_eq!((call.state(key), call.state("bar")), (Some("1"), Some("2")));
    }
    assert!(is_discarded(&["@foo=1,bar=2"]).await);
}

#[tokio::test]
async fn tracestate_member_count_limit() {
    let headers = |members: usize| {
        let members: Vec<_> = (1..=members)
            .map(|number| format!("bar{number:02}={number:02}"))
            .collect();
        let headers = members.chunks(10).map(|members| members.join(","));
        headers.collect::<Vec<_>>()
    };
    for (members, discarded) in [(32, false), (33, true)] {
        let headers = headers(members);
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let call = under(&headers).await;
        let expected = (!discarded).then(|| headers.join(","));
        assert_eq!(call.tracestate, expected);
    }
}

#[tokio::test]
async fn tracestate_key_length_limit() {
    let (tenant, vendor) = ("t".repeat(242), "v".repeat(15));
    for key in [
        "z".repeat(256),
        format!("{}@{}", &tenant[..241], &vendor[..14]),
        format!("{tenant}@v"),
        format!("t@{vendor}"),
    ] {
        let call = under(&["foo=1", &format!("{key}=1")]).await;
        assert_eq!(
            (call.state("foo"), call.state(&key)),
            (Some("1"), Some("1"))
        );
    }
    assert!(is_discarded(&["foo=1", &format!("{}=1", "z".repeat(257))]).await);
}

#[tokio::test]
async fn tracestate_value_illegal_characters() {
    for list in ["foo=bar=baz", "foo=,bar=3", "foo=b\u{e4}r", "foo=a\tb"] {
        assert!(is_discarded(&[list]).await, "{list}");
    }
}

/// At least 512 characters are sent on (3.3.2.5), and blanks at a value's beginning belong to it (3.3.2.2.2).
#[tokio::test]
async fn long_lists_and_leading_blanks_are_sent_on_as_they_came() {
    let list = format!("a=  {},b={}", "x".repeat(254), "y".repeat(256));
    assert!(list.len() > 512);
    assert_eq!(under(&[&list]).await.tracestate, Some(list));
    assert!(is_discarded(&[&format!("a={}", "x".repeat(257))]).await);
}
