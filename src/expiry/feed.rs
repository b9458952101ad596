//! The address at which calendars read what ends: `POST /expiry/feed` makes it, `POST /expiry/feed/withdraw` ends it. There is at
//! most one for this Postkey, and whoever has it can read.

use axum::extract::State;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use secrecy::ExposeSecret;

use crate::app::App;
use crate::audit;
use crate::chance::hash_of;
use crate::clock::UnixTime;
use crate::db::Tx;
use crate::error::{AppError, Result};
use crate::ids::FeedId;
use crate::secrets::{Place, Sealed};
use crate::users::{Role, SignedIn};
use crate::web::{When, see_other};

use super::feed_store as store;

const MEANWHILE: &str =
    "Somebody else has made or withdrawn the address meanwhile, so nothing was changed. Open Expiry again.";

/// The address for calendars.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Ours.
    pub id: FeedId,
    /// Its code, sealed for [`Feed::place`].
    pub sealed: Sealed,
    /// Who made it.
    pub made_by: String,
    /// When it was made.
    pub made_at: UnixTime,
}

impl Feed {
    /// Where its code is stored.
    pub fn place(id: &FeedId) -> Place<'_> {
        Place { table: "expiry_feeds", column: "sealed", row: id.as_str() }
    }
}

/// The part of the page that is about it.
pub struct FeedView {
    /// The one that is there; empty if there is none.
    pub id: String,
    /// Its address, for those who may make one.
    pub address: Option<String>,
    /// Who made it, and when.
    pub made: Option<(String, When)>,
    /// Whether this person may make and withdraw it.
    pub may_edit: bool,
}

/// What was pressed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pressed {
    /// The address that was there when the page was made; empty for none.
    there: String,
}

/// What the page says of it.
pub(super) async fn view(app: &App, me: &SignedIn) -> Result<FeedView> {
    let may_edit = me.may(Role::ApplicationAdministrator);
    let Some(feed) = store::find(&app.db).await? else {
        return Ok(FeedView { id: String::new(), address: None, made: None, may_edit });
    };
    let address = if may_edit { address(app, &feed).await? } else { None };
    let made = When::at(feed.made_at, app.clock.now(), &app.config.time_zone);
    Ok(FeedView { id: feed.id.to_string(), address, made: Some((feed.made_by, made)), may_edit })
}

async fn address(app: &App, feed: &Feed) -> Result<Option<String>> {
    let opened = app.keyring.open_or_reload(&app.db, Feed::place(&feed.id), &feed.sealed).await?;
    let code = opened.inspect_err(|cause| tracing::error!(feed = %feed.id, %cause, "the code of a feed does not open"));
    let public = app.config.public_url.as_str().trim_end_matches('/');
    Ok(code.ok().map(|code| format!("{public}/expiry/feed/{}.ics", code.expose_secret())))
}

/// `POST /expiry/feed`: an earlier address ends.
pub async fn make(State(app): State<App>, me: SignedIn, Form(pressed): Form<Pressed>) -> Result<Response> {
    let now = app.clock.now();
    let (id, code) = (FeedId::new(now, &app.chance), app.chance.code());
    let sealed = app.keyring.seal(Feed::place(&id), &code.as_str().into()).map_err(AppError::internal)?;
    let feed = Feed { id, sealed, made_by: me.user.name.clone(), made_at: now };
    let mut tx = app.db.begin().await?;
    if !store::put(&mut tx, &feed, &hash_of(&code), &pressed.there).await? {
        return Err(AppError::Conflict(MEANWHILE));
    }
    note(&mut tx, &app, &me, "expiry_feed.made", feed.id.as_str()).await?;
    tx.commit().await?;
    Ok(see_other("/expiry?done=feed-made"))
}

/// `POST /expiry/feed/withdraw`
pub async fn withdraw(State(app): State<App>, me: SignedIn, Form(pressed): Form<Pressed>) -> Result<Response> {
    let mut tx = app.db.begin().await?;
    if !store::remove(&mut tx, &pressed.there).await? {
        return Err(AppError::Conflict(MEANWHILE));
    }
    note(&mut tx, &app, &me, "expiry_feed.withdrawn", &pressed.there).await?;
    tx.commit().await?;
    Ok(see_other("/expiry?done=feed-withdrawn"))
}

async fn note(tx: &mut Tx, app: &App, me: &SignedIn, action: &'static str, object: &str) -> Result<()> {
    let detail = "the address for calendars";
    audit::record(tx, app, audit::Entry { actor: &me.user.name, action, object, detail }).await
}
