use http::{HeaderMap, HeaderName, HeaderValue};

/// To compare so many names costs no more than to hash one.
const FEW: usize = 8;

/// The first value of a header, found as fast as it gets where there are few.
#[inline]
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    if headers.len() > FEW {
        return headers.get(name);
    }
    let found = headers.iter().find(|(other, _)| *other == name);
    found.map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use http::header::{CONTENT_TYPE, SET_COOKIE, UPGRADE};

    use super::*;

    #[test]
    fn what_is_found_is_the_first_value_however_many_headers_there_are() {
        for others in [0, FEW - 2, FEW - 1, 3 * FEW] {
            let mut headers = HeaderMap::new();
            for _ in 0..others {
                headers.append(SET_COOKIE, HeaderValue::from_static("a=b"));
            }
            assert_eq!(find(&headers, &CONTENT_TYPE), None);
            headers.append(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            headers.append(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            let found = find(&headers, &CONTENT_TYPE);
            assert_eq!(found, headers.get(CONTENT_TYPE));
            assert_eq!(found.unwrap(), "text/html");
            assert_eq!(find(&headers, &UPGRADE), None);
        }
    }
}
