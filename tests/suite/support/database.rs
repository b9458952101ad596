//! A database of its own for each test, on either engine.

use std::sync::atomic::{AtomicU32, Ordering};

use postkey::config::Database;
use secrecy::SecretString;
use sqlx::{ConnectOptions, Connection};

/// Which engine a test runs on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Engine {
    /// Every engine that is at hand. PostgreSQL is, if `POSTKEY_TEST_POSTGRES` says where.
    pub(crate) fn all() -> Vec<Self> {
        match postgres() {
            Some(_) => vec![Self::Sqlite, Self::Postgres],
            None => {
                assert!(std::env::var_os("CI").is_none(), "CI must set POSTKEY_TEST_POSTGRES");
                eprintln!("PostgreSQL is left out: POSTKEY_TEST_POSTGRES is not set");
                vec![Self::Sqlite]
            }
        }
    }

    /// A fresh, empty database.
    pub(crate) async fn fresh(self) -> Database {
        match self {
            Self::Sqlite => Database::Sqlite,
            Self::Postgres => {
                let server = postgres().expect("POSTKEY_TEST_POSTGRES is set");
                let name = format!("pk_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
                let options: sqlx::postgres::PgConnectOptions = server.parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                // One of this name was left behind by a process of the same number that was killed.
                for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
                    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
                }
                connection.close().await.unwrap();
                let (base, _) = server.rsplit_once('/').unwrap();
                Database::Postgres(SecretString::from(format!("{base}/{name}")))
            }
        }
    }
}

/// Removes a database that [`Engine::fresh`] made and that nobody uses any more.
pub(crate) async fn forget(database: &Database) {
    let (Some(server), Some(url)) = (postgres(), database.postgres_url()) else { return };
    let (_, name) = url.rsplit_once('/').unwrap();
    let options: sqlx::postgres::PgConnectOptions = server.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let statement = sqlx::AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn postgres() -> Option<String> {
    std::env::var("POSTKEY_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}
