//! Reads an admin consent request, and writes its answers.

use std::collections::BTreeSet;

use super::{
    leave::Return,
    request::{Query, Rejected, application, redirect_uri},
};
use crate::{
    asked::Asked,
    entra::{
        Refused,
        scope::{delegated, written},
    },
    estate::{Application, Permission, Scope},
    world::World,
};

/// An administrator is asked to consent for everybody.
#[derive(Clone)]
pub(super) struct ConsentRequest {
    pub(super) version: Version,
    /// None: the request names no redirect URI and none is registered.
    pub(super) back: Option<Return>,
    /// By name; none for everything the registration lists, application permissions included.
    pub(super) scopes: Option<BTreeSet<Scope>>,
    audience: String,
}

/// Which of the two endpoints was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V2,
    Legacy,
}

impl ConsentRequest {
    pub(super) fn read(
        world: &World,
        asked: &Asked,
        query: &Query,
        version: Version,
    ) -> Result<(Application, Self), Rejected> {
        let estate = world.estate();
        let application = application(&estate, asked, query)?;
        let sign_in = estate.sign_in_to(application.client_id).ok_or_else(|| Refused::new(700_016))?;
        let state = query.get("state").map(str::to_owned);
        let back = match redirect_uri(sign_in, query, asked) {
            Ok(uri) => Some(Return { uri, state }),
            Err(_) if query.get("redirect_uri").is_none() => None,
            Err(refused) => return Err(refused.into()),
        };
        let (scopes, audience) = match version {
            Version::Legacy => (None, String::new()),
            Version::V2 => {
                let text = query.required("scope");
                let wanted = text.and_then(|text| delegated(text, [&asked.origin, &world.origin]));
                let wanted = wanted.map_err(|refused| Rejected { refused: Box::new(refused), back: back.clone() })?;
                ((!wanted.everything).then_some(wanted.scopes), wanted.audience)
            }
        };
        Ok((application, Self { version, back, scopes, audience }))
    }

    /// Where the browser goes after the administrator accepted; only the newer endpoint says what.
    pub(super) fn accepted(
        &self,
        back: &Return,
        tenant: &str,
        scopes: &BTreeSet<Scope>,
        roles: &BTreeSet<Permission>,
    ) -> String {
        let (tenant, consent) = (("tenant", tenant), ("admin_consent", "True"));
        if self.version == Version::Legacy {
            return back.with(&[tenant, consent]);
        }
        let own = written(scopes, &self.audience);
        let own = own.split_whitespace().map(str::to_owned);
        // A permission of both kinds is named once.
        let all: BTreeSet<String> = roles.iter().map(|role| format!("{}/{role}", self.audience)).chain(own).collect();
        back.with(&[consent, tenant, ("scope", &all.into_iter().collect::<Vec<_>>().join(" "))])
    }

    /// Where the browser goes when the administrator declined, or the request was refused. `admin_consent=True` is there
    /// too; the older endpoint does not even send the state back.
    pub(super) fn refused(version: Version, back: &Return, refused: &Refused, asked: &Asked) -> String {
        let declined = refused.code.number == 65_004;
        match version {
            Version::Legacy if declined => Return { state: None, ..back.clone() }
                .with(&[("error", "permission_denied"), ("error_description", "The admin canceled the request")]),
            Version::Legacy => Return { state: None, ..back.clone() }
                .with(&[("error", refused.code.error), ("error_description", &refused.description(asked))]),
            Version::V2 => {
                let error = if declined { "consent_required" } else { refused.code.error };
                let description = refused.description(asked);
                back.with(&[("admin_consent", "True"), ("error", error), ("error_description", &description)])
            }
        }
    }
}
