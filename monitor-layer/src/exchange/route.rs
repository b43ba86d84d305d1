use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Extensions, Request};
use tower_layer::Layer;
use tower_service::Service;

use crate::trace::current;

/// A route's template (`/jobs/{id}`), never a raw path.
///
/// A service without axum's router names its routes by leaving one on the response's extensions:
///
/// ```
/// use monitor_layer::Route;
///
/// let mut response = http::Response::new(());
/// response.extensions_mut().insert(Route::new("/jobs/{id}"));
/// ```
#[derive(Clone)]
pub struct Route(Template);

#[derive(Clone)]
enum Template {
    Named(Arc<str>),
    #[cfg(feature = "axum")]
    Matched(axum::extract::MatchedPath),
}

impl Route {
    /// A route of this template.
    pub fn new(template: impl Into<Arc<str>>) -> Self {
        Self(Template::Named(template.into()))
    }

    /// The template.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Template::Named(template) => template,
            #[cfg(feature = "axum")]
            Template::Matched(path) => path.as_str(),
        }
    }

    #[inline]
    /// The value of the `route` label.
    pub(crate) fn label(route: Option<&Self>) -> &str {
        route.map_or("unmatched", Self::as_str)
    }

    /// Where the template lies: the same for all clones of a route, and no other's while there is one of them.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        self.as_str().as_ptr() as usize
    }

    /// Where the template lies, and how long it is: the same for all clones of a route, and no other's while there is one
    /// of them.
    #[inline]
    pub(crate) fn place(&self) -> (usize, usize) {
        let template = self.as_str();
        (template.as_ptr() as usize, template.len())
    }

    /// A router's match before a name: most requests have the one, and to look for the other costs as much again.
    pub(crate) fn of(extensions: &Extensions) -> Option<Self> {
        #[cfg(feature = "axum")]
        if let Some(path) = extensions.get::<axum::extract::MatchedPath>() {
            return Some(Self(Template::Matched(path.clone())));
        }
        extensions.get::<Self>().cloned()
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl fmt::Debug for Route {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

/// Tells an outer `MonitorLayer` which route matched, where that layer cannot see it: around a whole router, or
/// outside of `nest_service`.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use monitor_layer::RouteLayer;
///
/// let inner: Router = Router::new()
///     .route("/jobs/{id}", get(async || "a job"))
///     .route_layer(RouteLayer::new());
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct RouteLayer;

impl RouteLayer {
    /// The layer; for `Router::route_layer`.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for RouteLayer {
    type Service = RouteService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RouteService { inner }
    }
}

/// The service of [`RouteLayer`].
#[derive(Clone, Debug)]
pub struct RouteService<S> {
    inner: S,
}

impl<S, Body> Service<Request<Body>> for RouteService<S>
where
    S: Service<Request<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        name_route(request.extensions());
        self.inner.call(request)
    }
}

/// Leaves the template found on a request where the outer layer's guard looks for it. The innermost name wins: it
/// is the one that the request was matched by last.
pub(crate) fn name_route(extensions: &Extensions) {
    if let Some(route) = Route::of(extensions) {
        current::with_current(|scope| {
            if let Some(scope) = scope {
                scope.shared_unit().lock().route = Some(route);
            }
        });
    }
}

#[cfg(all(test, feature = "axum"))]
mod tests {
    use std::sync::Mutex;

    use axum::{Router, body::Body, routing::get};
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_request_s_route_is_the_router_s_match_else_the_name_left_on_it() {
        let named = || Request::get("/jobs/7").extension(Route::new("named"));
        let seen = Arc::new(Mutex::new(None));
        let sees = Arc::clone(&seen);
        let handler = async move |request: Request<Body>| {
            *sees.lock().unwrap() = Route::of(request.extensions());
        };
        let app = Router::new().route("/jobs/{id}", get(handler));
        let answer = app.oneshot(named().body(Body::empty()).unwrap()).await;
        assert!(answer.unwrap().status().is_success());
        let seen = seen.lock().unwrap().take();
        assert_eq!(seen.unwrap().as_str(), "/jobs/{id}");
        let request = named().body(()).unwrap();
        assert_eq!(Route::of(request.extensions()), Some(Route::new("named")));
    }
}
