//! What a page says of a limit that is not as it must be: why, what to do, and who can.

use crate::app::App;
use crate::error::Result;
use crate::microsoft::Roles;
use crate::tokens::store as grants;
use crate::words::{LinkKind, ScopeVerdict};

use super::scope::Scope;
use super::show::{Place, place};
use super::{Application, store};

/// What to do about a limit that is not as it must be.
pub(super) struct Remedy {
    pub(super) family: &'static str,
    pub(super) icon: &'static str,
    pub(super) words: Words,
    pub(super) who: &'static str,
    /// Whether there is a script for it.
    pub(super) script: bool,
    pub(super) permissions: Place,
}

/// Why, and what to do, in the form in which a page tells it.
pub(super) struct Words {
    pub(super) title: String,
    pub(super) why: Vec<String>,
    pub(super) act: Vec<&'static str>,
}

/// What to do about it; nothing where the limit is not proven to be wrong.
pub(super) async fn remedy(
    app: &App,
    application: &Application,
    scope: &Scope,
    verdict: ScopeVerdict,
) -> Result<Option<Remedy>> {
    let wide = match verdict {
        ScopeVerdict::TooWide => true,
        ScopeVerdict::TooNarrow => false,
        _ => return Ok(None),
    };
    let grant = grants::find(&app.db, &application.id, grants::GRAPH).await?;
    let roles = grant.and_then(|grant| serde_json::from_str(&grant.roles).ok()).unwrap_or(Roles::Unreadable);
    let title = scope.sentence(&application.name, app.clock.now(), &app.config.time_zone);
    let title = title.trim_end_matches('.').to_owned();
    Ok(Some(Remedy {
        family: verdict.family().class(),
        icon: verdict.icon().name(),
        words: if wide { too_wide(title, &roles) } else { too_narrow(title, &roles) },
        who: if wide {
            "an Exchange Administrator, as a member of Organization Management, for the limit; a Privileged Role Administrator for the consent"
        } else {
            "an Exchange Administrator, as a member of Organization Management"
        },
        script: store::mailbox_count(&app.db, &application.id).await? > 0,
        permissions: place(app, application, LinkKind::ApiPermissions),
    }))
}

fn mail_roles(roles: &Roles) -> String {
    let is_mail = |role: &&String| role.to_ascii_lowercase().starts_with("mail.");
    roles.list().iter().filter(is_mail).cloned().collect::<Vec<_>>().join(", ")
}

fn too_wide(title: String, roles: &Roles) -> Words {
    let consented = mail_roles(roles);
    let why = if consented.is_empty() {
        "Nothing limits it in Exchange, or the limit there covers these mailboxes too.".to_owned()
    } else {
        format!(
            "Its last token carries {consented}. Entra grants that for every mailbox of the tenant, and a limit in Exchange takes nothing of it away."
        )
    };
    let act = vec![
        "Run the script, which limits it in Exchange to the mailboxes that Postkey uses.",
        "Then remove every Mail.* application permission in Entra and revoke its consent, or the limit does nothing.",
    ];
    Words { title, why: vec![why], act }
}

fn too_narrow(title: String, roles: &Roles) -> Words {
    let why = if mail_roles(roles).is_empty() {
        "Exchange limits it to other mailboxes, or nobody has granted it a permission for mail.".to_owned()
    } else {
        "An application access policy in Exchange leaves these mailboxes out.".to_owned()
    };
    let act = vec!["Add the mailboxes to its limit in Exchange. The script names every mailbox that Postkey uses."];
    Words { title, why: vec![why], act }
}
