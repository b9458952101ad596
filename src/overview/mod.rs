//! `GET /`: what needs a person, grouped by cause, then how many mailboxes are what.

mod store;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Result;
use crate::ids::ProblemId;
use crate::mailboxes::search::{self, COUNT_CAP, Filter};
use crate::problems::problem::extent;
use crate::problems::remedy::{Remedy, remedy};
use crate::problems::{Seen, seen, store as problems};
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::watch::{self, Watch};
use crate::web::{Badge, Page, Shell, When, fragment_as_of, wants_fragment};
use crate::words::Status;

/// Causes that the page names; the rest is a number.
const NAMED: usize = 5;

#[derive(Template)]
#[template(path = "overview/page.html", blocks = ["overview"])]
struct Overview {
    shell: Shell,
    watch: Watch,
    empty: bool,
    may_add: bool,
    problems: Vec<Problem>,
    unknown: bool,
    more: usize,
    counts: Vec<Count>,
    total: String,
    checked: Option<When>,
}

impl Overview {
    /// How many things need a person.
    fn needs(&self) -> usize {
        self.problems.len() + self.more
    }
}

struct Problem {
    badge: Badge,
    title: String,
    /// Its own page, if it is known for long enough to have one.
    id: Option<ProblemId>,
    text: String,
    /// Who can mend it, or that nobody needs to.
    who: String,
    since: When,
    remedy: Remedy,
}

struct Count {
    badge: Badge,
    number: String,
    href: String,
}

/// `GET /`
pub async fn show(
    State(app): State<App>,
    me: SignedIn,
    Query(watching): Query<watch::Asked>,
    headers: HeaderMap,
) -> Result<Response> {
    let watch = watching.of("/", &[])?;
    let now = app.clock.now();
    let mut seen = seen::now(&app.db, now).await?;
    seen.retain(|it| !it.young && !it.is_unproven());
    let known: HashMap<String, ProblemId> =
        problems::open(&app.db).await?.into_iter().map(|problem| (problem.key(), problem.id)).collect();
    let total = search::count(&app.db, &Filter::default(), now).await?;
    let checked = store::last_check(&app.db).await?;
    let unknown = Filter { status: Status::Unknown.value().to_owned(), ..Filter::default() };
    let page = Overview {
        unknown: search::count(&app.db, &unknown, now).await? > 0,
        shell: watch.dress(me.shell(&app, Section::Overview)),
        watch: watch.clone(),
        empty: total == 0,
        may_add: me.may(Role::MailboxAdministrator),
        counts: counts(&app).await?,
        total: words(total),
        checked: checked.map(|at| When::at(at, now, &app.config.time_zone)),
        more: seen.len().saturating_sub(NAMED),
        problems: seen.into_iter().take(NAMED).map(|it| view(&app, &me, it, &known)).collect(),
    };
    if wants_fragment(&headers, "overview") {
        return Ok(fragment_as_of(&headers, &page.shell.as_of, page.as_overview().render()));
    }
    Ok(watch.refreshed(Page::new(page).into_response()))
}

fn words(count: i64) -> String {
    if count > COUNT_CAP { format!("{COUNT_CAP}+") } else { count.to_string() }
}

async fn counts(app: &App) -> Result<Vec<Count>> {
    let mut counts = Vec::new();
    let need = Filter { status: "action".to_owned(), ..Filter::default() };
    let need = search::count(&app.db, &need, app.clock.now()).await?;
    if need > 0 {
        let badge = Badge { family: "crit", icon: "octagon", label: "Need a person" };
        counts.push(Count { badge, number: words(need), href: "/mailboxes?status=action".to_owned() });
    }
    for status in [Status::Connected, Status::Expiring, Status::Unknown, Status::Unverified, Status::Paused] {
        let filter = Filter { status: status.value().to_owned(), ..Filter::default() };
        let count = search::count(&app.db, &filter, app.clock.now()).await?;
        if count > 0 {
            let href = format!("/mailboxes?status={}", status.value());
            counts.push(Count { badge: status.into(), number: words(count), href });
        }
    }
    Ok(counts)
}

fn view(app: &App, me: &SignedIn, it: Seen, known: &HashMap<String, ProblemId>) -> Problem {
    let badge = Badge::from(it.kind);
    let application = it.application.as_ref().map(|(id, _)| id);
    let remedy = match &it.token {
        Some(token) if it.mailboxes == 0 && it.tokens == 1 => {
            Remedy { href: format!("/tokens/{token}"), label: "Open the token" }
        }
        _ => remedy(me, it.kind, application, it.mailboxes, it.only.as_ref()),
    };
    Problem {
        badge,
        title: format!("{} · {}", badge.label, it.of_whom()),
        id: known.get(&it.key()).cloned(),
        text: extent(it.kind, (it.mailboxes, it.tokens, it.threatened.map_or(0, |(count, _)| count)), &it.example),
        who: match it.kind.who() {
            who if who.is_nobody() => "It passes by itself".to_owned(),
            who => format!("Who can mend it: {}", who.words()),
        },
        since: When::at(it.since, app.clock.now(), &app.config.time_zone),
        remedy,
    }
}
