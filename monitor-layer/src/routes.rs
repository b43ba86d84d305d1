//! The endpoints as an axum `Router`.

use axum::Router;

use crate::{endpoints::PATHS, monitor::Monitor};

impl Monitor {
    /// `/metrics`, `/health` and `/ready` as routes, to be merged or nested before [`layer`](Self::layer) is put on.
    ///
    /// ```
    /// use axum::Router;
    /// use monitor_layer::Monitor;
    ///
    /// let monitor = Monitor::builder("api").build()?;
    /// let app: Router = Router::new()
    ///     .merge(monitor.routes())
    ///     .layer(monitor.layer());
    /// # Ok::<_, monitor_layer::BuildError>(())
    /// ```
    pub fn routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        PATHS.into_iter().fold(Router::new(), |router, path| {
            router.route_service(path, self.endpoints())
        })
    }
}
