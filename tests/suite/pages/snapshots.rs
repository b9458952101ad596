//! The main part of each page.

use postkey_simulator::{Failure, Fault, Place, RetryAfter};

use super::{Scene, mask, sound};
use crate::applications::scope_check::{CEO, SUPPORT, name, with_mailbox};
use crate::mailboxes::{add, ids, typed};
use crate::problems;
use crate::safety::world::meddle;
use crate::sign_in;
use crate::source::assert_none;
use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Engine, MailSink, Manner, Page, TestApp};

/// Compares the page with its snapshot; every page that is shown must be sound too.
pub(super) fn same(name: &str, status: u16, page: &Page) {
    assert_eq!(page.status, status, "{name}: {}", page.text());
    assert_none(name, sound::faults(name, page));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, mask::main_part(&page.body)));
}

#[tokio::test]
async fn before_the_first_account_and_before_the_first_mailbox() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    same("setup", 200, &stranger.get("/setup").await);
    let wrong = [("code", "no"), ("name", ""), ("email", "ana"), ("password", "short")];
    same("setup_refused", 403, &stranger.open_and_submit("/setup", "/setup", &wrong).await);
    let ana = app.owner().await;
    same("overview_empty", 200, &ana.get("/?done=welcome").await);
    same("mailboxes_never_used", 200, &ana.get("/mailboxes").await);
    same("applications_empty", 200, &ana.get("/applications").await);
    same("login", 200, &stranger.get("/login").await);
    same("login_signed_out", 200, &stranger.get("/login?done=signed-out").await);
    same("login_refused", 422, &stranger.sign_in("ana@contoso.example", "wrong password").await);
    app.stop().await;
}

#[tokio::test]
async fn the_overview_and_the_list() {
    let scene = Scene::new().await;
    let ana = &scene.ana;
    same("overview_with_problems", 200, &ana.get("/").await);
    let list = ana.get("/mailboxes").await;
    same("mailboxes", 200, &list);
    same("mailboxes_filtered", 200, &ana.get("/mailboxes?q=archive&status=secret_expired&sort=address").await);
    same("mailboxes_none_match", 200, &ana.get("/mailboxes?q=nobody&status=paused").await);
    same("mailboxes_page_of_many", 200, &ana.get("/mailboxes?n=2").await);
    let id = scene.connected.rsplit('/').next().unwrap();
    same("mailboxes_bulk_question", 200, &ana.submit(&list, "/mailboxes/bulk", &[("do", "pause"), ("id", id)]).await);
    same("mailboxes_bulk_all", 200, &ana.submit(&list, "/mailboxes/bulk", &[("do", "resume"), ("all", "1")]).await);
    scene.app.stop().await;
}

#[tokio::test]
async fn problems_and_who_is_told() {
    let scene = Scene::new().await;
    let (app, ana) = (&scene.app, &scene.ana);
    same("problems_none", 200, &ana.get("/problems").await);
    same("alerts_none", 200, &ana.get("/settings/alerts").await);
    same("alerts_new_webhook", 200, &ana.get("/settings/alerts/new?kind=webhook").await);
    same("alerts_new_mail", 200, &ana.get("/settings/alerts/new?kind=mail").await);
    let wrong = [("name", ""), ("target", "http://hooks.example.com/"), ("quiet_from", "22")];
    let refused = ana.open_and_submit("/settings/alerts/new?kind=webhook", "/settings/alerts", &wrong).await;
    same("alerts_new_refused", 422, &refused);
    let hook = [
        ("name", "Operations"),
        ("target", "http://127.0.0.1:9/hook"),
        ("quiet_from", "22:00"),
        ("quiet_until", "06:30"),
    ];
    let page = ana.open_and_submit("/settings/alerts/new?kind=webhook", "/settings/alerts", &hook).await;
    let channel = page.location().split('?').next().unwrap().to_owned();
    // One problem, so that what is written in one second has an order.
    meddle(&app.inside().db, "UPDATE mailboxes SET paused_at = 1 WHERE incoming <> 'secret_expired'").await;
    problems::look(app).await;
    problems::look_after(app, problems::SETTLES).await;
    same("problems", 200, &ana.get("/problems").await);
    let problem = ana.get("/problems").await.href("/problems/prb_");
    same("problem", 200, &ana.get(&problem).await);
    ana.open_and_submit(&problem, &format!("{problem}/silence"), &[("hours", "4")]).await.location();
    same("problem_silenced", 200, &ana.get(&problem).await);
    meddle(&app.inside().db, "UPDATE mailboxes SET paused_at = 1").await;
    problems::look(app).await;
    problems::look_after(app, problems::STAYS_AWAY).await;
    same("problem_solved", 200, &ana.get(&problem).await);
    same("problems_solved", 200, &ana.get("/problems").await);
    same("alerts", 200, &ana.get("/settings/alerts").await);
    same("alert_channel", 200, &ana.get(&channel).await);
    same("alert_channel_edit", 200, &ana.get(&format!("{channel}/edit")).await);
    same("alert_channel_delete", 200, &ana.get(&format!("{channel}/delete")).await);
    ana.open_and_submit(&channel, &format!("{channel}/pause"), &[]).await.location();
    same("alert_channel_paused", 200, &ana.get(&channel).await);
    scene.app.stop().await;
}

#[tokio::test]
async fn a_new_mailbox() {
    let scene = Scene::new().await;
    let ana = &scene.ana;
    same("mailbox_new", 200, &ana.get("/mailboxes/new").await);
    let id = scene.connected.rsplit('/').next().unwrap();
    same("mailbox_copy", 200, &ana.get(&format!("/mailboxes/new?copy={id}")).await);
    let wrong = [
        ("address", "no address"),
        ("application", "new"),
        ("name", "Our mail"),
        ("client_id", "123"),
        ("tenant", "common"),
        ("secret", "only-here-once~8Q"),
    ];
    same("mailbox_new_refused", 422, &ana.open_and_submit("/mailboxes/new", "/mailboxes", &wrong).await);
    let sample = scene.app.sample("Contoso Reader");
    let (ids, secret_id) = (ids(&sample), sample.secret_id().unwrap().to_string());
    let mut fields = typed("support@contoso.example", &sample, &ids);
    fields.retain(|(name, _)| *name != "secret");
    fields.push(("secret", &secret_id));
    same("mailbox_new_secret_id", 422, &ana.open_and_submit("/mailboxes/new", "/mailboxes", &fields).await);
    scene.app.stop().await;
}

#[tokio::test]
async fn a_mailbox_and_what_can_be_done_to_it() {
    let scene = Scene::new().await;
    let Scene { ana, connected, expired, paused, gone, .. } = &scene;
    same("mailbox_connected", 200, &ana.get(connected).await);
    same("mailbox_secret_expired", 200, &ana.get(expired).await);
    same("mailbox_paused", 200, &ana.get(paused).await);
    same("mailbox_gone", 410, &ana.get(gone).await);
    same("mailbox_checks", 200, &ana.get(&format!("{expired}/checks")).await);
    same("mailbox_edit", 200, &ana.get(&format!("{connected}/edit")).await);
    same("mailbox_pause", 200, &ana.get(&format!("{connected}/pause")).await);
    same("mailbox_delete", 200, &ana.get(&format!("{connected}/delete")).await);
    let test_message = format!("{connected}/test-message");
    same("mailbox_test_message", 200, &ana.get(&test_message).await);
    let refused = ana.open_and_submit(&test_message, &test_message, &[("to", "nobody")]).await;
    same("mailbox_test_message_refused", 422, &refused);
    let sent = ana.open_and_submit(&test_message, &test_message, &[("to", "sales@contoso.example")]).await;
    same("mailbox_test_message_sent", 200, &ana.get(sent.location()).await);
    scene.app.stop().await;
}

#[tokio::test]
async fn a_mailbox_while_microsoft_is_asked() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    app.sim.fault(Fault::new(Place::Token, Failure::Delay { ms: 5_500 }).times(1));
    let path = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    same("mailbox_asking", 200, &ana.get(&path).await);
    app.stop().await;
}

#[tokio::test]
async fn applications_and_their_credentials() {
    let scene = Scene::new().await;
    let Scene { ana, application, credential, .. } = &scene;
    same("applications", 200, &ana.get("/applications").await);
    same("application", 200, &ana.get(application).await);
    same("application_new", 200, &ana.get("/applications/new").await);
    let wrong = [("name", ""), ("tenant", "organizations"), ("client_id", "x"), ("secret", "")];
    same("application_new_refused", 422, &ana.open_and_submit("/applications/new", "/applications/new", &wrong).await);
    for page in ["edit", "delete", "sheet", "secrets/new", "certificates/new"] {
        let name = format!("application_{}", page.replace('/', "_"));
        same(&name, 200, &ana.get(&format!("{application}/{page}")).await);
    }
    for page in ["end", "retire"] {
        same(&format!("credential_{page}"), 200, &ana.get(&format!("{credential}/{page}")).await);
    }
    scene.app.stop().await;
}

#[tokio::test]
async fn scope_checks() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    let here = with_mailbox(&app, &ana, "Contoso Support Desk").await;
    let path = format!("{here}/scope-check");
    same("scope_check_start", 200, &ana.get(&path).await);
    same("scope_check_refused", 422, &name(&ana, &here, "support", "").await);
    same("scope_check_holds", 200, &ana.get(name(&ana, &here, SUPPORT, CEO).await.location()).await);
    same("scope_check_edit", 200, &ana.get(&format!("{path}/edit")).await);
    same("application_with_scope_check", 200, &ana.get(&here).await);
    app.advance(1);
    name(&ana, &here, "support@contoso.example\nsales@contoso.example", CEO).await.location();
    same("scope_check_too_narrow", 200, &ana.get(&path).await);
    app.advance(1);
    name(&ana, &here, SUPPORT, "nobody@contoso.example").await.location();
    same("scope_check_not_proven", 200, &ana.get(&path).await);
    let desk = app.sample("Contoso Support Desk").client_id.to_string();
    app.sim.estate(|estate| estate.application_mut(&desk).unwrap().lift_limit());
    app.advance(60);
    name(&ana, &here, SUPPORT, CEO).await.location();
    same("scope_check_too_wide", 200, &ana.get(&path).await);
    meddle(&app.inside().db, "UPDATE mailboxes SET access_type = 'delegated'").await;
    same("scope_check_people_only", 200, &ana.get(&path).await);
    app.stop().await;
}

#[tokio::test]
async fn a_link_that_is_mailed() {
    let sink = MailSink::start();
    let app = TestApp::with(Engine::Sqlite, |config| sink.configure(config)).await;
    let ana = app.owner().await;
    let new = ana.get("/mailboxes/new").await;
    assert!(new.text().contains("Postkey mails it to the person who signs in"));
    assert_none("mailbox_new with mail", sound::faults("mailbox_new with mail", &new));
    sink.behave(Manner::RefusesRecipient);
    let mailbox = sign_in::waiting(&app, &ana, sign_in::SIGN_IN).await;
    same("sign_in_link_not_mailed", 200, &ana.get(&format!("{mailbox}/sign-in?done=link-not-mailed")).await);
    sink.behave(Manner::Takes);
    let tab = format!("{mailbox}/sign-in");
    ana.open_and_submit(&tab, &format!("{tab}/mail"), &[]).await.location();
    same("sign_in_link_mailed", 200, &ana.get(&format!("{tab}?done=link-mailed")).await);
    app.stop().await;
}

#[tokio::test]
async fn the_health_of_tokens() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    same("tokens_none", 200, &ana.get("/tokens").await);
    let mailbox = add(&app, &ana, "support@contoso.example", "Contoso Mail").await;
    let jan = crate::sign_in::signed_in(&app, &ana, "jan@contoso.example", "jan@contoso.example").await;
    same("tokens_fresh", 200, &ana.get("/tokens").await);
    // When a token's turn comes is chance.
    let planned = async || {
        for table in ["grants", "delegated_grants"] {
            meddle(&app.inside().db, &format!("UPDATE {table} SET next_at = issued_at + 9000")).await;
        }
    };
    planned().await;
    let healthy = ana.get(&format!("{jan}/sign-in")).await.href("/tokens/");
    same("token_fresh", 200, &ana.get(&healthy).await);
    app.sim.fault(Fault::aadsts(7_000_222).grant_type("client_credentials"));
    app.sim.fault(Fault::new(Place::Token, Failure::Throttle(RetryAfter::Seconds(60))).grant_type("refresh_token"));
    app.advance(2 * 60 * 60);
    ana.sign_in(EMAIL, PASSWORD).await.location();
    for path in [&mailbox, &jan] {
        ana.check_now(path).await;
    }
    planned().await;
    let failing = ana.get("/tokens").await;
    same("tokens_failing", 200, &failing);
    same("token_failing", 200, &ana.get(&failing.href("/tokens/")).await);
    app.stop().await;
}

#[tokio::test]
async fn what_ends() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    same("expiry_nothing", 200, &ana.get("/expiry").await);
    same("expiry_month_nothing", 200, &ana.get("/expiry?view=month&month=2026-02").await);
    app.stop().await;
    let scene = Scene::new().await;
    let ana = &scene.ana;
    same("expiry_later", 200, &ana.get("/expiry?days=30").await);
    ana.open_and_submit("/expiry", "/expiry/feed", &[]).await.expect_redirect("/expiry?done=feed-made");
    same("expiry", 200, &ana.get("/expiry?days=all").await);
    same("expiry_month", 200, &ana.get("/expiry?view=month&month=2027-05").await);
    same("error_400_month", 400, &ana.get("/expiry?view=month&month=2027-13").await);
    scene.app.stop().await;
}

#[tokio::test]
async fn keys_of_mail_workers() {
    let scene = Scene::new().await;
    let ana = &scene.ana;
    same("keys_none", 200, &ana.get("/keys").await);
    same("key_new", 200, &ana.get("/keys/new").await);
    let wrong = [("name", ""), ("reach", "mailboxes"), ("mailboxes", "nobody@contoso.example")];
    same("key_new_refused", 422, &ana.open_and_submit("/keys/new", "/keys/new", &wrong).await);
    let listed = "support@contoso.example fax@contoso.example";
    let typed =
        [("name", "worker-eu-1"), ("may", "tokens"), ("reach", "mailboxes"), ("mailboxes", listed), ("days", "90")];
    let made = ana.open_and_submit("/keys/new", "/keys/new", &typed).await;
    same("key_shown_once", 200, &ana.get(made.location()).await);
    same("key_gone", 200, &ana.get(made.location()).await);
    let path = made.location().split('?').next().unwrap();
    same("key_revoke", 200, &ana.get(&format!("{path}/revoke")).await);
    same("keys", 200, &ana.get("/keys").await);
    same("api", 200, &scene.app.stranger().get("/api").await);
    scene.app.stop().await;
}

#[tokio::test]
async fn explanations_and_errors() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    same("explain", 200, &ana.get("/explain").await);
    same("explain_secret_expired", 200, &ana.get("/explain/AADSTS7000222").await);
    same("error_404", 404, &ana.get("/nowhere").await);
    same("error_404_stranger", 404, &app.stranger().get("/static/nothing.css").await);
    same("error_400", 400, &ana.get("/mailboxes?after=***").await);
    let form = ana.get("/mailboxes/new").await;
    let sample = app.sample("Contoso Mail");
    let ids = ids(&sample);
    let writer = app.inside().db.begin().await.unwrap();
    let busy = ana.submit(&form, "/mailboxes", &typed("support@contoso.example", &sample, &ids)).await;
    drop(writer);
    same("error_503", 503, &busy);
    let stale = ana.post("/mailboxes", &[("_csrf".to_owned(), "0".repeat(64))]).await;
    same("error_403", 403, &stale);
    app.stop().await;
}

#[tokio::test]
async fn the_link_for_a_tenant_administrator() {
    let app = TestApp::start().await;
    let ana = app.owner().await;
    add(&app, &ana, "support@contoso.example", "Contoso Intranet").await;
    let application = format!("/applications/{}", crate::sign_in::application(&app, "Contoso Intranet").await);
    let console = format!("{application}/admin-link");
    same("admin_link_none", 200, &ana.get(&console).await);
    let link = crate::admin_link::make(&ana, &application).await;
    same("admin_link_open", 200, &ana.get(&console).await);
    let tom = app.stranger();
    same("admin_page", 200, &tom.get(&link).await);
    let wrong = [("secret", ""), ("expires", "on"), ("expires_on", "2020-01-01")];
    same("admin_page_refused", 422, &tom.open_and_submit(&link, &format!("{link}/secret"), &wrong).await);
    let given = tom.open_and_submit(&link, &format!("{link}/secret"), &[("secret", "n0t-the-right-secret")]).await;
    same("admin_page_secret_refused", 200, &tom.get(given.location()).await);
    let at_microsoft = crate::admin_link::begin(&tom, &link).await;
    let declined = app.sim.decline(&at_microsoft, crate::admin_link::TOM).await.unwrap();
    let result = tom.follow(&declined).await;
    same("consent_declined", 200, &tom.get(result.location()).await);
    app.advance(1);
    let at_microsoft = crate::admin_link::begin(&tom, &link).await;
    let granted = app.sim.approve(&at_microsoft, crate::admin_link::TOM).await.unwrap();
    let result = tom.follow(&granted).await;
    same("consent_granted", 200, &tom.get(result.location()).await);
    same("admin_page_consented", 200, &tom.get(&link).await);
    let secret = app.sample("Contoso Intranet").secret().to_owned();
    let given = tom.open_and_submit(&link, &format!("{link}/secret"), &[("secret", &secret)]).await;
    same("admin_page_done", 404, &tom.get(given.location()).await);
    same("admin_link_done", 200, &ana.get(&console).await);
    same("admin_page_unknown", 404, &tom.get("/a/nothing").await);
    app.stop().await;
}
