//! Two processes on one PostgreSQL: what one changes, the other knows within a second.

use std::time::{Duration, Instant};

use super::{HOUR, SUPPORT, json, start};
use crate::sign_in;
use crate::support::{Browser, Engine, Page};

/// Asks until the answer is as expected; fails after two seconds, of which one is for the other process.
async fn soon(ask: impl AsyncFn() -> Page, expected: impl Fn(&Page) -> bool) -> Page {
    let begun = Instant::now();
    loop {
        let page = ask().await;
        if expected(&page) {
            return page;
        }
        assert!(begun.elapsed() < Duration::from_millis(2_500), "{} {}", page.status, page.body);
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_pause_a_renewal_and_a_revoked_key_are_known_to_the_other_process_within_a_second() {
    if !Engine::all().contains(&Engine::Postgres) {
        return;
    }
    let (app, ana, worker) = start(Engine::Postgres).await;
    let (key_page, key) = crate::keys::make(&ana, &[]).await;
    let bearer = format!("Bearer {key}");
    let other = app.replica().await;
    let there = Browser::new(other.app.config.public_url.as_str().trim_end_matches('/'));
    let path = format!("/api/v1/mailboxes/{SUPPORT}/token");
    let ask = async || there.get_with(&path, &[("authorization", bearer.as_str())]).await;
    soon(&ask, |page| page.status == 200).await;
    let mailbox = sign_in::path_of(&app, SUPPORT).await;
    let pause = format!("{mailbox}/pause");
    ana.open_and_submit(&pause, &pause, &[]).await.location();
    soon(&ask, |page| page.status == 409).await;
    ana.open_and_submit(&mailbox, &format!("{mailbox}/resume"), &[]).await.location();
    soon(&ask, |page| page.status == 200).await;
    app.advance(10);
    let grant = crate::safety::world::column(&app.inside().db, "SELECT id FROM grants").await.concat();
    let token = format!("/tokens/{grant}");
    ana.open_and_submit(&token, &format!("{token}/renew"), &[]).await.location();
    soon(&ask, |page| json(page)["generation"] == 2).await;
    let revoke = format!("{key_page}/revoke");
    ana.open_and_submit(&revoke, &revoke, &[]).await.location();
    soon(&ask, |page| page.status == 401).await;
    assert_eq!(worker.token(SUPPORT).await.status, 200);
    app.advance(HOUR);
    other.stop().await;
    app.stop().await;
}
