//! `GET /problems`: what is wrong, one row for each cause, and what was; `GET /problems.csv`, the same rows for a spreadsheet.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::watch::{self, Watch};
use crate::web::when::{span, time};
use crate::web::{Badge, Page, Shell, When, fragment_as_of, lists, wants_fragment};

use super::problem::{Problem, State as Standing};
use super::store;

/// Solved problems on the page.
const SOLVED: i64 = 50;

#[derive(Template)]
#[template(path = "problems/index.html", blocks = ["open"])]
struct Index {
    shell: Shell,
    open: Vec<Row>,
    solved: Vec<Row>,
    caption: String,
    watch: Watch,
    most: i64,
}

struct Row {
    id: String,
    badge: Badge,
    application: String,
    extent: String,
    since: When,
    /// Who has it in hand or wants to hear nothing, or that nobody has.
    state: String,
    who: &'static str,
    nobody: bool,
    lasted: String,
}

/// `GET /problems`
pub async fn index(
    State(app): State<App>,
    me: SignedIn,
    Query(watching): Query<watch::Asked>,
    headers: HeaderMap,
) -> Result<Response> {
    let watch = watching.of("/problems", &[])?;
    let mut open = store::open(&app.db).await?;
    open.sort_by_key(|it| {
        (
            it.kind.rank(),
            -it.mailboxes.max(it.threatened.map_or(0, |(count, _)| count)),
            -it.mailboxes,
            it.since,
            it.application.clone(),
            it.kind.value(),
        )
    });
    let solved = store::solved(&app.db, SOLVED).await?;
    let page = Index {
        shell: watch.dress(me.shell(&app, Section::Problems)),
        watch: watch.clone(),
        caption: match open.len() {
            1 => "1 open problem".to_owned(),
            count => format!("{count} open problems"),
        },
        open: open.iter().map(|problem| row(&app, problem)).collect(),
        solved: solved.iter().map(|problem| row(&app, problem)).collect(),
        most: SOLVED,
    };
    if wants_fragment(&headers, "open") {
        return Ok(fragment_as_of(&headers, &page.shell.as_of, page.as_open().render()));
    }
    Ok(watch.refreshed(Page::new(page).into_response()))
}

fn row(app: &App, problem: &Problem) -> Row {
    let (now, zone) = (app.clock.now(), &app.config.time_zone);
    let until = |at: UnixTime| time(at, now, zone);
    Row {
        id: problem.id.to_string(),
        badge: problem.kind.into(),
        application: problem.application.clone(),
        extent: match problem.solved_at {
            None => problem.extent(),
            Some(_) => problem.worst(),
        },
        since: When::at(problem.since, now, zone),
        state: match (problem.state(now), &problem.acknowledged, &problem.silenced) {
            (Standing::Silenced, _, Some((by, end))) => format!("Silenced by {by} until {}", until(*end)),
            (Standing::Acknowledged, Some((by, _)), _) => format!("{by} takes care of it"),
            _ => "Nobody yet".to_owned(),
        },
        who: problem.kind.who().words(),
        nobody: problem.kind.who().is_nobody(),
        lasted: span(problem.solved_at.unwrap_or(now).since(problem.since)),
    }
}

const HEAD: [&str; 13] = [
    "id",
    "kind",
    "application",
    "state",
    "since",
    "solved_at",
    "mailboxes",
    "most_mailboxes",
    "tokens",
    "will_stop",
    "stops_at",
    "acknowledged_by",
    "silenced_until",
];

/// `GET /problems.csv`
pub async fn csv(State(app): State<App>, _me: SignedIn) -> Result<Response> {
    let now = app.clock.now();
    let open = store::open(&app.db).await?;
    let solved = store::solved(&app.db, i64::MAX).await?;
    lists::csv("problems.csv", HEAD, open.iter().chain(&solved).map(|problem| cells(problem, now)))
}

fn cells(problem: &Problem, now: UnixTime) -> [String; 13] {
    let iso = lists::iso;
    [
        problem.id.to_string(),
        problem.kind.value().to_owned(),
        problem.application.clone(),
        problem.state(now).value().to_owned(),
        iso(problem.since),
        problem.solved_at.map(iso).unwrap_or_default(),
        problem.mailboxes.to_string(),
        problem.most_mailboxes.to_string(),
        problem.tokens.to_string(),
        problem.threatened.map_or(0, |(count, _)| count).to_string(),
        problem.threatened.map(|(_, at)| iso(at)).unwrap_or_default(),
        problem.acknowledged.as_ref().map(|(by, _)| by.clone()).unwrap_or_default(),
        problem.silenced.as_ref().map(|(_, until)| iso(*until)).unwrap_or_default(),
    ]
}
