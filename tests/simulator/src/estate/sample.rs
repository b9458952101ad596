//! The sample estate: two companies with one application for each thing that can be wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Application, Estate, Mailbox, MailboxKind, Permission, Secret, Tenant};
use crate::chance::Chance;

/// Applications for people to sign in to, and their tenants' domains.
const SIGN_IN: [(&str, &str); 4] = [
    ("Contoso Sign-in", "contoso.example"),
    ("Contoso Approval", "contoso.example"),
    ("Contoso Assigned", "contoso.example"),
    ("Fabrikam Sign-in", "fabrikam.example"),
];

const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Estate {
    /// Contoso and Fabrikam. The same `seed` gives the same IDs and secrets; secrets begin and end around `now`.
    ///
    /// Applications, by name: `Contoso Mail` (healthy), `Contoso Archive` (its secret has expired), `Contoso Intranet`
    /// (nobody consented), `Contoso Warehouse` (Conditional Access), `Contoso Vault` (waits for a certificate),
    /// `Contoso Reader` (may not send), `Contoso Support Desk` (RBAC for Applications on support@ and shared@),
    /// `Contoso Invoices` (access policy on billing@), `Contoso Retired` (disabled), `Fabrikam Mail` (healthy).
    ///
    /// For people to sign in to: `Contoso Sign-in` (people consent for themselves), `Contoso Approval` (an administrator
    /// must), `Contoso Assigned` (only olga@ is assigned), `Fabrikam Sign-in`. Their redirect URI is
    /// `http://localhost/callback`, any port.
    ///
    /// People, whose password is [`Person::password_of`](super::Person::password_of): in contoso.example olga@ (may open
    /// and send as shared@), jan@, ana@, tom@ (administrator), dora@ (disabled), karl@ (Conditional Access), mila@
    /// (second factor), and the guest gita@partner.example; in fabrikam.example eva@ and igor@ (administrator). Every
    /// user mailbox is a person too.
    pub fn sample(seed: u64, now: Timestamp) -> Self {
        let mut estate = Self::empty();
        let draw = Draw { chance: Chance::seeded(seed), now };
        let contoso = draw.tenant("Contoso", &["contoso.example", "contoso.onmicrosoft.example"]);
        let fabrikam = draw.tenant("Fabrikam", &["fabrikam.example", "fabrikam.onmicrosoft.example"]);
        for application in draw.contoso_applications(contoso.id) {
            estate.add_application(application);
        }
        estate.add_application(draw.application("Fabrikam Mail", fabrikam.id));
        for tenant in [contoso, fabrikam] {
            estate.add_sample_mailboxes(&tenant.domains[0], &tenant.domains[1]);
            estate.add_tenant(tenant);
        }
        // Whatever is added below comes last, so that a seed goes on giving what it gave.
        estate.add_sample_people();
        for (name, tenant) in SIGN_IN {
            if let Some(tenant) = estate.tenant(tenant).map(|tenant| tenant.id) {
                let mut application = draw.application(name, tenant);
                application.roles.clear();
                estate.add_application(application);
            }
        }
        estate.register_sign_ins();
        estate
    }

    fn add_sample_mailboxes(&mut self, domain: &str, second_domain: &str) {
        use MailboxKind::{DistributionList, Group, NoMailbox, OnPremises, Shared, Unlicensed, User};
        let rows = [
            ("support", "Support", User, 128, 12),
            ("sales", "Sales", User, 64, 3),
            ("billing", "Billing", User, 32, 0),
            ("ceo", "Chief Executive", User, 7, 1),
            ("shared", "Front Desk", Shared, 16, 4),
            ("fax", "Fax", Unlicensed, 0, 0),
            ("onprem", "Warehouse", OnPremises, 0, 0),
            ("team", "Team", Group, 0, 0),
            ("everyone", "Everyone", DistributionList, 0, 0),
            ("kiosk", "Kiosk", NoMailbox, 0, 0),
        ];
        for (local, name, kind, total, unread) in rows {
            let mailbox = Mailbox::new(&format!("{local}@{domain}"), kind);
            self.mailboxes.put(mailbox.named(name).holding(total, unread));
        }
        self.mailboxes.alias(&format!("help@{domain}"), &format!("support@{domain}"));
        self.mailboxes.alias(&format!("support@{second_domain}"), &format!("support@{domain}"));
    }
}

struct Draw {
    chance: Chance,
    now: Timestamp,
}

impl Draw {
    fn tenant(&self, name: &str, domains: &[&str]) -> Tenant {
        Tenant {
            id: self.chance.guid(),
            name: name.to_owned(),
            domains: domains.iter().map(|&domain| domain.to_owned()).collect(),
        }
    }

    fn contoso_applications(&self, tenant: Uuid) -> [Application; 9] {
        let healthy = self.application("Contoso Mail", tenant);
        let mut expired = self.application("Contoso Archive", tenant);
        expired.secrets = vec![self.secret(-365, -3)];
        let mut no_consent = self.application("Contoso Intranet", tenant);
        no_consent.roles.clear();
        let mut blocked = self.application("Contoso Warehouse", tenant);
        blocked.blocked = true;
        let mut certificate = self.application("Contoso Vault", tenant);
        certificate.secrets.clear();
        let mut read_only = self.application("Contoso Reader", tenant);
        read_only.roles.remove(&Permission::MailSend);
        let mut limited = self.application("Contoso Support Desk", tenant);
        limited.roles.clear();
        for permission in [Permission::MailReadWrite, Permission::MailSend] {
            limited.assign(permission, ["support@contoso.example", "shared@contoso.example"]);
        }
        let mut policy = self.application("Contoso Invoices", tenant);
        policy.restrict(["billing@contoso.example"]);
        let mut disabled = self.application("Contoso Retired", tenant);
        disabled.enabled = false;
        [healthy, expired, no_consent, blocked, certificate, read_only, limited, policy, disabled]
    }

    fn application(&self, name: &str, tenant_id: Uuid) -> Application {
        Application {
            name: name.to_owned(),
            tenant_id,
            client_id: self.chance.guid(),
            object_id: self.chance.guid(),
            secrets: vec![self.secret(-30, 150)],
            certificates: Vec::new(),
            roles: BTreeSet::from([Permission::MailReadWrite, Permission::MailSend]),
            exchange_roles: BTreeMap::new(),
            access_policy: None,
            enabled: true,
            blocked: false,
        }
    }

    fn secret(&self, starts_in_days: i32, ends_in_days: i32) -> Secret {
        Secret {
            id: self.chance.guid(),
            name: "Mail".to_owned(),
            value: self.chance.secret(),
            start: self.now + DAY * starts_in_days,
            end: self.now + DAY * ends_in_days,
        }
    }
}
