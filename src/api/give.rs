//! Finds a mailbox' token: at hand, stored, or renewed because the stored one would not last.
//!
//! While Microsoft cannot be reached a token that is still good is given although it lasts less than was asked for; when Microsoft
//! refuses, it is not, because then somebody has to know.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::applications::{Application, store as applications};
use crate::clock::UnixTime;
use crate::error::{AppError, Result as Done};
use crate::ids::{GrantId, MailboxId};
use crate::keys::{Key, Reach, store as keys};
use crate::mailboxes::mailbox::Mailbox;
use crate::mailboxes::store::{self as mailboxes, address_key};
use crate::microsoft::{AccessToken, Failure, Roles, scopes};
use crate::secrets::{Place, Sealed};
use crate::telemetry;
use crate::tokens::delegated_store::{self, DelegatedGrant};
use crate::tokens::store::{self as grants, GRAPH, Grant};
use crate::tokens::{NoToken, Want, obtain, refresh};
use crate::words::{Cause, Who};

use super::desk::{Desk, Piece, Spot};
use super::trouble;
use super::{Code, Problem};

/// How long a worker waits for Microsoft. The renewal goes on.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a worker is handed.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) spot: Arc<Spot>,
    pub(super) piece: Arc<Piece>,
    /// Whether it was there before.
    pub(super) cached: bool,
}

/// A mailbox that a key is for, with its application.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub(super) mailbox: Mailbox,
    pub(super) application: Application,
}

impl Piece {
    fn lasts(&self, seconds: i64, now: UnixTime) -> bool {
        now < self.expires_at && now.plus(seconds) <= self.expires_at
    }
}

/// The token of the mailbox with this ID or address, good for at least `least` seconds more.
///
/// # Errors
/// Why there is none.
pub(super) async fn give(app: &App, desk: &Desk, key: &Key, name: &str, least: i64) -> Result<Given, Problem> {
    let turn = desk.turn();
    if let Some((spot, piece)) = desk.at_hand(name)
        && reaches(key, &spot)
        && piece.lasts(least, app.clock.now())
    {
        return Ok(Given { spot, piece, cached: true });
    }
    let located = locate(app, key, name).await?;
    refuse_paused(&located.mailbox)?;
    let stored = stored(app, &located).await?;
    if let Some(given) = stored.clone().filter(|given| given.piece.lasts(least, app.clock.now())) {
        desk.lay(turn, &given.spot, &given.piece);
        return Ok(given);
    }
    let answer = renew(app, &located, Want::Lasting(least)).await?;
    let turn = desk.turn();
    let newest = self::stored(app, &located).await?;
    let alive = newest.filter(|given| app.clock.now() < given.piece.expires_at);
    match (answer, alive) {
        (Ok(()), Some(given)) => {
            desk.lay(turn, &given.spot, &given.piece);
            let before = stored.map(|before| (before.spot.grant.clone(), before.piece.generation));
            let cached = before == Some((given.spot.grant.clone(), given.piece.generation));
            Ok(Given { cached, ..given })
        }
        (Err(NoToken::Failed(failure)), Some(given)) if failure.is_transient() => Ok(given),
        (Err(none), _) => Err(trouble::of(app, &located, &none).await?),
        (Ok(()), None) => Err(Problem::new(Code::TryLater, "The application was changed at this very moment.")),
    }
}

fn reaches(key: &Key, spot: &Spot) -> bool {
    match &key.reach {
        Reach::All => true,
        Reach::Applications(all) => all.contains(&spot.application),
        Reach::Mailboxes(all) => all.contains_key(&spot.mailbox),
    }
}

/// The living mailbox with this ID or address, if the key is for it. One that it is not for looks, and takes as long, as if it was
/// not there.
///
/// # Errors
/// If it is not there, or the database cannot answer.
pub(super) async fn locate(app: &App, key: &Key, name: &str) -> Result<Located, Problem> {
    let id = name.parse::<MailboxId>().ok();
    let address = address_key(name);
    let found = match (&key.reach, id) {
        (Reach::All, Some(id)) => Some(id),
        (Reach::All, None) => mailboxes::by_address(&app.db, name).await?,
        (Reach::Applications(_), _) => keys::reached(&app.db, &key.id, name, &address).await?,
        (Reach::Mailboxes(all), Some(id)) => Some(id).filter(|id| all.contains_key(id)),
        (Reach::Mailboxes(all), None) => all.iter().find(|(_, known)| **known == address).map(|(id, _)| id.clone()),
    };
    let mailbox = mailboxes::get(&app.db, &found.ok_or(AppError::NotFound)?).await?;
    let application = applications::get(&app.db, &mailbox.application_id).await?;
    Ok(Located { mailbox, application })
}

/// # Errors
/// If somebody paused the mailbox.
pub(super) fn refuse_paused(mailbox: &Mailbox) -> Result<(), Problem> {
    let Some(paused) = &mailbox.paused else { return Ok(()) };
    let problem =
        Problem::new(Code::Paused, format!("{} paused this mailbox. It waits until somebody resumes it.", paused.by));
    Err(problem.since(paused.at).for_whom(Who::MailboxAdministrator))
}

/// What is stored for the mailbox, good or not; nothing if there is nothing, or it does not open.
///
/// # Errors
/// If the database cannot answer.
pub(super) async fn stored(app: &App, located: &Located) -> Done<Option<Given>> {
    let Located { mailbox, application } = located;
    let Some(graph) = app.microsoft.clouds().graph(application.cloud) else { return Ok(None) };
    let found = match mailbox.is_delegated() {
        true => of_person(app, located).await?,
        false => of_application(app, located).await?,
    };
    Ok(found.map(|(grant, piece)| {
        let spot = Spot {
            mailbox: mailbox.id.clone(),
            address: mailbox.address.clone(),
            application: application.id.clone(),
            grant,
            access: mailbox.access.value(),
            graph: graph.as_str().trim_end_matches('/').to_owned(),
        };
        Given { spot: Arc::new(spot), piece: Arc::new(piece), cached: true }
    }))
}

async fn of_application(app: &App, located: &Located) -> Done<Option<(GrantId, Piece)>> {
    let Some(grant) = grants::find(&app.db, &located.application.id, GRAPH).await? else { return Ok(None) };
    let Some(token) = open(app, Grant::place(&grant.id), &grant.sealed).await? else { return Ok(None) };
    let roles = serde_json::from_str(&grant.roles).unwrap_or(Roles::Unreadable);
    let (issued_at, expires_at) = (grant.issued_at, grant.expires_at);
    let scopes = roles.list().to_vec();
    Ok(Some((grant.id, Piece { generation: grant.generation, token, issued_at, expires_at, scopes, account: None })))
}

async fn of_person(app: &App, located: &Located) -> Done<Option<(GrantId, Piece)>> {
    let Some(grant) = delegated_store::find(&app.db, &located.mailbox.id).await? else { return Ok(None) };
    let tenant = located.application.known_to_microsoft().map(|known| known.tenant.to_string());
    if grant.application_id != located.application.id || Some(&grant.tenant_id) != tenant.as_ref() {
        return Ok(None);
    }
    let place = DelegatedGrant::access_place(&grant.id);
    let Some(token) = open(app, place, &grant.access_token).await? else { return Ok(None) };
    let scopes = grant.scopes.split_whitespace().map(|scope| scopes::bare(scope).to_owned()).collect();
    let (issued_at, expires_at) = (grant.issued_at, grant.expires_at);
    let account = Some([grant.username, grant.object_id, grant.tenant_id]);
    Ok(Some((grant.id, Piece { generation: grant.generation, token, issued_at, expires_at, scopes, account })))
}

async fn open(app: &App, place: Place<'_>, sealed: &Sealed) -> Done<Option<AccessToken>> {
    let row = place.row.to_owned();
    let opened = app.keyring.open_or_reload(&app.db, place, sealed).await?;
    Ok(opened
        .inspect_err(|cause| tracing::error!(grant = row, %cause, "a stored token does not open"))
        .ok()
        .map(AccessToken::new))
}

/// Renews it, or joins whoever is doing that. Goes on when the worker is gone.
///
/// # Errors
/// If the database cannot answer.
pub(super) async fn renew(app: &App, located: &Located, want: Want) -> Done<Result<(), NoToken>> {
    let Some(known) = located.application.known_to_microsoft() else {
        let text = "Postkey has not checked this mailbox yet.";
        return Ok(Err(NoToken::Failed(Failure::of(Cause::TenantNotFound, text, app.clock.now()))));
    };
    let (app_of_task, Located { mailbox, application }) = (app.clone(), located.clone());
    let work = async move {
        let app = app_of_task;
        match mailbox.is_delegated() {
            true => refresh::delegated_token(&app, &mailbox.id, &application, &known, want).await,
            false => obtain::application_token(&app, &application, &known, want).await,
        }
    };
    let task = app.tasks.spawn(telemetry::with_request_id(telemetry::request_id(), work));
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(answer)) => Ok(answer?.map(drop)),
        Ok(Err(cause)) => Err(AppError::internal(cause)),
        Err(_) => {
            let text = "Microsoft has not answered yet.";
            Ok(Err(NoToken::Failed(Failure::of(Cause::ProviderDown, text, app.clock.now()))))
        }
    }
}
