//! `/setup`: the first account (S-110).

use std::sync::Arc;

use crate::support::app::PASSWORD;
use crate::support::{Engine, TestApp};

fn typed<'a>(code: &'a str, email: &'a str) -> [(&'a str, &'a str); 4] {
    [("code", code), ("name", "Ana Ruiz"), ("email", email), ("password", PASSWORD)]
}

#[tokio::test]
async fn without_the_code_nobody_becomes_the_first_owner() {
    let app = TestApp::start().await;
    let browser = app.stranger();
    let page = browser.open_and_submit("/setup", "/setup", &typed("wrong", "eve@contoso.example")).await;
    assert_eq!(page.status, 403);
    assert!(page.text().contains("This is not the set-up code"));
    assert!(!page.body.contains(PASSWORD));
    assert!(postkey::users::store::all(&app.inside().db).await.unwrap().is_empty());
    app.stop().await;
}

#[tokio::test]
async fn of_fifty_who_come_at_once_exactly_one_becomes_the_first_owner() {
    for engine in Engine::all() {
        let app = Arc::new(TestApp::on(engine).await);
        let mut tries = tokio::task::JoinSet::new();
        let start = Arc::new(tokio::sync::Barrier::new(50));
        for number in 0..50 {
            let (app, start) = (app.clone(), start.clone());
            tries.spawn(async move {
                let browser = app.stranger();
                let page = browser.get("/setup").await;
                start.wait().await;
                let email = format!("ana{number}@contoso.example");
                browser.submit(&page, "/setup", &typed(&app.setup_code, &email)).await.status
            });
        }
        let made = tries.join_all().await.into_iter().filter(|status| *status == 303).count();
        assert_eq!(made, 1);
        assert_eq!(postkey::users::store::all(&app.inside().db).await.unwrap().len(), 1);
        assert_eq!(app.stranger().get("/setup").await.status, 404);
        Arc::into_inner(app).unwrap().stop().await;
    }
}

#[tokio::test]
async fn the_code_runs_out_after_a_day_and_its_file_goes_with_the_first_account() {
    let app = TestApp::start().await;
    let file = postkey::setup::code::file(&app.inside().config.data_dir);
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim(), app.setup_code);
    app.advance(24 * 60 * 60 + 1);
    let late = app.stranger().open_and_submit("/setup", "/setup", &typed(&app.setup_code, "ana@contoso.example")).await;
    assert_eq!(late.status, 403);
    let fresh = postkey::setup::code::renew(app.inside()).await.unwrap().unwrap();
    let page = app.stranger().open_and_submit("/setup", "/setup", &typed(&fresh, "ana@contoso.example")).await;
    page.expect_redirect("/?done=welcome");
    assert!(!file.exists());
    app.stop().await;
}

#[tokio::test]
async fn a_weak_password_and_a_missing_name_are_told_together() {
    let app = TestApp::start().await;
    let typed = [("code", app.setup_code.as_str()), ("name", " "), ("email", "ana"), ("password", "short")];
    let page = app.stranger().open_and_submit("/setup", "/setup", &typed).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.all(".summary li").len(), 4, "{}", page.text());
    assert!(!page.body.contains(&app.setup_code), "the code must not come back");
    app.stop().await;
}
