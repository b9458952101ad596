//! Stores applications and mailboxes and really checks them against the simulated Microsoft.

use std::collections::HashMap;

use anyhow::{Context, bail};
use futures_util::{StreamExt, TryStreamExt, stream};
use postkey::app::App;
use postkey::applications::form::{NewApplication, Proof as NewProof};
use postkey::applications::store::Written as ApplicationWritten;
use postkey::applications::{Credential, add};
use postkey::audit;
use postkey::clock::Clock;
use postkey::ids::{ApplicationId, CredentialId, MailboxId};
use postkey::mailboxes::check::{self, Progress, Reason};
use postkey::mailboxes::mailbox::{CHECK_INTERVAL, Health, Mailbox, Stamp};
use postkey::mailboxes::store::{self, Written};
use postkey::microsoft::{ClientId, Cloud, Clouds, CustomCloud, Limits, Microsoft, Tenant};
use postkey_simulator::{Failure, Fault, Page, Place, Refusal, RetryAfter, Simulator};
use secrecy::SecretString;

use crate::estate::{Known, Proof};
use crate::people::{APPLICATION_ADMINISTRATOR, MAILBOX_ADMINISTRATOR};
use crate::plan::{DEFAULT, Fate, Plan, Row, Trouble, app as names};
use crate::progress::Progress as Shown;

/// Checks at once. Few, because two cores play Postkey and Microsoft.
const AT_ONCE: usize = 8;
const DAY: i64 = 24 * 60 * 60;
/// How long ago the stale ones were checked: longer than a check proves anything.
const STALE: i64 = 4 * CHECK_INTERVAL;

/// A mailbox that was really checked, or left unchecked on purpose.
pub(crate) struct Model {
    /// Its ID.
    pub(crate) id: MailboxId,
    /// Its address.
    pub(crate) address: String,
    /// Who signs in for it, if somebody does.
    pub(crate) signs_in: String,
    /// What has happened to it.
    pub(crate) fate: Fate,
}

/// Fills an empty Postkey.
pub(crate) struct Seeder<'a> {
    app: &'a App,
    simulator: &'a Simulator,
    plan: &'a Plan,
    progress: &'a Shown,
}

impl<'a> Seeder<'a> {
    /// Prepares to fill `app`, which speaks to `simulator`.
    pub(crate) fn new(app: &'a App, simulator: &'a Simulator, plan: &'a Plan, progress: &'a Shown) -> Self {
        Self { app, simulator, plan, progress }
    }

    /// Stores applications and mailboxes, checks the mailboxes, and lets happen to them what the plan says.
    pub(crate) async fn fill(self, known: Vec<Known>) -> anyhow::Result<Vec<Model>> {
        let applications = self.applications(known).await?;
        let models = self.mailboxes(&applications).await?;
        self.break_things();
        self.check(&models).await?;
        self.simulator.clear_faults();
        self.simulator.clear_requests();
        self.afterwards(&models).await?;
        Ok(models)
    }

    async fn applications(&self, known: Vec<Known>) -> anyhow::Result<HashMap<String, ApplicationId>> {
        let earlier = earlier(self.app, 180 * DAY);
        let mut ids = HashMap::new();
        let mut tx = self.app.db.begin().await?;
        for known in known {
            let name = known.name.clone();
            let tampered = matches!(known.proof, Proof::Tampered(..));
            let (application, mut credential) =
                add::prepare(&earlier, new_application(known)?, APPLICATION_ADMINISTRATOR).await?;
            if tampered {
                let elsewhere = CredentialId::new(earlier.clock.now(), &self.app.chance);
                credential.sealed =
                    self.app.keyring.seal(Credential::place(&elsewhere), &SecretString::from(name.as_str()))?;
            }
            if add::write(&mut tx, &earlier, &application, &credential).await? != ApplicationWritten::Done {
                bail!("{name} could not be stored");
            }
            ids.insert(name, application.id);
        }
        tx.commit().await?;
        Ok(ids)
    }

    async fn mailboxes(&self, applications: &HashMap<String, ApplicationId>) -> anyhow::Result<Vec<Model>> {
        let mut models = Vec::with_capacity(self.plan.rows.len());
        let mut tx = self.app.db.begin().await?;
        for (number, row) in self.plan.rows.iter().enumerate() {
            let earlier = earlier(self.app, DAY * (1 + number as i64 * 7 % 170));
            let application_id =
                applications.get(row.application).with_context(|| format!("{} is not stored", row.application))?;
            let mailbox = mailbox(&earlier, row, application_id);
            if store::insert(&mut tx, &mailbox).await? != Written::Done {
                bail!("{} could not be stored", row.address);
            }
            let entry = audit::Entry {
                actor: MAILBOX_ADMINISTRATOR,
                action: "mailbox.created",
                object: mailbox.id.as_str(),
                detail: &row.address,
            };
            audit::record(&mut tx, &earlier, entry).await?;
            let signs_in = mailbox.signs_in().unwrap_or_default().to_owned();
            models.push(Model { id: mailbox.id, address: mailbox.address, signs_in, fate: row.fate });
        }
        tx.commit().await?;
        Ok(models)
    }

    /// Puts in the faults that last while the checks run.
    fn break_things(&self) {
        for row in &self.plan.rows {
            if let Fate::Troubled(trouble) = row.fate {
                self.fault(trouble, &row.address);
            }
        }
    }

    fn fault(&self, trouble: Trouble, address: &str) {
        let graph = |failure| Fault::new(Place::Graph, failure).mailbox(address);
        let fault = match trouble {
            Trouble::Throttled => graph(Failure::Throttle(RetryAfter::Seconds(120))),
            Trouble::Down => Fault::status(Place::Graph, 503, Page::Html).mailbox(address),
            Trouble::TokenRefused => graph(Failure::Graph(Refusal::TokenAudience)),
            Trouble::New => graph(Failure::Graph(Refusal::MethodNotAllowed)),
            Trouble::Clock => {
                let vault =
                    self.simulator.estate(|estate| estate.application(names::VAULT).map(|vault| vault.client_id));
                Fault::aadsts(700_024).application(vault.unwrap_or_default()).times(1)
            }
        };
        self.simulator.fault(fault);
    }

    /// One after the other what is about an application's token or about the past, then the others together.
    async fn check(&self, models: &[Model]) -> anyhow::Result<()> {
        let past = in_the_past(self.app, STALE)?;
        let (first, others): (Vec<&Model>, Vec<&Model>) =
            models.iter().partition(|model| matches!(model.fate, Fate::Stale | Fate::Troubled(Trouble::Clock)));
        for model in first {
            let app = if model.fate == Fate::Stale { &past } else { self.app };
            self.check_one(app, model).await?;
        }
        stream::iter(others)
            .map(|model| self.check_one(self.app, model))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await
    }

    async fn check_one(&self, app: &App, model: &Model) -> anyhow::Result<()> {
        if !matches!(model.fate, Fate::New | Fate::SignIn(_)) {
            settle(app, model, Reason::Saved).await?;
        }
        if model.fate == Fate::Tested {
            settle(app, model, Reason::TestMessage(model.address.clone())).await?;
        }
        // Those that people sign in for follow by themselves.
        if !matches!(model.fate, Fate::Deleted | Fate::SignIn(_)) {
            self.progress.done(1);
        }
        Ok(())
    }

    async fn afterwards(&self, models: &[Model]) -> anyhow::Result<()> {
        let now = self.app.clock.now();
        let mut tx = self.app.db.begin().await?;
        for (number, model) in models.iter().enumerate() {
            let then = now.plus(-DAY * (number as i64 % 20));
            match model.fate {
                Fate::Paused => drop(store::pause(&mut tx, &model.id, MAILBOX_ADMINISTRATOR, then).await?),
                Fate::Deleted => drop(store::delete(&mut tx, &model.id, MAILBOX_ADMINISTRATOR, then).await?),
                _ if model.address == DEFAULT => store::set_default_outbound(&mut tx, &model.id).await?,
                _ => {}
            }
        }
        Ok(tx.commit().await?)
    }
}

/// The same Postkey at an earlier time.
fn earlier(app: &App, seconds: i64) -> App {
    App { clock: Clock::standing_at(app.clock.now().plus(-seconds)), ..app.clone() }
}

/// The same, and it speaks to Microsoft at that time, so that its tokens are as old.
fn in_the_past(app: &App, seconds: i64) -> anyhow::Result<App> {
    let past = earlier(app, seconds);
    let cloud = app.config.custom_cloud.clone();
    let clouds = Clouds::new(cloud.map(|it| CustomCloud { name: it.name, authority: it.authority, graph: it.graph }))?;
    let microsoft = Microsoft::new(clouds, Limits::default(), past.clock.clone(), None)?;
    Ok(App { microsoft, ..past })
}

fn new_application(known: Known) -> anyhow::Result<NewApplication> {
    let proof = match known.proof {
        Proof::Secret(value, ends) | Proof::Tampered(value, ends) => {
            NewProof::Secret { value: SecretString::from(value), ends: Some(ends) }
        }
        Proof::Certificate => NewProof::Certificate,
    };
    Ok(NewApplication {
        name: known.name,
        cloud: Cloud::Custom,
        tenant: Tenant::parse(&known.tenant.to_string()).context("a tenant ID is no GUID")?,
        client_id: ClientId::parse(&known.client_id.to_string()).context("a client ID is no GUID")?,
        proof,
    })
}

fn mailbox(app: &App, row: &Row, application_id: &ApplicationId) -> Mailbox {
    let now = app.clock.now();
    Mailbox {
        id: MailboxId::new(now, &app.chance),
        address: row.address.clone(),
        display_name: row.name.to_owned(),
        health: Health::new(&row.access(), now),
        access: row.access(),
        application_id: application_id.clone(),
        version: 1,
        created: Stamp { by: MAILBOX_ADMINISTRATOR.to_owned(), at: now },
        paused: None,
        deleted: None,
    }
}

/// Runs a check to its end, however long it takes.
pub(crate) async fn settle(app: &App, model: &Model, reason: Reason) -> anyhow::Result<()> {
    let progress = check::start(app, &model.id, MAILBOX_ADMINISTRATOR, reason).await;
    if let Progress::Done(_) = progress.with_context(|| format!("{} could not be checked", model.address))? {
        return Ok(());
    }
    while store::get(&app.db, &model.id).await?.health.checking_since.is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    Ok(())
}
