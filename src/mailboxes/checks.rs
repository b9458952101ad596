//! `GET /mailboxes/{id}/checks`: every check that is kept, with its steps.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Result;
use crate::ids::MailboxId;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::{Badge, Page, Shell, Tab, When};

use super::history::{self, Check};
use super::show::{StepView, tabs};
use super::store;

/// Rows on the page; what came before is in the bars of the mailbox' page.
const SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "mailboxes/checks.html")]
struct Checks {
    shell: Shell,
    id: String,
    address: String,
    tabs: Vec<Tab>,
    checks: Vec<CheckView>,
}

struct CheckView {
    at: When,
    incoming: Badge,
    outgoing: Badge,
    asked_by: String,
    took: String,
    /// How many in a row said this, and since when, if it is more than one.
    row: Option<(i64, When)>,
    steps: Vec<StepView>,
    label: String,
}

/// `GET /mailboxes/{id}/checks`
pub async fn index(State(app): State<App>, me: SignedIn, Path(id): Path<MailboxId>) -> Result<Response> {
    let mailbox = store::get(&app.db, &id).await?;
    let checks = history::newest(&app.db, &id, SHOWN).await?;
    let page = Checks {
        shell: me.shell(&app, Section::Mailboxes),
        tabs: tabs(&mailbox, "/checks", me.may(Role::MailboxAdministrator)),
        id: id.to_string(),
        address: mailbox.address,
        checks: checks.into_iter().map(|check| view(&app, check)).collect(),
    };
    Ok(Page::new(page).into_response())
}

fn view(app: &App, check: Check) -> CheckView {
    let at = When::at(check.finished_at, app.clock.now(), &app.config.time_zone);
    CheckView {
        label: format!("Check of {}", at.absolute),
        at,
        incoming: check.incoming.into(),
        outgoing: check.outgoing.into(),
        row: (check.times > 1).then(|| {
            let first = When::at(check.first_at, app.clock.now(), &app.config.time_zone);
            (check.times, first)
        }),
        took: format!("{} s", check.finished_at.since(check.started_at).max(0)),
        steps: check.ladder.steps().into_iter().map(StepView::from).collect(),
        asked_by: check.asked_by,
    }
}
