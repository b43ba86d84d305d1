use std::{sync::Arc, time::Duration};

use http::Uri;

use crate::health::{
    HealthCheck,
    check::{Answer, Ask},
};

const AGENT: &str = concat!("monitor-layer/", env!("CARGO_PKG_VERSION"));
const INVALID: &str =
    "asks for something that is no URL; expected one as https://pay.example/health";

impl HealthCheck {
    /// Healthy where a GET of this URL is answered with a 2xx. A redirect is not followed, and is a failure: what it
    /// leads to is often a page for people that is always fine.
    ///
    /// Each run makes a connection of its own, over TLS by the roots of Mozilla where the URL says `https`, and by the
    /// proxy of `HTTPS_PROXY` or `HTTP_PROXY` where it is set. For another client, a private authority or a header, ask
    /// by a function of your own.
    ///
    /// ```
    /// use monitor_layer::{HealthCheck, Monitor};
    ///
    /// let monitor = Monitor::builder("api")
    ///     .check("payments", HealthCheck::http("https://pay.example/health").optional())
    ///     .build()?;
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "http-checks")))]
    pub fn http(url: impl AsRef<str>) -> Self {
        let Some(url) = url.as_ref().parse().ok().filter(is_http) else {
            return Self::by(Ask::Invalid(INVALID));
        };
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // That a connection can be made is part of the question.
            .max_idle_connections(0)
            .user_agent(AGENT)
            .build()
            .into();
        Self::by(Ask::Blocking(Arc::new(move |limit| {
            ask(&agent, &url, limit)
        })))
    }
}

fn is_http(url: &Uri) -> bool {
    matches!(url.scheme_str(), Some("http" | "https"))
        && url.host().is_some_and(|host| !host.is_empty())
}

fn ask(agent: &ureq::Agent, url: &Uri, limit: Duration) -> Answer {
    let request = agent.get(url).config().timeout_global(Some(limit)).build();
    let answer = request.call().map_err(|error| error.to_string())?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("it answers {}; expected a 2xx", status.as_u16())),
    }
}
