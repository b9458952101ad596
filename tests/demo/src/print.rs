//! Where to go, how to log in, what to try.

use std::io::{self, Write};

use postkey::serve::Running;
use postkey_simulator::{Application, Simulator, Tenant};
use serde_json::{Value, json};

use crate::Arguments;
use crate::estate::{ADDRESS_TO_TRY, TO_TRY};
use crate::folder::Folder;
use crate::people::People;

/// Everything that there is to say.
struct Said<'a> {
    address: String,
    simulator: &'a Simulator,
    people: &'a People,
    folder: &'a Folder,
    tenants: Vec<Tenant>,
    applications: Vec<(Application, &'static str)>,
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
    let (tenants, applications) = simulator.estate(|estate| {
        let applications = estate.applications().iter().map(|it| (it.clone(), it.state(now).as_str()));
        (estate.tenants().to_vec(), applications.collect())
    });
    let address = running.app.config.public_url.as_str().trim_end_matches('/').to_owned();
    let said = Said { address, simulator, people, folder, tenants, applications };
    let mut out = io::stdout().lock();
    if asked.json {
        writeln!(out, "{}", said.json())?;
    } else {
        said.text(&mut out, asked.mailboxes == 0)?;
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
            "api_key": null,
            "tenants": self.tenants,
            "applications": self.applications.iter().map(application).collect::<Vec<_>>(),
            "people": self.people.all.iter()
                .map(|person| json!({ "address": person.email, "password": password, "kind": person.role.value() }))
                .collect::<Vec<_>>(),
        })
    }

    fn text(&self, out: &mut impl Write, empty: bool) -> io::Result<()> {
        writeln!(out, "\nPostkey is ready, with a simulated Microsoft. Nothing here reaches a real tenant.\n")?;
        line(out, "Open", &self.address)?;
        line(out, "Log in as", &self.people.all[0].email)?;
        line(out, "Password", &self.people.password)?;
        let others: Vec<&str> = self.people.all.iter().skip(1).map(|person| person.email.as_str()).collect();
        line(out, "Others", &format!("{}: lesser roles, same password", others.join(", ")))?;
        line(out, "Microsoft", &format!("{}: look into it and break things", self.simulator.control()))?;
        if empty {
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
            "\nThe other applications are stored already; all but two have something the matter, each something else."
        )
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
        Ok(())
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
