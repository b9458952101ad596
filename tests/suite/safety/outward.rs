//! Where Postkey asks (S-72) and where it sends people (S-73).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use postkey::web::next;
use postkey_simulator::{Failure, Fault, Place};
use tokio::net::TcpListener;

use super::world::{World, add_application, column};
use crate::mailboxes::add_more;
use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Engine, TestApp};

/// A host that nobody must ask. Counts who does.
async fn decoy() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, asked)
}

#[tokio::test]
async fn no_tenant_and_no_cloud_that_is_typed_leads_to_another_host() {
    let world = World::on(Engine::Sqlite).await;
    let (decoy, asked) = decoy().await;
    let sample = world.app.sample("Contoso Reader");
    let port = decoy.rsplit(':').next().unwrap();
    let tenants = [
        "http://169.254.169.254/".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        format!("http://{decoy}/"),
        format!("https://{decoy}"),
        decoy.clone(),
        format!("@{decoy}"),
        format!("x@{decoy}/"),
        format!("login.microsoftonline.com@{decoy}"),
        format!("//{decoy}/x"),
        format!("\\\\{decoy}\\x"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        format!("0x7f000001:{port}"),
        format!("contoso.example:{port}"),
        format!("contoso.example/../../{decoy}"),
        "../../".to_owned(),
        "..".to_owned(),
        "%2e%2e%2f".to_owned(),
        "contoso.example#x".to_owned(),
        "contoso.example?x=y".to_owned(),
        "contoso.example\r\nHost: evil.example".to_owned(),
        "contoso.example /x HTTP/1.1".to_owned(),
        "contoso.example\\x".to_owned(),
        "c\u{43e}ntoso.example".to_owned(),
        "contoso\u{3002}example".to_owned(),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "common".to_owned(),
        "organizations".to_owned(),
        "consumers".to_owned(),
    ];
    for tenant in &tenants {
        world.app.sim.clear_requests();
        let name = format!("N{}", tenant.len());
        let fields = [
            ("name", name.as_str()),
            ("tenant", tenant),
            ("client_id", &sample.client_id.to_string()),
            ("secret", sample.secret()),
            ("address", "new@contoso.example"),
            ("application", "new"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let answer = world.post(&world.owner, "/mailboxes", &fields).await;
        assert_eq!(answer.status, 422, "the tenant {tenant:?} was taken: {}", answer.head);
        assert!(world.app.sim.requests().is_empty(), "{tenant:?}");
    }
    for cloud in ["http://evil.example", &decoy, "global;custom", "GLOBAL\u{0}", "../custom", "custom2", "0"] {
        let mut fields = world.good("/applications/new");
        fields.push(("cloud".to_owned(), cloud.to_owned()));
        fields.push(("cloud_authority".to_owned(), format!("http://{decoy}")));
        let answer = world.post(&world.owner, "/applications/new", &fields).await;
        assert!(matches!(answer.status, 400 | 422), "the cloud {cloud:?}: {}", answer.status);
    }
    let mut fields = world.good("/applications/new");
    for name in ["authority", "cloud_authority", "graph", "token_endpoint", "redirect_uri", "cloud_graph"] {
        fields.push((name.to_owned(), format!("http://{decoy}")));
    }
    assert_eq!(world.post(&world.owner, "/applications/new", &fields).await.status, 303);
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    world.app.stop().await;
}

#[tokio::test]
async fn a_redirect_of_the_authority_or_of_graph_takes_no_secret_along() {
    let app = TestApp::start().await;
    let browser = app.owner().await;
    let (decoy, asked) = decoy().await;
    add_application(&app, &browser, "Contoso Mail").await;
    for (number, place) in [Place::Discovery, Place::Token, Place::Graph].into_iter().enumerate() {
        app.sim.clear_faults();
        app.sim.fault(Fault::new(place, Failure::Redirect { to: format!("http://{decoy}/") }));
        add_more(&browser, &format!("box{number}@contoso.example")).await;
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    let verdicts = column(&app.inside().db, "SELECT incoming FROM checks").await;
    assert!(verdicts.iter().all(|verdict| verdict != "connected"), "{verdicts:?}");
    app.stop().await;
}

/// Ways to write "elsewhere", put together from parts: some hundreds.
fn elsewhere() -> Vec<String> {
    let before = [
        "",
        "/",
        "//",
        "///",
        "////",
        "/\\",
        "\\/",
        "\\\\",
        "/\\/",
        "/ /",
        "/\t/",
        "/\n/",
        "/\r/",
        "\t//",
        " //",
        "//\\",
        "/%2f",
        "/%5c",
        "/%09/",
        "/%0d%0a/",
        "/.//",
        "/..//",
        "/;//",
        "/@",
        "//@",
        "/%40",
        "https:",
        "https:/",
        "https://",
        "http://",
        "HtTp://",
        "ftp://",
        "javascript:",
        "data:",
        "//user@",
        "/mailboxes@",
        "/mailboxes/..//",
        "/mailboxes//",
        "/mailboxes/../",
        "/mailboxes\\",
        "/mailboxes%2f%2f",
        "/login?next=//",
        "/\u{2028}/",
        "/\u{feff}/",
        "\u{ff0f}\u{ff0f}",
        "/\u{0}/",
    ];
    let hosts =
        ["evil.example", "evil.example/mailboxes", "evil.example:443", "3627733735", "[::1]", "evil\u{3002}example"];
    before.iter().flat_map(|before| hosts.iter().map(move |host| format!("{before}{host}"))).collect()
}

#[tokio::test]
async fn after_signing_in_no_way_to_write_elsewhere_leads_there() {
    let all = elsewhere();
    assert!(all.len() > 250);
    for text in &all {
        if let Some(path) = next::path(text) {
            let base = url::Url::parse("https://postkey.example/login").unwrap();
            let joined = base.join(path).unwrap();
            assert_eq!(joined.host_str(), Some("postkey.example"), "{text:?} leads to {joined}");
            assert!(path.starts_with('/') && !path.starts_with("//") && !path.contains('\\'), "{text:?}");
        }
    }
    let app = TestApp::start().await;
    app.owner().await;
    let base = url::Url::parse(&app.url).unwrap();
    for text in all.iter().step_by(9) {
        let browser = app.stranger();
        let query: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let page = browser.get(&format!("/login?next={query}")).await;
        if page.status == 400 {
            continue;
        }
        let fields = page.form("/login", &[("email", EMAIL), ("password", PASSWORD), ("next", text)]);
        let answer = browser.post("/login", &fields).await;
        if answer.status != 400 {
            let to = base.join(answer.location()).unwrap();
            assert_eq!(to.origin(), base.origin(), "{text:?} leads to {to}");
        }
    }
    app.stop().await;
}
