//! What was changed, for whoever keeps copies of rows in memory: told to the transaction that changes it, heard when that ends.
//!
//! On PostgreSQL other processes may keep copies as well, so there it is written down in the same transaction, as its last
//! statement: the row of the counter is held for as long as the commit takes, and so the numbers are in the order of the commits.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::{FromRow, PgConnection};

use crate::error::Result;

use super::{Affected, Db, Tx, in_tx, on_db};

const WRITE_DOWN: &str = "
    WITH next AS (UPDATE change_count SET n = n + 1 WHERE id = 'all' RETURNING n)
    INSERT INTO changes (n, subjects) SELECT n, $1 FROM next";

const NEWEST: &str = "SELECT n FROM change_count WHERE id = 'all'";

const AFTER: &str = "SELECT n, subjects FROM changes WHERE n > $1 ORDER BY n LIMIT 1000";

const FORGET: &str = "DELETE FROM changes WHERE n <= (SELECT n FROM change_count WHERE id = 'all') - $1";

/// So many changes are kept for a process that was held up; one that missed more forgets all its copies.
const KEPT: i64 = 10_000;

/// Told instead of an identifier when too much was changed to name it.
pub const EVERYTHING: &str = "*";

type Ear = Box<dyn Fn(&str) + Send + Sync>;

/// Who listens in this process. Clones are the same.
#[derive(Clone, Default)]
pub struct News(Arc<RwLock<Vec<Ear>>>);

impl News {
    /// Calls `ear` with the identifier of whatever was changed from now on. It must be quick.
    pub fn listen(&self, ear: impl Fn(&str) + Send + Sync + 'static) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(ear));
    }

    /// Tells everybody who listens that these were changed.
    pub fn spread<'a>(&self, subjects: impl IntoIterator<Item = &'a str>) {
        let ears = self.0.read().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects {
            ears.iter().for_each(|ear| ear(subject));
        }
    }
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("News")
    }
}

/// What a transaction changes, until it ends.
#[derive(Debug)]
pub struct Told {
    subjects: Vec<String>,
    news: News,
}

impl Told {
    pub(super) fn of(news: &News) -> Self {
        Self { subjects: Vec::new(), news: news.clone() }
    }

    pub(super) async fn write_down(&self, connection: &mut PgConnection) -> Result<()> {
        if !self.subjects.is_empty() {
            sqlx::query(WRITE_DOWN).bind(self.subjects.join(" ")).execute(connection).await?;
        }
        Ok(())
    }

    pub(super) fn spread(&self) {
        self.news.spread(self.subjects.iter().map(String::as_str));
    }
}

impl Tx {
    /// Says that the row with this identifier is changed here, so that copies of it are dropped when this is committed.
    pub fn tell(&mut self, subject: impl Into<String>) {
        let (Self::Sqlite(_, told) | Self::Postgres(_, told)) = self;
        told.subjects.push(subject.into());
    }
}

/// What one transaction has changed.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Change {
    /// Its place in the order of commits.
    pub n: i64,
    /// Identifiers, separated by spaces.
    pub subjects: String,
}

impl Db {
    /// Who listens.
    pub fn news(&self) -> &News {
        let (Self::Sqlite { news, .. } | Self::Postgres(_, news)) = self;
        news
    }

    /// The number of the newest change that was written down.
    ///
    /// # Errors
    /// If the database cannot answer.
    pub async fn newest_change(&self) -> Result<i64> {
        Ok(on_db!(self, |c| sqlx::query_scalar(NEWEST).fetch_one(c).await)?)
    }

    /// What was written down after the change with this number, at most a thousand of it.
    ///
    /// # Errors
    /// If the database cannot answer.
    pub async fn changes_after(&self, n: i64) -> Result<Vec<Change>> {
        Ok(on_db!(self, |c| sqlx::query_as(AFTER).bind(n).fetch_all(c).await)?)
    }

    /// Removes what every process has heard long ago.
    ///
    /// # Errors
    /// If the database cannot answer.
    pub async fn forget_changes(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        in_tx!(&mut tx, |c| sqlx::query(FORGET).bind(KEPT).execute(c).await.affected())?;
        tx.commit().await
    }
}
