use super::{Definition, Kind, Label, METHOD, REQUEST_SECONDS, STATUS_CODE, code};

/// Named by the user, else `other`.
pub(crate) const HOST_GROUP: Label = code("host_group");

/// The metrics of calls to other services.
pub(crate) const CLIENT: [&Definition; 1] = [&HTTP_CLIENT_DURATION];

pub(crate) const HTTP_CLIENT_DURATION: Definition = Definition {
    name: "http_client_request_duration_seconds",
    kind: Kind::Seconds(REQUEST_SECONDS),
    help: "Time from the start of a call to another service to the end of its response; to the head for streams.",
    labels: &[METHOD, HOST_GROUP, STATUS_CODE],
};
