//! `postkey api-key`: keys from the host.

use postkey::config::Database;
use tempfile::TempDir;

use crate::safety::binary::Place;

#[test]
fn a_key_is_made_listed_and_revoked_from_the_host() {
    let home = TempDir::new().unwrap();
    let place = Place::new(home.path(), &Database::Sqlite);
    let run = |words: &[&str]| {
        let done = place.run(&[&["api-key"], words].concat(), "");
        let said = String::from_utf8(if done.status.success() { done.stdout } else { done.stderr }).unwrap();
        (done.status.success(), said)
    };
    let (made, text) = run(&["add", "monitoring", "--status-only", "--days", "30"]);
    assert!(made && postkey::keys::text::lookup(text.trim()).is_some(), "{text}");
    assert!(!run(&["add", " "]).0 && !run(&["add", "x", "--days", "999"]).0);
    let (_, listed) = run(&["list"]);
    let cells: Vec<&str> = listed.trim().split('\t').collect();
    assert_eq!(cells[1..], ["working", "status", "monitoring"], "{listed}");
    assert!(!listed.contains(text.trim()));
    assert!(run(&["revoke", cells[0]]).0);
    assert!(run(&["list"]).1.contains("\trevoked\t"));
    assert!(run(&["revoke", cells[0]]).1.contains("was revoked before"));
    assert!(!run(&["revoke", "key_000000000000000000000000"]).0 && !run(&["revoke", "monitoring"]).0);
}
