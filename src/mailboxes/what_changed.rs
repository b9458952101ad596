//! What the times tell of a mailbox that does not work.

use crate::app::App;
use crate::applications::Application;
use crate::audit;
use crate::clock::UnixTime;
use crate::diagnosis::{self, Facts, What, Worked, store as facts};
use crate::error::Result;
use crate::web::when::time;
use crate::words::Status;

use super::history::{self, KEPT_FOR, STEADY, Seen};
use super::mailbox::{Mailbox, proof_from};

/// Deeds that are looked at.
const DEEDS: i64 = 100;

/// The sentences; none if the mailbox works, or nothing is known.
pub(super) async fn told(app: &App, mailbox: &Mailbox, application: &Application) -> Result<Vec<String>> {
    let now = app.clock.now();
    let Status::Failing(cause) = mailbox.shown(now, None).incoming else { return Ok(Vec::new()) };
    let seen = history::seen(&app.db, &mailbox.id, now.plus(-KEPT_FOR)).await?;
    let (worked, failed_at) = worked(&seen, mailbox.health.good_at, mailbox.health.since);
    let objects = (mailbox.id.as_str(), application.id.as_str());
    let from = match worked {
        // What was done in the very second of the success came before it.
        Worked::From(_, last) => last.plus(1),
        Worked::Never => mailbox.created.at,
    };
    let deeds = audit::about(&app.db, objects, (from, failed_at), DEEDS).await?;
    let others = (&application.id, &mailbox.id);
    let told = Facts {
        what: What::Mailbox,
        cause,
        application: &application.name,
        worked,
        failed_at,
        deeds: &deeds,
        lives: &if mailbox.is_delegated() { facts::lives(&app.db, &mailbox.id).await? } else { Vec::new() },
        peers: facts::mailboxes(&app.db, others, (cause, mailbox.health.since), proof_from(now)).await?,
        everywhere: if cause.is_transient() { facts::everywhere(&app.db).await? } else { Default::default() },
    };
    Ok(diagnosis::sentences(&told, |at| time(at, now, &app.config.time_zone)))
}

/// When it worked without a gap or a failure in between, and when a check first failed after that. `good_at` is the last success.
fn worked(seen: &[Seen], good_at: Option<UnixTime>, since: UnixTime) -> (Worked, UnixTime) {
    let Some(good_at) = good_at else {
        return (Worked::Never, seen.first().map_or(since, |first| first.first_at));
    };
    let failed_at = seen.iter().find(|it| it.first_at > good_at).map_or(since, |it| it.first_at);
    let mut from = good_at;
    for it in seen.iter().rev().filter(|it| it.last_at <= good_at) {
        if it.status.cause().is_some() || from.since(it.last_at) > STEADY {
            break;
        }
        from = it.first_at;
    }
    (Worked::From(from, good_at), failed_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Cause;

    #[test]
    fn it_worked_from_its_last_failure_or_gap_to_its_last_success() {
        let at = |minutes: i64| UnixTime::from_seconds(minutes * 60);
        let seen = |first, last, status| Seen { first_at: at(first), last_at: at(last), status };
        let (ok, broken) = (Status::Connected, Status::Failing(Cause::Blocked));
        let rows =
            [seen(0, 10, ok), seen(20, 30, broken), seen(40, 100, ok), seen(130, 160, ok), seen(170, 180, broken)];
        assert_eq!(worked(&rows, Some(at(160)), at(175)), (Worked::From(at(40), at(160)), at(170)));
        let gap = [seen(0, 10, ok), seen(300, 310, ok), seen(320, 320, broken)];
        assert_eq!(worked(&gap, Some(at(310)), at(320)), (Worked::From(at(300), at(310)), at(320)));
        assert_eq!(worked(&rows[1..2], None, at(25)), (Worked::Never, at(20)));
        assert_eq!(worked(&[], Some(at(9)), at(25)), (Worked::From(at(9), at(9)), at(25)));
    }
}
