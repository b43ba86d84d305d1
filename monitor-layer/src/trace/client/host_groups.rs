use http::{Uri, header};

use crate::exchange::RequestHead;

/// Where a host belongs that nobody named a group for.
const OTHER: &str = "other";

/// Which hosts are shown under one name: what is called must not make series.
#[derive(Clone, Debug, Default)]
pub(super) struct HostGroups {
    groups: Vec<Box<str>>,
    /// Hosts, and where their group stands.
    hosts: Vec<(Box<str>, GroupId)>,
}

/// A group; `None` is all that has none.
pub(super) type GroupId = Option<usize>;

impl HostGroups {
    pub(super) fn add<H: Into<Box<str>>>(
        &mut self,
        group: Box<str>,
        hosts: impl IntoIterator<Item = H>,
    ) {
        let id = Some(self.groups.len());
        self.groups.push(group);
        self.hosts
            .extend(hosts.into_iter().map(|host| (host.into(), id)));
    }

    pub(super) fn name(&self, id: GroupId) -> &str {
        id.and_then(|id| self.groups.get(id))
            .map_or(OTHER, |name| name)
    }

    /// The group of the host that this request goes to; the first that was named for it.
    pub(super) fn of(&self, request: &RequestHead<'_>) -> GroupId {
        if self.hosts.is_empty() {
            return None;
        }
        match request.uri.host() {
            Some(host) => self.find(host),
            // Connections to one host take requests without it.
            None => {
                let host = request.headers.get(header::HOST)?.to_str().ok()?;
                self.find(host.parse::<Uri>().ok()?.host()?)
            }
        }
    }

    fn find(&self, host: &str) -> GroupId {
        let host = host.strip_suffix('.').unwrap_or(host);
        let mut hosts = self.hosts.iter();
        let (_, id) = hosts.find(|(pattern, _)| matches(pattern, host))?;
        *id
    }
}

/// `*.example.com` is every host below it, and not itself.
fn matches(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host
            .len()
            .checked_sub(suffix.len())
            .filter(|start| *start > 0)
            .and_then(|start| host.get(start..))
            .is_some_and(|end| end.eq_ignore_ascii_case(suffix)),
        None => pattern.eq_ignore_ascii_case(host),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn group(request: http::request::Builder) -> &'static str {
        let mut groups = HostGroups::default();
        groups.add("payments".into(), ["api.pay.example", "10.0.0.7"]);
        groups.add("storage".into(), ["*.store.example", "[::1]"]);
        let request = request.body(()).unwrap();
        let head = RequestHead {
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
            extensions: request.extensions(),
            route: None,
        };
        match groups.name(groups.of(&head)) {
            "payments" => "payments",
            "storage" => "storage",
            _ => "other",
        }
    }

    #[test]
    fn a_host_is_in_the_group_that_names_it_whatever_its_case_and_port() {
        for (uri, expected) in [
            ("https://api.pay.example/charges", "payments"),
            ("https://API.pay.example:8443/charges", "payments"),
            ("http://api.pay.example./", "payments"),
            ("http://10.0.0.7:80/", "payments"),
            ("http://a.store.example/", "storage"),
            ("http://a.b.STORE.example/", "storage"),
            ("http://[::1]:3000/", "storage"),
            ("http://store.example/", "other"),
            ("http://evilstore.example/", "other"),
            ("http://www.api.pay.example/", "other"),
            ("http://user@10.0.0.70/", "other"),
        ] {
            assert_eq!(group(Request::get(uri)), expected, "{uri}");
        }
    }

    #[test]
    fn without_a_host_in_the_uri_the_host_header_tells_it() {
        let named = |host| group(Request::get("/charges").header("host", host));
        assert_eq!(named("api.pay.example:8443"), "payments");
        assert_eq!(named("a.store.example"), "storage");
        assert_eq!(named("[::1]:80"), "storage");
        assert_eq!(named("no host at all"), "other");
        assert_eq!(group(Request::get("/charges")), "other");
    }
}
