//! Very many mailboxes that all work: every other one is opened by an application, the others on behalf of a person who signed
//! in for each. Written by the product's own stores, spread over time as if they had been kept for long.

use std::path::Path;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use postkey::app::App;
use postkey::applications::{Application, store as applications};
use postkey::chance::Chance;
use postkey::clock::{Clock, UnixTime};
use postkey::config::Config;
use postkey::ids::{CheckId, GrantId, MailboxId};
use postkey::mailboxes::history::{self, Check};
use postkey::mailboxes::mailbox::{Access, CHECK_INTERVAL, Health, Mailbox};
use postkey::mailboxes::store::{self, Written};
use postkey::mailboxes::turn_store;
use postkey::microsoft::scopes;
use postkey::tokens::delegated_store::{self as grants, DelegatedGrant};
use postkey::tokens::{Want, refresh};
use postkey_simulator::{Earlier, Estate, Lifetime, Mailbox as Simulated, MailboxKind, Simulator};
use secrecy::SecretString;

use crate::product::environment;
use crate::seed::Seeded;

/// How long an access token lives here, in seconds. It is renewed after six tenths of that on average, so that 50,000 people's
/// tokens ask for as many renewals a second as 100,000 do with Entra's 60 to 90 minutes: one in 45 minutes each.
pub(crate) const LIFE: i64 = 2_250;
/// Seconds between two renewals of a token, on average.
pub(crate) const TURN: i64 = LIFE * 6 / 10;
/// Seconds before its end after which a token is not used any more.
const MARGIN: i64 = 300;

const PERSON: &str = "olga@contoso.example";
const PEOPLES: &str = "Contoso Sign-in";
/// The mailbox that `postkey-demo` really checked, from which the others are copied.
const MODEL: &str = "support@contoso.example";
/// Rows that are written in one transaction.
const BATCH: usize = 5_000;
/// How long a refresh token of Entra is, about.
const REFRESH_TOKEN_LENGTH: usize = 1_024;

/// What is held.
pub(crate) struct Crowd {
    pub(crate) seeded: Seeded,
    pub(crate) simulator: Simulator,
    /// How many of the mailboxes a person signed in for.
    pub(crate) signed_in: usize,
    /// When the first renewal comes due.
    pub(crate) begins: UnixTime,
}

/// What all copies have in common.
struct Originals {
    mailbox: Mailbox,
    check: Check,
    peoples: Application,
    /// A token of the person that the simulated Microsoft takes.
    access_token: SecretString,
    account: (String, String),
}

fn address(number: usize) -> String {
    format!("crowd.{number}@contoso.example")
}

fn is_signed_in(number: usize) -> bool {
    number % 2 == 1
}

/// The refresh token of a mailbox' sign-in.
fn refresh_token(number: usize) -> String {
    format!("{:x<REFRESH_TOKEN_LENGTH$}", format!("crowd.{number}."))
}

impl Crowd {
    /// Makes `mailboxes` of them, and the simulated Microsoft that knows them.
    pub(crate) async fn new(demo: &Path, mailboxes: usize) -> anyhow::Result<Self> {
        let seeded = Seeded::new(demo, 1).await?;
        let simulator = Seeded::simulator_with(|estate| exist(estate, mailboxes)).await?;
        let listen = ([127, 0, 0, 1], 0).into();
        let environment = environment(listen, seeded.folder(), Some(&simulator));
        let config = Config::load(environment.into_iter().map(|(name, value)| (name.to_owned(), value)))?;
        let (app, _) = App::open(config, Clock::System, Chance::System).await?;
        let originals = originals(&app, &simulator).await?;
        for start in (0..mailboxes).step_by(BATCH) {
            let end = mailboxes.min(start + BATCH);
            write_mailboxes(&app, &originals, start..end).await?;
            eprintln!("{end} of {mailboxes} mailboxes are there");
        }
        // What follows takes a while, and so does a start.
        let begins = app.clock.now().plus(60);
        for start in (0..mailboxes).step_by(BATCH) {
            write_grants(&app, &originals, &simulator, start..mailboxes.min(start + BATCH), begins).await?;
        }
        eprintln!("{} sign-ins are there", mailboxes / 2);
        app.db.close().await;
        Ok(Self { seeded, simulator, signed_in: (0..mailboxes).filter(|number| is_signed_in(*number)).count(), begins })
    }
}

fn exist(estate: &mut Estate, mailboxes: usize) {
    estate.settings.lifetime = Lifetime::Fixed { seconds: LIFE as u32 };
    estate.mailboxes.reserve(mailboxes);
    for number in 0..mailboxes {
        let mailbox = Simulated::new(&address(number), MailboxKind::User).holding(12, 3);
        estate.mailboxes.put(if is_signed_in(number) { mailbox.shared_with(PERSON) } else { mailbox });
    }
}

/// Takes the checked mailbox for a model, and gets a person's token with the product's own means.
async fn originals(app: &App, simulator: &Simulator) -> anyhow::Result<Originals> {
    let model = store::by_address(&app.db, MODEL).await?.context("the model is not there")?;
    let mailbox = store::get(&app.db, &model).await?;
    let check = history::newest(&app.db, &model, 1).await?.pop().context("the model was not checked")?;
    let peoples = applications::named(&app.db, PEOPLES).await?.context("nobody signs in")?;
    let peoples = applications::get(&app.db, &peoples).await?;
    let account = simulator.estate(|estate| {
        estate.person_mut(PERSON).map(|person| (person.tenant_id.to_string(), person.object_id.to_string()))
    });
    let nothing = SecretString::from("");
    let mut originals =
        Originals { mailbox, check, peoples, access_token: nothing, account: account.context("nobody signs in")? };
    // One sign-in more, which is not counted: its renewal brings the token that all the others have at the beginning.
    let first = mailbox_of(app, &originals, usize::MAX);
    remember(simulator, &originals, usize::MAX, app.clock.now())?;
    let mut tx = app.db.begin().await?;
    ensure!(store::insert(&mut tx, &first).await? == Written::Done, "the first mailbox could not be stored");
    let turn = app.clock.now().plus(-TURN);
    grants::save_signed_in(&mut tx, &grant_of(app, &originals, &first.id, usize::MAX, turn)?).await?;
    tx.commit().await?;
    let known = originals.peoples.known_to_microsoft().context("the application's tenant is not known")?;
    let want = Want::NewerThan(UnixTime::from_seconds(0));
    let got = refresh::delegated_token(app, &first.id, &originals.peoples, &known, want).await?;
    let got = got.map_err(|none| anyhow::anyhow!("no token for the crowd: {none:?}"))?;
    originals.access_token = SecretString::from(got.token.reveal().to_owned());
    let mut tx = app.db.begin().await?;
    store::delete(&mut tx, &first.id, "bench", app.clock.now()).await?;
    grants::forget(&mut tx, &first.id).await?;
    tx.commit().await?;
    Ok(originals)
}

fn mailbox_of(app: &App, originals: &Originals, number: usize) -> Mailbox {
    let model = &originals.mailbox;
    let (access, application_id) = match is_signed_in(number) {
        true => (Access::OnBehalfOfUser { person: Some(PERSON.to_owned()) }, originals.peoples.id.clone()),
        false => (Access::WithoutUser, model.application_id.clone()),
    };
    Mailbox {
        id: MailboxId::new(model.created.at, &app.chance),
        address: address(number),
        display_name: String::new(),
        health: Health::new(&access, model.created.at),
        access,
        application_id,
        ..model.clone()
    }
}

async fn write_mailboxes(app: &App, originals: &Originals, numbers: std::ops::Range<usize>) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    for number in numbers {
        let mailbox = mailbox_of(app, originals, number);
        ensure!(store::insert(&mut tx, &mailbox).await? == Written::Done, "{} could not be stored", mailbox.address);
        let id = CheckId::new(now, &app.chance);
        let check = Check { id, mailbox_id: mailbox.id.clone(), finished_at: now, ..originals.check.clone() };
        store::begin_check(&mut tx, &mailbox.id, check.started_at).await?;
        store::finish_check(&mut tx, &mailbox, &check, false).await?;
        history::insert(&mut tx, &check).await?;
        // An hour's round, as evenly as it has become after some hours.
        let turn = now.plus(60 + number as i64 * 61 % CHECK_INTERVAL);
        turn_store::plan(&mut tx, &mailbox.id, turn).await?;
    }
    Ok(tx.commit().await?)
}

async fn write_grants(
    app: &App,
    originals: &Originals,
    simulator: &Simulator,
    numbers: std::ops::Range<usize>,
    begins: UnixTime,
) -> anyhow::Result<()> {
    let mut tx = app.db.begin().await?;
    for number in numbers.filter(|number| is_signed_in(*number)) {
        let mailbox = store::by_address(&app.db, &address(number)).await?.context("a mailbox is gone")?;
        // 7 and 1,350 have no factor in common: every second of a turn gets as many.
        let turn = begins.plus(number as i64 / 2 * 7 % TURN);
        grants::save_signed_in(&mut tx, &grant_of(app, originals, &mailbox, number, turn)?).await?;
        remember(simulator, originals, number, app.clock.now())?;
    }
    Ok(tx.commit().await?)
}

fn granted() -> String {
    let graph = "https://graph.microsoft.com";
    let of_graph = |scope: &str| if scope.contains('.') { format!("{graph}/{scope}") } else { scope.to_owned() };
    scopes::asked(true).into_iter().map(of_graph).collect::<Vec<_>>().join(" ")
}

/// A sign-in whose token's turn comes at `turn`.
fn grant_of(
    app: &App,
    originals: &Originals,
    mailbox: &MailboxId,
    number: usize,
    turn: UnixTime,
) -> anyhow::Result<DelegatedGrant> {
    let id = GrantId::new(app.clock.now(), &app.chance);
    let (tenant_id, object_id) = originals.account.clone();
    let issued_at = turn.plus(-TURN);
    let expires_at = issued_at.plus(LIFE);
    let refresh_token = SecretString::from(refresh_token(number));
    Ok(DelegatedGrant {
        mailbox_id: mailbox.clone(),
        application_id: originals.peoples.id.clone(),
        tenant_id,
        object_id,
        username: PERSON.to_owned(),
        scopes: granted(),
        generation: 1,
        access_token: app.keyring.seal(DelegatedGrant::access_place(&id), &originals.access_token)?,
        refresh_token: app.keyring.seal(DelegatedGrant::refresh_place(&id), &refresh_token)?,
        previous_refresh_token: None,
        signed_in_at: issued_at,
        issued_at,
        renew_at: expires_at.plus(-MARGIN),
        expires_at,
        next_at: turn,
        attempted_at: None,
        failures: 0,
        failure: String::new(),
        id,
    })
}

/// Tells the simulated Microsoft of the sign-in.
fn remember(simulator: &Simulator, originals: &Originals, number: usize, now: UnixTime) -> anyhow::Result<()> {
    let at = Timestamp::from_second(now.seconds())?;
    let earlier = Earlier {
        refresh_token: refresh_token(number),
        client_id: originals.peoples.client_id.to_string().parse().context("a client ID is no GUID")?,
        person: PERSON.to_owned(),
        scope: granted(),
        signed_in: at,
        issued: at,
    };
    simulator.estate(|estate| estate.remember(&earlier));
    Ok(())
}
