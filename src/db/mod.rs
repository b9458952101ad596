//! The two database engines behind one SQL text. Knows engines, knows no feature.
//!
//! Reads take `&Db`, writes take `&mut Tx`. Every text in the stores runs unchanged on SQLite and on PostgreSQL; the
//! shared subset is written down in `migrations/README.md`.

mod lock;
mod news;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use sqlx::migrate::MigrateError;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Postgres, Sqlite, Transaction};

use crate::error::Result;
pub use lock::DataLock;
pub use news::{Change, EVERYTHING, News, Told};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// The first SQLite without the WAL-reset corruption bug (sqlite.org/wal.html#walresetbug).
const OLDEST_SAFE_SQLITE: (u32, u32, u32) = (3, 51, 3);
/// How long a writer waits for another one, in seconds.
const BUSY_SECONDS: u64 = 5;
/// How long one statement may take on PostgreSQL, in seconds.
const STATEMENT_SECONDS: u64 = 30;

/// The database Postkey was configured with.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file, one process: a single writer and several readers.
    Sqlite {
        /// Read-only connections.
        read: SqlitePool,
        /// The one connection that writes.
        write: SqlitePool,
        /// Held as long as the database is open.
        lock: Arc<DataLock>,
        /// Who hears of changes.
        news: News,
    },
    /// A server that several replicas may share, and who hears of changes in this one.
    Postgres(PgPool, News),
}

/// An open write. Drop it to undo; [`Tx::commit`] to keep.
#[derive(Debug)]
pub enum Tx {
    /// Began with `BEGIN IMMEDIATE`: no other writer until it ends.
    Sqlite(Transaction<'static, Sqlite>, Told),
    /// An ordinary transaction.
    Postgres(Transaction<'static, Postgres>, Told),
}

/// Runs one body against whichever pool is there, for reading.
macro_rules! on_db {
    ($db:expr, |$c:ident| $body:expr) => {
        match $db {
            $crate::db::Db::Sqlite { read: $c, .. } => $body,
            $crate::db::Db::Postgres($c, _) => $body,
        }
    };
}

/// Runs one body inside an open write.
macro_rules! in_tx {
    ($tx:expr, |$c:ident| $body:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(tx, _) => {
                let $c = &mut **tx;
                $body
            }
            $crate::db::Tx::Postgres(tx, _) => {
                let $c = &mut **tx;
                $body
            }
        }
    };
}

pub(crate) use {in_tx, on_db};

/// What a write without rows gives back, the same for both engines.
pub(crate) trait Affected {
    /// How many rows were changed.
    fn affected(self) -> sqlx::Result<u64>;
}

impl Affected for sqlx::Result<sqlx::sqlite::SqliteQueryResult> {
    fn affected(self) -> sqlx::Result<u64> {
        self.map(|done| done.rows_affected())
    }
}

impl Affected for sqlx::Result<sqlx::postgres::PgQueryResult> {
    fn affected(self) -> sqlx::Result<u64> {
        self.map(|done| done.rows_affected())
    }
}

impl Db {
    /// Opens the SQLite file `postkey.db` in `folder`, makes it if it is not there, and brings its tables up to date.
    ///
    /// # Errors
    /// If another process holds the folder, or the SQLite library is one that may corrupt data.
    pub async fn open_sqlite(folder: &Path) -> anyhow::Result<Self> {
        let lock = Arc::new(DataLock::take(folder)?);
        let options = SqliteConnectOptions::new()
            .filename(folder.join("postkey.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A rotated refresh token that is lost in a power cut is lost for good.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(BUSY_SECONDS))
            .pragma("secure_delete", "ON")
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "-8192")
            .statement_cache_capacity(200);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(BUSY_SECONDS))
            // When the disk is full SQLite ends a transaction by itself, sqlx goes on counting it, and nothing could be
            // written through this connection ever again.
            .before_acquire(|connection, _| {
                let open = connection.is_in_transaction();
                Box::pin(async move { Ok(!open) })
            })
            .connect_with(options.clone())
            .await
            .context("the SQLite database could not be opened")?;
        refuse_unsafe_sqlite(&write).await?;
        MIGRATIONS.run(&write).await.map_err(not_migrated)?;
        let read = SqlitePoolOptions::new()
            .max_connections(4)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(BUSY_SECONDS))
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .context("the SQLite database could not be opened for reading")?;
        Ok(Self::Sqlite { read, write, lock, news: News::default() })
    }

    /// Connects to PostgreSQL and brings its tables up to date.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses.
    pub async fn open_postgres(url: &str) -> anyhow::Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        // Bringing the tables up to date may wait as long as it takes, above all for another replica that does it.
        let mut alone = options.connect().await.context("PostgreSQL could not be reached")?;
        MIGRATIONS.run(&mut alone).await.map_err(not_migrated)?;
        alone.close().await?;
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(BUSY_SECONDS))
            .after_connect(|connection, _| {
                Box::pin(async move {
                    let limits = sqlx::raw_sql(AssertSqlSafe(format!(
                        "SET lock_timeout = '{BUSY_SECONDS}s'; SET statement_timeout = '{STATEMENT_SECONDS}s'"
                    )));
                    limits.execute(connection).await.map(|_| ())
                })
            })
            .connect_with(options)
            .await
            .context("PostgreSQL could not be reached")?;
        Ok(Self::Postgres(pool, News::default()))
    }

    /// Begins a write.
    ///
    /// # Errors
    /// [`crate::error::AppError::Busy`] if another writer does not end in time or no connection is free.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, news, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?, Told::of(news)),
            Self::Postgres(pool, news) => Tx::Postgres(pool.begin().await?, Told::of(news)),
        })
    }

    /// Whether the database answers a read, for `/readyz`.
    pub async fn answers(&self) -> bool {
        on_db!(self, |c| sqlx::query("SELECT 1").execute(c).await.is_ok())
    }

    /// Writes what is still in SQLite's log into its file and empties the log, so that erased secrets do not linger
    /// there (S-07).
    ///
    /// # Errors
    /// If the database cannot answer.
    pub async fn tidy(&self) -> Result<()> {
        if let Self::Sqlite { write, .. } = self {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(write).await?;
        }
        Ok(())
    }

    /// Ends all connections after the work that they do.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool, _) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes the write durable.
    ///
    /// # Errors
    /// If the database could not keep it; then nothing of it is kept.
    pub async fn commit(self) -> Result<()> {
        let (done, told) = match self {
            Self::Sqlite(tx, told) => (tx.commit().await, told),
            Self::Postgres(mut tx, told) => {
                told.write_down(&mut tx).await?;
                (tx.commit().await, told)
            }
        };
        // Whoever forgets a copy for nothing reads it again; and a commit whose answer was lost may have been one.
        told.spread();
        Ok(done?)
    }
}

/// The ID of the master key that the data in this PostgreSQL database was sealed with; `None` if there is no data.
///
/// # Errors
/// If the server cannot be reached.
pub async fn master_key_of(url: &str) -> anyhow::Result<Option<String>> {
    let options: PgConnectOptions = url.parse()?;
    let mut connection = options.connect().await.context("PostgreSQL could not be reached")?;
    let found = sqlx::query_scalar("SELECT master_key_id FROM data_keys ORDER BY created_at DESC LIMIT 1")
        .fetch_optional(&mut connection)
        .await;
    connection.close().await?;
    match found {
        Err(sqlx::Error::Database(cause)) if cause.code().as_deref() == Some("42P01") => Ok(None),
        found => Ok(found?),
    }
}

/// Whether `cause` says that a unique column already holds this value. Never by the constraint's name: SQLite has none.
pub fn is_taken(cause: &sqlx::Error) -> bool {
    cause.as_database_error().is_some_and(|database| database.is_unique_violation())
}

fn not_migrated(cause: MigrateError) -> anyhow::Error {
    match cause {
        MigrateError::VersionMissing(version) => anyhow::anyhow!(
            "a newer Postkey has already used this database (migration {version}). Start that version, or restore a \
             backup from before the update; nothing was changed"
        ),
        cause => anyhow::Error::from(cause).context("the tables could not be brought up to date"),
    }
}

async fn refuse_unsafe_sqlite(pool: &SqlitePool) -> anyhow::Result<()> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(pool).await?;
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    if (next(), next(), next()) < OLDEST_SAFE_SQLITE {
        bail!("SQLite {version} can corrupt a database in WAL mode; Postkey needs 3.51.3 or newer");
    }
    Ok(())
}
