use std::time::SystemTime;

use axum::{
    Json,
    extract::{FromRequestParts, Path, State},
    http::{StatusCode, header, request::Parts},
    response::IntoResponse,
};
use monitor_layer::{JobStatus, TraceContext};
use serde::Serialize;
use uuid::Uuid;

use super::{
    Api, ApiError,
    input::{CreateJob, Input, ValidJob},
};
use crate::{
    queue::Cancelled,
    store::{JobError, JobRecord, NewJob},
};

/// A job that was accepted or is to be stopped.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Accepted {
    job_id: Uuid,
}

/// A job as it stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown {
    job_id: Uuid,
    title: String,
    niche: String,
    status: &'static str,
    step: Option<&'static str>,
    /// Which step of how many.
    progress: Option<[usize; 2]>,
    attempts: u32,
    cost_usd: f64,
    error: Option<JobError>,
}

impl Shown {
    pub(super) fn of(id: Uuid, record: JobRecord) -> Self {
        Self {
            job_id: id,
            title: record.title,
            niche: record.niche,
            status: record.status.as_str(),
            step: record.progress.map(|progress| progress.step),
            progress: record
                .progress
                .map(|progress| [progress.number, progress.of]),
            attempts: record.attempts,
            cost_usd: record.cost_usd,
            error: record.error,
        }
    }
}

pub(super) async fn create(
    State(api): State<Api>,
    Input(job): Input<CreateJob>,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    let ValidJob {
        title,
        niche,
        script,
        user,
    } = job.validate()?;
    if let Some(user) = &user {
        monitor_layer::current().user(user.as_str());
    }
    let id = Uuid::new_v4();
    monitor_layer::current().job(id.to_string());
    let job = NewJob {
        id,
        title,
        niche,
        script,
        user,
        trace: TraceContext::current()
            .map(|context| context.to_carrier())
            .unwrap_or_default(),
        queued_at: SystemTime::now(),
        started_at: None,
        attempts: 0,
    };
    api.queue.enqueue(job).await?;
    Ok((StatusCode::ACCEPTED, Json(Accepted { job_id: id })))
}

pub(super) async fn show(
    State(api): State<Api>,
    JobId(id): JobId,
) -> Result<Json<Shown>, ApiError> {
    let record = api.queue.look_up(id).await?;
    let record = record.ok_or_else(ApiError::unknown_job)?;
    Ok(Json(Shown::of(id, record)))
}

pub(super) async fn video(
    State(api): State<Api>,
    JobId(id): JobId,
) -> Result<impl IntoResponse, ApiError> {
    let record = api.store.job(id).await?.ok_or_else(ApiError::unknown_job)?;
    if record.status != JobStatus::Completed {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "VIDEO_NOT_READY",
            format!(
                "the job is {}; there is a video once it is COMPLETED",
                record.status
            ),
        ));
    }
    let video = api.storage.video(id).await?;
    Ok(([(header::CONTENT_TYPE, "image/gif")], video))
}

pub(super) async fn cancel(
    State(api): State<Api>,
    JobId(id): JobId,
) -> Result<(StatusCode, Json<Accepted>), ApiError> {
    match api.queue.cancel(id).await? {
        Cancelled::Accepted => Ok((StatusCode::ACCEPTED, Json(Accepted { job_id: id }))),
        Cancelled::Unknown => Err(ApiError::unknown_job()),
        Cancelled::Over(status) => Err(ApiError::new(
            StatusCode::CONFLICT,
            "JOB_OVER",
            format!("the job is {status} already"),
        )),
    }
}

/// The id in the path, which is then the job of the request's log entries too.
pub(super) struct JobId(pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for JobId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // What is no id is nobody's.
        let path = Path::<String>::from_request_parts(parts, state).await;
        let id: Option<Uuid> = path.ok().and_then(|Path(id)| id.parse().ok());
        let id = id.ok_or_else(ApiError::unknown_job)?;
        monitor_layer::current().job(id.to_string());
        Ok(Self(id))
    }
}
