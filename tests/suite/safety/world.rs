//! A product in use: a mailbox in every state, two applications, and a person of every role who has signed in.

use std::net::SocketAddr;

use postkey::config::Config;
use postkey::db::Db;
use postkey::ids::UserId;
use postkey::users::{Role, User, password, store};
use postkey_simulator::{Fault, Page as SimPage, Place};
use secrecy::SecretString;
use sqlx::AssertSqlSafe;

use super::table::Who;
use super::wire::{self, Answer};
use crate::mailboxes::{add, add_more};
use crate::sign_in;
use crate::support::app::{EMAIL, PASSWORD};
use crate::support::{Browser, Engine, Page, TestApp};

/// Somebody with a browser, and what the browser sends.
pub(crate) struct Person {
    pub(crate) who: Who,
    pub(crate) browser: Browser,
    pub(crate) cookies: String,
    pub(crate) key: String,
}

pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) owner: Person,
    pub(crate) people: Vec<Person>,
    pub(crate) mailbox: String,
    pub(crate) paused: String,
    pub(crate) deleted: String,
    /// Opened on behalf of a user, who has signed in.
    pub(crate) delegated: String,
    /// The code of an open link for it.
    pub(crate) link: String,
    /// A sign-in by that link that failed; the owner's browser began it.
    pub(crate) sign_in: String,
    /// The code of an open link for a tenant administrator.
    pub(crate) admin_link: String,
    /// A consent by that link that was declined; the owner's browser began it.
    pub(crate) consent: String,
    pub(crate) application: String,
    pub(crate) spare: String,
    pub(crate) credential: String,
    /// The address for calendars: its ID, and its code as the address ends with it.
    pub(crate) feed: (String, String),
    /// The ID of the grant of an application.
    pub(crate) token: String,
    /// The ID of an open problem.
    pub(crate) problem: String,
    /// The ID of a webhook at which nobody answers.
    pub(crate) channel: String,
    /// A key that may be handed the tokens of every mailbox: its path, and its text.
    pub(crate) key: (String, String),
}

const ROLES: [(Role, Who); 5] = [
    (Role::Viewer, Who::Viewer),
    (Role::Operator, Who::Operator),
    (Role::MailboxAdministrator, Who::MailboxAdministrator),
    (Role::ApplicationAdministrator, Who::ApplicationAdministrator),
    (Role::Owner, Who::Owner),
];

impl World {
    pub(crate) async fn on(engine: Engine) -> Self {
        // It has a mail server, at which nobody answers.
        let mails = |config: &mut Config| {
            config.smtp_url = Some("smtp://127.0.0.1:1".parse().unwrap());
            config.smtp_from = Some("postkey@contoso.example".to_owned());
        };
        Self::around(TestApp::with(engine, mails).await).await
    }

    pub(crate) async fn around(app: TestApp) -> Self {
        let browser = app.owner().await;
        let mailbox = add(&app, &browser, "support@contoso.example", "Contoso Mail").await;
        let paused = add_more(&browser, "sales@contoso.example").await;
        browser.open_and_submit(&format!("{paused}/pause"), &format!("{paused}/pause"), &[]).await.location();
        let deleted = add_more(&browser, "billing@contoso.example").await;
        browser.open_and_submit(&format!("{deleted}/delete"), &format!("{deleted}/delete"), &[]).await.location();
        let spare = add_application(&app, &browser, "Fabrikam Mail").await;
        let application = one(&app.inside().db, "SELECT application_id FROM mailboxes LIMIT 1").await;
        let application = format!("/applications/{application}");
        let credential = credential_of(&app, &application).await;
        let scope = format!("{application}/scope-check/edit");
        browser.open_and_submit(&scope, &scope, &[("closed", "ceo@contoso.example")]).await.location();
        let mut owner = person(&app, EMAIL, Who::Owner).await;
        let delegated = signed_in(&app, &browser, "sales@fabrikam.example").await;
        let link = make_link(&browser, &delegated).await;
        let sign_in = fail(&app, &mut owner, &link).await;
        let admin_link = crate::admin_link::make(&browser, &application).await;
        let consent = decline(&app, &mut owner, &admin_link).await;
        let feed = make_feed(&browser).await;
        let token = one(&app.inside().db, "SELECT MIN(id) FROM grants").await;
        let problem = open_problem(&app).await;
        let hook = [("name", "Operations"), ("target", "http://127.0.0.1:9/hook")];
        let channel = browser.open_and_submit("/settings/alerts/new?kind=webhook", "/settings/alerts", &hook).await;
        let channel = channel.location().split(['/', '?']).nth(3).unwrap().to_owned();
        let key = crate::keys::make(&browser, &[]).await;
        let mut people = Vec::new();
        for (role, who) in ROLES {
            let email = format!("{}@contoso.example", role.value().replace('_', "."));
            enrol(&app, &email, role).await;
            people.push(person(&app, &email, who).await);
        }
        Self {
            app,
            owner,
            people,
            mailbox,
            paused,
            deleted,
            delegated,
            link,
            sign_in,
            admin_link: admin_link.trim_start_matches("/a/").to_owned(),
            consent,
            application,
            spare,
            credential,
            feed,
            token,
            problem,
            channel,
            key,
        }
    }

    /// The address that `route` stands for, with the identifiers of something that is there.
    pub(crate) async fn fill(&self, route: &str) -> String {
        let last = route.rsplit('/').next().unwrap();
        let base = match (route, last) {
            ("/mailboxes/{id}/resume", _) => &self.paused,
            ("/mailboxes/{id}/restore", _) => &self.deleted,
            ("/applications/{id}/delete", _) => &self.spare,
            _ if route.starts_with("/mailboxes/{id}/sign-in") => &self.delegated,
            _ if route.starts_with("/problems/") => &self.problem,
            _ if route.starts_with("/mailboxes/") || route.starts_with("/api/") => &self.mailbox,
            _ if route.starts_with("/keys/") => &self.key.0,
            _ => &self.application,
        };
        let id = base.rsplit('/').next().unwrap();
        let route = route.replace("{id}", id).replace("{credential}", &self.credential);
        let style = postkey::web::assets::css().rsplit('/').next().unwrap();
        let code = match route.get(..3) {
            Some("/s/") => self.link.as_str(),
            Some("/a/") => &self.admin_link,
            _ if route.starts_with("/expiry/") => &self.feed.1,
            _ => "aadsts7000215",
        };
        let route = route.replace("{consent}", &self.consent).replace("{token}", &self.token);
        let route = route.replace("{channel}", &self.channel);
        route.replace("{file}", style).replace("{code}", code).replace("{sign_in}", &self.sign_in)
    }

    /// What a person sends to change something at `route`, without the form's key.
    pub(crate) fn good(&self, route: &str) -> Vec<(String, String)> {
        let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        let other = self.app.sample("Contoso Reader");
        let own = |name: &str| self.app.sample(name);
        let fields: Vec<(&str, String)> = match route {
            "/login" => vec![("email", EMAIL.to_owned()), ("password", PASSWORD.to_owned())],
            "/mailboxes" => vec![("address", "new@contoso.example".to_owned()), ("application", id(&self.application))],
            "/mailboxes/bulk" => vec![("do", "pause".to_owned()), ("id", id(&self.mailbox)), ("sure", "1".to_owned())],
            "/mailboxes/{id}/edit" => vec![
                ("address", "support@contoso.example".to_owned()),
                ("display_name", "Renamed".to_owned()),
                ("application", id(&self.application)),
                ("version", "1".to_owned()),
            ],
            "/mailboxes/{id}/test-message" => vec![("to", "sales@contoso.example".to_owned())],
            "/applications/new" => vec![
                ("name", "One more".to_owned()),
                ("tenant", other.tenant_id.to_string()),
                ("client_id", other.client_id.to_string()),
                ("secret", other.secret().to_owned()),
            ],
            "/applications/{id}/edit" => vec![
                ("name", "Renamed".to_owned()),
                ("cloud", "custom".to_owned()),
                ("tenant", own("Contoso Mail").tenant_id.to_string()),
                ("client_id", own("Contoso Mail").client_id.to_string()),
                ("version", "1".to_owned()),
            ],
            "/applications/{id}/secrets/new" | "/a/{code}/secret" => {
                vec![("secret", own("Contoso Mail").secret().to_owned())]
            }
            "/applications/{id}/credentials/{credential}/end" => {
                vec![("expires", "on".to_owned()), ("expires_on", "2027-05-01".to_owned())]
            }
            "/applications/{id}/credentials/{credential}/retire" => vec![("sure", "1".to_owned())],
            "/problems/{id}/silence" => vec![("hours", "4".to_owned())],
            "/settings/alerts" => vec![
                ("kind", "mail".to_owned()),
                ("name", "On call".to_owned()),
                ("target", "oncall@ops.example".to_owned()),
            ],
            "/settings/alerts/{channel}/edit" => vec![("name", "Renamed".to_owned())],
            "/applications/{id}/scope-check/edit" => vec![
                ("open", "support@contoso.example".to_owned()),
                ("closed", "ceo@contoso.example".to_owned()),
                ("version", "1".to_owned()),
            ],
            "/keys/new" => ["name", "may", "reach", "days"]
                .into_iter()
                .zip(["more", "tokens", "all", "90"].map(str::to_owned))
                .collect(),
            "/keys/{id}/rotate" => vec![("hours", "24".to_owned())],
            "/expiry/feed" | "/expiry/feed/withdraw" => vec![("there", self.feed.0.clone())],
            _ => Vec::new(),
        };
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Everything that can be done at `route` by sending it something.
    pub(crate) fn forms(&self, route: &str) -> Vec<Vec<(String, String)>> {
        let link = || vec![("how".to_owned(), "link".to_owned()), ("days".to_owned(), "3".to_owned())];
        let more = (route == "/mailboxes/{id}/sign-in").then(link);
        std::iter::once(self.good(route)).chain(more).collect()
    }

    pub(crate) fn db(&self) -> &Db {
        &self.app.inside().db
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.app.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// The headers of a form that one of our own pages sends for `person`.
    pub(crate) fn own_page<'a>(&'a self, cookies: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("host", self.app.url.strip_prefix("http://").unwrap()),
            ("cookie", cookies),
            ("sec-fetch-site", "same-origin"),
            ("origin", &self.app.url),
            ("content-type", "application/x-www-form-urlencoded"),
        ]
    }

    /// Sends a form that is right in every respect.
    pub(crate) async fn post(&self, person: &Person, path: &str, fields: &[(String, String)]) -> Answer {
        let body = wire::form(&[fields, &[("_csrf".to_owned(), person.key.clone())]].concat());
        wire::send(self.address(), &wire::request("POST", path, &self.own_page(&person.cookies), &body)).await
    }

    pub(crate) async fn ask(&self, person: &Person, method: &str, path: &str) -> Answer {
        let headers = [("host", self.app.url.strip_prefix("http://").unwrap()), ("cookie", person.cookies.as_str())];
        wire::send(self.address(), &wire::request(method, path, &headers, "")).await
    }

    /// Somebody who has opened the login page and nothing else.
    pub(crate) async fn anonymous(&self) -> Person {
        let browser = self.app.stranger();
        browser.set_cookie(VISIT, "visit-of-nobody");
        let page = browser.get("/login").await;
        let key = key_of(&page, "/login");
        Person { who: Who::Anyone, browser, cookies: format!("{VISIT}=visit-of-nobody"), key }
    }
}

const VISIT: &str = "postkey-visit";

pub(crate) fn key_of(page: &Page, action: &str) -> String {
    page.form(action, &[]).into_iter().find(|(name, _)| name == "_csrf").unwrap().1
}

/// Signs in with a browser whose cookies are known.
pub(crate) async fn person(app: &TestApp, email: &str, who: Who) -> Person {
    let browser = app.stranger();
    let visit = format!("visit-of-{email}");
    browser.set_cookie(VISIT, &visit);
    browser.sign_in(email, PASSWORD).await.expect_redirect("/");
    let key = key_of(&browser.get("/").await, "/logout");
    let cookies = format!("postkey={}; {VISIT}={visit}", browser.session().unwrap());
    Person { who, browser, cookies, key }
}

pub(crate) async fn enrol(app: &TestApp, email: &str, role: Role) {
    let inside = app.inside();
    let hash = password::hash(inside, SecretString::from(PASSWORD.to_owned())).await.unwrap();
    let id = UserId::new(inside.clock.now(), &inside.chance);
    let user = User { id, email: email.to_owned(), name: format!("{role:?}"), role };
    let mut tx = inside.db.begin().await.unwrap();
    assert!(store::insert(&mut tx, &user, &hash, inside.clock.now()).await.unwrap());
    tx.commit().await.unwrap();
}

/// A mailbox of Fabrikam for which its own account has signed in. Gives its path.
async fn signed_in(app: &TestApp, browser: &Browser, address: &str) -> String {
    let leads = sign_in::save(app, browser, "Fabrikam Sign-in", &[("address", address), ("how", "now")]).await;
    let at_microsoft = leads.location().to_owned();
    sign_in::come_back(app, browser, &at_microsoft, address).await;
    sign_in::path_of(app, address).await
}

/// Makes a link for a mailbox. Gives its code.
async fn make_link(browser: &Browser, mailbox: &str) -> String {
    let action = format!("{mailbox}/sign-in");
    let page = browser.get(&action).await;
    let mut fields = page.form(&action, &[]);
    fields.retain(|(name, _)| name != "how");
    fields.push(("how".to_owned(), "link".to_owned()));
    browser.post(&action, &fields).await.location();
    let page = browser.get(&action).await;
    page.one("#link").rsplit('/').next().unwrap().to_owned()
}

/// Makes the address for calendars. Gives its ID, and what its path ends with.
async fn make_feed(browser: &Browser) -> (String, String) {
    browser.open_and_submit("/expiry", "/expiry/feed", &[]).await.expect_redirect("/expiry?done=feed-made");
    let page = browser.get("/expiry").await;
    let form = page.form("/expiry/feed/withdraw", &[]);
    let id = form.into_iter().find(|(name, _)| name == "there").unwrap().1;
    (id, page.one("#feed-address").rsplit('/').next().unwrap().to_owned())
}

/// A problem as the watch writes it. Gives its ID.
async fn open_problem(app: &TestApp) -> String {
    let id = "prb_000000000000000000000001";
    let sql = format!(
        "INSERT INTO problems (id, open_key, kind, application, since, opened_at, mailboxes, tokens, most_mailboxes, example,
            threatened, told_mailboxes, silenced_by, silenced_until)
        VALUES ('{id}', 'provider_down:', 'provider_down', 'all applications', 1795435200, 1795435200, 2, 1, 2,
            'support@contoso.example', 0, 0, 'Ana Ruiz', 1895435200)"
    );
    meddle(&app.inside().db, &sql).await;
    id.to_owned()
}

/// Begins a sign-in that cannot go on because Microsoft is down. Gives its ID; the person's browser holds its cookie.
async fn fail(app: &TestApp, person: &mut Person, link: &str) -> String {
    app.sim.fault(Fault::status(Place::Discovery, 503, SimPage::Html).times(1));
    let path = format!("/s/{link}");
    let page = person.browser.get(&path).await;
    let answer = person.browser.submit(&page, &path, &[]).await;
    let id = answer.location().rsplit('/').next().unwrap().to_owned();
    let flow = person.browser.cookies()[&format!("postkey-flow-{id}")].clone();
    person.cookies = format!("{}; postkey-flow-{id}={flow}", person.cookies);
    id
}

/// Declines a consent that `link` leads to. Gives its ID; the person's browser holds its cookie.
async fn decline(app: &TestApp, person: &mut Person, link: &str) -> String {
    let at_microsoft = crate::admin_link::begin(&person.browser, link).await;
    let callback = app.sim.decline(&at_microsoft, crate::admin_link::TOM).await.unwrap();
    let id = person.browser.follow(&callback).await.location().rsplit('/').next().unwrap().to_owned();
    let flow = person.browser.cookies()[&format!("postkey-flow-{id}")].clone();
    person.cookies = format!("{}; postkey-flow-{id}={flow}", person.cookies);
    id
}

/// Adds a sample application by its form. Gives its path.
pub(crate) async fn add_application(app: &TestApp, browser: &Browser, sample: &str) -> String {
    let known = app.sample(sample);
    let (tenant, client_id) = (known.tenant_id.to_string(), known.client_id.to_string());
    let typed = [("name", sample), ("tenant", &tenant), ("client_id", &client_id), ("secret", known.secret())];
    let page = browser.open_and_submit("/applications/new", "/applications/new", &typed).await;
    page.location().split('?').next().unwrap().to_owned()
}

pub(crate) async fn credential_of(app: &TestApp, application: &str) -> String {
    let id = application.rsplit('/').next().unwrap();
    one(&app.inside().db, &format!("SELECT id FROM credentials WHERE application_id = '{id}' ORDER BY id LIMIT 1"))
        .await
}

/// The first column of each row, as text.
pub(crate) async fn column(db: &Db, sql: &str) -> Vec<String> {
    match db {
        Db::Sqlite { write, .. } => sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(write).await.unwrap(),
        Db::Postgres(pool, ..) => sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(pool).await.unwrap(),
    }
}

pub(crate) async fn one(db: &Db, sql: &str) -> String {
    column(db, sql).await.into_iter().next().unwrap_or_else(|| panic!("no row: {sql}"))
}

/// Runs a statement behind the product's back, as somebody does who has the database.
pub(crate) async fn meddle(db: &Db, sql: &str) {
    match db {
        Db::Sqlite { write, .. } => drop(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(write).await.unwrap()),
        Db::Postgres(pool, ..) => drop(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await.unwrap()),
    }
}

/// Every row of every table as text, but of the tables in `except`.
pub(crate) async fn dump(db: &Db, except: &[&str]) -> String {
    let sqlite = matches!(db, Db::Sqlite { .. });
    let tables = if sqlite {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    } else {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name"
    };
    let mut text = String::new();
    for table in column(db, tables).await {
        if table.starts_with("_sqlx") || except.contains(&table.as_str()) {
            continue;
        }
        let rows = if sqlite {
            let columns = column(db, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let quoted: Vec<String> = columns.iter().map(|name| format!("coalesce(quote({name}), 'null')")).collect();
            format!("SELECT {} AS line FROM {table} ORDER BY line", quoted.join(" || ' ' || "))
        } else {
            format!("SELECT t::text AS line FROM {table} t ORDER BY line")
        };
        for row in column(db, &rows).await {
            text.push_str(&format!("{table}: {row}\n"));
        }
    }
    text
}
