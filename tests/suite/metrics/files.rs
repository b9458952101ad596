//! The dashboard and the alert rules speak of metrics that there are.

use std::collections::BTreeSet;

use super::{in_use, scrape};
use crate::safety::world::meddle;
use crate::source::{assert_none, read};
use crate::support::Engine;

const DASHBOARD: &str = "docs/grafana/postkey.json";
const ALERTS: &str = "docs/prometheus/alerts.yml";

/// Every metric that a file names.
fn named(file: &str) -> BTreeSet<String> {
    let text = read(file);
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("postkey_")).map(str::to_owned).collect()
}

#[tokio::test]
async fn dashboard_and_alerts_name_only_metrics_that_are_there_and_the_dashboard_all_of_them() {
    let (app, ..) = in_use(Engine::Sqlite, |config| config.metrics_per_mailbox = true).await;
    meddle(&app.inside().db, "UPDATE applications SET credential_ends_at = 1800000000").await;
    let page = scrape(&app).await;
    app.stop().await;
    let samples = page.body.lines().filter(|line| !line.starts_with('#'));
    let there: BTreeSet<String> = samples.map(|line| line.split(['{', ' ']).next().unwrap().to_owned()).collect();
    let mut wrong = Vec::new();
    for file in [DASHBOARD, ALERTS] {
        let named = named(file);
        assert!(named.len() > 5, "{file} names {named:?}");
        wrong.extend(named.difference(&there).map(|name| format!("{file}: {name}")));
    }
    assert_none("metrics that are not there", wrong);
    let shown = named(DASHBOARD);
    let families = page.body.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    let missing =
        families.filter(|family| !shown.iter().any(|name| name.strip_suffix("_bucket").unwrap_or(name) == *family));
    assert_none("metrics that the dashboard does not show", missing.map(str::to_owned));
}

#[test]
fn the_dashboard_is_json_and_each_alert_has_what_prometheus_asks_for() {
    let dashboard: serde_json::Value = serde_json::from_str(&read(DASHBOARD)).unwrap();
    assert!(dashboard["panels"].as_array().is_some_and(|panels| panels.len() > 10));
    for alert in read(ALERTS).split("- alert: ").skip(1) {
        for part in ["expr:", "severity:", "summary:"] {
            assert!(alert.contains(part), "{part} is missing: {alert}");
        }
    }
}
