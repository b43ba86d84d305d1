use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

/// An answer that says what was wrong: `{"error":{"code","message"}}`.
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
        }
    }

    pub(super) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn unknown_job() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "JOB_NOT_FOUND",
            "there is no job of this id",
        )
    }

    pub(super) fn no_subscription() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "SUBSCRIPTION_NOT_FOUND",
            "this user subscribes to nothing",
        )
    }

    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "there is nothing here; expected /jobs, /jobs/{id}, /jobs/{id}/events, /jobs/{id}/video, /signups, /purchases, /refunds, /subscriptions or /subscriptions/{user}",
        )
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "this path does not take this method; the header `allow` names those that it takes",
        )
    }

    pub(super) fn unconfirmed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "AUTH_UNCONFIRMED",
            "the identity provider does not know this user",
        )
    }

    /// The cause goes to the log, not to the caller.
    pub(super) fn provider_failed(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "The identity provider failed");
        Self::new(
            StatusCode::BAD_GATEWAY,
            "AUTH_PROVIDER_UNREACHABLE",
            "the identity provider did not answer; try again, or sign up by email",
        )
    }

    /// The cause goes to the log, not to the caller.
    fn internal(error: &(dyn std::error::Error + 'static), message: &str) -> Self {
        tracing::error!(error, "{message}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL",
            "something broke on our side; the trace id tells us what",
        )
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        Self::internal(&error, "The job store failed")
    }
}

impl From<std::io::Error> for ApiError {
    fn from(error: std::io::Error) -> Self {
        Self::internal(&error, "The storage failed")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        (self.status, Json(body)).into_response()
    }
}
