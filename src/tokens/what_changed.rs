//! What the times tell of a token that cannot be renewed.

use crate::app::App;
use crate::audit;
use crate::diagnosis::{self, Facts, Peers, What, Worked, store as facts};
use crate::error::Result;
use crate::web::when::time;
use crate::words::Cause;

use super::health_store::Token;

/// Deeds that are looked at.
const DEEDS: i64 = 100;

/// The sentences; none if the last try went well.
pub(super) async fn told(app: &App, token: &Token, cause: Option<Cause>) -> Result<Vec<String>> {
    let (Some(cause), Some(failed_at)) = (cause, token.failing_since) else { return Ok(Vec::new()) };
    let now = app.clock.now();
    let object = token.mailbox_id.as_ref().map_or(token.id.as_str(), |mailbox| mailbox.as_str());
    // What was done in the very second of the success came before it.
    let between = (token.issued_at.plus(1), failed_at);
    let deeds = audit::about(&app.db, (object, token.application_id.as_str()), between, DEEDS).await?;
    let (what, peers, lives, from) = match &token.mailbox_id {
        None => (What::Application, Peers::default(), Vec::new(), None),
        Some(mailbox) => (
            What::SignIn,
            facts::sign_ins(&app.db, (&token.application_id, &token.id), (cause, failed_at)).await?,
            facts::lives(&app.db, mailbox).await?,
            facts::signed_in_at(&app.db, &token.id).await?,
        ),
    };
    let told = Facts {
        what,
        cause,
        application: &token.application,
        worked: Worked::From(from.unwrap_or(token.issued_at), token.issued_at),
        failed_at,
        deeds: &deeds,
        lives: &lives,
        peers,
        everywhere: if cause.is_transient() { facts::everywhere(&app.db).await? } else { Default::default() },
    };
    Ok(diagnosis::sentences(&told, |at| time(at, now, &app.config.time_zone)))
}
