//! No secret anywhere but where it belongs (S-01): real use of the built command, every address as everybody, the log at
//! its most talkative, and then a search for each secret in every spelling.
//!
//! Argued exceptions, taken out before the search: the `Set-Cookie` line that brings a browser its own session or visit,
//! and the file `setup-code`, which is where that code is meant to be until it is used (here it was).

use std::collections::BTreeMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use postkey::chance::{Chance, hex};
use postkey::db::Db;
use postkey::secrets::{Keyring, MasterKey, Place as SealedAt, Sealed};
use postkey_simulator::{Certificate, Lifetime, Options, Secret, Simulator};
use secrecy::ExposeSecret;
use tempfile::TempDir;

use super::binary::{Place, Server};
use super::table::{TABLE, routes};
use super::wire::{form, request, send};
use super::world::{column, dump, key_of};
use crate::sign_in::parameter;
use crate::support::app::EMAIL;
use crate::support::{Browser, Engine, MailSink, Page};

/// With letters that HTML, JSON and addresses write differently.
const CANARY: &str = "Kanarie<&\"'> zingt ü in de mijn 42";
const WRONG: &str = "Wrong<&\"'> kanarie ñ zwijgt nog 43";
const MAIL: &str = "Post<&\"'> kanarie é bezorgt 44";
const SCRAPER: &str = "Meter<&\"'>-kanarie-telt-45";
const ROLES: [&str; 4] = ["viewer", "operator", "mailbox_administrator", "application_administrator"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_any_answer_log_or_file() {
    look_everywhere(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_in_any_answer_log_or_row_of_postgres() {
    if Engine::all().contains(&Engine::Postgres) {
        look_everywhere(Engine::Postgres).await;
    }
}

#[test]
fn a_planted_secret_is_found_however_it_is_written() {
    for text in spellings(CANARY.as_bytes()) {
        let mut seen = Seen::default();
        seen.secret("password", CANARY);
        seen.file("here", [b"before ", &text[..], b" after"].concat());
        assert!(seen.found().is_some_and(|found| found.starts_with("the password is in here")), "{text:?}");
    }
    let mut seen = Seen::default();
    seen.secret("password", CANARY);
    seen.file("here", CANARY.replace('4', "5").into_bytes());
    assert_eq!(seen.found(), None);
}

async fn look_everywhere(engine: Engine) {
    let sim = Simulator::start(Options::default()).await.unwrap();
    let home = TempDir::new().unwrap();
    let database = engine.fresh().await;
    let mut place = Place::new(home.path(), &database).with(&sim);
    place.set("POSTKEY_LOG", "trace");
    let mail = MailSink::start();
    let password = home.path().join("smtp-password");
    std::fs::write(&password, MAIL).unwrap();
    place.set("POSTKEY_SMTP_URL", &format!("smtp://postkey@127.0.0.1:{}", mail.port));
    place.set("POSTKEY_SMTP_PASSWORD_FILE", password.to_str().unwrap());
    place.set("POSTKEY_SMTP_FROM", EMAIL);
    let scraper = home.path().join("scraper");
    std::fs::write(&scraper, SCRAPER).unwrap();
    place.set("POSTKEY_METRICS_TOKEN_FILE", scraper.to_str().unwrap());
    let mut server = place.serve();
    let mut seen = Seen::default();
    let code = server.setup_code();
    seen.secret("set-up code", &code);
    seen.secret("mail server's password", MAIL);
    seen.secret("token for metrics", SCRAPER);
    use_it(&mut seen, &server, &sim, &code).await;
    assert_eq!(mail.taken().len(), 1, "the link was mailed, and the mail is where its code belongs");
    server.stop();
    for role in ROLES {
        let email = format!("{}@contoso.example", role.replace('_', "."));
        let added = place.run(&["user", "add", &email, "--name", role, "--role", role], &format!("{CANARY}\n"));
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
        seen.output(&added.stdout);
        seen.output(&added.stderr);
    }
    let server = place.serve();
    crawl(&mut seen, &server).await;
    let bearer = format!("Bearer {SCRAPER}");
    let scrape = request("GET", "/metrics", &[("host", "x"), ("authorization", &bearer)], "");
    seen.answer(at(&server), &scrape).await;
    assert!(seen.files.last().is_some_and(|(_, page)| String::from_utf8_lossy(page).contains("postkey_mailboxes{")));
    // As it is while it runs, with its write-ahead log.
    server.kill();
    let database = open(&place, &database).await;
    inner_secrets(&mut seen, &database, &place).await;
    let rows = dump(&database, &[]).await;
    database.close().await;
    seen.file("rows", rows.into_bytes());
    seen.file("stderr", std::fs::read(place.log()).unwrap());
    for file in std::fs::read_dir(place.data()).unwrap() {
        let path = file.unwrap().path();
        seen.file(&path.display().to_string(), std::fs::read(&path).unwrap());
    }
    // That it looked at what it should, and for what it should.
    let pages =
        seen.files.iter().filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains("support@contoso.example"));
    assert!(pages.count() > 20);
    assert!(seen.secrets.len() >= 35, "only {:?}", seen.secrets.keys());
    assert_eq!(seen.found(), None);
    sim.stop().await;
}

/// The database as it was found, after the files were copied just as they lay there.
async fn open(place: &Place, database: &postkey::config::Database) -> Db {
    match database.postgres_url() {
        Some(url) => Db::open_postgres(url).await.unwrap(),
        None => {
            let copy = place.home.join("copy");
            std::fs::create_dir(&copy).unwrap();
            for file in std::fs::read_dir(place.data()).unwrap() {
                let path = file.unwrap().path();
                std::fs::copy(&path, copy.join(path.file_name().unwrap())).unwrap();
            }
            Db::open_sqlite(&copy).await.unwrap()
        }
    }
}

/// What was captured, and what must not be in it.
#[derive(Default)]
struct Seen {
    secrets: BTreeMap<String, Vec<u8>>,
    files: Vec<(String, Vec<u8>)>,
}

impl Seen {
    fn secret(&mut self, name: &str, value: &str) {
        assert!(value.len() >= 16, "{name} is too short to be looked for");
        self.secrets.insert(name.to_owned(), value.as_bytes().to_vec());
    }

    fn file(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.push((name.to_owned(), bytes));
    }

    fn output(&mut self, bytes: &[u8]) {
        self.file("output", bytes.to_vec());
    }

    async fn answer(&mut self, at: std::net::SocketAddr, bytes: &[u8]) {
        let answer = send(at, bytes).await;
        assert!(answer.status >= 200, "no answer to {}", String::from_utf8_lossy(bytes));
        let head: Vec<&str> =
            answer.head.lines().filter(|line| !line.to_lowercase().starts_with("set-cookie:")).collect();
        let first = String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned();
        self.file(&first, [head.join("\n").as_bytes(), &answer.body].concat());
    }

    /// The first secret that is somewhere, and where.
    fn found(&self) -> Option<String> {
        let patterns =
            self.secrets.iter().flat_map(|(name, value)| spellings(value).into_iter().map(move |text| (name, text)));
        let mut by_start: BTreeMap<[u8; 2], Vec<(&String, Vec<u8>)>> = BTreeMap::new();
        for (name, text) in patterns {
            by_start.entry([text[0], text[1]]).or_default().push((name, text));
        }
        let mut starts = vec![false; 1 << 16];
        by_start.keys().for_each(|two| starts[usize::from(u16::from_be_bytes(*two))] = true);
        for (file, bytes) in &self.files {
            for at in 0..bytes.len().saturating_sub(1) {
                if !starts[usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1])] {
                    continue;
                }
                for (name, text) in &by_start[&[bytes[at], bytes[at + 1]]] {
                    if bytes[at..].starts_with(text) {
                        return Some(format!("the {name} is in {file}: {}", around(bytes, at)));
                    }
                }
            }
        }
        None
    }
}

fn around(bytes: &[u8], at: usize) -> String {
    String::from_utf8_lossy(&bytes[at.saturating_sub(200)..(at + 100).min(bytes.len())]).into_owned()
}

/// As it may be written in an answer, a log or a file.
fn spellings(value: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![value.to_vec(), hex(value).into_bytes(), hex(value).to_uppercase().into_bytes()];
    all.push(STANDARD_NO_PAD.encode(value).into_bytes());
    all.push(URL_SAFE_NO_PAD.encode(value).into_bytes());
    if let Ok(text) = std::str::from_utf8(value) {
        let escape =
            |pairs: &[(&str, &str)]| pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
        let html = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&#x27;")];
        let numbers = [("&", "&#38;"), ("<", "&#60;"), (">", "&#62;"), ("\"", "&#34;"), ("'", "&#39;")];
        all.push(escape(&html).into_bytes());
        all.push(escape(&numbers).into_bytes());
        all.push(serde_json::to_string(text).unwrap().trim_matches('"').as_bytes().to_vec());
        all.push(format!("{text:?}").trim_matches('"').as_bytes().to_vec());
        all.push(form_urlencoded::byte_serialize(value).collect::<String>().into_bytes());
        all.push(value.iter().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes());
        all.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        all.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    all
}

fn at(server: &Server) -> std::net::SocketAddr {
    server.url.strip_prefix("http://").unwrap().parse().unwrap()
}

/// What people do with it, mistakes included; every page on the way is kept.
async fn use_it(seen: &mut Seen, server: &Server, sim: &Simulator, code: &str) {
    let browser = Browser::new(&server.url);
    browser.set_cookie("postkey-visit", VISIT);
    seen.secret("wrong password", WRONG);
    seen.secret("password", CANARY);
    let set_up = |code, password| [("code", code), ("name", "Ana"), ("email", EMAIL), ("password", password)];
    for typed in [set_up("wrong", WRONG), set_up(code, "too short"), set_up(code, CANARY)] {
        let page = browser.open_and_submit("/setup", "/setup", &typed).await;
        seen.output(page.body.as_bytes());
    }
    seen.secret("first session", &browser.session().unwrap());
    Browser::new(&server.url).sign_in(EMAIL, WRONG).await;
    let sample = sim.estate(|estate| estate.application("Contoso Mail").cloned()).unwrap();
    let (tenant, client) = (sample.tenant_id.to_string(), sample.client_id.to_string());
    seen.secret("client secret", sample.secret());
    let typed = |tenant, secret| {
        let own = [("address", "support@contoso.example"), ("application", "new"), ("name", "Contoso Mail")];
        [own.to_vec(), vec![("tenant", tenant), ("client_id", client.as_str()), ("secret", secret)]].concat()
    };
    let refused = "Kanarie~secret.that-Microsoft-refuses-1234";
    seen.secret("refused client secret", refused);
    for typed in [typed("common", sample.secret()), typed(&tenant, refused)] {
        let page = browser.open_and_submit("/mailboxes/new", "/mailboxes", &typed).await;
        seen.output(page.body.as_bytes());
    }
    let list = browser.get("/applications").await;
    let application = list.links().into_iter().find(|link| link.starts_with("/applications/app_")).unwrap();
    let secrets = format!("{application}/secrets/new");
    browser.open_and_submit(&secrets, &secrets, &[("secret", sample.secret())]).await.location();
    let certificates = format!("{application}/certificates/new");
    browser.open_and_submit(&certificates, &certificates, &[]).await.location();
    certify(&browser, &application, sim, &client).await;
    let mailbox =
        browser.get("/mailboxes").await.links().into_iter().find(|link| link.starts_with("/mailboxes/mb_")).unwrap();
    let check = format!("{mailbox}/check");
    browser.open_and_submit(&mailbox, &check, &[]).await.location();
    let send = format!("{mailbox}/test-message");
    browser.open_and_submit(&send, &send, &[("to", "sales@contoso.example")]).await.location();
    sim.roll_signing_key(true).unwrap();
    browser.open_and_submit(&mailbox, &check, &[]).await.location();
    let address = format!("{}/oauth/callback", server.url);
    sim.estate(|estate| estate.sign_in_mut("Contoso Mail").unwrap().redirect_uris.insert(address));
    ask_administrator(seen, &browser, sim, &server.url, &application).await;
    sign_in(seen, &browser, sim, &server.url).await;
    work(seen, &browser, &server.url).await;
}

/// A worker with a key of its own, which it also sends where it does not belong, takes a token and says that it was refused.
async fn work(seen: &mut Seen, browser: &Browser, url: &str) {
    let (page, key) = crate::keys::make(browser, &[]).await;
    seen.secret("API key", &key);
    let (worker, bearer) = (Browser::new(url), format!("Bearer {key}"));
    let path = "/api/v1/mailboxes/olga@contoso.example/token";
    let answer = worker.get_with(path, &[("authorization", bearer.as_str())]).await;
    let said: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    let token = said["access_token"].as_str().unwrap();
    seen.secret("token that a worker was handed", token);
    let report = serde_json::json!({ "generation": said["generation"], "status": 401, "error": token }).to_string();
    let told = worker.post_json(&format!("{path}/refused"), &report, &[("authorization", bearer.as_str())]).await;
    assert_eq!(told.status, 200, "{}", told.body);
    seen.output(told.body.as_bytes());
    for misplaced in [format!("{path}?access_token={key}"), format!("/api/v1/mailboxes/{key}")] {
        seen.output(worker.get_with(&misplaced, &[("authorization", bearer.as_str())]).await.body.as_bytes());
    }
    for shown in [page.as_str(), "/keys", "/keys.csv", "/tokens.csv"] {
        seen.output(browser.get(shown).await.body.as_bytes());
    }
}

/// Every kind of sign-in with its mistakes: one that goes well, one by a link, one as somebody else, one that is declined, one
/// that never ends; and a renewal.
async fn sign_in(seen: &mut Seen, browser: &Browser, sim: &Simulator, url: &str) {
    // Whatever the simulator signs begins like this: access tokens and ID tokens, those that were dropped included.
    seen.secret("start of a signed token", "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIs");
    let address = format!("{url}/oauth/callback");
    sim.estate(|estate| estate.sign_in_mut("Contoso Sign-in").unwrap().redirect_uris.insert(address));
    sim.estate(|estate| estate.settings.lifetime = Lifetime::Fixed { seconds: 1 });
    let sample = sim.estate(|estate| estate.application("Contoso Sign-in").cloned()).unwrap();
    let (tenant, client) = (sample.tenant_id.to_string(), sample.client_id.to_string());
    seen.secret("client secret of the sign-in", sample.secret());
    let typed = [
        ("address", "olga@contoso.example"),
        ("access", "delegated"),
        ("how", "now"),
        ("name", "Sign-in of Contoso"),
        ("application", "new"),
        ("tenant", &tenant),
        ("client_id", &client),
        ("secret", sample.secret()),
    ];
    let page = browser.get("/mailboxes/new").await;
    let at_microsoft = browser.submit_on(&page, "/mailboxes", &typed).await.location().to_owned();
    come_back(seen, browser, &at_microsoft, sim.approve(&at_microsoft, "olga@contoso.example").await.unwrap()).await;
    let list = browser.get("/mailboxes?q=olga").await;
    let mailbox = list.links().into_iter().find(|link| link.starts_with("/mailboxes/mb_")).unwrap();
    while sim.count_grants("refresh_token") == 0 {
        browser.open_and_submit(&mailbox, &format!("{mailbox}/check"), &[]).await.location();
    }
    sim.estate(|estate| estate.settings.lifetime = Lifetime::Random);
    let path = format!("{mailbox}/sign-in");
    let again = || browser.open_and_submit(&path, &path, &[("how", "now")]);
    let at_microsoft = again().await.location().to_owned();
    come_back(seen, browser, &at_microsoft, sim.approve(&at_microsoft, "jan@contoso.example").await.unwrap()).await;
    let made = browser.open_and_submit(&path, &path, &[("how", "link"), ("mail", "1")]).await;
    made.expect_redirect(&format!("{path}?done=link-mailed"));
    let link = format!("/s/{}", browser.get(&path).await.one("#link").rsplit('/').next().unwrap());
    seen.secret("code of a link", link.strip_prefix("/s/").unwrap());
    let owner = Browser::new(url);
    let at_microsoft = owner.open_and_submit(&link, &link, &[]).await.location().to_owned();
    come_back(seen, &owner, &at_microsoft, sim.approve(&at_microsoft, "olga@contoso.example").await.unwrap()).await;
    let at_microsoft = again().await.location().to_owned();
    seen.secret("state of a sign-in that never ends", &parameter(&at_microsoft, "state"));
}

/// A link for a tenant administrator, who declines, consents, gives a secret that is refused and one that is accepted.
async fn ask_administrator(seen: &mut Seen, browser: &Browser, sim: &Simulator, url: &str, application: &str) {
    let console = format!("{application}/admin-link");
    browser.open_and_submit(&console, &console, &[("days", "7")]).await.location();
    let link = format!("/a/{}", browser.get(&console).await.one("#link").rsplit('/').next().unwrap());
    seen.secret("code of a link for an administrator", link.strip_prefix("/a/").unwrap());
    let tom = Browser::new(url);
    // What whoever has the link is shown leads back to it, and rightly so.
    let shown = |page: &Page| page.body.replace(&link, "[link]");
    for accept in [false, true] {
        let at_microsoft = crate::admin_link::begin(&tom, &link).await;
        seen.secret(&format!("state of a consent, {accept}"), &parameter(&at_microsoft, "state"));
        let callback = match accept {
            true => sim.approve(&at_microsoft, crate::admin_link::TOM).await.unwrap(),
            false => sim.decline(&at_microsoft, crate::admin_link::TOM).await.unwrap(),
        };
        for (name, value) in tom.cookies().into_iter().filter(|(name, _)| name.starts_with("postkey-flow-")) {
            seen.secret(&name, &value);
        }
        let answer = tom.follow(&callback).await;
        seen.output(shown(&tom.get(answer.location()).await).as_bytes());
        assert_eq!(tom.follow(&callback).await.status, 400);
    }
    let fresh = "Kanarie~secret.that-an-administrator-gives-5";
    sim.estate(|estate| {
        let known = estate.application_mut("Contoso Mail").unwrap();
        let secret = Secret { value: fresh.to_owned(), ..known.secrets[0].clone() };
        known.secrets.push(secret);
    });
    let refused = "Kanarie~secret.that-an-administrator-mistypes-6";
    seen.secret("refused secret of an administrator", refused);
    seen.secret("secret of an administrator", fresh);
    for (secret, expires) in [(refused, "6"), (fresh, "no such choice"), (fresh, "12")] {
        let page = tom.get(&link).await;
        let answer = tom.submit(&page, &format!("{link}/secret"), &[("secret", secret), ("expires", expires)]).await;
        seen.output(shown(&answer).as_bytes());
    }
    assert_eq!(tom.get(&link).await.status, 404, "both is done, so it is over");
    seen.output(browser.get(&console).await.body.as_bytes());
}

/// Ends a sign-in. Its state, its code and the cookie are secrets from its begin to long after its end.
async fn come_back(seen: &mut Seen, browser: &Browser, at_microsoft: &str, callback: String) {
    let number = seen.secrets.len();
    seen.secret(&format!("state {number}"), &parameter(at_microsoft, "state"));
    seen.secret(&format!("nonce {number}"), &parameter(at_microsoft, "nonce"));
    seen.secret(&format!("code {number}"), &parameter(&callback, "code"));
    for (name, value) in browser.cookies().into_iter().filter(|(name, _)| name.starts_with("postkey-flow-")) {
        seen.secret(&name, &value);
    }
    let answer = browser.follow(&callback).await;
    seen.output(answer.location().as_bytes());
    let result = browser.get(answer.location()).await;
    seen.output(result.body.as_bytes());
    if let Some(onwards) = result.header("refresh").strip_prefix("0;url=") {
        seen.output(browser.get(onwards).await.body.as_bytes());
    }
    assert_eq!(browser.follow(&callback).await.status, 400);
}

const VISIT: &str = "visit-of-the-canary-in-the-mine";

/// Uploads the certificate to the simulator and tries every credential, so that each way to prove oneself was used.
async fn certify(browser: &Browser, application: &str, sim: &Simulator, client: &str) {
    let page = browser.get(application).await;
    let file = page.links().into_iter().find(|link| link.ends_with(".cer"));
    let der = browser.get_bytes(&file.unwrap()).await;
    sim.estate(|estate| estate.application_mut(client).unwrap().certificates.push(Certificate::parse(&der).unwrap()));
    let forms = page.actions();
    for test in forms.iter().filter(|action| action.ends_with("/test")) {
        browser.submit(&page, test, &[]).await.location();
    }
}

/// Every address as everybody, with forms that are broken in every way and hold secrets in every field.
async fn crawl(seen: &mut Seen, server: &Server) {
    let host = server.url.strip_prefix("http://").unwrap().to_owned();
    let emails = ROLES.map(|role| format!("{}@contoso.example", role.replace('_', ".")));
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    for email in [None, Some(EMAIL)].into_iter().chain(emails.iter().map(|email| Some(email.as_str()))) {
        let browser = Browser::new(&server.url);
        browser.set_cookie("postkey-visit", VISIT);
        let (cookies, key) = match email {
            None => (format!("postkey-visit={VISIT}"), key_of(&browser.get("/login").await, "/login")),
            Some(email) => {
                browser.sign_in(email, CANARY).await.expect_redirect("/");
                let session = browser.session().unwrap();
                seen.secret(&format!("session of {email}"), &session);
                (format!("postkey={session}; postkey-visit={VISIT}"), key_of(&browser.get("/").await, "/logout"))
            }
        };
        if email == Some(EMAIL) {
            ids = learn(&browser).await;
        }
        let known = |route: &str| fill(route, &ids);
        let own = [("host", host.as_str()), ("cookie", &cookies)];
        for route in routes() {
            for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
                seen.answer(at(server), &request(method, &known(route), &own, "")).await;
            }
        }
        let posts = TABLE.iter().filter(|(route, methods, _)| methods.contains(&"POST") && *route != "/logout");
        let fields =
            ["email", "password", "code", "secret", "name", "address", "tenant", "client_id", "to", "next", "q"];
        for (route, ..) in posts {
            for key in [key.as_str(), "", WRONG] {
                let mut typed: Vec<(String, String)> = vec![("_csrf".to_owned(), key.to_owned())];
                // A secret in a field that is shown again would be shown again, and rightly so; these are not.
                let hidden = fields.iter().filter(|name| matches!(**name, "password" | "code" | "secret"));
                typed.extend(hidden.map(|name| ((*name).to_owned(), WRONG.to_owned())));
                let own = [
                    &own[..],
                    &[("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")],
                ]
                .concat();
                let nowhere = known(route).replace("mb_", "mb_0").replace("app_", "app_0");
                seen.answer(at(server), &request("POST", &nowhere, &own, &form(&typed))).await;
                if !route.contains("{id}") {
                    seen.answer(at(server), &request("POST", &known(route), &own, &form(&typed))).await;
                }
            }
        }
    }
    seen.secret("visit", VISIT);
}

/// Identifiers of what is there, from the pages.
async fn learn(browser: &Browser) -> BTreeMap<&'static str, String> {
    let first = |links: Vec<String>, start: &str| {
        let link = links.into_iter().find(|link| link.starts_with(start)).unwrap();
        link.split('?').next().unwrap().rsplit('/').next().unwrap().to_owned()
    };
    let mailbox = first(browser.get("/mailboxes?q=support").await.links(), "/mailboxes/mb_");
    let application = first(browser.get("/applications").await.links(), "/applications/app_");
    let page = browser.get(&format!("/applications/{application}")).await;
    let certificate = page.links().into_iter().find(|link| link.ends_with(".cer")).unwrap();
    let credential = certificate.split('/').nth(4).unwrap().to_owned();
    BTreeMap::from([("mailbox", mailbox), ("application", application), ("credential", credential)])
}

fn fill(route: &str, ids: &BTreeMap<&str, String>) -> String {
    let of = |kind| ids.get(kind).cloned().unwrap_or_else(|| "nothing".to_owned());
    let id = if route.starts_with("/mailboxes") { of("mailbox") } else { of("application") };
    let route = route.replace("{id}", &id).replace("{credential}", &of("credential"));
    route.replace("{file}", "nothing").replace("{code}", "aadsts7000215")
}

/// Every sealed column but that of sign-in links, which are all used up, and that of the address for calendars, which the page
/// shows to those who may make one.
const CELLS: [(&str, &str); 7] = [
    ("admin_links", "sealed"),
    ("credentials", "sealed"),
    ("grants", "sealed"),
    ("delegated_grants", "access_token"),
    ("delegated_grants", "refresh_token"),
    ("delegated_grants", "previous_refresh_token"),
    ("sign_in_attempts", "verifier"),
];

/// What only the holder of the master key can know: the keys themselves, the private key and the token.
async fn inner_secrets(seen: &mut Seen, db: &Db, place: &Place) {
    let line = std::fs::read_to_string(place.key()).unwrap();
    let encoded = line.trim().rsplit(' ').next().unwrap();
    let master: [u8; 32] = STANDARD.decode(encoded).unwrap().try_into().unwrap();
    seen.secrets.insert("master key".to_owned(), master.to_vec());
    let master_id = MasterKey::from_bytes(master).id().to_owned();
    let wrapping = RandomizedNonceKey::new(&AES_256_GCM, &master).unwrap();
    for row in column(db, "SELECT id || ' ' || wrapped FROM data_keys").await {
        let (id, wrapped) = row.split_once(' ').unwrap();
        let bytes = STANDARD_NO_PAD.decode(wrapped).unwrap();
        let (nonce, cell) = bytes.split_at(12);
        let mut cell = cell.to_vec();
        let aad = Aad::from(format!("pk1|data_keys|wrapped|{master_id}|{id}"));
        let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
        let plain = wrapping.open_in_place(nonce, aad, &mut cell).unwrap().to_vec();
        seen.secrets.insert(format!("data key {id}"), plain);
    }
    let now = postkey::clock::Clock::System.now();
    let keyring = Keyring::load(db, MasterKey::from_bytes(master), now, &Chance::System).await.unwrap();
    for (kind, cell) in CELLS {
        let ids = column(db, &format!("SELECT id FROM {kind} WHERE {cell} <> ''")).await;
        assert!(!ids.is_empty(), "nothing is sealed in {kind}.{cell}");
        for id in ids {
            let text = column(db, &format!("SELECT {cell} FROM {kind} WHERE id = '{id}'")).await.concat();
            let sealed: Sealed = match db {
                Db::Sqlite { read, .. } => sqlx::query_scalar("SELECT $1").bind(text).fetch_one(read).await.unwrap(),
                Db::Postgres(pool, ..) => sqlx::query_scalar("SELECT $1").bind(text).fetch_one(pool).await.unwrap(),
            };
            let plain = keyring.open(SealedAt { table: kind, column: cell, row: &id }, &sealed).unwrap();
            let text = plain.expose_secret();
            if text.starts_with("-----BEGIN") {
                let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("-----")).collect();
                seen.secret("first line of the private key", body[1]);
                seen.secrets.insert("private key".to_owned(), STANDARD.decode(body.concat()).unwrap());
            } else {
                seen.secret(&format!("{cell} of {id}"), text);
            }
        }
    }
}
