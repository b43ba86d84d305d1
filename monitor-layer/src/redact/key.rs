/// Words that name a secret.
const SENSITIVE_WORDS: [&[u8]; 7] = [
    b"authorization",
    b"cookie",
    b"password",
    b"token",
    b"secret",
    b"apikey",
    b"dsn",
];

/// A word of the user's own that names a secret: its letters alone, so that `credit_card` is also `creditCard`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word(Box<[u8]>);

impl Word {
    /// `None` for what has no letter.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let letters: Vec<u8> = text.bytes().filter(|byte| is_letter(*byte)).collect();
        (!letters.is_empty()).then(|| Self(letters.into()))
    }
}

/// Whether a key's value is to be kept out of every sink: one of its words, or several neighbouring ones together
/// (`api_key`, `PassWord`), name a secret, in any case.
///
/// Words are divided by whatever is no letter and by camelCase; `max_tokens` has none of the words.
pub(super) fn names_secret(key: &[u8], own: &[Word]) -> bool {
    if own.is_empty() && !may_name_secret(key) {
        return false;
    }
    let mut rest = key;
    while let Some((_, after)) = split_word(rest) {
        let mut words = SENSITIVE_WORDS
            .iter()
            .copied()
            .chain(own.iter().map(|word| &*word.0));
        if words.any(|sensitive| begins_with(rest, sensitive)) {
            return true;
        }
        rest = after;
    }
    false
}

/// Lets ordinary keys through in one short loop: each sensitive word has a `k`, `w` or `z`, a `cr` or a `ds`.
fn may_name_secret(key: &[u8]) -> bool {
    let next_is = |at: usize, letter: u8| key.get(at + 1).is_some_and(|next| next | 0x20 == letter);
    key.iter().enumerate().any(|(at, byte)| match byte | 0x20 {
        b'k' | b'w' | b'z' => true,
        b'c' => next_is(at, b'r'),
        b'd' => next_is(at, b's'),
        _ => false,
    })
}

/// The first word, and what follows it.
fn split_word(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = bytes.iter().position(|&byte| is_letter(byte))?;
    let bytes = &bytes[start..];
    let end = (1..bytes.len()).find(|&at| is_word_end(bytes, at));
    Some(bytes.split_at(end.unwrap_or(bytes.len())))
}

/// Whether a word that begins before `at` ends there.
fn is_word_end(bytes: &[u8], at: usize) -> bool {
    if !is_letter(bytes[at]) {
        return true;
    }
    let follows_capital = bytes[at - 1].is_ascii_uppercase();
    let precedes_small = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    // `auth|Token`, and `HTTP|Token`: the last capital of several begins the next word.
    bytes[at].is_ascii_uppercase() && (!follows_capital || precedes_small)
}

/// Letters beyond ASCII are letters too: they divide no word.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || !byte.is_ascii()
}

/// Whether the first words of a key, put together, are this one.
fn begins_with(mut key: &[u8], mut sensitive: &[u8]) -> bool {
    while let Some((word, after)) = split_word(key) {
        match sensitive.split_at_checked(word.len()) {
            Some((head, rest)) if head.eq_ignore_ascii_case(word) => {
                if rest.is_empty() {
                    return true;
                }
                (key, sensitive) = (after, rest);
            }
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_sensitive_key(key: &str) -> bool {
        names_secret(key.as_bytes(), &[])
    }

    const SENSITIVE: [&str; 50] = [
        "authorization",
        "Authorization",
        "AUTHORIZATION",
        "http.request.header.authorization",
        "proxy-authorization",
        "cookie",
        "Set-Cookie",
        "set_cookie",
        "sessionCookie",
        "password",
        "PASSWORD",
        "db.password",
        "DB_PASSWORD",
        "passwordHash",
        "oldPassword",
        "PassWord",
        "password2",
        "user[password]",
        "token",
        "authToken",
        "auth_token",
        "AUTH_TOKEN",
        "auth-token",
        "authTOKEN",
        "HTTPToken",
        "TOKENValue",
        "idTokenHint",
        "access.token",
        "token_1",
        "oauth2Token",
        "secret",
        "clientSecret",
        "CLIENT_SECRET",
        "secret.value",
        "apikey",
        "apiKey",
        "ApiKey",
        "APIKey",
        "APIKEY",
        "api_key",
        "api-key",
        "api.key",
        "API_KEY",
        "X-Api-Key",
        "x-apikey",
        "stripeAPIKey",
        "dsn",
        "SENTRY_DSN",
        "sentryDsn",
        "sentryDSN",
    ];

    const ORDINARY: [&str; 27] = [
        "",
        "_",
        "...",
        "1234",
        "max_tokens",
        "maxTokens",
        "tokens",
        "tokenizer",
        "tokenize",
        "cookies",
        "passwords",
        "passwordless",
        "secrets",
        "secretary",
        "authorizations",
        "authorized",
        "auth",
        "apikeys",
        "api_keys",
        "api_id_key",
        "key",
        "monkey",
        "dsns",
        "userId",
        "path",
        "tokené",
        "étoken",
    ];

    #[test]
    fn a_key_with_a_sensitive_whole_word_is_sensitive() {
        for key in SENSITIVE {
            assert!(is_sensitive_key(key), "{key}");
        }
    }

    #[test]
    fn a_key_without_one_is_not() {
        for key in ORDINARY {
            assert!(!is_sensitive_key(key), "{key}");
        }
    }

    #[test]
    fn the_case_of_a_divided_key_does_not_matter() {
        for key in ["db.password", "x-api-key", "auth_token", "sentry_dsn"] {
            assert!(is_sensitive_key(&key.to_uppercase()), "{key}");
        }
        assert!(!is_sensitive_key("MAX_TOKENS"));
    }

    #[test]
    fn no_sensitive_word_is_let_through_as_ordinary() {
        for word in SENSITIVE_WORDS {
            assert!(may_name_secret(word), "{word:?}");
            assert!(may_name_secret(&word.to_ascii_uppercase()), "{word:?}");
        }
    }

    #[test]
    fn a_word_of_the_user_s_own_is_found_however_the_key_is_written() {
        let own = ["ssn", "credit_card", "Social-Security-Number", "пароль"]
            .map(|word| Word::new(word).unwrap());
        for key in [
            "ssn",
            "userSSN",
            "credit_card",
            "creditCard",
            "CREDITCARD",
            "user.credit-card.number",
            "socialSecurityNumber",
            "social_security_number",
            "пароль",
            "token",
        ] {
            assert!(names_secret(key.as_bytes(), &own), "{key}");
        }
        for key in ["ssns", "credit", "card", "credit_id_card", "max_tokens", ""] {
            assert!(!names_secret(key.as_bytes(), &own), "{key}");
        }
        assert_eq!(Word::new("42_"), None);
    }

    #[test]
    fn a_long_key_is_read_once() {
        let key = "tokens_".repeat(50_000);
        assert!(!is_sensitive_key(&key));
        assert!(is_sensitive_key(&format!("{key}token")));
    }
}
