//! One repaired application repairs all of its mailboxes.

use postkey_simulator::{Call, Kind};

use super::{add, add_more, statuses};
use crate::support::{Engine, TestApp};

#[tokio::test]
async fn one_new_secret_brings_every_mailbox_of_the_application_back() {
    for engine in Engine::all() {
        let app = TestApp::on(engine).await;
        let browser = app.owner().await;
        let first = add(&app, &browser, "support@contoso.example", "Contoso Archive").await;
        let second = add_more(&browser, "sales@contoso.example").await;
        assert_eq!(statuses(&browser.get(&second).await).0, "Secret expired");
        let application = browser.get(&first).await;
        let remedy = application.links().into_iter().find(|href| href.ends_with("/secrets/new")).unwrap();
        let end = app.sim.estate(|estate| {
            let secret = estate.application_mut("Contoso Archive").unwrap().secrets.first_mut().unwrap();
            secret.end = jiff::Timestamp::from_second(crate::support::app::NOON + 90 * 86_400).unwrap();
            secret.value.to_string()
        });
        browser.open_and_submit(&remedy, &remedy, &[("secret", &end)]).await;
        app.sim.wait_for(Kind::Graph(Call::PermanentDelete), 2).await;
        for path in [&first, &second] {
            while statuses(&browser.get(path).await).0 == "Checking" {
                tokio::task::yield_now().await;
            }
            assert_eq!(statuses(&browser.get(path).await).0, "Connected");
        }
        assert!(browser.get(&second).await.text().contains("its application works again"));
        app.stop().await;
    }
}
