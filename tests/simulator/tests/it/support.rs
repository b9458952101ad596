//! A simulator and a client.

use std::{sync::Once, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use postkey_simulator::{Application, Estate, Options, SimClock, Simulator};
use reqwest::{Client, RequestBuilder, StatusCode, header::HeaderMap, redirect};
use serde_json::Value;

pub(crate) const DEFAULT_SCOPE: &str = "https://graph.microsoft.com/.default";

/// A simulator whose clock stands, and a client that follows no redirects.
pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) client: Client,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The AADSTS number of an Entra error.
    pub(crate) fn number(&self) -> u64 {
        self.json()["error_codes"][0].as_u64().unwrap_or_else(|| panic!("no error: {}", self.text))
    }

    /// The code of a Graph error.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_else(|| panic!("no error: {}", self.text)).to_owned()
    }
}

impl Stage {
    /// 2026-05-06 06:03:00 UTC.
    pub(crate) fn today() -> Timestamp {
        "2026-05-06T06:03:00Z".parse().unwrap()
    }

    pub(crate) async fn start() -> Self {
        Self::with(Options {
            estate: Estate::sample(7, Self::today()),
            clock: SimClock::standing(Self::today()),
            seed: Some(7),
            ..Options::default()
        })
        .await
    }

    pub(crate) async fn with(options: Options) -> Self {
        Self { simulator: Simulator::start(options).await.unwrap(), client: client() }
    }

    /// A copy of a sample application.
    pub(crate) fn application(&self, name: &str) -> Application {
        self.simulator.estate(|estate| estate.application(name).unwrap().clone())
    }

    pub(crate) fn token_url(&self, tenant: &str) -> String {
        format!("{}/{tenant}/oauth2/v2.0/token", self.simulator.authority())
    }

    /// Posts a form to the token endpoint of `tenant`.
    pub(crate) async fn post(&self, tenant: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.client.post(self.token_url(tenant)).form(form)).await
    }

    /// Asks for a token with the sample application's own secret.
    pub(crate) async fn ask(&self, name: &str) -> Answer {
        let application = self.application(name);
        self.ask_with(&application, application.secret()).await
    }

    pub(crate) async fn ask_with(&self, application: &Application, secret: &str) -> Answer {
        let client_id = application.client_id.to_string();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &client_id),
            ("client_secret", secret),
            ("scope", DEFAULT_SCOPE),
        ];
        self.post(&application.tenant_id.to_string(), &form).await
    }

    /// A good token of a sample application.
    pub(crate) async fn token(&self, name: &str) -> String {
        let answer = self.ask(name).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.send(self.client.get(self.graph_url(path)).bearer_auth(token)).await
    }

    pub(crate) fn graph_url(&self, path: &str) -> String {
        format!("{}/v1.0{path}", self.simulator.graph())
    }

    pub(crate) async fn inbox(&self, token: &str, mailbox: &str) -> Answer {
        self.get(token, &format!("/users/{mailbox}/mailFolders/inbox")).await
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer { status: response.status(), headers: response.headers().clone(), text: response.text().await.unwrap() }
    }
}

/// The claims of a token, unverified.
pub(crate) fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

pub(crate) fn client() -> Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap());
    let builder = Client::builder().no_proxy().timeout(Duration::from_secs(20)).redirect(redirect::Policy::none());
    builder.build().unwrap()
}
