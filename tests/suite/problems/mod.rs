//! `/problems`: the story of what is wrong, and who is told of it.

mod faults;
mod pages;
mod watch;

use postkey::problems::watch as product;

use crate::alerts::send_all;
use crate::support::TestApp;

/// Seconds after which people are told of a problem that was seen.
pub(crate) const SETTLES: i64 = 20;
/// Seconds after which what has gone counts as solved.
pub(crate) const STAYS_AWAY: i64 = 60;

/// Lets Postkey look at what is wrong, and send what it has to tell.
pub(crate) async fn look(app: &TestApp) {
    product::look(app.inside()).await.unwrap();
    send_all(app).await;
}

/// The same after so many seconds.
pub(crate) async fn look_after(app: &TestApp, seconds: i64) {
    app.advance(seconds);
    look(app).await;
}
