//! The life of a person's grant, as `src/tokens` leads it: each test signs in once, and lets an hour pass.

mod clock;
pub(crate) mod keeper;
mod many;
mod over_time;
mod pages;
mod refresh;
mod refused;
mod unstored;

use postkey::applications::{Application, store as applications};
use postkey::ids::MailboxId;
use postkey::microsoft::ApplicationRef;
use postkey::tokens::delegated_store::{self, DelegatedGrant};
use postkey::tokens::{NoToken, Obtained, Want, refresh as renewals};
use postkey_simulator::{Call, Family, Kind, Lifetime, Rotation};
use secrecy::ExposeSecret;

use crate::sign_in::{self, OLGA};
use crate::support::{Browser, Engine, Page, TestApp};

/// How long an access token lives here, in seconds.
const HOUR: i64 = 3_600;

/// A mailbox for which its person has just signed in.
struct Stage {
    app: TestApp,
    ana: Browser,
    mailbox: String,
    id: MailboxId,
    application: Application,
}

impl Stage {
    async fn start(rotation: Rotation) -> Self {
        Self::on(Engine::Sqlite, rotation).await
    }

    async fn on(engine: Engine, rotation: Rotation) -> Self {
        let app = TestApp::on(engine).await;
        app.sim.estate(|estate| {
            estate.settings.rotation = rotation;
            estate.settings.lifetime = Lifetime::Fixed { seconds: 3_600 };
        });
        let ana = app.owner().await;
        let mailbox = sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
        let id = mailbox.rsplit('/').next().unwrap().parse().unwrap();
        let application = sign_in::application(&app, sign_in::SIGN_IN).await.parse().unwrap();
        let application = applications::get(&app.inside().db, &application).await.unwrap();
        app.sim.clear_requests();
        Self { app, ana, mailbox, id, application }
    }

    /// Lets time pass, with Ana looking in often enough to stay signed in.
    async fn later(&self, seconds: i64) {
        for step in [seconds / 3, seconds / 3, seconds - seconds / 3 * 2] {
            self.app.advance(step);
            assert_eq!(self.ana.get("/").await.status, 200);
        }
    }

    /// Presses "Check now". Gives the mailbox' page.
    async fn check(&self) -> Page {
        self.ana.check_now(&self.mailbox).await;
        self.ana.get(&self.mailbox).await
    }

    /// What the page says of both directions.
    async fn says(&self) -> [String; 2] {
        let page = self.check().await;
        page.all(".kv dd")[..2].to_vec().try_into().unwrap()
    }

    async fn grant(&self) -> DelegatedGrant {
        delegated_store::find(&self.app.inside().db, &self.id).await.unwrap().unwrap()
    }

    /// The refresh token that is stored, and the one before it, as plain text.
    async fn refresh_tokens(&self) -> (String, Option<String>) {
        let (grant, keyring) = (self.grant().await, &self.app.inside().keyring);
        let current = keyring.open(DelegatedGrant::refresh_place(&grant.id), &grant.refresh_token).unwrap();
        let previous = grant.previous_refresh_token.as_ref().map(|previous| {
            keyring.open(DelegatedGrant::previous_place(&grant.id), previous).unwrap().expose_secret().to_owned()
        });
        (current.expose_secret().to_owned(), previous)
    }

    /// As the mailbox' token is asked for by whoever needs it.
    async fn token(&self, want: Want) -> Result<Obtained, NoToken> {
        self.try_token(want).await.unwrap()
    }

    async fn try_token(&self, want: Want) -> postkey::error::Result<Result<Obtained, NoToken>> {
        let known = ApplicationRef {
            cloud: self.application.cloud,
            tenant: self.application.tenant_id.unwrap(),
            client_id: self.application.client_id,
        };
        renewals::delegated_token(self.app.inside(), &self.id, &self.application, &known, want).await
    }

    fn renewals(&self) -> u64 {
        self.app.sim.count_grants("refresh_token")
    }

    fn inbox_reads(&self) -> u64 {
        self.app.sim.count(Kind::Graph(Call::Inbox))
    }

    fn families(&self) -> Vec<Family> {
        self.app.sim.estate(|estate| estate.grants.families().to_vec())
    }
}
