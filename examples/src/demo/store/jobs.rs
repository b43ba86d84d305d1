use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use monitor_layer::{JobEnd, JobStatus, Progress, QueueCounts};
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
    pub(crate) queued_at: SystemTime,
    /// When its first attempt began.
    pub(crate) started_at: Option<SystemTime>,
    /// How many attempts were made.
    pub(crate) attempts: u32,
}

/// A job as it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JobRecord {
    pub(crate) title: String,
    pub(crate) niche: String,
    pub(crate) status: JobStatus,
    /// Where it runs in this process.
    pub(crate) progress: Option<Progress>,
    pub(crate) attempts: u32,
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
            "INSERT INTO jobs (id, title, niche, script, user, trace, queued_at, status)
             VALUES (?, ?, ?, ?, ?, ?, ?, 'QUEUED')",
        )
        .bind(job.id.to_string())
        .bind(&job.title)
        .bind(job.niche.as_str())
        .bind(&job.script)
        .bind(&job.user)
        .bind(trace)
        .bind(milliseconds(job.queued_at))
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
        let updated = sqlx::query(
            "UPDATE jobs SET status = 'RUNNING', started_at = COALESCE(started_at, ?)
             WHERE id = ? AND status = 'QUEUED'",
        )
        .bind(milliseconds(SystemTime::now()))
        .bind(id.to_string())
        .execute(&self.pool)
        .await?;
        self.changed();
        Ok(updated.rows_affected() == 1)
    }

    /// Written before the attempt, so that one which takes the process with it is counted.
    pub(crate) async fn begin_attempt(&self, id: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE jobs SET attempts = attempts + 1 WHERE id = ?")
            .bind(id.to_string())
            .execute(&self.pool)
            .await?;
        self.changed();
        Ok(())
    }

    /// Puts a running job back into the queue. It was stopped and did not fail: the attempt does not count.
    pub(crate) async fn put_back(&self, id: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE jobs SET status = 'QUEUED', attempts = MAX(attempts - 1, 0) WHERE id = ?",
        )
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
            "UPDATE jobs SET status = ?, cost_usd = ?, error_code = ?, error_message = ? WHERE id = ?",
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

    pub(crate) async fn counts(&self) -> Result<QueueCounts, sqlx::Error> {
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
        Ok(counts.into_iter().collect())
    }

    /// The jobs that an earlier process left, back in the queue. Their attempts count: it may be they that ended it.
    pub(crate) async fn requeue_unfinished(&self) -> Result<Vec<NewJob>, sqlx::Error> {
        sqlx::query("UPDATE jobs SET status = 'QUEUED' WHERE status = 'RUNNING'")
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

    /// Tells those who watch a job.
    pub(crate) fn changed(&self) {
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
        queued_at: time(row.try_get("queued_at")?).unwrap_or_else(SystemTime::now),
        started_at: time(row.try_get("started_at")?),
        attempts: row.try_get("attempts")?,
    })
}

fn record(row: &SqliteRow) -> Result<JobRecord, sqlx::Error> {
    let code: Option<String> = row.try_get("error_code")?;
    let message: Option<String> = row.try_get("error_message")?;
    Ok(JobRecord {
        title: row.try_get("title")?,
        niche: row.try_get("niche")?,
        status: status(row.try_get("status")?),
        progress: None,
        attempts: row.try_get("attempts")?,
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

fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn time(milliseconds: Option<i64>) -> Option<SystemTime> {
    let since = Duration::from_millis(milliseconds?.unsigned_abs());
    UNIX_EPOCH.checked_add(since)
}
