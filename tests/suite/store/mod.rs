//! The contract of the stores: every function that runs SQL, executed on each engine. One file for each store.

mod admin_link;
mod alerts;
mod api_keys;
mod applications;
mod bin;
mod checks;
mod complete;
mod credentials;
mod delegated;
mod expiry;
mod grants;
mod keys;
mod mailboxes;
mod metrics;
mod news;
mod over_time;
mod overview;
mod problems;
mod scope;
mod search;
mod sessions;
mod shown;
mod sign_in;
mod throttle;
mod token_health;
mod transactions;
mod turns;
mod upgrade;
mod users;

use postkey::app::App;
use postkey::applications::{Application, store as applications_store};
use postkey::chance::Chance;
use postkey::clock::{Clock, UnixTime};
use postkey::config::{Config, PasswordCost};
use postkey::db::{Db, Tx};
use postkey::error::Result;
use postkey::ids::{ApplicationId, CheckId, MailboxId};
use postkey::mailboxes::history::{self, Check};
use postkey::mailboxes::ladder::Ladder;
use postkey::mailboxes::mailbox::{Access, Health, Mailbox, Stamp};
use postkey::mailboxes::store as mailboxes_store;
use postkey::microsoft::{ClientId, Cloud, Tenant};
use postkey::words::Status;
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::Engine;
use crate::support::app::NOON;
use crate::support::database::forget;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";

/// A database with the product around it, but no server.
pub(crate) struct World {
    pub(crate) app: App,
    engine: Engine,
    home: TempDir,
}

impl World {
    pub(crate) async fn on(engine: Engine) -> Self {
        let home = TempDir::new().unwrap();
        let (app, _) = App::open(config(&home, engine).await, standing(), Chance::seeded(1)).await.unwrap();
        Self { app, engine, home }
    }

    /// The same on every engine that is at hand.
    pub(crate) async fn all() -> Vec<Self> {
        let mut worlds = Vec::new();
        for engine in Engine::all() {
            worlds.push(Self::on(engine).await);
        }
        worlds
    }

    pub(crate) fn db(&self) -> &Db {
        &self.app.db
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.app.clock.now()
    }

    /// Runs `work` in a transaction and keeps it.
    pub(crate) async fn write<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> T {
        let mut tx = self.app.db.begin().await.unwrap();
        let done = work(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        done
    }

    /// Runs `work` in a transaction and drops it.
    pub(crate) async fn undo<T>(&self, work: impl AsyncFnOnce(&mut Tx) -> Result<T>) -> T {
        let mut tx = self.app.db.begin().await.unwrap();
        work(&mut tx).await.unwrap()
    }

    /// Changes rows as only a hand at the database can. Gives how many.
    pub(crate) async fn by_hand(&self, text: &str) -> u64 {
        let text = sqlx::AssertSqlSafe(text.to_owned());
        match self.db() {
            Db::Sqlite { write, .. } => sqlx::query(text).execute(write).await.unwrap().rows_affected(),
            Db::Postgres(pool, ..) => sqlx::query(text).execute(pool).await.unwrap().rows_affected(),
        }
    }

    /// The one number that `text` asks for.
    pub(crate) async fn count(&self, text: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(text.to_owned());
        match self.db() {
            Db::Sqlite { read, .. } => sqlx::query_scalar(text).fetch_one(read).await.unwrap(),
            Db::Postgres(pool, ..) => sqlx::query_scalar(text).fetch_one(pool).await.unwrap(),
        }
    }

    /// An application that is not stored yet.
    pub(crate) fn application(&self, name: &str) -> Application {
        let client = Uuid::from_bytes(self.app.chance.bytes());
        Application {
            id: ApplicationId::new(self.now(), &self.app.chance),
            name: name.to_owned(),
            cloud: Cloud::Global,
            tenant: Tenant::parse(TENANT).unwrap(),
            tenant_id: Tenant::parse(TENANT).unwrap().guid(),
            client_id: ClientId::parse(&client.to_string()).unwrap(),
            credential_ends_at: None,
            created_by: "Ana".to_owned(),
            created_at: self.now(),
            version: 1,
        }
    }

    /// A stored application.
    pub(crate) async fn stored(&self, name: &str) -> Application {
        let application = self.application(name);
        let done = self.write(async |tx| applications_store::insert(tx, &application).await).await;
        assert_eq!(done, applications_store::Written::Done);
        application
    }

    /// A mailbox that is not stored yet.
    pub(crate) fn mailbox(&self, application: &Application, address: &str) -> Mailbox {
        Mailbox {
            id: MailboxId::new(self.now(), &self.app.chance),
            address: address.to_owned(),
            display_name: String::new(),
            access: Access::WithoutUser,
            application_id: application.id.clone(),
            version: 1,
            created: Stamp { by: "Ana".to_owned(), at: self.now() },
            paused: None,
            deleted: None,
            health: Health::unverified(self.now()),
        }
    }

    /// A stored mailbox.
    pub(crate) async fn added(&self, application: &Application, address: &str) -> Mailbox {
        let mailbox = self.mailbox(application, address);
        self.add(&mailbox).await;
        mailbox
    }

    pub(crate) async fn add(&self, mailbox: &Mailbox) {
        let done = self.write(async |tx| mailboxes_store::insert(tx, mailbox).await).await;
        assert_eq!(done, mailboxes_store::Written::Done, "{}", mailbox.address);
    }

    /// A check of `mailbox` that ends now.
    pub(crate) fn check(&self, mailbox: &Mailbox, incoming: Status, outgoing: Status) -> Check {
        Check {
            times: 1,
            first_at: self.now(),
            id: CheckId::new(self.now(), &self.app.chance),
            mailbox_id: mailbox.id.clone(),
            asked_by: "Ana".to_owned(),
            reason: "asked".to_owned(),
            incoming,
            outgoing,
            started_at: self.now(),
            finished_at: self.now(),
            ladder: Ladder::new(),
        }
    }

    /// Checks `mailbox` from begin to end.
    pub(crate) async fn checked(&self, mailbox: &Mailbox, incoming: Status, outgoing: Status) -> Check {
        let check = self.check(mailbox, incoming, outgoing);
        self.write(async |tx| {
            assert!(mailboxes_store::begin_check(tx, &mailbox.id, check.started_at).await?);
            assert!(mailboxes_store::finish_check(tx, mailbox, &check, false).await?);
            history::insert(tx, &check).await
        })
        .await;
        check
    }

    pub(crate) async fn find(&self, mailbox: &Mailbox) -> Mailbox {
        mailboxes_store::find(self.db(), &mailbox.id).await.unwrap().unwrap()
    }

    pub(crate) async fn close(self) {
        self.app.db.close().await;
        forget(&self.app.config.database).await;
    }
}

fn standing() -> Clock {
    Clock::standing_at(UnixTime::from_seconds(NOON))
}

async fn config(home: &TempDir, engine: Engine) -> Config {
    let environment = [("HOME", home.path().to_str().unwrap()), ("POSTKEY_CONFIG", "/dev/null")];
    let config = Config::load(environment.map(|(name, value)| (name.to_owned(), value.to_owned()))).unwrap();
    Config { database: engine.fresh().await, password_cost: PasswordCost::FLOOR, ..config }
}
