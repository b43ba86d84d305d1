use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::IntoResponse,
};
use monitor_layer::{JobStatus, TraceContext};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Api, ApiError,
    input::{CreateJob, Input, ValidJob},
};
use crate::{queue::Cancelled, store::NewJob};

pub(super) async fn create(
    State(api): State<Api>,
    Input(job): Input<CreateJob>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
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
    };
    api.queue.enqueue(job).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({"jobId": id}))))
}

pub(super) async fn show(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let id = job_id(&id)?;
    let record = api.store.job(id).await?.ok_or_else(ApiError::unknown_job)?;
    Ok(Json(json!({
        "jobId": id,
        "title": record.title,
        "niche": record.niche,
        "status": record.status.as_str(),
        "step": record.step,
        "costUsd": record.cost_usd,
        "error": record.error,
    })))
}

pub(super) async fn video(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    let id = job_id(&id)?;
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
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let id = job_id(&id)?;
    match api.queue.cancel(id).await? {
        Cancelled::Accepted => Ok((StatusCode::ACCEPTED, Json(json!({"jobId": id})))),
        Cancelled::Unknown => Err(ApiError::unknown_job()),
        Cancelled::Over(status) => Err(ApiError::new(
            StatusCode::CONFLICT,
            "JOB_OVER",
            format!("the job is {status} already"),
        )),
    }
}

/// What is no id is nobody's id.
fn job_id(text: &str) -> Result<Uuid, ApiError> {
    let id: Uuid = text.parse().map_err(|_| ApiError::unknown_job())?;
    monitor_layer::current().job(id.to_string());
    Ok(id)
}
