//! What is a secret and what is not, kind by kind.

use std::borrow::Cow;

use super::Redactor;

const JWT: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn redact_text(text: &str) -> Cow<'_, str> {
    Redactor::default().text(text)
}

#[track_caller]
fn becomes(text: &str, expected: &str) {
    assert_eq!(redact_text(text), expected);
}

#[track_caller]
fn stays(text: &str) {
    match redact_text(text) {
        Cow::Borrowed(same) => assert_eq!(same, text),
        Cow::Owned(copy) => panic!("{text:?} was copied as {copy:?}"),
    }
}

#[test]
fn an_ordinary_text_is_lent_back() {
    stays("");
    stays("Request completed");
    stays("größer als erwartet: 日本語 🦀");
    assert!(matches!(
        redact_text("Bob: 12 jobs in 34 ms"),
        Cow::Borrowed(_)
    ));
}

#[test]
fn a_bearer_token_goes_and_its_scheme_stays() {
    becomes("Bearer abc", "Bearer [REDACTED]");
    becomes("bearer abc", "bearer [REDACTED]");
    becomes(
        "BEARER  abc.def-ghi_jkl~mno+pqr/stu==",
        "BEARER  [REDACTED]",
    );
    becomes(
        r#"{"said":"Bearer abc"}"#,
        r#"{"said":"Bearer [REDACTED]"}"#,
    );
    becomes(
        "Authorization: Bearer 12|abc, retrying",
        "Authorization: Bearer [REDACTED], retrying",
    );
    becomes(r"sent:\nBearer abc\n", r"sent:\nBearer [REDACTED]\n");
    becomes("Bearer Bearer abc", "Bearer Bearer [REDACTED]");
    becomes("Bearer größe ok", "Bearer [REDACTED] ok");
}

#[test]
fn speaking_of_bearer_tokens_gives_none_away() {
    stays("missing bearer token");
    stays("Bearer token: expired");
    stays("a Bearer");
    stays("Bearer ");
    stays("forbearer abc");
    stays("bearers abc");
}

#[test]
fn a_json_web_token_goes() {
    becomes(JWT, "[REDACTED]");
    becomes(&format!("token={JWT}&x=1"), "token=[REDACTED]&x=1");
    becomes(&format!("token%3D{JWT}"), "token%3D[REDACTED]");
    becomes(&format!("The token is {JWT}."), "The token is [REDACTED].");
    becomes(&format!(r"\n{JWT}\n"), r"\n[REDACTED]\n");
    becomes(
        "unsigned eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0. x",
        "unsigned [REDACTED]. x",
    );
    becomes(
        "encrypted eyJhbGciOiJkaXIifQ..aXY.dGV4dA.dGFn",
        "encrypted [REDACTED]",
    );
    becomes(&format!("Bearer {JWT}"), "Bearer [REDACTED]");
    becomes(
        &format!("https://{JWT}:x@host"),
        "https://[REDACTED]:[REDACTED]@host",
    );
}

#[test]
fn what_only_looks_like_a_json_web_token_stays() {
    stays("eyJhbGciOiJIUzI1NiJ9");
    stays("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0");
    stays("monkeyJson.parse.failed");
    stays("J.J.J");
}

#[test]
fn a_card_beside_half_a_json_web_token_is_still_found() {
    becomes("eyJ-4111111111111111", "eyJ-[REDACTED]");
}

#[test]
fn a_password_in_a_url_goes() {
    becomes(
        "postgres://user:hunter2@db:5432/app",
        "postgres://user:[REDACTED]@db:5432/app",
    );
    becomes("redis://:hunter2@cache", "redis://:[REDACTED]@cache");
    becomes("amqp://a@b.c:p:q@host/v", "amqp://a@b.c:[REDACTED]@host/v");
    becomes(
        "postgres://u:p@ss@host/db",
        "postgres://u:[REDACTED]@host/db",
    );
    becomes(
        "mongodb://u:p@h1:27017,h2:27017/db",
        "mongodb://u:[REDACTED]@h1:27017,h2:27017/db",
    );
    becomes(
        "postgres://u:pa/s?s#@host/db",
        "postgres://u:[REDACTED]@host/db",
    );
    becomes("postgres://u:123456/7@host", "postgres://u:[REDACTED]@host");
    becomes("postgres://u:пароль@host", "postgres://u:[REDACTED]@host");
    becomes(
        "a://u:p@h,b://v:q@i \"c://w:r@j\"",
        "a://u:[REDACTED]@h,b://v:[REDACTED]@i \"c://w:[REDACTED]@j\"",
    );
    becomes(
        "http://proxy/?to=https://u:p@h/",
        "http://proxy/?to=https://u:[REDACTED]@h/",
    );
}

#[test]
fn a_url_without_a_password_stays() {
    stays("http://localhost:8080/users/a@b.c");
    stays("http://localhost:8080?mail=a@b.c");
    stays("http://[::1]:8080/a@b.c");
    stays("http://[fe80::1]/a@b.c");
    stays("http://localhost:8080 asked by a@b.c");
    stays("https://user@host:443/path@1");
    stays("https://user:@host");
    stays("mailto:a:b@c");
    stays("http://host/a:b@c");
}

#[test]
fn a_card_number_of_each_issuer_goes() {
    for number in [
        "4111111111111111",
        "4222222222222",
        "5555555555554444",
        "2223003122003222",
        "378282246310005",
        "6011111111111117",
        "30569309025904",
        "38520000023237",
        "36227206271667",
        "3530111333300000",
        "6205500000000000004",
    ] {
        becomes(number, "[REDACTED]");
        becomes(
            &format!("card {number}, declined"),
            "card [REDACTED], declined",
        );
    }
}

#[test]
fn a_card_number_may_be_grouped() {
    becomes("4111 1111 1111 1111", "[REDACTED]");
    becomes("4111-1111-1111-1111.", "[REDACTED].");
    becomes("3782 822463 10005", "[REDACTED]");
    becomes("3056-930902-5904", "[REDACTED]");
    becomes("4222 2222 2222 2", "[REDACTED]");
    becomes(
        "order 12 4111 1111 1111 1111 paid",
        "order 12 [REDACTED] paid",
    );
}

#[test]
fn a_card_number_is_found_whatever_encloses_it() {
    becomes("卡号4111111111111111号", "卡号[REDACTED]号");
    becomes("card=4111111111111111&cvc=1", "card=[REDACTED]&cvc=1");
    becomes("card%3D4111111111111111", "card%3D[REDACTED]");
    becomes("card%204111111111111111%20", "card%20[REDACTED]%20");
    becomes(r"card:\n4111111111111111\n", r"card:\n[REDACTED]\n");
    becomes("card-4111111111111111-declined", "card-[REDACTED]-declined");
    becomes("4111111111111111;5555555555554444", "[REDACTED];[REDACTED]");
}

#[test]
fn ids_and_numbers_stay() {
    stays("4bf92f3577b34da6a3ce929d0e0e4736");
    stays("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    stays("7d444840-9dc0-11d1-b245-5ffdce74fad2");
    stays("1762123456789");
    stays("1762123456789012345");
    stays("order 4111111111111112 is not Luhn valid");
    stays("1234567890123452 has no issuer");
    stays("411111111111 is too short");
    stays("41111111111111110000 is too long");
    stays("a4111111111111111");
    stays("4111111111111111f");
    stays("0.4111111111111111 4111111111111111.5");
    stays("4  1111 1111 1111 111");
    stays("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
    stays("true false null -1 12.5 1e10");
    stays("2026-11-23T21:10:51.123Z");
}

#[test]
fn several_secrets_of_several_kinds_all_go() {
    becomes(
        &format!("Bearer abc for db://u:p@h with {JWT} paid 4111111111111111"),
        "Bearer [REDACTED] for db://u:[REDACTED]@h with [REDACTED] paid [REDACTED]",
    );
}

/// A value as JSON, as `Debug` writes it, and as both within strings.
fn as_shown(value: &serde_json::Value) -> Vec<String> {
    let json = value.to_string();
    vec![
        json.clone(),
        serde_json::to_string_pretty(value).unwrap(),
        format!("{value:?}"),
        format!("{value:#?}"),
        serde_json::Value::from(json.clone()).to_string(),
        serde_json::json!({ "body": serde_json::Value::from(json.clone()).to_string() })
            .to_string(),
        format!("{:?}", Some(json)),
    ]
}

#[test]
fn a_string_under_a_sensitive_key_goes_at_any_depth() {
    let value = serde_json::json!({
        "user": { "name": "Ada", "authToken": "s3cr3t \"quoted\" \\", "max_tokens": 512 },
        "headers": [{ "set-cookie": ["s3cr3t=1", "b=s3cr3t"], "accept": ["text/html"] }],
        "password": null, "secret": 42, "apiKey": true, "key": "kept",
    });
    for text in as_shown(&value) {
        let redacted = redact_text(&text);
        assert!(!redacted.contains("s3cr3t"), "{redacted}");
        assert!(!redacted.contains("quoted"), "{redacted}");
        for kept in ["Ada", "512", "text/html", "42", "true", "kept", "accept"] {
            assert!(redacted.contains(kept), "{kept}: {redacted}");
        }
        assert_eq!(redact_text(&redacted), redacted);
    }
    let redacted = redact_text(&value.to_string()).into_owned();
    let redacted: serde_json::Value = serde_json::from_str(&redacted).unwrap();
    assert_eq!(redacted["user"]["authToken"], "[REDACTED]");
    assert_eq!(
        redacted["headers"][0]["set-cookie"],
        serde_json::json!(["[REDACTED]"])
    );
}

#[test]
fn a_field_of_a_debugged_struct_goes_by_its_name() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug")]
    struct Login<'a> {
        user: &'a str,
        password: Option<&'a str>,
        session_token: &'a [&'a str],
        tokens: &'a str,
    }
    let login = Login {
        user: "ada",
        password: Some("hunter2, \"really\""),
        session_token: &["one", "two"],
        tokens: "many",
    };
    becomes(
        &format!("{login:?}"),
        r#"Login { user: "ada", password: Some("[REDACTED]"), session_token: ["[REDACTED]"], tokens: "many" }"#,
    );
    assert!(!redact_text(&format!("{login:#?}")).contains("hunter2"));
    becomes("token: \"never ends", "token: \"[REDACTED]");
    becomes(r#"cookie: b"raw""#, r#"cookie: b"[REDACTED]""#);
}

#[test]
fn what_is_no_string_under_a_sensitive_key_stays() {
    stays("token: expired");
    stays("Bad token: \"");
    stays("token: Some(42)");
    stays(r#"{"token":"","secret":null,"note":"token"}"#);
    stays(r#"a token "abc": none"#);
    stays(r#"{"token":"[REDACTED]"}"#);
}

#[test]
fn functions_of_the_user_s_own_find_more() {
    let mut redactor = Redactor::default();
    redactor.add_finder(|text| {
        let start = text.find("sk_live_")?;
        let length = text[start..].find(' ').unwrap_or(text.len() - start);
        Some(start..start + length)
    });
    redactor.add_finder(|text| text.find('ü').map(|at| at + 1..usize::MAX));
    assert_eq!(
        redactor.text("key sk_live_1 and sk_live_2 for Bearer abc"),
        "key [REDACTED] and [REDACTED] for Bearer [REDACTED]"
    );
    assert_eq!(redactor.text("für alle"), "f[REDACTED]");
    assert!(matches!(redactor.text("nothing here"), Cow::Borrowed(_)));
}

#[test]
fn a_function_that_panics_or_finds_nothing_gives_nothing_away() {
    let mut redactor = Redactor::default();
    redactor.add_finder(|text| match text {
        "panic" => panic!("no idea"),
        _ => Some(3..3),
    });
    assert_eq!(redactor.text("panic"), "[REDACTED]");
    assert_eq!(redactor.text("nothing"), "nothing");
}
