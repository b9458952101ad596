//! Consent at Microsoft, with every outcome.

use postkey_simulator::{Fault, Kind, Page as SimPage, Place};

use super::{OLGA, TOM, badges, begin, come_back, done, make, stored};
use crate::sign_in;
use crate::support::{Browser, Engine, Page, TestApp};

const SUPPORT: &str = "support@contoso.example";

/// Contoso Intranet, to which nobody has consented, with a mailbox; and a link about it.
struct Asked {
    app: TestApp,
    ana: Browser,
    application: String,
    link: String,
    tom: Browser,
}

impl Asked {
    async fn on(engine: Engine) -> Self {
        let app = TestApp::on(engine).await;
        let ana = app.owner().await;
        let application = stored(&app, &ana, "Contoso Intranet", &[SUPPORT]).await;
        let link = make(&ana, &application).await;
        let tom = app.stranger();
        Self { app, ana, application, link, tom }
    }

    async fn new() -> Self {
        Self::on(Engine::Sqlite).await
    }

    /// Begins, and comes back with this query and the right state.
    async fn answered(&self, query: &str) -> Page {
        let at_microsoft = begin(&self.tom, &self.link).await;
        come_back(&self.tom, &format!("{}/oauth/callback?{query}&state={}", self.app.url, state(&at_microsoft))).await
    }

    async fn outcomes(&self) -> Vec<String> {
        self.ana.get(&format!("{}/admin-link", self.application)).await.all("#consents td[data-l=Result] .st")
    }
}

fn state(at_microsoft: &str) -> String {
    let url: url::Url = at_microsoft.parse().unwrap();
    url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

#[tokio::test]
async fn granted_is_proven_by_a_new_token_and_the_stopped_mailbox_opens() {
    for engine in Engine::all() {
        let asked = Asked::on(engine).await;
        let Asked { app, ana, application, link, tom } = &asked;
        assert_eq!(badges(&tom.get(link).await)[..2], ["Exists", "Not granted yet"]);
        let at_microsoft = begin(tom, link).await;
        let known = app.sample("Contoso Intranet");
        let expected = format!("{}/{}/v2.0/adminconsent?client_id=", app.sim.authority(), known.tenant_id);
        assert!(at_microsoft.starts_with(&expected), "{at_microsoft}");
        assert!(at_microsoft.contains("%2F.default&redirect_uri="), "{at_microsoft}");
        let page = come_back(tom, &app.sim.approve(&at_microsoft, TOM).await.unwrap()).await;
        assert_eq!(page.one("h1"), "Admin consent is granted");
        assert!(page.text().contains("Postkey has proven it"), "{}", page.text());
        let page = tom.get(&page.href("/a/")).await;
        assert_eq!(badges(&page)[1], "Granted");
        assert!(page.text().contains("newest token carries both application permissions"));
        assert!(!page.actions().contains(&format!("{link}/consent")), "it can be done once");
        assert_eq!(asked.outcomes().await, ["Granted"]);
        assert!(done(ana, application).await[2].starts_with("Granted 23 Nov 2026"));
        let mailbox = sign_in::path_of(app, SUPPORT).await;
        while ana.get(&mailbox).await.one(".kv dd") != "Connected" {
            tokio::task::yield_now().await;
        }
        asked.app.stop().await;
    }
}

#[tokio::test]
async fn granted_does_not_claim_more_than_the_token_shows() {
    let asked = Asked::new().await;
    let page = asked.answered("admin_consent=True&tenant=00000000-0000-4000-8000-000000000000&scope=x").await;
    assert_eq!(page.one("h1"), "Admin consent is granted");
    assert!(page.text().contains("Postkey’s token does not show it yet."), "{}", page.text());
    let page = asked.tom.get(&asked.link).await;
    assert!(page.text().contains("Postkey’s token does not show it yet, which can take some minutes."));
    asked.app.stop().await;
}

#[tokio::test]
async fn without_a_token_it_is_said_that_nothing_is_proven() {
    let asked = Asked::new().await;
    let at_microsoft = begin(&asked.tom, &asked.link).await;
    let callback = asked.app.sim.approve(&at_microsoft, TOM).await.unwrap();
    asked.app.sim.fault(Fault::status(Place::Token, 503, SimPage::Html));
    let page = come_back(&asked.tom, &callback).await;
    assert_eq!(page.one("h1"), "Admin consent is granted");
    assert!(page.text().contains("Postkey could not prove it"), "{}", page.text());
    asked.app.stop().await;
}

#[tokio::test]
async fn declined_changes_nothing_and_leads_back_to_the_steps() {
    let asked = Asked::new().await;
    let at_microsoft = begin(&asked.tom, &asked.link).await;
    asked.app.sim.clear_requests();
    let callback = asked.app.sim.decline(&at_microsoft, TOM).await.unwrap();
    assert!(callback.contains("admin_consent=True"), "Microsoft says so beside an error too: {callback}");
    let page = come_back(&asked.tom, &callback).await;
    assert_eq!(page.one("h1"), "Admin consent was declined");
    assert_eq!(page.href("/a/"), asked.link);
    assert!(!page.text().contains("reference") && !page.body.contains("AADSTS"), "{}", page.text());
    assert_eq!(asked.app.sim.count(Kind::Token), 0, "nothing is proven");
    assert_eq!(badges(&asked.tom.get(&asked.link).await)[1], "Not granted yet");
    assert_eq!(asked.outcomes().await, ["Declined"]);
    let at_microsoft = begin(&asked.tom, &asked.link).await;
    let page = come_back(&asked.tom, &asked.app.sim.approve(&at_microsoft, TOM).await.unwrap()).await;
    assert_eq!(page.one("h1"), "Admin consent is granted", "after a no there may be a yes");
    asked.app.stop().await;
}

#[tokio::test]
async fn every_other_answer_has_its_words_and_a_reference_in_place_of_a_code() {
    let asked = Asked::new().await;
    let said = |error: &str, text: &str| {
        let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        format!("admin_consent=True&error={error}&error_description={text}")
    };
    let cases = [
        (said("permission_denied", "The admin canceled the request"), "Admin consent was declined", "Declined", false),
        (said("access_denied", ""), "Admin consent was declined", "Declined", false),
        (
            said("interaction_required", "AADSTS90094: x"),
            "This account may not grant it",
            "Needs another administrator",
            true,
        ),
        (said("access_denied", "AADSTS53003: x"), "A rule of your organisation blocked it", "Blocked by policy", true),
        (said("server_error", "AADSTS90033: <script>x"), "Admin consent did not work", "Failed", true),
        (said("invalid_request", "AADSTS90014: x"), "Admin consent did not work", "Failed", true),
        ("code=c".to_owned(), "Admin consent did not work", "Failed", true),
    ];
    for (query, title, label, needs_help) in cases {
        asked.app.advance(1);
        let page = asked.answered(&query).await;
        assert_eq!((page.status, page.one("h1").as_str()), (200, title), "{query}");
        assert_eq!(page.text().contains("Give this reference to Ana Ruiz"), needs_help, "{query}");
        assert!(!page.body.contains("AADSTS") && !page.body.contains("script>x"), "{query}");
        assert_eq!(asked.outcomes().await[0], label, "{query}");
    }
    let console = asked.ana.get(&format!("{}/admin-link", asked.application)).await;
    assert!(console.body.contains("AADSTS53003"), "who helps sees what Microsoft said");
    assert!(!console.body.contains("<script>x"));
    assert_eq!(asked.app.sim.count(Kind::Token), 1, "only the check of the mailbox asked for a token");
    asked.app.stop().await;
}

#[tokio::test]
async fn who_is_no_administrator_is_kept_at_microsoft() {
    let asked = Asked::new().await;
    let at_microsoft = begin(&asked.tom, &asked.link).await;
    let kept = asked.app.sim.approve(&at_microsoft, OLGA).await.unwrap_err();
    assert!(format!("{kept:#}").contains("administrator"), "{kept:#}");
    let page = come_back(&asked.tom, &asked.app.sim.approve(&at_microsoft, TOM).await.unwrap()).await;
    assert_eq!(page.one("h1"), "Admin consent is granted", "the same page serves one who is");
    asked.app.stop().await;
}

#[tokio::test]
async fn an_answer_counts_once() {
    for engine in Engine::all() {
        let asked = Asked::on(engine).await;
        let at_microsoft = begin(&asked.tom, &asked.link).await;
        let callback = asked.app.sim.decline(&at_microsoft, TOM).await.unwrap();
        let many: Vec<_> = futures_util::future::join_all((0..20).map(|_| asked.tom.follow(&callback)))
            .await
            .iter()
            .map(|it| it.status)
            .collect();
        assert_eq!(many.iter().filter(|status| **status == 303).count(), 1, "{many:?}");
        assert_eq!(many.iter().filter(|status| **status == 400).count(), 19, "{many:?}");
        assert_eq!(asked.outcomes().await.len(), 1);
        asked.app.stop().await;
    }
}

#[tokio::test]
async fn another_browser_ends_it_and_sees_nothing() {
    let asked = Asked::new().await;
    let at_microsoft = begin(&asked.tom, &asked.link).await;
    let callback = asked.app.sim.approve(&at_microsoft, TOM).await.unwrap();
    let other = asked.app.stranger().follow(&callback).await;
    assert_eq!(other.status, 400);
    assert!(other.text().contains("begun in another browser"));
    assert_eq!(asked.tom.follow(&callback).await.status, 400, "it was taken");
    assert!(asked.outcomes().await.is_empty());
    assert_eq!(done(&asked.ana, &asked.application).await[2], "Not through this link");
    let page = asked.answered("error=consent_required&error_description=x").await;
    assert_eq!(page.status, 200);
    let result =
        asked.tom.cookies().into_keys().filter_map(|name| name.strip_prefix("postkey-flow-").map(str::to_owned));
    for id in result {
        assert_eq!(asked.app.stranger().get(&format!("/consent/{id}")).await.status, 404);
    }
    asked.app.stop().await;
}

#[tokio::test]
async fn ten_minutes_are_the_end() {
    let asked = Asked::new().await;
    let at_microsoft = begin(&asked.tom, &asked.link).await;
    let callback = asked.app.sim.approve(&at_microsoft, TOM).await.unwrap();
    asked.app.advance(600);
    let page = come_back(&asked.tom, &callback).await;
    assert_eq!(page.one("h1"), "This took too long");
    assert_eq!(asked.outcomes().await, ["Took too long"]);
    assert_eq!(done(&asked.ana, &asked.application).await[2], "Not through this link");
    asked.app.stop().await;
}

#[tokio::test]
async fn a_link_that_was_withdrawn_meanwhile_takes_no_consent() {
    let asked = Asked::new().await;
    let at_microsoft = begin(&asked.tom, &asked.link).await;
    let callback = asked.app.sim.approve(&at_microsoft, TOM).await.unwrap();
    let console = format!("{}/admin-link", asked.application);
    asked.ana.open_and_submit(&console, &format!("{console}/withdraw"), &[]).await.location();
    let page = come_back(&asked.tom, &callback).await;
    assert_eq!(page.one("h1"), "This changed while you were at Microsoft");
    assert!(!page.body.contains("/a/"), "it leads nowhere");
    asked.app.stop().await;
}

#[tokio::test]
async fn an_application_that_was_changed_meanwhile_takes_no_consent() {
    let asked = Asked::new().await;
    let at_microsoft = begin(&asked.tom, &asked.link).await;
    let callback = asked.app.sim.approve(&at_microsoft, TOM).await.unwrap();
    let other = asked.app.sample("Contoso Reader").client_id.to_string();
    let edit = format!("{}/edit", asked.application);
    asked.ana.open_and_submit(&edit, &edit, &[("client_id", &other)]).await.location();
    let page = come_back(&asked.tom, &callback).await;
    assert_eq!(page.one("h1"), "This changed while you were at Microsoft");
    asked.app.stop().await;
}

#[tokio::test]
async fn a_tenant_that_cannot_be_found_now_is_said_and_can_be_tried_again() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let application = stored(&app, &ana, "Contoso Intranet", &[]).await;
    crate::safety::world::meddle(
        &app.inside().db,
        "UPDATE applications SET tenant = 'contoso.example', tenant_id = NULL",
    )
    .await;
    let link = make(&ana, &application).await;
    app.sim.fault(Fault::status(Place::Discovery, 503, SimPage::Html).times(1));
    let tom = app.stranger();
    let result = begin(&tom, &link).await;
    let page = tom.get(&result).await;
    assert_eq!(page.one("h1"), "Admin consent did not work");
    let at_microsoft = begin(&tom, &page.href("/a/")).await;
    assert!(at_microsoft.starts_with(&app.sim.authority()), "{at_microsoft}");
    app.stop().await;
}

#[tokio::test]
async fn for_persons_the_next_sign_in_shows_it() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let typed = [("address", OLGA), ("how", "link")];
    sign_in::save(&app, &ana, "Contoso Approval", &typed).await.location();
    let application = format!("/applications/{}", sign_in::application(&app, "Contoso Approval").await);
    let link = make(&ana, &application).await;
    let tom = app.stranger();
    let page = tom.get(&link).await;
    assert_eq!(badges(&page)[1], "Not known yet");
    app.sim.clear_requests();
    let at_microsoft = begin(&tom, &link).await;
    let page = come_back(&tom, &app.sim.approve(&at_microsoft, TOM).await.unwrap()).await;
    assert!(page.text().contains("It shows when the next person signs in"), "{}", page.text());
    assert_eq!(app.sim.count(Kind::Token), 0, "an application’s token would not tell");
    assert_eq!(badges(&tom.get(&link).await)[1], "Granted, not proven yet");
    app.stop().await;
}
