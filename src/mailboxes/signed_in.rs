//! A sign-in opens the mailbox once, with the token it has just brought, and that counts as a check.

use tokio::time::Instant;

use crate::app::App;
use crate::applications::Application;
use crate::clock::UnixTime;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::CheckId;
use crate::microsoft::ApplicationRef;
use crate::tokens::Obtained;

use super::Mailbox;
use super::check::Reason;
use super::climb::Climb;
use super::history::{self, Check};
use super::ladder::{Ladder, Verdict};
use super::{check, rounds, store, turn_store};

/// Opens the mailbox with the token of the person who has just signed in. Writes nothing.
pub async fn look(
    app: &App,
    mailbox: &Mailbox,
    application: &Application,
    known: &ApplicationRef,
    obtained: &Obtained,
) -> Ladder {
    let begun = Instant::now();
    let climb = Climb { app, mailbox, application, reason: &Reason::SignedIn };
    let ladder = climb.after_sign_in(known, obtained).await;
    check::count(app, Some(&ladder), begun.elapsed());
    ladder
}

/// Writes down what [`look`] found, in the transaction that stores the grant. Nothing, and the transaction must be dropped,
/// if the mailbox is no longer what it was.
///
/// # Errors
/// If the database refuses.
pub async fn record(
    tx: &mut Tx,
    app: &App,
    mailbox: &Mailbox,
    by: &str,
    found: (&Ladder, UnixTime),
) -> Result<Option<Verdict>> {
    let (ladder, started_at) = found;
    let now = app.clock.now();
    let verdict = ladder.verdict(mailbox.health.sent_at.is_some());
    let check = Check {
        id: CheckId::new(now, &app.chance),
        times: 1,
        first_at: now,
        mailbox_id: mailbox.id.clone(),
        asked_by: by.to_owned(),
        reason: Reason::SignedIn.value().to_owned(),
        incoming: verdict.incoming,
        outgoing: verdict.outgoing,
        started_at,
        finished_at: now,
        ladder: ladder.clone(),
    };
    if !store::signed_in(tx, mailbox, &check).await? {
        return Ok(None);
    }
    history::insert(tx, &check).await?;
    turn_store::plan(tx, &mailbox.id, rounds::next(app, ladder, verdict)).await?;
    Ok(Some(verdict))
}
