//! `GET /problems/{id}`: one problem: what happened, what suffers, what to do, who can do it, and what was done so far.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::error::Result;
use crate::ids::ProblemId;
use crate::mailboxes::search::{self, Filter};
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::forms::{Choice, Field};
use crate::web::when::{span, time};
use crate::web::{Badge, Page, Shell, When};
use crate::words::{Facts, FilledArticle, articles, story_of};

use super::act::SILENCES;
use super::problem::{Problem, State as Standing};
use super::remedy::{Remedy, mailboxes_of, remedy};
use super::store::{self, Event};

/// Mailboxes that are named.
const NAMED: u16 = 20;

#[derive(Template)]
#[template(path = "problems/show.html")]
struct Show {
    shell: Shell,
    id: String,
    title: String,
    family: &'static str,
    icon: &'static str,
    article: Option<FilledArticle>,
    /// What happened and what to do, where no article tells it.
    told: (String, Vec<String>),
    who: &'static str,
    nobody: bool,
    is_open: bool,
    extent: String,
    application: Option<(String, String)>,
    state: String,
    since: When,
    lasted: String,
    solved: Option<When>,
    /// When the first of the mailboxes stops that go on until their token ends.
    stops: Option<When>,
    remedy: Option<Remedy>,
    mailboxes: Vec<(String, String)>,
    /// Where all of them are, if not all are named.
    all: Option<(String, i64)>,
    story: Vec<Entry>,
    may_act: bool,
    acknowledged: bool,
    silenced: bool,
    silence: Field,
    silences: Vec<Choice>,
}

struct Entry {
    family: &'static str,
    icon: &'static str,
    title: &'static str,
    text: String,
    at: When,
}

/// `GET /problems/{id}`
pub async fn show(State(app): State<App>, me: SignedIn, Path(id): Path<ProblemId>) -> Result<Response> {
    let problem = store::get(&app.db, &id).await?;
    let story = store::events(&app.db, &id).await?;
    let named = named(&app, &problem).await?;
    let (now, zone) = (app.clock.now(), &app.config.time_zone);
    let when = |at| When::at(at, now, zone);
    let standing = problem.state(now);
    let is_open = standing != Standing::Solved;
    let badge = Badge::from(problem.kind);
    let facts = Facts { application: Some(problem.application.clone()), ..Facts::default() };
    let only = named.first().filter(|_| named.len() == 1).and_then(|(id, _)| id.parse().ok());
    let page = Show {
        shell: me.shell(&app, Section::Problems),
        id: id.to_string(),
        title: format!("{} · {}", badge.label, problem.application),
        family: badge.family,
        icon: badge.icon,
        told: story_of(problem.kind, &problem.application),
        article: problem.kind.cause().map(|cause| articles::find(None, cause).fill(&facts)),
        who: problem.kind.who().words(),
        nobody: problem.kind.who().is_nobody(),
        is_open,
        extent: if is_open { problem.extent() } else { problem.worst() },
        application: problem.application_id.as_ref().map(|id| (id.to_string(), problem.application.clone())),
        state: state(&problem, standing, |at| time(at, now, zone)),
        since: when(problem.since),
        lasted: span(problem.solved_at.unwrap_or(now).since(problem.since)),
        solved: problem.solved_at.map(when),
        stops: problem.threatened.filter(|_| is_open).map(|(_, at)| when(at)),
        remedy: is_open
            .then(|| remedy(&me, problem.kind, problem.application_id.as_ref(), problem.mailboxes, only.as_ref())),
        all: (is_open && problem.mailboxes > i64::from(NAMED))
            .then(|| (mailboxes_of(problem.kind, problem.application_id.as_ref()), problem.mailboxes)),
        mailboxes: named,
        story: story.iter().map(|event| entry(event, when(event.at))).collect(),
        may_act: is_open && me.may(Role::Operator),
        acknowledged: problem.acknowledged.is_some(),
        silenced: standing == Standing::Silenced,
        silence: Field::text("hours", "Silence it for", ""),
        silences: SILENCES.iter().map(|(hours, label)| Choice::new(hours, label, "", "4")).collect(),
    };
    Ok(Page::new(page).into_response())
}

/// The first of the mailboxes that suffer from it now: ID and address.
async fn named(app: &App, problem: &Problem) -> Result<Vec<(String, String)>> {
    let Some(status) = problem.kind.status().filter(|_| problem.solved_at.is_none() && problem.mailboxes > 0) else {
        return Ok(Vec::new());
    };
    let filter = Filter {
        status: status.value().to_owned(),
        app: problem.application_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        n: NAMED.to_string(),
        ..Filter::default()
    };
    let rows = search::page(&app.db, &filter, app.clock.now()).await?.rows;
    Ok(rows.into_iter().map(|found| (found.mailbox.id.to_string(), found.mailbox.address)).collect())
}

fn state(problem: &Problem, standing: Standing, at: impl Fn(crate::clock::UnixTime) -> String) -> String {
    match (standing, &problem.acknowledged, &problem.silenced) {
        (Standing::Solved, ..) => "Solved".to_owned(),
        (Standing::Silenced, _, Some((by, until))) => format!("Silenced by {by} until {}", at(*until)),
        (_, Some((by, since)), _) => format!("{by} takes care of it since {}", at(*since)),
        _ => "Nobody has said that they take care of it".to_owned(),
    }
}

fn entry(event: &Event, at: When) -> Entry {
    let Event { what, actor, mailboxes, .. } = event;
    let suffered = match mailboxes {
        0 => "no mailbox had stopped".to_owned(),
        1 => "1 mailbox had stopped".to_owned(),
        count => format!("{count} mailboxes had stopped"),
    };
    let (family, icon, title, text) = match what.as_str() {
        "opened" => ("crit", "octagon", "It began", suffered),
        "grew" => ("crit", "octagon", "More suffered", suffered),
        "reminded" => ("warn", "clock", "A reminder was sent", suffered),
        "solved" => ("ok", "ok", "It was over", String::new()),
        "acknowledged" => ("info", "person", "Somebody took care of it", actor.clone()),
        "silenced" => ("idle", "pause", "It was silenced", actor.clone()),
        _ => ("info", "person", "The silence was lifted", actor.clone()),
    };
    Entry { family, icon, title, text, at }
}
