//! Microsoft Graph: who the person is that a token speaks for.

use reqwest::Method;
use serde::Deserialize;

use super::failure::Outcome;
use super::graph::read;
use super::http::below;
use super::{AccessToken, Cloud, Guid, Microsoft, classify};
use crate::words::Transport;

/// A person's entry in the directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// The object ID, which never changes.
    pub object_id: Guid,
    /// The name the person signs in with.
    pub user_principal_name: String,
    /// The main e-mail address, if there is one.
    pub mail: Option<String>,
    /// What the person is called.
    pub display_name: Option<String>,
}

impl Microsoft {
    /// Asks who the person is that `token` speaks for (`GET /me`).
    pub async fn profile(&self, cloud: Cloud, token: &AccessToken) -> Outcome<Profile> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Me {
            id: String,
            user_principal_name: String,
            mail: Option<String>,
            display_name: Option<String>,
        }
        let graph = self.clouds.graph(cloud).ok_or_else(|| self.no_cloud())?;
        let mut address = below(graph, &["v1.0", "me"]);
        address.set_query(Some("$select=id,displayName,userPrincipalName,mail"));
        let answer = self.ask(token, Method::GET, address, None).await?;
        let me: Me = read(&answer)?;
        let object_id = Guid::parse(&me.id).ok_or_else(|| classify::transport(Transport::BadAnswer, &answer.seen))?;
        let harmless = |text: String| answer.seen.harmless(&text, 254);
        Ok(Profile {
            object_id,
            user_principal_name: harmless(me.user_principal_name),
            mail: me.mail.map(harmless).filter(|mail| !mail.is_empty()),
            display_name: me.display_name.map(harmless).filter(|name| !name.is_empty()),
        })
    }
}
