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
use crate::store::{JobRecord, Store};

/// The job as it stands, whenever that changes, until it is over or the service stops.
pub(super) async fn events(
    State(api): State<Api>,
    JobId(id): JobId,
) -> Result<Sse<impl Stream<Item = Result<Event, axum::Error>>>, ApiError> {
    let progress = Progress {
        // Before the first look, so that no change falls in between.
        changes: api.store.job_changes(),
        last: api.store.job(id).await?.ok_or_else(ApiError::unknown_job)?,
        told: false,
        store: api.store,
        id,
    };
    let events = stream::unfold(progress, async |mut progress| {
        let record = progress.next().await?;
        let event = Event::default().event("job");
        Some((event.json_data(Shown::of(progress.id, record)), progress))
    });
    let events = events.take_until(api.monitor.shutdown_requested());
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// A job that somebody watches.
struct Progress {
    store: Store,
    id: Uuid,
    changes: watch::Receiver<()>,
    last: JobRecord,
    told: bool,
}

impl Progress {
    /// How the job stands, once that is news; `None` after its end.
    async fn next(&mut self) -> Option<JobRecord> {
        while self.told {
            if !matches!(self.last.status, JobStatus::Queued | JobStatus::Running) {
                return None;
            }
            self.changes.changed().await.ok()?;
            let record = match self.store.job(self.id).await {
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
