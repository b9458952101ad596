//! How the pages look: the main part of each as a snapshot, and what must be true of the HTML of every page.
//!
//! `cargo insta review` shows what changed; `INSTA_UPDATE=always` takes it over.

mod crawl;
mod mask;
mod sign_in;
mod snapshots;
mod sound;

use crate::mailboxes::{add, add_more};
use crate::support::{Browser, TestApp};

/// Addresses of what the pages are about.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) ana: Browser,
    pub(crate) connected: String,
    pub(crate) expired: String,
    pub(crate) paused: String,
    pub(crate) gone: String,
    /// The healthy application.
    pub(crate) application: String,
    /// Its credential.
    pub(crate) credential: String,
}

impl Scene {
    /// One mailbox of each kind, an hour after noon.
    pub(crate) async fn new() -> Self {
        let app = TestApp::start().await;
        let ana = app.owner().await;
        let connected = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
        ana.open_and_submit(&connected, &format!("{connected}/default"), &[]).await;
        let paused = add_more(&ana, "sales@contoso.example").await;
        ana.open_and_submit(&format!("{paused}/pause"), &format!("{paused}/pause"), &[]).await;
        let gone = add_more(&ana, "billing@contoso.example").await;
        ana.open_and_submit(&format!("{gone}/delete"), &format!("{gone}/delete"), &[]).await;
        add_more(&ana, "fax@contoso.example").await;
        let application = ana.get(&connected).await.href("/applications/app_");
        let credential = ana.get(&application).await.href(&format!("{application}/credentials/"));
        let credential = credential.rsplit_once('/').unwrap().0.to_owned();
        let expired = add(&app, &ana, "archive@contoso.example", "Contoso Archive").await;
        app.advance(60 * 60);
        // Past the hour: everybody signs in again.
        ana.sign_in(crate::support::app::EMAIL, crate::support::app::PASSWORD).await;
        Self { app, ana, connected, expired, paused, gone, application, credential }
    }
}
