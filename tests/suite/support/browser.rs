//! A small browser: keeps cookies, follows nothing by itself, and sends only forms that it was shown, with their hidden
//! fields, so that a form without its key fails the test.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::header::{COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use scraper::{Html, Selector};

/// Very rarely the HTTP client does not notice that the server was killed, and would wait for ever.
const SILENCE: Duration = Duration::from_secs(10);

/// One visitor.
pub(crate) struct Browser {
    base: String,
    http: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new(base: &str) -> Self {
        // Who starts no product in this process has nobody else to say which cryptography there is.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // No certificates: reading those of the system takes longer than most pages, and nothing here is https.
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).tls_certs_only([]);
        let http = http.build().unwrap();
        Self { base: base.to_owned(), http, cookies: Mutex::default() }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(self.http.get(self.address(path))).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        let request = headers
            .iter()
            .fold(self.http.get(self.address(path)), |request, (name, value)| request.header(*name, *value));
        self.send(request).await
    }

    /// Fills in the form of `page` that goes to `action` and sends it as a browser does.
    pub(crate) async fn submit(&self, page: &Page, action: &str, typed: &[(&str, &str)]) -> Page {
        self.post(action, &page.form(action, typed)).await
    }

    /// The same, and sends the form on wherever it is passed on to (307).
    pub(crate) async fn submit_on(&self, page: &Page, action: &str, typed: &[(&str, &str)]) -> Page {
        let fields = page.form(action, typed);
        let mut answer = self.post(action, &fields).await;
        while answer.status == 307 {
            answer = self.post(answer.header("location"), &fields).await;
        }
        answer
    }

    /// Goes to an address of our own that somebody else named in full.
    pub(crate) async fn follow(&self, address: &str) -> Page {
        let path = address.strip_prefix(&self.base).unwrap_or_else(|| panic!("{address} is not ours"));
        self.get(path).await
    }

    /// Asks for the headers of an address of our own alone.
    pub(crate) async fn head(&self, address: &str) -> u16 {
        let path = address.strip_prefix(&self.base).unwrap_or_else(|| panic!("{address} is not ours"));
        self.send(self.http.head(self.address(path))).await.status
    }

    /// The cookies that it holds now.
    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().unwrap().clone()
    }

    /// Opens `path` and sends the form on it that goes to `action`.
    pub(crate) async fn open_and_submit(&self, path: &str, action: &str, typed: &[(&str, &str)]) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        self.submit(&page, action, typed).await
    }

    /// Sends exactly these fields, from a page of our own.
    pub(crate) async fn post(&self, path: &str, fields: &[(String, String)]) -> Page {
        self.post_with(path, fields, &[("sec-fetch-site", "same-origin"), ("origin", &self.base)]).await
    }

    /// Sends exactly these fields with exactly these headers.
    pub(crate) async fn post_with(&self, path: &str, fields: &[(String, String)], headers: &[(&str, &str)]) -> Page {
        let mut named = HeaderMap::new();
        for (name, value) in headers {
            named.insert(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        self.send(self.http.post(self.address(path)).form(fields).headers(named)).await
    }

    /// Sends this JSON as a program does.
    pub(crate) async fn post_json(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> Page {
        let request =
            self.http.post(self.address(path)).body(body.to_owned()).header("content-type", "application/json");
        self.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// The same as `get`; nothing if the connection breaks.
    pub(crate) async fn try_get(&self, path: &str) -> Option<Page> {
        self.try_send(self.http.get(self.address(path)).timeout(SILENCE)).await.ok()
    }

    /// The same as `post`; nothing if the connection breaks.
    pub(crate) async fn try_post(&self, path: &str, fields: &[(String, String)]) -> Option<Page> {
        let request = self.http.post(self.address(path)).form(fields).header("sec-fetch-site", "same-origin");
        self.try_send(request.timeout(SILENCE)).await.ok()
    }

    /// A file.
    pub(crate) async fn get_bytes(&self, path: &str) -> Vec<u8> {
        let request = self.http.get(self.address(path)).header(COOKIE, self.cookie_header());
        request.send().await.unwrap().bytes().await.unwrap().to_vec()
    }

    /// Presses "Check now" on a mailbox' page, again if Postkey is just checking it by itself.
    pub(crate) async fn check_now(&self, mailbox: &str) {
        loop {
            let page = self.open_and_submit(mailbox, &format!("{mailbox}/check"), &[]).await;
            if !page.location().ends_with("?done=busy") {
                page.expect_redirect(&format!("{mailbox}?done=checked"));
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Page {
        self.open_and_submit("/login", "/login", &[("email", email), ("password", password)]).await
    }

    /// The value of the session cookie, if there is one.
    pub(crate) fn session(&self) -> Option<String> {
        self.cookies.lock().unwrap().get("postkey").cloned()
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    fn cookie_header(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Page {
        self.try_send(request).await.unwrap()
    }

    async fn try_send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Page> {
        let cookies = self.cookie_header();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies) };
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for set in headers.get_all(SET_COOKIE) {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            let gone = set.to_str().unwrap().contains("Max-Age=0");
            let mut cookies = self.cookies.lock().unwrap();
            if gone {
                cookies.remove(name)
            } else {
                cookies.insert(name.to_owned(), value.to_owned())
            };
        }
        Ok(Page { status, headers, body: response.text().await? })
    }
}

impl Page {
    /// The fields of the form that goes to `action`, as shown, with `typed` in their place.
    pub(crate) fn form(&self, action: &str, typed: &[(&str, &str)]) -> Vec<(String, String)> {
        let html = Html::parse_document(&self.body);
        let forms = Selector::parse("form").unwrap();
        let form = html
            .select(&forms)
            .find(|form| form.value().attr("action") == Some(action))
            .unwrap_or_else(|| panic!("no form goes to {action} in {}", self.text()));
        let mut fields: Vec<(String, String)> = Vec::new();
        for field in form.select(&Selector::parse("input, textarea, select").unwrap()) {
            let Some(name) = field.value().attr("name") else { continue };
            if typed.iter().any(|(known, _)| *known == name) {
                continue;
            }
            if let Some(value) = shown_value(&field) {
                fields.push((name.to_owned(), value));
            }
        }
        assert!(fields.iter().any(|(name, _)| name == "_csrf"), "the form to {action} has no key");
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        fields
    }

    /// The text of each element that matches.
    pub(crate) fn all(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let words = |element: scraper::ElementRef<'_>| {
            element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        html.select(&Selector::parse(selector).unwrap()).map(words).collect()
    }

    /// The text of the first element that matches.
    pub(crate) fn one(&self, selector: &str) -> String {
        self.all(selector).into_iter().next().unwrap_or_else(|| panic!("no {selector} in {}", self.text()))
    }

    /// Where the first link of the main part leads that begins like this.
    pub(crate) fn href(&self, start: &str) -> String {
        let html = Html::parse_document(&self.body);
        let links = Selector::parse("main a[href]").unwrap();
        let found =
            html.select(&links).filter_map(|link| link.value().attr("href")).find(|href| href.starts_with(start));
        found.unwrap_or_else(|| panic!("no link to {start} in {}", self.text())).to_owned()
    }

    /// All words of the page's main part.
    pub(crate) fn text(&self) -> String {
        self.all("main").into_iter().next().unwrap_or_else(|| self.body.clone())
    }

    /// Where the forms of the page go.
    pub(crate) fn actions(&self) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let forms = Selector::parse("form[action]").unwrap();
        html.select(&forms).filter_map(|form| form.value().attr("action").map(str::to_owned)).collect()
    }

    /// Where the links of the page lead.
    pub(crate) fn links(&self) -> Vec<String> {
        let html = Html::parse_document(&self.body);
        let anchors = Selector::parse("a[href]").unwrap();
        html.select(&anchors).filter_map(|link| link.value().attr("href").map(str::to_owned)).collect()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where a 303 leads.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{}", self.text());
        self.header("location")
    }

    pub(crate) fn expect_redirect(&self, to: &str) {
        assert_eq!(self.location(), to);
    }
}

fn shown_value(field: &scraper::ElementRef<'_>) -> Option<String> {
    let value = field.value();
    match (value.name(), value.attr("type")) {
        ("select", _) => {
            let options = Selector::parse("option").unwrap();
            let chosen = field.select(&options).find(|option| option.value().attr("selected").is_some());
            let chosen = chosen.or_else(|| field.select(&options).next())?;
            chosen.value().attr("value").map(str::to_owned)
        }
        ("textarea", _) => Some(field.text().collect()),
        (_, Some("checkbox" | "radio")) if value.attr("checked").is_none() => None,
        _ => Some(value.attr("value").unwrap_or_default().to_owned()),
    }
}
