//! Where in Microsoft's portals something is put right.
//!
//! Portal addresses are no contract of Microsoft's, so the click path is always shown beside the link. Shapes last
//! compared with public code in November 2026; those of [`LinkKind::RedirectUris`], [`LinkKind::ExchangeMailboxes`],
//! [`LinkKind::Users`] and [`LinkKind::ServiceHealth`] were not seen there and need a look in a real portal.

use url::form_urlencoded::Serializer;

use super::text_form;

/// The portals of one Microsoft cloud. A cloud that is only played has none.
#[derive(Debug)]
pub struct Portal {
    /// Host of the Entra admin center, or of the Azure portal where that stands in for it.
    pub entra: &'static str,
    /// Host of the Exchange admin center, where it is known.
    pub exchange: Option<&'static str>,
    /// Host of the Microsoft 365 admin center, where it is known.
    pub microsoft365: Option<&'static str>,
}

/// What a link needs to know. All of it is optional: a link that lacks something has no address.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkFacts<'a> {
    /// Portals of the tenant's cloud.
    pub portal: Option<&'a Portal>,
    /// Root of the cloud's sign-in service, such as `https://login.microsoftonline.com`.
    pub authority: Option<&'a str>,
    /// Application (client) ID.
    pub client_id: Option<&'a str>,
    /// Directory (tenant) ID.
    pub tenant: Option<&'a str>,
    /// Object ID of the enterprise application.
    pub service_principal: Option<&'a str>,
    /// Where admin consent comes back to.
    pub redirect_uri: Option<&'a str>,
    /// What admin consent brings back unchanged.
    pub state: Option<&'a str>,
    /// The scope that admin consent asks for, such as `https://graph.microsoft.com/.default`.
    pub scope: Option<&'a str>,
    /// The number of an AADSTS code.
    pub number: Option<u32>,
}

/// The place where something is put right.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum LinkKind {
    /// Nothing to open.
    Nothing,
    /// Postkey's own sign-in link for the mailbox owner.
    SignIn,
    /// The field in Postkey's own form.
    Form,
    /// Secrets and certificates of the app registration.
    CertificatesAndSecrets,
    /// Permissions of the app registration.
    ApiPermissions,
    /// The page with both IDs.
    Overview,
    /// Redirect URIs of the app registration.
    RedirectUris,
    /// Microsoft's page on which an administrator consents.
    AdminConsent,
    /// The tenant's sign-in logs.
    SignInLogs,
    /// The tenant's Conditional Access policies.
    ConditionalAccess,
    /// The application as the tenant sees it.
    EnterpriseApplication,
    /// Microsoft's own text for an AADSTS number.
    MicrosoftText,
    /// Mailboxes in Exchange.
    ExchangeMailboxes,
    /// Users and licences.
    Users,
    /// Microsoft's own word on the health of its services.
    ServiceHealth,
}

impl LinkKind {
    /// Every place.
    pub const ALL: &[Self] = &[
        Self::Nothing,
        Self::SignIn,
        Self::Form,
        Self::CertificatesAndSecrets,
        Self::ApiPermissions,
        Self::Overview,
        Self::RedirectUris,
        Self::AdminConsent,
        Self::SignInLogs,
        Self::ConditionalAccess,
        Self::EnterpriseApplication,
        Self::MicrosoftText,
        Self::ExchangeMailboxes,
        Self::Users,
        Self::ServiceHealth,
    ];

    /// The stable name in the article file.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::SignIn => "sign_in",
            Self::Form => "form",
            Self::CertificatesAndSecrets => "certificates_and_secrets",
            Self::ApiPermissions => "api_permissions",
            Self::Overview => "overview",
            Self::RedirectUris => "redirect_uris",
            Self::AdminConsent => "admin_consent",
            Self::SignInLogs => "sign_in_logs",
            Self::ConditionalAccess => "conditional_access",
            Self::EnterpriseApplication => "enterprise_application",
            Self::MicrosoftText => "microsoft_text",
            Self::ExchangeMailboxes => "exchange_mailboxes",
            Self::Users => "users",
            Self::ServiceHealth => "service_health",
        }
    }

    /// The place with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.value() == value)
    }

    /// The address to open in a new tab; none where the cloud has no portal, or a fact is missing.
    pub fn address(self, facts: &LinkFacts<'_>) -> Option<String> {
        let registration = |blade: &str| {
            let (portal, id) = (facts.portal?, facts.client_id?);
            let menu = "Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~";
            Some(format!("https://{}/#view/{menu}/{blade}/appId/{id}", portal.entra))
        };
        let entra = |view: &str| Some(format!("https://{}/#view/{view}", facts.portal?.entra));
        match self {
            Self::Nothing | Self::SignIn | Self::Form => None,
            Self::CertificatesAndSecrets => registration("Credentials"),
            Self::ApiPermissions => registration("CallAnAPI"),
            Self::Overview => registration("Overview"),
            Self::RedirectUris => registration("Authentication"),
            Self::AdminConsent => admin_consent(facts),
            Self::SignInLogs => entra("Microsoft_AAD_IAM/ActiveDirectoryMenuBlade/~/SignIns"),
            Self::ConditionalAccess => entra("Microsoft_AAD_ConditionalAccess/ConditionalAccessBlade/~/Policies"),
            Self::EnterpriseApplication => {
                let (object, id) = (facts.service_principal?, facts.client_id?);
                let menu = "Microsoft_AAD_IAM/ManagedAppMenuBlade/~/Permissions";
                entra(&format!("{menu}/objectId/{object}/appId/{id}"))
            }
            // A cloud that is only played has no such page, although it has an authority.
            Self::MicrosoftText => {
                facts.portal?;
                Some(format!("{}/error?code={}", facts.authority?.trim_end_matches('/'), facts.number?))
            }
            Self::ExchangeMailboxes => Some(format!("https://{}/#/mailboxes", facts.portal?.exchange?)),
            Self::Users => Some(format!("https://{}/#/users", facts.portal?.microsoft365?)),
            Self::ServiceHealth => Some(format!("https://{}/#/servicehealth", facts.portal?.microsoft365?)),
        }
    }

    /// The way there by hand, in Microsoft's own words, or what Postkey's own button says.
    pub fn click_path(self, application: &str) -> String {
        let registration = |blade: &str| format!("App registrations › {application} › {blade}");
        match self {
            Self::Nothing => String::new(),
            Self::SignIn => "Send the sign-in link".into(),
            Self::Form => "Change it in Postkey".into(),
            Self::CertificatesAndSecrets => registration("Certificates & secrets"),
            Self::ApiPermissions => registration("API permissions"),
            Self::Overview => registration("Overview"),
            Self::RedirectUris => registration("Authentication"),
            Self::AdminConsent => registration("API permissions › Grant admin consent"),
            Self::SignInLogs => "Entra ID › Monitoring & health › Sign-in logs".into(),
            Self::ConditionalAccess => "Entra ID › Conditional Access › Policies".into(),
            Self::EnterpriseApplication => format!("Enterprise apps › {application} › Permissions"),
            Self::MicrosoftText => "Microsoft's own text for this code (administrators only)".into(),
            Self::ExchangeMailboxes => "Exchange admin center › Recipients › Mailboxes".into(),
            Self::Users => "Microsoft 365 admin center › Users › Active users".into(),
            Self::ServiceHealth => "Microsoft 365 admin center › Health › Service health".into(),
        }
    }
}

fn admin_consent(facts: &LinkFacts<'_>) -> Option<String> {
    let query = Serializer::new(String::new())
        .append_pair("client_id", facts.client_id?)
        .append_pair("scope", facts.scope?)
        .append_pair("redirect_uri", facts.redirect_uri?)
        .append_pair("state", facts.state?)
        .finish();
    let authority = facts.authority?.trim_end_matches('/');
    Some(format!("{authority}/{}/v2.0/adminconsent?{query}", facts.tenant?))
}

text_form!(LinkKind, "link");

#[cfg(test)]
mod tests {
    use super::*;

    const PORTAL: Portal = Portal {
        entra: "entra.microsoft.com",
        exchange: Some("admin.exchange.microsoft.com"),
        microsoft365: Some("admin.microsoft.com"),
    };

    fn facts() -> LinkFacts<'static> {
        LinkFacts {
            portal: Some(&PORTAL),
            authority: Some("https://login.microsoftonline.com/"),
            client_id: Some("9e1c"),
            tenant: Some("t1"),
            service_principal: Some("sp1"),
            redirect_uri: Some("https://postkey.example/oauth/callback"),
            state: Some("a b"),
            scope: Some("https://graph.microsoft.com/.default"),
            number: Some(50_076),
        }
    }

    #[test]
    fn every_place_has_a_value_a_path_and_with_all_facts_an_address() {
        for kind in LinkKind::ALL {
            assert_eq!(LinkKind::parse(kind.value()), Some(*kind));
            let own = matches!(kind, LinkKind::Nothing | LinkKind::SignIn | LinkKind::Form);
            assert_eq!(kind.address(&facts()).is_none(), own, "{kind:?}");
            assert_eq!(kind.click_path("Contoso Mail").is_empty(), *kind == LinkKind::Nothing);
        }
    }

    #[test]
    fn addresses_have_the_shape_that_the_portals_use() {
        let of = |kind: LinkKind| kind.address(&facts()).unwrap();
        assert_eq!(
            of(LinkKind::CertificatesAndSecrets),
            "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/9e1c"
        );
        assert_eq!(of(LinkKind::MicrosoftText), "https://login.microsoftonline.com/error?code=50076");
        assert_eq!(
            of(LinkKind::AdminConsent),
            "https://login.microsoftonline.com/t1/v2.0/adminconsent?client_id=9e1c\
             &scope=https%3A%2F%2Fgraph.microsoft.com%2F.default\
             &redirect_uri=https%3A%2F%2Fpostkey.example%2Foauth%2Fcallback&state=a+b"
        );
    }

    #[test]
    fn a_played_cloud_has_only_its_consent_page() {
        let facts = LinkFacts { portal: None, ..facts() };
        let with_address: Vec<_> = LinkKind::ALL.iter().filter(|kind| kind.address(&facts).is_some()).collect();
        assert_eq!(with_address, [&LinkKind::AdminConsent]);
    }
}
