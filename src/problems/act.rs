//! What people do about a problem: `POST /problems/{id}/acknowledge`, `/silence` and `/unsilence`.

use axum::extract::{Path, State};
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::audit;
use crate::db::Tx;
use crate::error::{AppError, Result};
use crate::ids::ProblemId;
use crate::users::SignedIn;
use crate::web::see_other;

use super::store::{self, Event};
use super::watch;

/// For how many hours a problem can be silenced, and what that is called.
pub(super) const SILENCES: [(&str, &str); 4] = [("1", "1 hour"), ("4", "4 hours"), ("24", "1 day"), ("168", "1 week")];

const OVER: &str = "This problem is solved, so there is nothing to do about it any more.";

/// What was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    hours: String,
}

/// `POST /problems/{id}/acknowledge`
pub async fn acknowledge(State(app): State<App>, me: SignedIn, Path(id): Path<ProblemId>) -> Result<Response> {
    let problem = store::get(&app.db, &id).await?;
    let mut tx = app.db.begin().await?;
    if store::acknowledge(&mut tx, &id, &me.user.name, app.clock.now()).await? {
        note(&mut tx, &app, &me, &id, ("acknowledged", problem.mailboxes)).await?;
        let detail = format!("{} · {}", problem.kind.label(), problem.application);
        record(&mut tx, &app, &me, ("problem.acknowledged", &detail), &id).await?;
        tx.commit().await?;
        return Ok(see_other(&format!("/problems/{id}?done=acknowledged")));
    }
    if problem.solved_at.is_some() {
        return Err(AppError::Conflict(OVER));
    }
    // Somebody else was faster; the page says who.
    Ok(see_other(&format!("/problems/{id}")))
}

/// `POST /problems/{id}/silence`
pub async fn silence(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<ProblemId>,
    Form(typed): Form<Typed>,
) -> Result<Response> {
    let (hours, words) = SILENCES
        .into_iter()
        .find(|(hours, _)| *hours == typed.hours)
        .ok_or(AppError::BadRequest("Choose for how long it is silenced. Nothing was changed."))?;
    let until = app.clock.now().plus(hours.parse::<i64>().map_err(AppError::internal)? * 60 * 60);
    change(&app, &me, &id, Some((me.user.name.as_str(), until)), words).await?;
    Ok(see_other(&format!("/problems/{id}?done=silenced")))
}

/// `POST /problems/{id}/unsilence`
pub async fn unsilence(State(app): State<App>, me: SignedIn, Path(id): Path<ProblemId>) -> Result<Response> {
    change(&app, &me, &id, None, "").await?;
    Ok(see_other(&format!("/problems/{id}?done=unsilenced")))
}

async fn change(
    app: &App,
    me: &SignedIn,
    id: &ProblemId,
    silence: Option<(&str, crate::clock::UnixTime)>,
    words: &str,
) -> Result<()> {
    let problem = store::get(&app.db, id).await?;
    if silence.is_none() && problem.silenced.is_none() {
        return Ok(());
    }
    let mut tx = app.db.begin().await?;
    if !store::silence(&mut tx, id, silence).await? {
        return Err(AppError::Conflict(OVER));
    }
    let (what, action) = match silence {
        Some(_) => ("silenced", "problem.silenced"),
        None => ("unsilenced", "problem.unsilenced"),
    };
    note(&mut tx, app, me, id, (what, problem.mailboxes)).await?;
    let detail = format!("{} · {} {words}", problem.kind.label(), problem.application);
    record(&mut tx, app, me, (action, detail.trim_end()), id).await?;
    tx.commit().await
}

async fn note(tx: &mut Tx, app: &App, me: &SignedIn, id: &ProblemId, event: (&str, i64)) -> Result<()> {
    let (what, mailboxes) = event;
    let event = Event { at: app.clock.now(), what: what.to_owned(), actor: me.user.name.clone(), mailboxes };
    store::note(tx, id, &watch::entry(app), &event).await
}

async fn record(tx: &mut Tx, app: &App, me: &SignedIn, done: (&'static str, &str), id: &ProblemId) -> Result<()> {
    let (action, detail) = done;
    audit::record(tx, app, audit::Entry { actor: &me.user.name, action, object: id.as_str(), detail }).await
}
