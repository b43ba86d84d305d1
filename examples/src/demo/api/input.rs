use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use serde::{Deserialize, de::DeserializeOwned};

use super::ApiError;
use crate::{niche::Niche, plan::Plan};

const LARGEST_SCRIPT: usize = 64 * 1024;
const LONGEST_TITLE: usize = 200;
const LONGEST_USER: usize = 128;

/// A JSON body, whatever the content type says.
pub(super) struct Input<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes =
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => ApiError::new(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "BODY_TOO_LARGE",
                        format!("the body is over {} bytes", super::LARGEST_BODY),
                    ),
                    status => ApiError::new(status, "BODY_UNREADABLE", rejection.body_text()),
                })?;
        let text = str::from_utf8(&bytes).map_err(|error| {
            ApiError::invalid("NOT_UTF8", format!("the body is not UTF-8: {error}"))
        })?;
        serde_json::from_str(text).map(Self).map_err(|error| {
            ApiError::invalid("INVALID_JSON", format!("the body cannot be read: {error}"))
        })
    }
}

/// What `POST /jobs` takes.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "an object with title, niche, script and, if you like, user"
)]
pub(super) struct CreateJob {
    title: String,
    niche: String,
    script: String,
    user: Option<String>,
}

/// The same, found sound.
#[derive(Debug)]
pub(super) struct ValidJob {
    pub(super) title: String,
    pub(super) niche: Niche,
    pub(super) script: String,
    pub(super) user: Option<String>,
}

impl CreateJob {
    pub(super) fn validate(self) -> Result<ValidJob, ApiError> {
        let Some(niche) = Niche::from_name(&self.niche) else {
            let known = Niche::ALL.map(Niche::as_str).join(", ");
            return Err(ApiError::invalid(
                "UNKNOWN_NICHE",
                format!("there is no such niche; expected one of {known}"),
            ));
        };
        if self.script.trim().is_empty() {
            return Err(ApiError::invalid("EMPTY_SCRIPT", "the script is empty"));
        }
        if self.script.len() > LARGEST_SCRIPT {
            return Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "SCRIPT_TOO_LONG",
                format!(
                    "the script has {} bytes; at most {LARGEST_SCRIPT} are taken",
                    self.script.len()
                ),
            ));
        }
        let title = self.title.trim();
        if title.is_empty() || title.chars().count() > LONGEST_TITLE {
            return Err(ApiError::invalid(
                "INVALID_TITLE",
                format!("the title has to have 1 to {LONGEST_TITLE} characters"),
            ));
        }
        if self.user.as_ref().is_some_and(|user| !is_user(user)) {
            return Err(invalid_user());
        }
        Ok(ValidJob {
            title: title.to_owned(),
            niche,
            script: self.script,
            user: self.user,
        })
    }
}

/// What `POST /subscriptions` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with user and plan")]
pub(super) struct Subscribe {
    user: String,
    plan: Plan,
}

impl Subscribe {
    pub(super) fn validate(self) -> Result<(String, Plan), ApiError> {
        match is_user(&self.user) {
            true => Ok((self.user, self.plan)),
            false => Err(invalid_user()),
        }
    }
}

pub(super) fn is_user(text: &str) -> bool {
    (1..=LONGEST_USER).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn invalid_user() -> ApiError {
    ApiError::invalid(
        "INVALID_USER",
        format!("the user has to have 1 to {LONGEST_USER} visible ASCII characters"),
    )
}
