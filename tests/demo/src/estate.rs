//! What exists at the simulated Microsoft, and what Postkey is told of it.

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use postkey::app::App;
use postkey::applications::credential::State;
use postkey::applications::{Kind, store as applications};
use postkey::chance::Chance;
use postkey::clock::UnixTime;
use postkey_simulator::{Application, Certificate, Estate, Mailbox, MailboxKind, Permission, Secret, Simulator};
use uuid::Uuid;

use crate::plan::{Plan, app};

/// A healthy application that Postkey does not know, to be typed into the form.
pub(crate) const TO_TRY: &str = "Contoso Events";
/// A mailbox that Postkey does not know.
pub(crate) const ADDRESS_TO_TRY: &str = "events@contoso.example";

/// What [`app::DESK`] may open besides what it may in the sample estate.
const FRONT_DESK: &str = "front-desk@contoso.example";

/// In how many days the secret of [`app::PAYROLL`] ends.
const SOON: i64 = 12;

/// What Postkey is told about an application.
pub(crate) struct Known {
    /// Its name.
    pub(crate) name: String,
    /// Its tenant.
    pub(crate) tenant: Uuid,
    /// Its client ID.
    pub(crate) client_id: Uuid,
    /// What proves it.
    pub(crate) proof: Proof,
}

/// What Postkey is told to prove an application with.
pub(crate) enum Proof {
    /// A secret, right or wrong, and when it ends.
    Secret(String, UnixTime),
    /// A certificate that Postkey makes, and that nobody has uploaded yet.
    Certificate,
    /// A secret whose sealed cell belongs to another place, as after a botched restore.
    Tampered(String, UnixTime),
}

/// The sample estate with the applications and mailboxes of the plan.
pub(crate) fn estate(seed: u64, now: Timestamp, plan: &Plan) -> Estate {
    let mut estate = Estate::sample(seed, now);
    let draw = Draw { chance: Chance::seeded(seed), now };
    let model = estate.application(app::MAIL).cloned();
    for (name, days) in [(app::PAYROLL, SOON), (app::NEWSLETTER, 150), (app::RESTORED, 150), (TO_TRY, 150)] {
        estate.add_application(draw.application(name, days, model.as_ref()));
    }
    if let Some(desk) = estate.application_mut(app::DESK) {
        for permission in [Permission::MailReadWrite, Permission::MailSend] {
            desk.assign(permission, [FRONT_DESK]);
        }
    }
    for address in plan.existing().chain([ADDRESS_TO_TRY.to_owned()]) {
        if estate.mailboxes.get(&address).is_none() {
            let total = address.len() as u32 * 7 % 200;
            estate.mailboxes.put(Mailbox::new(&address, MailboxKind::User).holding(total, total / 9));
        }
    }
    estate
}

/// Every application of the estate but [`TO_TRY`], and two that Microsoft does not know.
pub(crate) fn known(estate: &Estate, seed: u64) -> Vec<Known> {
    let draw = Draw { chance: Chance::seeded(seed.wrapping_add(1)), now: Timestamp::UNIX_EPOCH };
    let contoso = estate.applications().first().map(|first| first.tenant_id).unwrap_or_default();
    let mut all: Vec<Known> = estate
        .applications()
        .iter()
        .filter(|application| application.name != TO_TRY)
        .map(|it| told(it, &draw))
        .collect();
    let end = UnixTime::from_seconds(all.iter().filter_map(|known| known.end()).max().unwrap_or_default());
    for (name, tenant) in [(app::LOBBY, contoso), (app::ABROAD, draw.guid())] {
        all.push(Known {
            name: name.to_owned(),
            tenant,
            client_id: draw.guid(),
            proof: Proof::Secret(draw.secret(), end),
        });
    }
    all
}

impl Known {
    fn end(&self) -> Option<i64> {
        match &self.proof {
            Proof::Secret(_, end) | Proof::Tampered(_, end) => Some(end.seconds()),
            Proof::Certificate => None,
        }
    }
}

fn told(application: &Application, draw: &Draw) -> Known {
    let proof = match (application.secrets.last(), application.name.as_str()) {
        (None, _) => Proof::Certificate,
        (Some(secret), app::NEWSLETTER) => Proof::Secret(draw.secret(), end_of(secret)),
        (Some(secret), app::RESTORED) => Proof::Tampered(secret.value.clone(), end_of(secret)),
        (Some(secret), _) => Proof::Secret(secret.value.clone(), end_of(secret)),
    };
    Known { name: application.name.clone(), tenant: application.tenant_id, client_id: application.client_id, proof }
}

fn end_of(secret: &Secret) -> UnixTime {
    UnixTime::from_seconds(secret.end.as_second())
}

/// Registers where people are led back to, which every start may change, on every application that they sign in to.
pub(crate) fn register(simulator: &Simulator, redirect_uri: &str) {
    simulator.estate(|estate| {
        let ids: Vec<String> = estate.applications().iter().map(|it| it.client_id.to_string()).collect();
        for id in ids.iter().filter(|id| is_for_people(estate, id)).collect::<Vec<_>>() {
            estate.sign_in_mut(id).map(|sign_in| sign_in.redirect_uris.insert(redirect_uri.to_owned()));
        }
    });
}

/// Whether people sign in to the application.
pub(crate) fn is_for_people(estate: &Estate, client_id: &str) -> bool {
    estate.sign_in(client_id).is_some_and(|sign_in| !sign_in.delegated.is_empty())
}

/// The simulated Microsoft forgets at the end; certificates that it had accepted are uploaded again.
pub(crate) async fn upload_certificates(app: &App, simulator: &Simulator) -> anyhow::Result<()> {
    for listed in applications::list(&app.db).await? {
        let name = listed.application.client_id.to_string();
        for credential in applications::credentials(&app.db, &listed.application.id).await? {
            if credential.kind == Kind::Certificate && credential.state == State::Accepted {
                let certificate = Certificate::parse(credential.certificate_pem.as_bytes())
                    .context("a stored certificate cannot be read")?;
                simulator
                    .estate(|estate| estate.application_mut(&name).map(|known| known.certificates.push(certificate)));
            }
        }
    }
    Ok(())
}

/// Draws what looks like Microsoft's IDs and secrets, the same for the same seed.
struct Draw {
    chance: Chance,
    now: Timestamp,
}

impl Draw {
    fn guid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.chance.bytes()).into_uuid()
    }

    fn secret(&self) -> String {
        format!("D8Q~{}", self.chance.code().replace(['-', '_'], "~"))
    }

    fn application(&self, name: &str, ends_in_days: i64, model: Option<&Application>) -> Application {
        let day = SignedDuration::from_hours(24);
        let secret = Secret {
            id: self.guid(),
            name: "Mail".to_owned(),
            value: self.secret(),
            start: self.now - day * 30,
            end: self.now + day * i32::try_from(ends_in_days).unwrap_or(i32::MAX),
        };
        Application {
            name: name.to_owned(),
            tenant_id: model.map(|model| model.tenant_id).unwrap_or_default(),
            client_id: self.guid(),
            object_id: self.guid(),
            secrets: vec![secret],
            certificates: Vec::new(),
            roles: model.map(|model| model.roles.clone()).unwrap_or_default(),
            exchange_roles: Default::default(),
            access_policy: None,
            enabled: true,
            blocked: false,
        }
    }
}
