//! A problem in the words that people outside of the console are told.

use serde_json::json;

use crate::alerts::{Alert, Event};
use crate::app::App;
use crate::web::When;
use crate::web::lists::iso;
use crate::web::when::{span, time, zone_name};
use crate::words::ProblemWords;

use super::Problem;
use super::problem::News;

/// What is told of `problem`.
pub fn alert(app: &App, problem: &Problem, news: News) -> Alert {
    let now = app.clock.now();
    let zone = &app.config.time_zone;
    let since = format!("{}, {}", When::at(problem.since, now, zone).absolute, zone_name(zone, problem.since));
    let lasted = span(problem.solved_at.unwrap_or(now).since(problem.since));
    let href = app.config.address(&format!("/problems/{}", problem.id));
    let stops = problem.threatened.map(|(_, at)| time(at, now, zone)).unwrap_or_default();
    let words = ProblemWords {
        kind: problem.kind,
        application: &problem.application,
        mailboxes: if news == News::Solved { problem.most_mailboxes } else { problem.mailboxes },
        tokens: problem.tokens,
        threatened: problem.threatened.map_or(0, |(count, _)| count),
        stops: &stops,
        example: &problem.example,
        since: &since,
        lasted: &lasted,
        href: &href,
    };
    let (event, subject, body) = match news {
        News::Opened => (Event::Opened, words.opened(), words.body()),
        News::Grew => (Event::Grew, words.grew(), words.body()),
        News::Reminded => (Event::Reminder, words.reminder(), words.body()),
        News::Solved => (Event::Solved, words.solved(), words.solved_body()),
    };
    let urgent = match news {
        News::Reminded => false,
        News::Solved => Problem { mailboxes: problem.most_mailboxes, ..problem.clone() }.is_urgent(),
        News::Opened | News::Grew => problem.is_urgent(),
    };
    let data = data(problem, &href);
    Alert { event, urgent, thread: problem.id.to_string(), subject, body, href, data }
}

fn data(problem: &Problem, href: &str) -> serde_json::Value {
    json!({ "problem": {
        "id": problem.id,
        "kind": problem.kind,
        "label": problem.kind.label(),
        "application": problem.application_id.as_ref().map(|id| json!({ "id": id, "name": problem.application })),
        "mailboxes": problem.mailboxes,
        "most_mailboxes": problem.most_mailboxes,
        "tokens": problem.tokens,
        "will_stop": problem.threatened.map_or(0, |(count, _)| count),
        "stops_at": problem.threatened.map(|(_, at)| iso(at)),
        "since": iso(problem.since),
        "solved_at": problem.solved_at.map(iso),
        "who": problem.kind.who(),
        "url": href,
    }})
}
