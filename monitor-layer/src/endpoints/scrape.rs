use std::{pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderMap, StatusCode};

use super::{
    accept::Accepted,
    render::{Rendered, Scrapes},
};
use crate::{monitor::Core, timers::elapsed};

/// Prometheus' own default, for clients that state none.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// In seconds, from Prometheus.
const STATED_TIME_LIMIT: &str = "x-prometheus-scrape-timeout-seconds";
/// Of what the client states, for the answer to reach it before it leaves.
const USED: f64 = 0.95;

/// One client's wish for the metrics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scrape {
    pub(super) accepted: Accepted,
    time_limit: Duration,
}

impl Scrape {
    pub(super) fn by(headers: &HeaderMap) -> Self {
        Self {
            accepted: Accepted::by(headers),
            time_limit: time_limit(headers),
        }
    }

    /// The exposition as accepted.
    pub(super) async fn run(self, core: &Arc<Core>) -> Result<Bytes, NotScraped> {
        let mut rendering = Scrapes::join(core, self.accepted);
        let rendered = pin!(rendering.wait_for(Option::is_some));
        let rendered = match select(rendered, pin!(elapsed(self.time_limit))).await {
            Either::Left((rendered, _)) => rendered.ok().and_then(|rendered| rendered.clone()),
            Either::Right(_) => {
                self.warn(core);
                return Err(NotScraped::Late);
            }
        };
        match rendered {
            Some(Rendered::Whole(bytes)) => Ok(bytes),
            Some(Rendered::Failed) => Err(NotScraped::Failed),
            None => Err(NotScraped::Unable),
        }
    }

    fn warn(self, core: &Core) {
        if Scrapes::note_late(core, self.accepted) {
            let limit = self.time_limit;
            core.log.warning(
                core,
                &format!("The metrics were not written within {limit:?}: a collector may hang"),
            );
        }
    }
}

/// Why there is no exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotScraped {
    Failed,
    Late,
    Unable,
}

impl NotScraped {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Late | Self::Unable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Failed => "the metrics could not be written; the log says why\n",
            Self::Late => "the metrics were not written in time; a collector may hang\n",
            Self::Unable => "the metrics cannot be written now; the service may be shutting down\n",
        }
    }
}

fn time_limit(headers: &HeaderMap) -> Duration {
    let stated = headers
        .get(STATED_TIME_LIMIT)
        .and_then(|value| value.to_str().ok()?.trim().parse::<f64>().ok())
        .filter(|seconds| *seconds > 0.0)
        .and_then(|seconds| Duration::try_from_secs_f64(seconds * USED).ok());
    stated.map_or(TIME_LIMIT, |stated| stated.min(TIME_LIMIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_s_time_limit_is_kept_where_it_is_shorter() {
        for (stated, expected) in [
            (None, 10.0),
            (Some("1"), 0.95),
            (Some(" 0.05 "), 0.0475),
            (Some("10"), 9.5),
            (Some("10.000"), 9.5),
            (Some("60"), 10.0),
            (Some("1e300"), 10.0),
            (Some("0"), 10.0),
            (Some("-1"), 10.0),
            (Some("inf"), 10.0),
            (Some("NaN"), 10.0),
            (Some("soon"), 10.0),
            (Some(""), 10.0),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(stated) = stated {
                headers.insert(STATED_TIME_LIMIT, stated.parse().unwrap());
            }
            assert_eq!(time_limit(&headers).as_secs_f64(), expected, "{stated:?}");
        }
    }
}
