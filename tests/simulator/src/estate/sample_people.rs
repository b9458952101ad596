//! The people of the sample estate, and how they sign in.

use std::collections::BTreeSet;

use super::{Estate, Mailbox, MailboxKind, Permission, Person, Scope};

const CONTOSO: &str = "contoso.example";
const FABRIKAM: &str = "fabrikam.example";

/// Domain, part of the address before the `@`, and name. Each has a mailbox.
const MEMBERS: [(&str, &str, &str); 9] = [
    (CONTOSO, "olga", "Olga Petrova"),
    (CONTOSO, "jan", "Jan Kowalski"),
    (CONTOSO, "ana", "Ana Ruiz"),
    (CONTOSO, "tom", "Tom Baker"),
    (CONTOSO, "dora", "Dora Lang"),
    (CONTOSO, "karl", "Karl Brandt"),
    (CONTOSO, "mila", "Mila Horvat"),
    (FABRIKAM, "eva", "Eva Larsen"),
    (FABRIKAM, "igor", "Igor Melnyk"),
];

/// What the applications for signing in list.
const DELEGATED: &str = "openid profile email offline_access User.Read Mail.ReadWrite Mail.Send Mail.ReadWrite.Shared \
                         Mail.Send.Shared";

impl Estate {
    pub(super) fn add_sample_people(&mut self) {
        for (number, (domain, local, name)) in (1_u32..).zip(MEMBERS) {
            let address = format!("{local}@{domain}");
            let mailbox = Mailbox::new(&address, MailboxKind::User).named(name).holding(number * 11, number);
            self.mailboxes.put(mailbox);
            if let Some(tenant) = self.tenant(domain).map(|tenant| tenant.id) {
                self.add_person(Person::new(tenant, &address, name));
            }
        }
        if let Some(tenant) = self.tenant(CONTOSO).map(|tenant| tenant.id) {
            self.add_person(Person::new(tenant, "gita@partner.example", "Gita Rao").as_guest());
        }
        let mut mark = |address: &str, mark: fn(&mut Person)| self.people.get_mut(address).map(mark);
        mark("tom@contoso.example", |person| person.administrator = true);
        mark("igor@fabrikam.example", |person| person.administrator = true);
        mark("dora@contoso.example", |person| person.disabled = true);
        mark("karl@contoso.example", |person| person.blocked = true);
        mark("mila@contoso.example", |person| person.mfa = true);
        if let Some(shared) = self.mailboxes.get_mut("shared@contoso.example") {
            *shared = shared.clone().shared_with("olga@contoso.example");
        }
    }

    pub(super) fn register_sign_ins(&mut self) {
        for name in ["Contoso Sign-in", "Contoso Approval", "Contoso Assigned", "Fabrikam Sign-in"] {
            if let Some(sign_in) = self.sign_in_mut(name) {
                sign_in.redirect_uris = BTreeSet::from(["http://localhost/callback".to_owned()]);
                sign_in.delegated = Scope::list(DELEGATED);
            }
        }
        if let Some(approval) = self.sign_in_mut("Contoso Approval") {
            approval.user_consent = false;
        }
        let olga = self.people.get("olga@contoso.example").map(|person| person.object_id);
        if let Some(assigned) = self.sign_in_mut("Contoso Assigned") {
            assigned.assignment_required = true;
            assigned.assigned.extend(olga);
        }
        if let Some(intranet) = self.sign_in_mut("Contoso Intranet") {
            intranet.configured_roles = BTreeSet::from([Permission::MailReadWrite, Permission::MailSend]);
        }
    }
}
