use std::collections::BTreeMap;

use monitor_layer::{JobEnd, JobStatus};
use sqlx::{Row as _, sqlite::SqliteRow};
use tokio::sync::watch;
use uuid::Uuid;

use super::Store;
use crate::niche::Niche;

/// A job as it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct NewJob {
    pub(crate) id: Uuid,
    pub(crate) title: String,
    pub(crate) niche: Niche,
    pub(crate) script: String,
    pub(crate) user: Option<String>,
    /// The trace that the job continues.
    pub(crate) trace: BTreeMap<String, String>,
}

/// A job as it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JobRecord {
    pub(crate) title: String,
    pub(crate) niche: String,
    pub(crate) status: JobStatus,
    pub(crate) step: Option<String>,
    pub(crate) cost_usd: f64,
    pub(crate) error: Option<JobError>,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct JobError {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Store {
    pub(crate) async fn insert(&self, job: &NewJob) -> Result<(), sqlx::Error> {
        let trace = serde_json::to_string(&job.trace).unwrap_or_default();
        sqlx::query(
            "INSERT INTO jobs (id, title, niche, script, user, trace, status)
             VALUES (?, ?, ?, ?, ?, ?, 'QUEUED')",
        )
        .bind(job.id.to_string())
        .bind(&job.title)
        .bind(job.niche.as_str())
        .bind(&job.script)
        .bind(&job.user)
        .bind(trace)
        .execute(&self.pool)
        .await?;
        self.changed();
        Ok(())
    }

    pub(crate) async fn job(&self, id: Uuid) -> Result<Option<JobRecord>, sqlx::Error> {
        let row = sqlx::query("SELECT * FROM jobs WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.map(|row| record(&row)).transpose()
    }

    /// Takes a job out of the queue; `None` where it was not in it.
    pub(crate) async fn cancel_queued(&self, id: Uuid) -> Result<Option<NewJob>, sqlx::Error> {
        let row = sqlx::query(
            "UPDATE jobs SET status = 'CANCELLED' WHERE id = ? AND status = 'QUEUED' RETURNING *",
        )
        .bind(id.to_string())
        .fetch_optional(&self.pool)
        .await?;
        self.changed();
        row.as_ref().map(new_job).transpose()
    }

    /// Takes a job up; `false` where it is not in the queue any more.
    pub(crate) async fn start_queued(&self, id: Uuid) -> Result<bool, sqlx::Error> {
        let updated =
            sqlx::query("UPDATE jobs SET status = 'RUNNING' WHERE id = ? AND status = 'QUEUED'")
                .bind(id.to_string())
                .execute(&self.pool)
                .await?;
        self.changed();
        Ok(updated.rows_affected() == 1)
    }

    pub(crate) async fn set_step(&self, id: Uuid, step: &str) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE jobs SET step = ? WHERE id = ?")
            .bind(step)
            .bind(id.to_string())
            .execute(&self.pool)
            .await?;
        self.changed();
        Ok(())
    }

    pub(crate) async fn set_end(
        &self,
        id: Uuid,
        end: JobEnd,
        cost_usd: f64,
        error: Option<&JobError>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE jobs SET status = ?, cost_usd = ?, error_code = ?, error_message = ?, step = NULL WHERE id = ?",
        )
        .bind(end.as_str())
        .bind(cost_usd)
        .bind(error.map(|error| &error.code))
        .bind(error.map(|error| &error.message))
        .bind(id.to_string())
        .execute(&self.pool)
        .await?;
        self.changed();
        Ok(())
    }

    pub(crate) async fn counts(&self) -> Result<Vec<(JobStatus, u64)>, sqlx::Error> {
        let rows = sqlx::query("SELECT status, COUNT(*) AS jobs FROM jobs GROUP BY status")
            .fetch_all(&self.pool)
            .await?;
        let mut counts = JobStatus::ALL.map(|status| (status, 0));
        for row in rows {
            let status = status(row.try_get("status")?);
            if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == status) {
                *count = row.try_get::<i64, _>("jobs")?.unsigned_abs();
            }
        }
        Ok(counts.into())
    }

    /// The jobs that an earlier process left, back in the queue.
    pub(crate) async fn requeue_unfinished(&self) -> Result<Vec<NewJob>, sqlx::Error> {
        sqlx::query("UPDATE jobs SET status = 'QUEUED', step = NULL WHERE status = 'RUNNING'")
            .execute(&self.pool)
            .await?;
        let rows = sqlx::query("SELECT * FROM jobs WHERE status = 'QUEUED' ORDER BY rowid")
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(new_job).collect()
    }

    /// Changes with every job that changes.
    pub(crate) fn job_changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    fn changed(&self) {
        self.changes.send_replace(());
    }
}

fn new_job(row: &SqliteRow) -> Result<NewJob, sqlx::Error> {
    let unreadable = |problem: String| sqlx::Error::Decode(problem.into());
    let id: String = row.try_get("id")?;
    let niche: String = row.try_get("niche")?;
    let trace: String = row.try_get("trace")?;
    Ok(NewJob {
        id: id
            .parse()
            .map_err(|_| unreadable(format!("the job id {id:?} is no UUID")))?,
        title: row.try_get("title")?,
        niche: Niche::from_name(&niche)
            .ok_or_else(|| unreadable(format!("there is no niche {niche:?}")))?,
        script: row.try_get("script")?,
        user: row.try_get("user")?,
        trace: serde_json::from_str(&trace).unwrap_or_default(),
    })
}

fn record(row: &SqliteRow) -> Result<JobRecord, sqlx::Error> {
    let code: Option<String> = row.try_get("error_code")?;
    let message: Option<String> = row.try_get("error_message")?;
    Ok(JobRecord {
        title: row.try_get("title")?,
        niche: row.try_get("niche")?,
        status: status(row.try_get("status")?),
        step: row.try_get("step")?,
        cost_usd: row.try_get("cost_usd")?,
        error: code
            .zip(message)
            .map(|(code, message)| JobError { code, message }),
    })
}

fn status(name: &str) -> JobStatus {
    JobStatus::ALL
        .into_iter()
        .find(|status| status.as_str() == name)
        .unwrap_or(JobStatus::Failed)
}
