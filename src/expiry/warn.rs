//! Warns before a credential ends: 60, 30, 14, 7, 3 and 1 days before, and on the day.

use std::time::Duration;

use crate::alerts::{self, Alert, Event};
use crate::app::App;
use crate::applications::standing::in_days;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::web::lists;
use crate::web::when::date;
use crate::words::EndingWords;

use super::item::{Item, Standpoint, Stored, What};
use super::{store, warn_store};

const DAY: i64 = 24 * 60 * 60;
/// Days before the end at which people are warned, the last first.
const BEFORE: [i64; 7] = [0, 1, 3, 7, 14, 30, 60];
/// Seconds after an end from which it is no news.
const STALE: i64 = 2 * DAY;
/// How often is looked.
const EVERY: Duration = Duration::from_secs(60);

/// Goes on until Postkey stops.
pub async fn go(app: App) {
    loop {
        if let Err(cause) = look(&app).await {
            tracing::warn!(cause = %cause.chain(), "what ends soon could not be seen");
        }
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
            () = app.watch.notified() => {}
        }
    }
}

/// Warns of everything that has come nearer than it was at the last warning.
///
/// # Errors
/// If the database cannot answer; then nobody was warned, and the next look warns.
pub async fn look(app: &App) -> Result<()> {
    let now = app.clock.now();
    let warned = warn_store::warned(&app.db).await?;
    for item in store::all(&app.db, now, 0).await? {
        let What::Credential(stored) = &item.what else { continue };
        // What Microsoft refuses is a problem already, and what another takes over from stops nothing.
        if !matches!(item.standpoint, Standpoint::Ended | Standpoint::EndsSoon | Standpoint::Lasts) {
            continue;
        }
        let before = warned.get(&stored.id).copied().flatten();
        let reached = reached(&item, now);
        if reached != before {
            warn(app, stored, before, reached).await?;
        }
    }
    Ok(())
}

async fn warn(app: &App, stored: &Stored, before: Option<i64>, reached: Option<i64>) -> Result<()> {
    let channels = alerts::channel_store::living(&app.db).await?;
    let mut tx = app.db.begin().await?;
    // Another process may have been faster.
    if !warn_store::set(&mut tx, &stored.id, before, reached).await? {
        return Ok(());
    }
    // A date that was put off is no news.
    let nearer = reached.filter(|days| before.is_none_or(|before| *days < before));
    // Nor is an end that lies long behind, before there was anybody to be told.
    let is_news = stored.ends_at.is_some_and(|end| app.clock.now().since(end) < STALE);
    if let Some(days) = nearer.filter(|_| is_news) {
        alerts::outbox::put(&mut tx, app, &channels, &alert(app, stored, days)).await?;
    }
    tx.commit().await?;
    app.alerts.notify_one();
    Ok(())
}

/// Days before the end of which this is the time, or the last that is past; nothing if it is far away.
fn reached(item: &Item, now: UnixTime) -> Option<i64> {
    let left = item.ends_at?.since(now);
    BEFORE.into_iter().find(|days| left <= days * DAY)
}

fn alert(app: &App, stored: &Stored, days: i64) -> Alert {
    let now = app.clock.now();
    let end = stored.ends_at.unwrap_or(now);
    let called = crate::applications::standing::name_of(&stored.id, stored.kind, &stored.hint);
    let href = app.config.address(&format!("/applications/{}", stored.application_id));
    let (in_days, day) = (if end <= now { String::new() } else { in_days(end, now) }, date(end, &app.config.time_zone));
    let words = EndingWords {
        application: &stored.application,
        credential: &called,
        in_days: &in_days,
        day: &day,
        mailboxes: stored.mailboxes,
        href: &href,
    };
    Alert {
        event: Event::Ending,
        urgent: false,
        thread: String::new(),
        subject: words.subject(),
        body: words.body(),
        href: href.clone(),
        data: serde_json::json!({ "credential": {
            "id": stored.id,
            "kind": stored.kind.value(),
            "application": { "id": stored.application_id, "name": stored.application },
            "ends_at": lists::iso(end),
            "days": days,
            "mailboxes": stored.mailboxes,
            "url": href,
        }}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::applications::Kind;
    use crate::applications::credential::State;
    use crate::chance::Chance;
    use crate::ids::{ApplicationId, CredentialId};

    const NOW: UnixTime = UnixTime::from_seconds(1_795_435_200);

    fn reached_at(left: i64) -> Option<i64> {
        let stored = Stored {
            id: CredentialId::new(NOW, &Chance::seeded(1)),
            kind: Kind::Secret,
            state: State::Accepted,
            hint: "Q4a".to_owned(),
            ends_at: Some(NOW.plus(left)),
            application_id: ApplicationId::new(NOW, &Chance::seeded(1)),
            application: "Contoso Mail".to_owned(),
            mailboxes: 12,
        };
        reached(&super::super::item::items(vec![stored], Vec::new(), Vec::new(), NOW).remove(0), NOW)
    }

    #[test]
    fn the_warnings_come_at_sixty_thirty_fourteen_seven_three_and_one_days_and_on_the_day() {
        let at = reached_at;
        assert_eq!(at(60 * DAY + 1), None);
        assert_eq!([at(60 * DAY), at(31 * DAY), at(30 * DAY)], [Some(60), Some(60), Some(30)]);
        assert_eq!([at(14 * DAY), at(7 * DAY), at(3 * DAY), at(DAY)], [Some(14), Some(7), Some(3), Some(1)]);
        assert_eq!([at(1), at(0), at(-5 * DAY)], [Some(1), Some(0), Some(0)]);
    }
}
