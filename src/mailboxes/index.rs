//! `GET /mailboxes`, the list, and `GET /mailboxes.csv`, the same rows for a spreadsheet.

use askama::Template;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::app::App;
use crate::applications::store as applications;
use crate::clock::UnixTime;
use crate::error::Result;
use crate::ids::ApplicationId;
use crate::users::guard::Section;
use crate::users::{Role, SignedIn};
use crate::web::forms::Choice;
use crate::web::{Badge, Page, Shell, When, lists};
use crate::words::{Cause, Status};

use super::search::{self, COUNT_CAP, Filter, Found, Rows};

#[derive(Template)]
#[template(path = "mailboxes/index.html")]
struct Index {
    shell: Shell,
    never_used: bool,
    q: String,
    status: String,
    app: String,
    statuses: Vec<Choice>,
    applications: Vec<Choice>,
    sort: String,
    views: Vec<Chip>,
    chips: Vec<Chip>,
    rows: Vec<RowView>,
    caption: String,
    total: String,
    address_href: String,
    address_order: &'static str,
    urgency_href: String,
    prev: Option<String>,
    next: Option<String>,
    step: String,
    csv: String,
    all_label: String,
    may_edit: bool,
}

/// A saved view, or a filter that can be taken away.
struct Chip {
    href: String,
    label: String,
    count: String,
    current: bool,
}

struct RowView {
    id: String,
    address: String,
    note: String,
    incoming: Badge,
    outgoing: Badge,
    application: String,
    good: Option<When>,
}

/// Statuses to filter by, in the order of how soon they need a person.
const STATUSES: [Status; 22] = [
    Status::Failing(Cause::SecretExpired),
    Status::Failing(Cause::SecretRefused),
    Status::Failing(Cause::CertificateRefused),
    Status::Failing(Cause::SecretUnreadable),
    Status::Failing(Cause::AppNotFound),
    Status::Failing(Cause::TenantNotFound),
    Status::Failing(Cause::Blocked),
    Status::Failing(Cause::NoAccess),
    Status::Failing(Cause::MailboxNotFound),
    Status::Failing(Cause::NeedsSignIn),
    Status::SignInPending,
    Status::Failing(Cause::NeedsConsent),
    Status::Failing(Cause::SetupFault),
    Status::Failing(Cause::ClockSkew),
    Status::Failing(Cause::Other),
    Status::Failing(Cause::Throttled),
    Status::Failing(Cause::ProviderDown),
    Status::Expiring,
    Status::Unknown,
    Status::Unverified,
    Status::Paused,
    Status::Connected,
];

/// `GET /mailboxes`
pub async fn index(State(app): State<App>, me: SignedIn, Query(filter): Query<Filter>) -> Result<Response> {
    let now = app.clock.now();
    let found = search::page(&app.db, &filter, now).await?;
    let total = search::count(&app.db, &filter, now).await?;
    let stored = applications::names(&app.db).await?;
    let views = views(&app, &filter, now).await?;
    Ok(Page::new(page(&app, &me, &filter, Listing { found, total, stored, views })).into_response())
}

struct Listing {
    found: Rows,
    total: i64,
    stored: Vec<(ApplicationId, String)>,
    views: Vec<Chip>,
}

fn page(app: &App, me: &SignedIn, filter: &Filter, listing: Listing) -> Index {
    let now = app.clock.now();
    let query = filter.query();
    let here = |name, value: &str| lists::with("/mailboxes", &query, name, value);
    let Listing { found, total, stored, views } = listing;
    let total_words = count_words(total);
    let shown = found.rows.len();
    let as_of = When::at(now, now, &app.config.time_zone).absolute;
    let chosen_app = filter.app.parse::<ApplicationId>().map(|id| id.to_string()).unwrap_or_default();
    let down = filter.sort == "address";
    Index {
        shell: me.shell(app, Section::Mailboxes),
        never_used: total == 0 && filter.is_empty(),
        q: filter.q.trim().to_owned(),
        status: filter.status.clone(),
        app: filter.app.clone(),
        statuses: statuses(&filter.status),
        applications: std::iter::once(Choice::new("", "Any", "", &chosen_app))
            .chain(stored.iter().map(|(id, name)| Choice::new(id.as_str(), name, "", &chosen_app)))
            .collect(),
        sort: filter.sort.clone(),
        chips: chips(filter, &stored, &query),
        views,
        caption: format!("{shown} of {total_words} mailboxes, as of {as_of}"),
        total: total_words,
        address_href: here("sort", if down { "-address" } else { "address" }),
        address_order: match filter.sort.as_str() {
            "address" => "ascending",
            "-address" => "descending",
            _ => "",
        },
        urgency_href: here("sort", ""),
        prev: found.before.map(|cursor| here("before", &cursor)),
        next: found.after.map(|cursor| here("after", &cursor)),
        step: filter.rows().to_string(),
        csv: lists::with("/mailboxes.csv", &query, "n", ""),
        all_label: format!("All {} that match", count_words(total)),
        rows: found.rows.iter().map(|row| row_view(app, row, now)).collect(),
        may_edit: me.may(Role::MailboxAdministrator),
    }
}

fn count_words(count: i64) -> String {
    if count > COUNT_CAP { format!("{COUNT_CAP}+") } else { count.to_string() }
}

fn statuses(chosen: &str) -> Vec<Choice> {
    let fixed = [Choice::new("", "Any", "", chosen), Choice::new("action", "Needs a person", "", chosen)];
    // A link may ask for a status that is too rare for the list.
    let rare = Status::parse(chosen).filter(|status| !STATUSES.contains(status));
    let named = STATUSES.into_iter().chain(rare).map(|status| Choice::new(status.value(), status.label(), "", chosen));
    fixed.into_iter().chain(named).collect()
}

async fn views(app: &App, filter: &Filter, now: UnixTime) -> Result<Vec<Chip>> {
    let mut chips = Vec::new();
    for (status, label) in [("", "All"), ("action", "Need a person"), ("expiring", "Expiring"), ("paused", "Paused")] {
        let view = Filter { status: status.to_owned(), ..Filter::default() };
        let count = search::count(&app.db, &view, now).await?;
        chips.push(Chip {
            href: lists::with("/mailboxes", &view.query(), "", ""),
            label: label.to_owned(),
            count: count_words(count),
            current: filter.status == status && filter.q.is_empty() && filter.app.is_empty(),
        });
    }
    Ok(chips)
}

fn chips(filter: &Filter, stored: &[(ApplicationId, String)], query: &[(&'static str, String)]) -> Vec<Chip> {
    let mut chips = Vec::new();
    let mut chip = |name: &str, label: String| {
        chips.push(Chip {
            href: lists::with("/mailboxes", query, name, ""),
            label,
            count: String::new(),
            current: false,
        });
    };
    if !filter.q.trim().is_empty() {
        chip("q", format!("Search: {}", filter.q.trim()));
    }
    if let Some(choice) = statuses(&filter.status).into_iter().find(|choice| choice.checked && !choice.value.is_empty())
    {
        chip("status", format!("Status: {}", choice.label));
    }
    if let Some((_, name)) = stored.iter().find(|(id, _)| id.as_str() == filter.app) {
        chip("app", format!("Application: {name}"));
    }
    chips
}

fn row_view(app: &App, found: &Found, now: UnixTime) -> RowView {
    let mailbox = &found.mailbox;
    let shown = mailbox.shown(now, found.ends);
    let mut notes = Vec::new();
    if !mailbox.display_name.is_empty() {
        notes.push(mailbox.display_name.as_str());
    }
    if found.is_default {
        notes.push("default outbound");
    }
    RowView {
        id: mailbox.id.to_string(),
        address: mailbox.address.clone(),
        note: notes.join(" · "),
        incoming: shown.incoming.into(),
        outgoing: shown.outgoing.into(),
        application: found.application.clone(),
        good: mailbox.health.good_at.map(|at| When::at(at, now, &app.config.time_zone)),
    }
}

const HEAD: [&str; 10] = [
    "id",
    "address",
    "name",
    "account_type",
    "access_type",
    "application",
    "incoming",
    "outgoing",
    "last_good_check",
    "default_outbound",
];

/// `GET /mailboxes.csv`, in pages of its own so that a long list needs no memory.
pub async fn csv(State(app): State<App>, _me: SignedIn, Query(filter): Query<Filter>) -> Result<Response> {
    let first = Filter { after: String::new(), before: String::new(), n: lists::MOST_ROWS.to_string(), ..filter };
    let chunks = stream::unfold((app, Some(first), true), |(app, filter, head)| async move {
        let filter = filter?;
        let chunk = chunk(&app, &filter, head).await;
        let next = match &chunk {
            Ok((_, Some(after))) => Some(Filter { after: after.clone(), ..filter }),
            _ => None,
        };
        Some((chunk.map(|(text, _)| text), (app, next, false)))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mailboxes.csv\""),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

async fn chunk(app: &App, filter: &Filter, head: bool) -> Result<(Vec<u8>, Option<String>)> {
    let now = app.clock.now();
    let found = search::page(&app.db, filter, now).await?;
    let rows = found.rows.iter().map(|row| cells(row, now));
    Ok((lists::csv_text(head.then_some(HEAD), rows)?, found.after))
}

fn cells(found: &Found, now: UnixTime) -> [String; 10] {
    let mailbox = &found.mailbox;
    let shown = mailbox.shown(now, found.ends);
    let good = mailbox.health.good_at.and_then(|at| jiff::Timestamp::from_second(at.seconds()).ok());
    [
        mailbox.id.to_string(),
        mailbox.address.clone(),
        mailbox.display_name.clone(),
        "Office365".to_owned(),
        mailbox.access.label().to_owned(),
        found.application.clone(),
        shown.incoming.value().to_owned(),
        shown.outgoing.value().to_owned(),
        good.map(|at| at.to_string()).unwrap_or_default(),
        found.is_default.to_string(),
    ]
}
