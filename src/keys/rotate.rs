//! `POST /keys/{id}/rotate`: a new key beside this one, which goes on for as long as the workers need to change over.

use axum::extract::{Path, State};
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::app::App;
use crate::audit;
use crate::error::{AppError, Result};
use crate::ids::KeyId;
use crate::users::SignedIn;
use crate::web::forms::Choice;
use crate::web::see_other;

use super::add::{make, show_once};
use super::form::NewKey;
use super::store;

/// How long the old key may go on, in hours, and what that is called.
const OVERLAPS: [(&str, &str); 4] = [("1", "1 hour"), ("24", "1 day"), ("72", "3 days"), ("168", "7 days")];
const USUAL: &str = "24";
const HOUR: i64 = 60 * 60;
const OVER: &str = "This key does not work any more, so it cannot be replaced. Make a new one.";

/// What was chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    hours: String,
}

/// How long the old one may go on.
pub(super) fn overlaps() -> Vec<Choice> {
    OVERLAPS.map(|(hours, label)| Choice::new(hours, label, "", USUAL)).into()
}

/// `POST /keys/{id}/rotate`
pub async fn rotate(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<KeyId>,
    Form(chosen): Form<Chosen>,
) -> Result<Response> {
    let old = store::get(&app.db, &id).await?;
    let now = app.clock.now();
    let hours = OVERLAPS.iter().find(|(hours, _)| *hours == chosen.hours).map_or(USUAL, |(hours, _)| *hours);
    let overlap = hours.parse::<i64>().map_err(AppError::internal)? * HOUR;
    let lasts = old.ends_at.since(old.made_at);
    let new = NewKey { name: old.name.clone(), may: old.may, reach: old.reach.clone(), lasts };
    let (mut key, text) = make(&app, new, &me.user.name);
    key.replaces = Some(old.id.clone());
    let mut tx = app.db.begin().await?;
    if !store::end_by(&mut tx, &old.id, now.plus(overlap), now).await? {
        return Err(AppError::Conflict(OVER));
    }
    store::insert_like(&mut tx, &key, &old.id).await?;
    show_once(&mut tx, &app, &key.id, &text, me.session()).await?;
    let detail = format!("{}, by {}; it goes on for {hours} h", old.name, key.id);
    let (actor, object) = (me.user.name.as_str(), old.id.as_str());
    audit::record(&mut tx, &app, audit::Entry { actor, action: "api_key.replaced", object, detail: &detail }).await?;
    tx.commit().await?;
    Ok(see_other(&format!("/keys/{}?new=1", key.id)))
}
