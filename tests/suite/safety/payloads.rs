//! Hostile text in every place that takes text, and from Microsoft: it is shown as text (S-70).

use scraper::{Html, Selector};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::world::{World, add_application, column, meddle};
use crate::mailboxes::add_more;
use crate::support::app::PASSWORD;
use crate::support::{Engine, Page, TestApp};

/// Each at most 100 characters, which is what a name may have.
const SCRIPTS: &[&str] = &[
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></ScRiPt>",
    "<img src=x onerror=alert(1)>",
    "<img/src=`x`onerror=alert(1)>",
    "\"><img src=x onerror=alert(1)>",
    "'><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "\" autofocus onfocus=alert(1) x=\"",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg/onload=alert(1)//",
    "<svg><animate onbegin=alert(1) attributeName=x>",
    "<math><mi xlink:href=\"javascript:alert(1)\">x",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc=\"<script>alert(1)</script>\">",
    "<object data=javascript:alert(1)>",
    "<embed src=//evil.example/x.swf>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=\"JaVaScRiPt:alert(1)\">x</a>",
    "<a href=\"java&#x09;script:alert(1)\">x</a>",
    "<form action=//evil.example><button>x</button>",
    "<button formaction=javascript:alert(1)>x",
    "<input onfocus=alert(1) autofocus>",
    "<select onchange=alert(1)><option>x",
    "<textarea onfocus=alert(1) autofocus>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<style>@import '//evil.example/x.css'</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=\"0;url=//evil.example\">",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<dialog open onclose=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title=\"</noscript><script>alert(1)</script>\">",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version=\"1.0\"?><x/>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\\x3cscript\\x3ealert(1)\\x3c/script\\x3e",
    "\\u003cscript\\u003ealert(1)",
    "＜script＞alert(1)＜/script＞",
    "{{7*7}}${7*7}#{7*7}<%= 7*7 %>",
    "{% include \"/etc/passwd\" %}",
    "{{ shell.csrf }}",
    "';alert(1)//\\';alert(1)//\";alert(1)//--></script>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "` onmouseover=alert(1) `",
    "<x onclick=alert(1)>x",
    "<custom-element is=x onanimationstart=alert(1)>",
    "<a\u{3000}href=javascript:alert(1)>x",
    "=HYPERLINK(\"http://evil.example\";\"x\")",
];

/// The page shows `payload` as text, whole, and nothing on it came to life.
fn expect_shown(what: &str, page: &Page, payload: &str) {
    assert_eq!(page.status, 200, "{what}: {payload}");
    let html = Html::parse_document(&page.body);
    let all = html.select(&Selector::parse("*").unwrap()).collect::<Vec<_>>();
    for element in &all {
        let value = element.value();
        let alive = value.attrs().any(|(name, value)| {
            name.starts_with("on")
                || name == "style"
                || value.trim().to_lowercase().starts_with("javascript:") && name != "value"
        });
        assert!(!alive, "{what}: {payload} makes <{}> with {:?}", value.name(), value.attrs().collect::<Vec<_>>());
        let names =
            ["iframe", "object", "embed", "base", "style", "marquee", "video", "audio", "x", "math", "custom-element"];
        assert!(!names.contains(&value.name()), "{what}: {payload} makes a <{}>", value.name());
        if value.name() == "script" {
            assert!(
                value.attr("src").is_some_and(|src| src.starts_with("/static/app.")),
                "{what}: {payload} makes a script"
            );
        }
    }
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let wanted = words(payload);
    let shown = all.iter().any(|element| {
        words(&element.text().collect::<String>()).contains(&wanted)
            || element.value().attrs().any(|(_, value)| words(value).contains(&wanted))
    });
    assert!(shown, "{what} does not show {payload}");
    let number = page.body.matches("49").count();
    assert!(!payload.contains("7*7") || number == page.body.replace(payload, "").matches("49").count());
}

#[tokio::test]
async fn hostile_names_are_shown_as_they_were_typed() {
    let world = World::on(Engine::Sqlite).await;
    let browser = &world.owner.browser;
    let (edit, rename) = (format!("{}/edit", world.mailbox), format!("{}/edit", world.application));
    for payload in SCRIPTS {
        browser.open_and_submit(&edit, &edit, &[("display_name", payload)]).await.location();
        browser.open_and_submit(&rename, &rename, &[("name", payload)]).await.location();
        for (what, path) in [
            ("the mailbox's settings", edit.as_str()),
            ("the list", "/mailboxes"),
            ("the mailbox", &world.mailbox),
            ("the application", &world.application),
            ("the applications", "/applications"),
            ("the application's settings", &rename),
        ] {
            expect_shown(what, &browser.get(path).await, payload);
        }
    }
    world.app.stop().await;
}

#[tokio::test]
async fn hostile_names_of_people_are_shown_as_they_were_typed() {
    let app = TestApp::start().await;
    let typed = |name| {
        [("code", app.setup_code.as_str()), ("name", name), ("email", "ana@contoso.example"), ("password", PASSWORD)]
    };
    let browser = app.stranger();
    browser.open_and_submit("/setup", "/setup", &typed(SCRIPTS[0])).await.expect_redirect("/?done=welcome");
    for payload in SCRIPTS {
        meddle(&app.inside().db, &format!("UPDATE users SET name = '{}'", payload.replace('\'', "''"))).await;
        expect_shown("the head of the page", &browser.get("/").await, payload);
    }
    // As who made something, in the page of a mailbox.
    add_application(&app, &browser, "Contoso Mail").await;
    let mailbox = add_more(&browser, "support@contoso.example").await;
    expect_shown("who made it", &browser.get(&mailbox).await, SCRIPTS[SCRIPTS.len() - 1]);
    app.stop().await;
}

#[tokio::test]
async fn hostile_text_in_a_refused_form_or_an_address_comes_back_as_text() {
    let world = World::on(Engine::Sqlite).await;
    let browser = &world.owner.browser;
    for payload in SCRIPTS {
        let new = browser
            .open_and_submit("/mailboxes/new", "/mailboxes", &[("address", payload), ("application", payload)])
            .await;
        assert_eq!(new.status, 422);
        expect_shown("the refused form", &Page { status: 200, ..new }, payload);
        let query: String = form_urlencoded::byte_serialize(payload.as_bytes()).collect();
        expect_shown("the search", &browser.get(&format!("/mailboxes?q={query}")).await, payload);
        for path in [
            format!("/mailboxes?status={query}&app={query}&sort={query}&n={query}"),
            format!("/login?next={query}&done={query}"),
            format!("/mailboxes/new?copy={query}&app={query}"),
            format!("{}?done={query}&why={query}", world.application),
            format!("/nothing/{query}?{query}"),
            format!("/explain/{query}"),
            format!("/explain?q={query}"),
        ] {
            let page = browser.get(&path).await;
            assert!(page.status < 500, "{path}");
            let body = page.body.to_lowercase();
            assert!(!body.contains("alert(1)</script>") && !body.contains("<img src=x"), "{path}: {body}");
        }
        let nobody = app_login(&world, payload).await;
        assert!(!nobody.body.contains(payload) || !payload.contains(['<', '"']), "{payload}");
    }
    world.app.stop().await;
}

async fn app_login(world: &World, payload: &str) -> Page {
    world.app.stranger().sign_in(payload, "wrong wrong wrong").await
}

/// An authority that answers everything with these words.
async fn hostile_authority(said: String) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let said = said.clone();
            tokio::spawn(async move {
                let mut asked = vec![0; 16 * 1024];
                let _ = stream.read(&mut asked).await;
                let head = format!(
                    "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nx-ms-request-id: {}",
                    "<b>x</b>"
                );
                let answer = format!("{head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}", said.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn what_a_hostile_microsoft_says_is_shown_as_text_and_logged_on_one_line() {
    let hostile = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>\u{1b}[31m\r\nERROR forged\u{2028}line";
    let said = serde_json::json!({
        "error": hostile, "error_description": format!("AADSTS7000215: {hostile}"), "suberror": hostile,
        "error_codes": [7_000_215, -1, 4_000_000_000_u64], "trace_id": hostile, "correlation_id": hostile,
        "timestamp": hostile, "error_uri": "javascript:alert(1)", "claims": hostile,
    });
    let authority = hostile_authority(said.to_string()).await;
    let url: url::Url = format!("http://{authority}").parse().unwrap();
    let change = |config: &mut postkey::config::Config| {
        let cloud = config.custom_cloud.as_mut().unwrap();
        cloud.authority = url.clone();
        cloud.graph = url.join("/graph").unwrap();
    };
    let app = TestApp::with(Engine::Sqlite, change).await;
    let browser = app.owner().await;
    add_application(&app, &browser, "Contoso Mail").await;
    let mailbox = add_more(&browser, "support@contoso.example").await;
    let application = column(&app.inside().db, "SELECT '/applications/' || id FROM applications").await.concat();
    for path in [mailbox.clone(), format!("{mailbox}/checks"), application, "/".to_owned(), "/mailboxes".to_owned()] {
        let page = browser.get(&path).await;
        let shown = if path == mailbox { "<script>alert(1)</script>" } else { "Postkey" };
        expect_shown(&path, &page, shown);
        assert!(!page.body.contains('\u{1b}'), "{path} carries an escape");
    }
    app.stop().await;
}
