//! Signing in from the console, in this browser.

use postkey_simulator::Kind;

use super::{OLGA, SIGN_IN, come_back, path_of, save};
use crate::support::TestApp;

#[tokio::test]
async fn save_leads_to_microsoft_and_back_to_a_connected_mailbox() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let leads = save(&app, &browser, SIGN_IN, &[("address", OLGA), ("how", "now")]).await;
    let at_microsoft = leads.location().to_owned();
    assert!(at_microsoft.starts_with(&format!("{}/", app.sim.authority())), "{at_microsoft}");
    let mailbox = path_of(&app, OLGA).await;
    assert_eq!(browser.get(&mailbox).await.one(".kv dd"), "Waiting for sign-in");
    let onwards = come_back(&app, &browser, &at_microsoft, OLGA).await;
    assert_eq!(onwards.header("refresh"), format!("0;url={mailbox}?done=signed-in"));
    let page = browser.get(&mailbox).await;
    assert_eq!(page.all(".kv dd")[..2], ["Connected", "Ready"], "{}", page.text());
    assert!(page.text().contains("olga@contoso.example signed in, good for"));
    assert_eq!(app.sim.count(Kind::Token), 1);
    app.stop().await;
}
