//! `GET /`: what needs a person, grouped by cause, then how many mailboxes are what.

mod store;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Result;
use crate::mailboxes::search::{self, COUNT_CAP, Filter};
use crate::tokens::health_store::{self, Failing};
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::watch::{self, Watch};
use crate::web::{Badge, Page, Shell, When, fragment_as_of, wants_fragment};
use crate::words::{Cause, Status, Who};

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
    text: String,
    who: &'static str,
    since: When,
    href: String,
    link: &'static str,
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
    let problems = store::problems(&app.db, now).await?;
    let foreseen = foreseen(&app, &problems).await?;
    let more = problems.len().saturating_sub(NAMED);
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
        problems: foreseen
            .into_iter()
            .chain(problems.into_iter().take(NAMED).map(|problem| view(&app, &me, problem)))
            .collect(),
        more,
    };
    if wants_fragment(&headers, "overview") {
        return Ok(fragment_as_of(&headers, &page.shell.as_of, page.as_overview().render()));
    }
    Ok(watch.refreshed(Page::new(page).into_response()))
}

/// What will stop mailboxes that still work: tokens that cannot be renewed before somebody mends something.
async fn foreseen(app: &App, problems: &[store::Problem]) -> Result<Vec<Problem>> {
    let told = |it: &Failing| {
        problems.iter().any(|known| known.application_id == it.application_id && known.status.cause() == Some(it.cause))
    };
    let failing = health_store::failing(&app.db, app.clock.now()).await?;
    let stuck = failing.into_iter().filter(|it| !it.cause.is_transient() && it.ended < it.tokens && !told(it));
    Ok(stuck.take(NAMED).map(|it| foresee(app, it)).collect())
}

fn foresee(app: &App, it: Failing) -> Problem {
    let badge = Badge::from(Status::Failing(it.cause));
    Problem {
        badge,
        title: format!("{} · {}", badge.label, it.application),
        text: match it.tokens {
            1 => "1 token cannot be renewed. Mail goes on until it ends".to_owned(),
            count => format!("{count} tokens cannot be renewed. Mail goes on until they end"),
        },
        who: it.cause.who().words(),
        since: When::at(it.since, app.clock.now(), &app.config.time_zone),
        href: if it.tokens == 1 { format!("/tokens/{}", it.example) } else { "/tokens".to_owned() },
        link: if it.tokens == 1 { "Open the token" } else { "Open token health" },
    }
}

fn words(count: i64) -> String {
    if count > COUNT_CAP { format!("{COUNT_CAP}+") } else { count.to_string() }
}

async fn counts(app: &App) -> Result<Vec<Count>> {
    let mut counts = Vec::new();
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

fn who(status: Status) -> &'static str {
    match status {
        Status::SignInPending => Who::MailboxOwner.words(),
        status => status.cause().map_or("", |cause| cause.who().words()),
    }
}

fn view(app: &App, me: &SignedIn, problem: store::Problem) -> Problem {
    let since = When::at(problem.since, app.clock.now(), &app.config.time_zone);
    let badge = Badge::from(problem.status);
    let by_credential = problem.status.cause().is_some_and(Cause::is_of_credential);
    let by_secret = matches!(problem.status.cause(), Some(Cause::SecretExpired | Cause::SecretRefused));
    let boxes = match problem.mailboxes {
        1 => problem.example.clone(),
        count => format!("{count} mailboxes"),
    };
    let by_sign_in = matches!(problem.status, Status::SignInPending | Status::Failing(Cause::NeedsSignIn));
    let (href, link) = match (by_credential, problem.mailboxes) {
        (_, 1) if by_sign_in => (format!("/mailboxes/{}/sign-in", problem.example_id), "Sign in, or make a link"),
        (true, _) if by_secret && me.may(Role::ApplicationAdministrator) => {
            (format!("/applications/{}/secrets/new", problem.application_id), "Add the new secret")
        }
        (true, _) => (format!("/applications/{}", problem.application_id), "Open the application"),
        (false, 1) => (format!("/mailboxes/{}", problem.example_id), "Open the mailbox"),
        (false, _) => (
            format!("/mailboxes?status={}&app={}", problem.status.value(), problem.application_id),
            "Open the mailboxes",
        ),
    };
    Problem {
        badge,
        title: format!("{} · {}", badge.label, problem.application),
        text: boxes,
        who: who(problem.status),
        since,
        href,
        link,
    }
}
