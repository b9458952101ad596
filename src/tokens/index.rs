//! `GET /tokens`, what cannot be renewed and why, and `GET /tokens.csv`, every token for a spreadsheet; never the token itself.

use askama::Template;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::app::App;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::microsoft::Failure;
use crate::users::SignedIn;
use crate::users::guard::Section;
use crate::web::bars::Bars;
use crate::web::span::Span;
use crate::web::watch::{self, Watch};
use crate::web::{Badge, Page, Shell, When, fragment_as_of, lists, wants_fragment};
use crate::words::Status;

use super::health::Standing;
use super::health_store::{self as store, Failing, Token};
use super::renewals::{self, Asked};

/// Beyond this many tokens the page says "and more", as the list of mailboxes does.
const CAP: i64 = 10_000;
/// Rows that an export reads at once.
const CHUNK: i64 = 1_000;

#[derive(Template)]
#[template(path = "tokens/index.html", blocks = ["health"])]
struct Index {
    shell: Shell,
    counts: Vec<Count>,
    causes: Vec<CauseView>,
    /// How many causes need a person.
    needs: usize,
    watch: Watch,
    bars: Bars,
    empty: bool,
    /// How many have ended and were never tried: the keeper does not run.
    forgotten: i64,
}

struct Count {
    badge: Badge,
    number: String,
}

struct CauseView {
    badge: Badge,
    application: String,
    application_id: String,
    tokens: i64,
    effect: String,
    since: When,
    who: &'static str,
    href: String,
}

/// `GET /tokens`
pub async fn index(
    State(app): State<App>,
    me: SignedIn,
    Query(asked): Query<Asked>,
    Query(watching): Query<watch::Asked>,
    headers: HeaderMap,
) -> Result<Response> {
    let watch = watching.of("/tokens", &[("window", asked.window.clone())])?;
    let page = page(&app, &me, Span::parse(&asked.window)?, watch.clone()).await?;
    if wants_fragment(&headers, "health") {
        return Ok(fragment_as_of(&headers, &page.shell.as_of, page.as_health().render()));
    }
    Ok(watch.refreshed(Page::new(page).into_response()))
}

async fn page(app: &App, me: &SignedIn, span: Span, watch: Watch) -> Result<Index> {
    let now = app.clock.now();
    let total = store::total(&app.db, CAP + 1).await?;
    let forgotten = store::forgotten(&app.db, now, CAP + 1).await?;
    let mut failing = store::failing(&app.db, now).await?;
    // The most serious first, then what hurts most.
    failing.sort_by_key(|it| (Status::Failing(it.cause).rank(), -it.tokens, it.since, it.application.clone()));
    let sum = |of: fn(&Failing) -> i64| failing.iter().map(of).sum::<i64>();
    let ended = sum(|it| it.ended) + forgotten;
    let late = sum(|it| if it.cause.is_transient() { it.tokens - it.ended } else { 0 });
    let stuck = sum(|it| if it.cause.is_transient() { 0 } else { it.tokens - it.ended });
    let fresh = if total > CAP { format!("{CAP}+") } else { (total - ended - late - stuck).max(0).to_string() };
    let mut counts = vec![Count { badge: Standing::Fresh.badge(), number: fresh }];
    let cause = |transient| failing.iter().find(|it| it.cause.is_transient() == transient).map(|it| it.cause);
    for (standing, number) in [
        (Standing::Late, late),
        (cause(false).map_or(Standing::Late, Standing::Stuck), stuck),
        (Standing::Ended(None), ended),
    ] {
        if number > 0 {
            counts.push(Count { badge: standing.badge(), number: number.to_string() });
        }
    }
    Ok(Index {
        shell: watch.dress(me.shell(app, Section::Tokens)),
        counts,
        needs: failing.iter().filter(|it| !it.cause.is_transient()).count() + usize::from(forgotten > 0),
        causes: failing.into_iter().map(|it| view(app, it)).collect(),
        bars: renewals::of_all(app, span, watch.wall).await?,
        watch,
        empty: total == 0,
        forgotten,
    })
}

fn view(app: &App, it: Failing) -> CauseView {
    let cause = it.cause;
    CauseView {
        badge: Badge { family: cause.family().class(), icon: cause.icon().name(), label: cause.label() },
        effect: match (it.ended, it.tokens) {
            (0, 1) => "still good".to_owned(),
            (0, _) => "all still good".to_owned(),
            (1, 1) => "ended".to_owned(),
            (ended, tokens) if ended == tokens => "all ended".to_owned(),
            (ended, _) => format!("{ended} ended"),
        },
        since: When::at(it.since, app.clock.now(), &app.config.time_zone),
        who: cause.who().words(),
        href: if it.tokens == 1 {
            format!("/tokens/{}", it.example)
        } else {
            format!("/applications/{}", it.application_id)
        },
        application: it.application,
        application_id: it.application_id.to_string(),
        tokens: it.tokens,
    }
}

const HEAD: [&str; 11] = [
    "id",
    "kind",
    "application",
    "mailbox",
    "status",
    "cause",
    "generation",
    "issued_at",
    "expires_at",
    "next_try_at",
    "failures",
];

/// `GET /tokens.csv`, in pages of its own so that many tokens need no memory.
pub async fn csv(State(app): State<App>, _me: SignedIn) -> Result<Response> {
    let chunks = stream::unfold((app, Some(String::new())), |(app, after)| async move {
        let after = after?;
        let chunk = chunk(&app, &after).await;
        let next = chunk.as_ref().ok().and_then(|(_, next)| next.clone());
        Some((chunk.map(|(text, _)| text), (app, next)))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"tokens.csv\""),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

async fn chunk(app: &App, after: &str) -> Result<(Vec<u8>, Option<String>)> {
    let now = app.clock.now();
    let rows = store::page(&app.db, after, CHUNK).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == CHUNK);
    let next = rows.last().filter(|_| full).map(|last| last.id.to_string());
    let text = lists::csv_text(after.is_empty().then_some(HEAD), rows.iter().map(|token| cells(token, now)))?;
    Ok((text, next))
}

fn cells(token: &Token, now: UnixTime) -> [String; 11] {
    let cause = serde_json::from_str::<Failure>(&token.failure).ok().map(|failure| failure.cause);
    [
        token.id.to_string(),
        if token.mailbox_id.is_some() { "delegated" } else { "application" }.to_owned(),
        token.application.clone(),
        token.mailbox.clone().unwrap_or_default(),
        Standing::of(token.expires_at, cause, now).value().to_owned(),
        cause.map_or("", |cause| cause.value()).to_owned(),
        token.generation.to_string(),
        lists::iso(token.issued_at),
        lists::iso(token.expires_at),
        lists::iso(token.next_at),
        token.failures.to_string(),
    ]
}
