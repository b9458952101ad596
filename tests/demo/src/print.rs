//! Where to go, how to log in, what to try.

use std::io::{self, Write};

use postkey::serve::Running;
use postkey_simulator::{Application, Person, Simulator, Tenant};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::Arguments;
use crate::estate::{ADDRESS_TO_TRY, TO_TRY};
use crate::folder::Folder;
use crate::key;
use crate::people::People;
use crate::plan::app;

/// Who can sign in at the simulated Microsoft, and what is special about them.
const OWNERS: [(&str, &str); 9] = [
    ("jan@contoso.example", "has a mailbox that Postkey does not know yet"),
    ("olga@contoso.example", "may open shared@contoso.example too"),
    ("tom@contoso.example", "administrator of the tenant"),
    ("mila@contoso.example", "has a second factor"),
    ("karl@contoso.example", "is kept out by a rule of the tenant"),
    ("dora@contoso.example", "is disabled"),
    ("gita@partner.example", "is a guest"),
    ("eva@fabrikam.example", "is of another tenant"),
    ("igor@fabrikam.example", "administrator of that tenant"),
];

/// Everything that there is to say.
struct Said<'a> {
    address: String,
    simulator: &'a Simulator,
    people: &'a People,
    folder: &'a Folder,
    key: SecretString,
    tenants: Vec<Tenant>,
    applications: Vec<(Application, &'static str)>,
    /// Who can sign in at the simulated Microsoft.
    owners: Vec<Person>,
}

/// Says that everything is ready: in words, or as one line of JSON.
pub(crate) fn say(
    asked: &Arguments,
    running: &Running,
    simulator: &Simulator,
    people: &People,
    folder: &Folder,
) -> anyhow::Result<()> {
    let now = simulator.clock().now();
    let (tenants, applications, owners) = simulator.estate(|estate| {
        let applications = estate.applications().iter().map(|it| (it.clone(), it.state(now).as_str()));
        let owners = OWNERS.into_iter().filter_map(|(address, _)| estate.people.get(address).cloned());
        (estate.tenants().to_vec(), applications.collect(), owners.collect())
    });
    let address = running.app.config.public_url.as_str().trim_end_matches('/').to_owned();
    let key = key::of(asked.seed).1;
    let said = Said { address, simulator, people, folder, key, tenants, applications, owners };
    let mut out = io::stdout().lock();
    if asked.json {
        writeln!(out, "{}", said.json())?;
    } else {
        said.text(&mut out, asked)?;
    }
    Ok(out.flush()?)
}

impl Said<'_> {
    fn json(&self) -> Value {
        let application = |(it, state): &(Application, &str)| {
            json!({
                "name": it.name, "tenant_id": it.tenant_id, "client_id": it.client_id,
                "secret": it.secret(), "secret_id": it.secret_id(), "state": state,
            })
        };
        let password = &self.people.password;
        json!({
            "postkey": self.address,
            "simulator": self.simulator.authority(),
            "user": self.people.all[0].email,
            "password": password,
            "api_key": self.key.expose_secret(),
            "tenants": self.tenants,
            "applications": self.applications.iter().map(application).collect::<Vec<_>>(),
            "people": self.people.all.iter()
                .map(|person| json!({ "address": person.email, "password": password, "kind": person.role.value() }))
                .chain(self.owners.iter().map(|person| {
                    json!({ "address": person.address, "password": person.password, "kind": kind(person) })
                }))
                .collect::<Vec<_>>(),
        })
    }

    fn text(&self, out: &mut impl Write, asked: &Arguments) -> io::Result<()> {
        writeln!(out, "\nPostkey is ready, with a simulated Microsoft. Nothing here reaches a real tenant.\n")?;
        line(out, "Open", &self.address)?;
        line(out, "Log in as", &self.people.all[0].email)?;
        line(out, "Password", &self.people.password)?;
        let others: Vec<&str> = self.people.all.iter().skip(1).map(|person| person.email.as_str()).collect();
        line(out, "Others", &format!("{}: lesser roles, same password", others.join(", ")))?;
        line(
            out,
            "Microsoft",
            &format!("{}: look into it, break things, move the time of both", self.simulator.control()),
        )?;
        line(out, "API key", self.key.expose_secret())?;
        line(out, "API", &format!("{}/api: what a mail worker may ask with it", self.address))?;
        if asked.clock > 1 {
            let (clock, minutes) = (asked.clock, 10 * 60 / asked.clock);
            line(
                out,
                "Time",
                &format!("runs {clock} times as fast; a sign-in at Microsoft must end within {minutes} s"),
            )?;
        }
        if asked.mailboxes == 0 {
            self.all_to_type(out)?;
        } else {
            self.one_to_type(out)?;
        }
        let end = if self.folder.is_temporary() {
            "stops both and forgets everything"
        } else {
            "stops both; the data stays where it is"
        };
        writeln!(out, "\nCtrl-C {end}.")
    }

    fn one_to_type(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\nTo try: New mailbox, Add an application, and enter")?;
        line(out, "E-mail address", ADDRESS_TO_TRY)?;
        if let Some((application, _)) = self.applications.iter().find(|(it, _)| it.name == TO_TRY) {
            ids(out, application)?;
            line(
                out,
                "Secret ID",
                &format!("{}  (pasted by mistake, it is refused)", application.secret_id().unwrap_or_default()),
            )?;
        }
        writeln!(
            out,
            "\nThe other applications are stored already; most have something the matter, each something else.\n\n\
             To try: New mailbox, On behalf of a user, with the application {} and one of these people. Who has a mailbox here\n\
             already signs in on its page. With {} only an administrator of the tenant may consent.",
            app::SIGN_IN,
            app::APPROVAL
        )?;
        self.owners(out)
    }

    fn owners(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\n  At Microsoft           Password")?;
        for person in &self.owners {
            let note = OWNERS.iter().find(|(address, _)| *address == person.address).map_or("", |(_, note)| note);
            writeln!(out, "  {:<22} {:<20} {note}", person.address, person.password)?;
        }
        Ok(())
    }

    fn all_to_type(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "\nTo try: New mailbox, with support@contoso.example, sales@, billing@, shared@ or fax@ and one of"
        )?;
        for (application, state) in &self.applications {
            writeln!(out, "\n  {} ({})", application.name, state.replace('_', " "))?;
            ids(out, application)?;
        }
        writeln!(
            out,
            "\nThe applications with Sign-in, Approval and Assigned in their names are for people to sign in to."
        )?;
        self.owners(out)
    }
}

/// What kind of person somebody at the simulated Microsoft is.
fn kind(person: &Person) -> &'static str {
    match person {
        Person { home: Some(_), .. } => "guest",
        Person { disabled: true, .. } => "disabled",
        Person { blocked: true, .. } => "blocked",
        Person { administrator: true, .. } => "tenant_administrator",
        Person { mfa: true, .. } => "second_factor",
        _ => "mailbox_owner",
    }
}

fn ids(out: &mut impl Write, application: &Application) -> io::Result<()> {
    line(out, "Application ID", &application.client_id.to_string())?;
    line(out, "Tenant ID", &application.tenant_id.to_string())?;
    match application.secret() {
        "" => line(out, "Secret", "none: choose Certificate, and upload it on the simulator's page"),
        secret => line(out, "Secret value", secret),
    }
}

fn line(out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
    writeln!(out, "  {name:<15} {value}")
}
