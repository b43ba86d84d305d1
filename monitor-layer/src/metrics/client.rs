use std::time::Duration;

use http::{Method, StatusCode};

use super::{
    Metrics,
    catalog::{HOST_GROUP, METHOD, METHODS, STATUS_CODE},
    http::method_number,
    instrument::{Candidate, Histogram},
    series::Series,
};

impl Metrics {
    /// A call to another service is over.
    pub(crate) fn client_call(
        &self,
        method: &Method,
        host_group: &str,
        status: StatusCode,
        took: Duration,
        failed: bool,
    ) {
        let labels = [METHODS[method_number(method)], host_group, status.as_str()];
        let calls = self
            .client_calls
            .get_or_make(labels, |[method, host_group, status]| {
                let labels = [
                    (METHOD.name, method),
                    (HOST_GROUP.name, host_group),
                    (STATUS_CODE.name, status),
                ];
                Series::new(labels, Histogram::new(&self.layouts.client))
            });
        let candidate = Candidate::current(failed);
        calls.instrument.observe_duration(took, candidate.as_ref());
    }
}
