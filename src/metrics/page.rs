//! The names of the metrics, and their values at one moment. The counts of this process stand in [`crate::tally`].

use std::collections::HashMap;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::app::App;
use crate::beat::Beat;
use crate::clock::UnixTime;
use crate::words::{Cause, ProblemKind, Status};

use super::store::{Application, Snapshot};

/// Everything, as it is written out. Without a snapshot the database did not answer, and only this process tells.
pub(super) fn registry(app: &App, snapshot: Option<&Snapshot>) -> Registry {
    let mut page = Registry::with_prefix("postkey");
    let version = env!("CARGO_PKG_VERSION");
    family(&mut page, "build_info", "Version of this process, always 1", [([("version", version)], 1)]);
    gauge(&mut page, "database_up", "Whether the database answers", snapshot.is_some().into());
    app.tally.register(&mut page);
    life(app, &mut page);
    gate(app, &mut page);
    if let Some(snapshot) = snapshot {
        gauge(&mut page, "keeper_due", "Tokens to renew now that no process has taken yet", snapshot.due);
        mailboxes(snapshot, &mut page);
        applications(snapshot, &mut page);
        named(snapshot, &mut page);
        problems(snapshot, &mut page);
    }
    page
}

/// A process that keeps nothing has no age of its last round, so that no alert waits for it.
fn life(app: &App, page: &mut Registry) {
    let now = app.clock.now();
    let (keeper, checks): (Beat, Beat) = (*app.beat.borrow(), *app.checks_beat.borrow());
    let watch: Beat = *app.watch_beat.borrow();
    gauge(
        page,
        "keeper_enabled",
        "Whether this process renews tokens and checks mailboxes",
        keeper.begun.is_some().into(),
    );
    let age = |beat: Beat| beat.last().map(|last| now.since(last));
    if let Some(age) = age(keeper) {
        gauge(page, "keeper_last_round_age_seconds", "Time since the last good round of the token keeper", age);
    }
    if let Some(age) = age(checks) {
        gauge(page, "checks_last_round_age_seconds", "Time since the last good look for mailboxes to check", age);
    }
    if let Some(age) = age(watch) {
        gauge(page, "watch_last_round_age_seconds", "Time since the last good look for problems", age);
    }
}

fn gate(app: &App, page: &mut Registry) {
    let (closed, resting) = app.gate.shut(app.clock.now());
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let help = "Applications not asked for now: closed by Microsoft, or resting after tries without an answer";
    let states = [([("state", "closed")], count(closed)), ([("state", "resting")], count(resting))];
    family(page, "gate_applications", help, states);
}

/// As the pages show it, for reading and for sending.
fn mailboxes(snapshot: &Snapshot, page: &mut Registry) {
    let all = Status::PLAIN.iter().copied().chain(Cause::ALL.iter().copied().map(Status::Failing));
    let label = |direction, status: Status| [("direction", direction), ("status", status.value())];
    let mut counts: HashMap<_, i64> =
        all.flat_map(|status| [(label("incoming", status), 0), (label("outgoing", status), 0)]).collect();
    for (shown, mailboxes) in &snapshot.mailboxes {
        for key in [label("incoming", shown.incoming), label("outgoing", shown.outgoing)] {
            *counts.entry(key).or_default() += mailboxes;
        }
    }
    family(page, "mailboxes", "Mailboxes by what the pages show of reading and of sending", counts);
}

fn applications(snapshot: &Snapshot, page: &mut Registry) {
    let left = |end: fn(&Application) -> Option<UnixTime>| {
        let with_end = move |application| Some((application, end(application)?));
        let ends = snapshot.applications.iter().filter_map(with_end);
        ends.map(|(application, end)| ([("application", application.id.to_string())], end.since(snapshot.at)))
    };
    let help = "Time until the application's own token ends, negative when it has ended";
    family(page, "application_token_expires_in_seconds", help, left(|application| application.token_ends_at));
    let help = "Time until the last credential ends that Microsoft accepted, negative when it has ended";
    family(page, "application_credential_expires_in_seconds", help, left(|application| application.credential_ends_at));
}

fn named(snapshot: &Snapshot, page: &mut Registry) {
    let series = snapshot.named.iter().map(|mailbox| {
        let labels = [("mailbox", mailbox.id.to_string()), ("address", mailbox.address.clone())];
        (labels, mailbox.ends_at.since(snapshot.at))
    });
    family(page, "mailbox_token_expires_in_seconds", "Time until the token of a mailbox ends", series);
}

fn problems(snapshot: &Snapshot, page: &mut Registry) {
    let causes = Cause::ALL.iter().copied().map(ProblemKind::Failing);
    let told = ProblemKind::PLAIN.iter().copied().filter(|kind| !kind.is_waiting());
    let count = |kind: ProblemKind| snapshot.problems.get(kind.value()).copied().unwrap_or_default();
    let series = causes.chain(told).map(|kind| ([("kind", kind.value())], count(kind)));
    family(page, "problems", "Open problems, by what is the matter", series);
    let help = "Alerts that were not taken so far: tried in vain, or due for a minute";
    gauge(page, "alerts_undelivered", help, snapshot.undelivered);
}

fn gauge(page: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    page.register(name, help, gauge);
}

/// Nothing at all if there are no series.
fn family<L>(page: &mut Registry, name: &str, help: &str, series: impl IntoIterator<Item = (L, i64)>)
where
    L: Clone + EncodeLabelSet + Eq + std::fmt::Debug + std::hash::Hash + Send + Sync + 'static,
{
    let family = Family::<L, Gauge>::default();
    for (labels, value) in series {
        family.get_or_create(&labels).set(value);
    }
    page.register(name, help, family);
}
