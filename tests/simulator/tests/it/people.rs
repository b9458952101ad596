//! A person with a browser, and an application that signs people in.

use std::collections::HashMap;

use postkey_simulator::Application;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::Value;
use url::Url;

use crate::support::{Answer, Stage};

pub(crate) const OLGA: &str = "olga@contoso.example";
pub(crate) const JAN: &str = "jan@contoso.example";
pub(crate) const TOM: &str = "tom@contoso.example";
pub(crate) const SHARED: &str = "shared@contoso.example";
pub(crate) const CALLBACK: &str = "http://localhost:7777/callback";
pub(crate) const SCOPES: &str = "openid profile email offline_access https://graph.microsoft.com/User.Read \
                                 https://graph.microsoft.com/Mail.ReadWrite https://graph.microsoft.com/Mail.Send";
pub(crate) const SHARED_SCOPES: &str =
    "openid profile offline_access User.Read Mail.ReadWrite Mail.Send Mail.ReadWrite.Shared Mail.Send.Shared";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The address with the defaults of a careful application, and `changes`; an empty value takes a field out.
pub(crate) fn authorize(stage: &Stage, name: &str, changes: &[(&str, &str)]) -> String {
    let application = stage.application(name);
    let client_id = application.client_id.to_string();
    let mut fields = vec![
        ("client_id", client_id.as_str()),
        ("response_type", "code"),
        ("response_mode", "query"),
        ("redirect_uri", CALLBACK),
        ("scope", SCOPES),
        ("state", "a-state"),
        ("nonce", "a-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("client_info", "1"),
    ];
    fields.retain(|(field, _)| changes.iter().all(|(changed, _)| changed != field));
    fields.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    let base = format!("{}/{}/oauth2/v2.0/authorize", stage.simulator.authority(), application.tenant_id);
    Url::parse_with_params(&base, fields).unwrap().into()
}

/// The query of a redirect.
pub(crate) fn fields(location: &str) -> HashMap<String, String> {
    Url::parse(location).unwrap().query_pairs().into_owned().collect()
}

/// The code `person` gets for `name` with `changes` to the request, approving everything.
pub(crate) async fn code(stage: &Stage, name: &str, person: &str, changes: &[(&str, &str)]) -> String {
    let location = stage.simulator.approve(&authorize(stage, name, changes), person).await.unwrap();
    fields(&location).remove("code").unwrap_or_else(|| panic!("no code: {location}"))
}

/// Redeems a code as the application that asked would.
pub(crate) async fn redeem(stage: &Stage, application: &Application, code: &str, changes: &[(&str, &str)]) -> Answer {
    let defaults = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_info", "1"),
    ];
    post(stage, application, &defaults, changes).await
}

/// Uses a refresh token.
pub(crate) async fn refresh(stage: &Stage, application: &Application, token: &str, changes: &[(&str, &str)]) -> Answer {
    post(stage, application, &[("grant_type", "refresh_token"), ("refresh_token", token)], changes).await
}

async fn post(stage: &Stage, application: &Application, defaults: &[(&str, &str)], changes: &[(&str, &str)]) -> Answer {
    let client_id = application.client_id.to_string();
    let mut form = vec![("client_id", client_id.as_str()), ("client_secret", application.secret())];
    form.extend(defaults);
    form.retain(|(field, _)| changes.iter().all(|(changed, _)| changed != field));
    form.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    stage.post(&application.tenant_id.to_string(), &form).await
}

/// The tokens `person` lets `name` have.
pub(crate) async fn tokens(stage: &Stage, name: &str, person: &str, scope: &str) -> Value {
    let code = code(stage, name, person, &[("scope", scope)]).await;
    let answer = redeem(stage, &stage.application(name), &code, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// One member of a token answer, which is a text.
pub(crate) fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member].as_str().unwrap_or_else(|| panic!("no {member}: {answer}"))
}

/// A browser with its cookie, which looks at one page at a time.
pub(crate) struct Browser<'a> {
    stage: &'a Stage,
    cookie: String,
    pub(crate) page: Answer,
}

impl<'a> Browser<'a> {
    pub(crate) async fn open(stage: &'a Stage, address: &str) -> Self {
        let page = stage.send(stage.client.get(address)).await;
        let mut browser = Self { stage, cookie: String::new(), page };
        browser.remember();
        browser
    }

    pub(crate) async fn go(&mut self, address: &str) {
        self.page = self.stage.send(self.stage.client.get(address).header(COOKIE, &self.cookie)).await;
        self.remember();
    }

    /// Presses a button of the page's form, with fields filled in.
    pub(crate) async fn press(&mut self, button: &str, fields: &[(&str, &str)]) {
        assert!(self.page.text.contains(&format!(r#"value="{button}""#)), "no {button}: {}", self.page.text);
        let action = self.page.text.split(r#"action=""#).nth(1).unwrap().split('"').next().unwrap();
        let url = format!("{}{}", self.stage.simulator.authority(), action.replace("&amp;", "&"));
        let form: Vec<(&str, &str)> = [("do", button)].into_iter().chain(fields.iter().copied()).collect();
        self.page = self.stage.send(self.stage.client.post(url).header(COOKIE, &self.cookie).form(&form)).await;
        self.remember();
    }

    pub(crate) async fn sign_in(&mut self, person: &str) {
        let password = postkey_simulator::Person::password_of(person);
        self.press("sign_in", &[("username", person), ("password", &password)]).await;
    }

    /// The page's heading.
    pub(crate) fn heading(&self) -> &str {
        let text = &self.page.text;
        assert_eq!(text.matches("<h1>").count(), 1, "{text}");
        assert!(text.contains("This is a simulator. It is not Microsoft.") && !text.contains("<script"));
        text.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap()
    }

    /// Where the browser is sent.
    pub(crate) fn location(&self) -> HashMap<String, String> {
        assert_eq!(self.page.status, 302, "{}", self.page.text);
        fields(self.page.headers["location"].to_str().unwrap())
    }

    fn remember(&mut self) {
        if let Some(set) = self.page.headers.get(SET_COOKIE) {
            self.cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
    }
}
