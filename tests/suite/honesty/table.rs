//! HS3: every status that is not well says what it is, since when, who can do something, what Postkey does by itself, and one thing to
//! do or that there is nothing.

use postkey::words::{Cause, Family, Status};

use super::everywhere::{all, become_of};
use crate::mailboxes::{add, statuses};
use crate::sign_in::{self, OLGA};
use crate::support::TestApp;

#[tokio::test]
async fn every_status_that_is_not_well_says_since_when_who_what_next_and_what_to_do() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let alone = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let with_person = sign_in::signed_in(&app, &ana, OLGA, OLGA).await;
    let mut wrong = Vec::new();
    for status in all().filter(|status| !matches!(status.family(), Family::Ok | Family::Info)) {
        become_of(&app, status).await;
        let of_person =
            matches!(status, Status::SignInPending | Status::Failing(Cause::NeedsSignIn | Cause::WrongAccount));
        let page = ana.get(if of_person { &with_person } else { &alone }).await;
        let text = page.text();
        assert_eq!(statuses(&page).0, status.label());
        let bars = page.all("section.bar h2");
        let facts = [
            (!bars.is_empty(), "a sentence"),
            (text.contains("Since"), "since when"),
            (["Who can do it:", "Nobody has to", "can resume it"].iter().any(|who| text.contains(who)), "who"),
            (text.contains("Next check"), "what happens by itself"),
            (
                text.contains("Nobody has to") || !page.all("section.bar .btn, .head .btn, section.bar a").is_empty(),
                "an action",
            ),
        ];
        wrong.extend(facts.iter().filter(|(there, _)| !there).map(|(_, what)| format!("{status:?}: {what}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.stop().await;
}
