use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::{Network, network::PeerAddress};
use crate::exchange::RequestHead;

/// What becomes of the trace that a request brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// It goes on here, and its `sampled` is respected, up to the [`Sampler`](crate::Sampler)'s limit.
    Continue,
    /// A new trace begins, by our own ratio, whose first span has a link to the caller's. An `x-trace-id` is kept as the
    /// request's `clientTraceId`.
    Link,
    /// A new trace begins, by our own ratio, as if nothing had come.
    Ignore,
}

/// Decides whose traces go on here. Rules are asked in the order in which they were added; the first that fits decides.
///
/// Whoever may call can otherwise send ids of their own choice, have all that they do recorded, or none of it. At a
/// border, trust those who are known and link the others:
///
/// ```
/// use monitor_layer::{Monitor, Trust, TrustPolicy};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let monitor = Monitor::builder("api").build()?;
/// let policy = TrustPolicy::new(Trust::Link)
///     .route("/webhooks/{provider}", Trust::Ignore)
///     .network("10.0.0.0/8".parse()?, Trust::Continue)
///     .decide_by(|request| {
///         request.headers.contains_key("x-partner").then_some(Trust::Continue)
///     });
/// let layer = monitor.layer().trust(policy);
/// # Ok(()) }
/// ```
///
/// A peer's network is told by `ConnectInfo<SocketAddr>` (axum's `into_make_service_with_connect_info`) or by a
/// [`PeerAddress`](crate::PeerAddress) on the request; where there is neither, no network fits. So let the rule for
/// everybody else be the careful one.
#[derive(Clone)]
pub struct TrustPolicy {
    otherwise: Trust,
    /// `None` where there are none: then nothing of a request is looked at.
    rules: Option<Arc<Vec<Rule>>>,
}

#[derive(Clone)]
enum Rule {
    Network(Network, Trust),
    Route(Arc<str>, Trust),
    Path(Arc<str>, Trust),
    Function(Arc<Decide>),
}

type Decide = dyn Fn(&RequestHead<'_>) -> Option<Trust> + Send + Sync;

/// A user's function panicked.
pub(crate) struct Panicked;

impl TrustPolicy {
    /// What holds where no rule fits.
    #[must_use]
    pub const fn new(otherwise: Trust) -> Self {
        Self {
            otherwise,
            rules: None,
        }
    }

    /// For peers of this network.
    #[must_use]
    pub fn network(self, network: Network, trust: Trust) -> Self {
        self.and(Rule::Network(network, trust))
    }

    /// For requests to this route, by its template as `/jobs/{id}`, where it is known at the layer's place.
    #[must_use]
    pub fn route(self, template: impl Into<Arc<str>>, trust: Trust) -> Self {
        self.and(Rule::Route(template.into(), trust))
    }

    /// For requests to this path and to all below it, wherever the layer stands: `/public` is `/public/jobs` too, but not
    /// `/publications`.
    #[must_use]
    pub fn path(self, path: impl Into<Arc<str>>, trust: Trust) -> Self {
        self.and(Rule::Path(path.into(), trust))
    }

    /// As a function says; `None` leaves it to the rules that follow. It runs for every request, so it may neither block
    /// nor wait. Where it panics, what came is ignored.
    #[must_use]
    pub fn decide_by(
        self,
        decide: impl Fn(&RequestHead<'_>) -> Option<Trust> + Send + Sync + 'static,
    ) -> Self {
        self.and(Rule::Function(Arc::new(decide)))
    }

    fn and(mut self, rule: Rule) -> Self {
        Arc::make_mut(self.rules.get_or_insert_default()).push(rule);
        self
    }

    /// Whether it has to be told of the request.
    pub(super) const fn reads_request(&self) -> bool {
        self.rules.is_some()
    }

    /// What it decides where it is told of none.
    pub(super) const fn otherwise(&self) -> Trust {
        self.otherwise
    }

    pub(super) fn decide(&self, request: &RequestHead<'_>) -> Result<Trust, Panicked> {
        for rule in self.rules.iter().flat_map(|rules| rules.iter()) {
            if let Some(trust) = rule.decide(request)? {
                return Ok(trust);
            }
        }
        Ok(self.otherwise)
    }
}

impl Rule {
    fn decide(&self, request: &RequestHead<'_>) -> Result<Option<Trust>, Panicked> {
        let (fits, trust) = match self {
            Self::Network(network, trust) => {
                let peer = PeerAddress::of(request.extensions);
                (peer.is_some_and(|peer| network.contains(peer.0)), trust)
            }
            Self::Route(template, trust) => {
                let route = request.route;
                (
                    route.is_some_and(|route| route.as_str() == &**template),
                    trust,
                )
            }
            Self::Path(path, trust) => (is_at_or_below(request.uri.path(), path), trust),
            Self::Function(decide) => {
                return catch_unwind(AssertUnwindSafe(|| decide(request))).map_err(|_| Panicked);
            }
        };
        Ok(fits.then_some(*trust))
    }
}

fn is_at_or_below(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Everybody's trace goes on here.
impl Default for TrustPolicy {
    fn default() -> Self {
        Self::new(Trust::Continue)
    }
}

/// The same for all.
impl From<Trust> for TrustPolicy {
    fn from(trust: Trust) -> Self {
        Self::new(trust)
    }
}

impl fmt::Debug for TrustPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.rules.as_ref().map_or(0, |rules| rules.len());
        formatter
            .debug_struct("TrustPolicy")
            .field("otherwise", &self.otherwise)
            .field("rules", &rules)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_it_names_and_what_lies_below() {
        for (path, parent, is) in [
            ("/public", "/public", true),
            ("/public/", "/public", true),
            ("/public/jobs/7", "/public", true),
            ("/public/jobs/7", "/public/", true),
            ("/publications", "/public", false),
            ("/private/public", "/public", false),
            ("/anything", "/", true),
        ] {
            assert_eq!(is_at_or_below(path, parent), is, "{path} {parent}");
        }
    }
}
