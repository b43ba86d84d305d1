use std::sync::Arc;

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt as _, stream};
use monitor_layer::JobStatus;
use tokio::sync::watch;
use uuid::Uuid;

use super::{
    Api, ApiError,
    jobs::{JobId, Shown},
};
use crate::{queue::Queue, store::JobRecord};

/// The job as it stands, whenever that changes, until it is over or the service stops.
pub(super) async fn events(
    State(api): State<Api>,
    JobId(id): JobId,
) -> Result<Sse<impl Stream<Item = Result<Event, axum::Error>>>, ApiError> {
    // Before the first look, so that no change falls in between.
    let changes = api.store.job_changes();
    let last = api.queue.look_up(id).await?;
    let watched = Watched {
        changes,
        last: last.ok_or_else(ApiError::unknown_job)?,
        told: false,
        queue: api.queue,
        id,
    };
    let events = stream::unfold(watched, async |mut watched| {
        let record = watched.next().await?;
        let event = Event::default().event("job");
        Some((event.json_data(Shown::of(watched.id, record)), watched))
    });
    let events = events.take_until(api.monitor.shutdown_requested());
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// A job that somebody watches.
struct Watched {
    queue: Arc<Queue>,
    id: Uuid,
    changes: watch::Receiver<()>,
    last: JobRecord,
    told: bool,
}

impl Watched {
    /// How the job stands, once that is news; `None` after its end.
    async fn next(&mut self) -> Option<JobRecord> {
        while self.told {
            if !matches!(self.last.status, JobStatus::Queued | JobStatus::Running) {
                return None;
            }
            self.changes.changed().await.ok()?;
            let record = match self.queue.look_up(self.id).await {
                Ok(record) => record?,
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, "The job store failed");
                    return None;
                }
            };
            self.told = record == self.last;
            self.last = record;
        }
        self.told = true;
        Some(self.last.clone())
    }
}
