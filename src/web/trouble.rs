//! A failure as a page tells it: what happened, why, what to do, who can do it.

use crate::app::App;
use crate::microsoft::{Cloud, Failure};
use crate::words::{Cause, Code, Facts, FilledArticle, LinkFacts, LinkKind, Who};

/// What a page says of a failure.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The cause's family.
    pub family: &'static str,
    /// Name of the cause's icon.
    pub icon: &'static str,
    /// The words.
    pub article: FilledArticle,
    /// Whether it passes without anybody.
    pub nobody: bool,
    /// Where it can be mended in Microsoft's portal, if there is such a place and a portal.
    pub portal: Option<String>,
    /// The same place as a path of clicks; empty if there is none.
    pub click_path: String,
    /// For the administrator's search in Entra's sign-in logs, one fact a line.
    pub technical: String,
}

/// Whose failure it is.
#[derive(Clone, Debug)]
pub struct Whose<'a> {
    /// The application's name.
    pub application: &'a str,
    /// Its cloud.
    pub cloud: Cloud,
    /// Its client ID.
    pub client_id: String,
    /// Its tenant.
    pub tenant: String,
    /// The mailbox, if it is about one.
    pub mailbox: &'a str,
    /// The person who signs in for it, if anybody does.
    pub person: &'a str,
    /// When the credential ended, if that is known and past.
    pub ended: Option<String>,
}

impl Trouble {
    /// What to say of `failure`.
    pub fn of(app: &App, failure: &Failure, whose: &Whose<'_>) -> Self {
        let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let facts = Facts {
            application: known(whose.application),
            mailbox: known(whose.mailbox),
            person: known(whose.person),
            // A GUID in a headline tells people nothing; "the tenant" does.
            tenant: known(&whose.tenant)
                .filter(|tenant| tenant.contains('.') || failure.cause == Cause::TenantNotFound),
            client_id: known(&whose.client_id),
            host: failure.host.clone(),
            date: whose.ended.clone(),
        };
        let article = failure.article().fill(&facts);
        let clouds = app.microsoft.clouds();
        let authority = clouds.authority(whose.cloud).map(|url| url.as_str().trim_end_matches('/').to_owned());
        let link = LinkFacts {
            portal: clouds.portal(whose.cloud),
            authority: authority.as_deref(),
            client_id: Some(&whose.client_id),
            tenant: Some(&whose.tenant),
            number: number(failure),
            ..LinkFacts::default()
        };
        // Consent to application permissions is granted where they are listed; Microsoft's consent page would need a
        // redirect URI that these applications do not have.
        let place = if article.link == LinkKind::AdminConsent { LinkKind::ApiPermissions } else { article.link };
        let elsewhere = !matches!(place, LinkKind::Nothing | LinkKind::SignIn | LinkKind::Form);
        Self {
            family: failure.cause.family().class(),
            nobody: article.who == Who::Nobody.words(),
            icon: failure.cause.icon().name(),
            portal: place.address(&link).filter(|_| elsewhere),
            click_path: if elsewhere { place.click_path(whose.application) } else { String::new() },
            technical: technical(failure),
            article,
        }
    }
}

fn number(failure: &Failure) -> Option<u32> {
    match failure.code {
        Some(Code::Aadsts(number)) => Some(number),
        _ => None,
    }
}

fn technical(failure: &Failure) -> String {
    let time = jiff::Timestamp::from_second(failure.at.seconds()).map(|time| time.to_string()).unwrap_or_default();
    let code = failure.code.as_ref().map(ToString::to_string);
    let retry_skew = failure.skew_seconds.filter(|skew| skew.abs() > 5).map(|skew| format!("{skew} s"));
    let facts = [
        ("code", code.as_deref()),
        ("error", failure.oauth_error.as_deref()),
        ("suberror", failure.suberror.as_deref()),
        ("host", failure.host.as_deref()),
        ("correlation ID", failure.correlation_id.as_deref()),
        ("trace ID", failure.trace_id.as_deref()),
        ("request ID", failure.request_id.as_deref()),
        ("clock difference", retry_skew.as_deref()),
        ("time", Some(time.as_str())),
        ("message", Some(failure.message.as_str()).filter(|message| !message.is_empty())),
    ];
    let lines: Vec<String> = facts.iter().filter_map(|(name, value)| Some(format!("{name}: {}", (*value)?))).collect();
    lines.join("\n")
}
