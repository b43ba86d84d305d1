//! What outlasts the process: jobs and subscriptions, in one SQLite file.

mod jobs;
mod subscriptions;

use std::path::Path;

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions},
};
use tokio::sync::watch;

pub(crate) use self::jobs::{JobError, JobRecord, NewJob};

const TABLES: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS jobs (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, niche TEXT NOT NULL, script TEXT NOT NULL,
        user TEXT, trace TEXT NOT NULL, status TEXT NOT NULL,
        cost_usd REAL NOT NULL DEFAULT 0, error_code TEXT, error_message TEXT,
        attempts INTEGER NOT NULL DEFAULT 0, queued_at INTEGER, started_at INTEGER
    )",
    "CREATE INDEX IF NOT EXISTS jobs_by_status ON jobs (status)",
    "CREATE TABLE IF NOT EXISTS subscriptions (
        user TEXT PRIMARY KEY, plan TEXT NOT NULL, active INTEGER NOT NULL, starts INTEGER NOT NULL
    )",
];

/// Of tables that an earlier version made.
const COLUMNS: [(&str, &str); 3] = [
    ("attempts", "INTEGER NOT NULL DEFAULT 0"),
    ("queued_at", "INTEGER"),
    ("started_at", "INTEGER"),
];

#[derive(Clone)]
pub(crate) struct Store {
    pool: SqlitePool,
    /// Told whenever a job's record has changed.
    changes: watch::Sender<()>,
}

impl Store {
    pub(crate) async fn open(file: &Path) -> Result<Self, String> {
        let explain = |error: sqlx::Error| {
            format!(
                "the database {} cannot be opened: {error}; set DATA_DIR to a folder that can be written",
                file.display()
            )
        };
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(explain)?;
        for statement in TABLES {
            sqlx::query(statement)
                .execute(&pool)
                .await
                .map_err(explain)?;
        }
        add_columns(&pool).await.map_err(explain)?;
        Ok(Self {
            pool,
            changes: watch::Sender::new(()),
        })
    }

    pub(crate) async fn check(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await.map(drop)
    }
}

async fn add_columns(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let known = "SELECT COUNT(*) FROM pragma_table_info('jobs') WHERE name = ?";
    for (name, kind) in COLUMNS {
        let found: i64 = sqlx::query_scalar(known).bind(name).fetch_one(pool).await?;
        if found == 0 {
            let add = format!("ALTER TABLE jobs ADD COLUMN {name} {kind}");
            sqlx::query(&add).execute(pool).await?;
        }
    }
    Ok(())
}

/// Lets a write and what goes with it come to their end, also where the caller leaves in between.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
) -> Result<T, sqlx::Error> {
    tokio::spawn(monitor_layer::current().scope(work))
        .await
        .unwrap_or_else(|error| Err(sqlx::Error::Io(std::io::Error::other(error))))
}
