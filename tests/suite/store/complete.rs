//! No function that runs SQL is left out of the contract.

use std::collections::BTreeMap;

use crate::source::{assert_none, code, files, production, rust};

/// Reached only through a page: `overview/store.rs` is private to its page, and `overview.rs` opens that page.
const THROUGH_A_PAGE: &[&str] = &["overview/store.rs"];
/// Needs a server of its own; `App::open` calls it on PostgreSQL before it connects, so every test here runs it.
const AT_EACH_START: &[&str] = &["master_key_of", "open_postgres", "open_sqlite"];

#[test]
fn every_function_that_runs_sql_is_executed_by_a_contract_test() {
    let tests: BTreeMap<String, String> = files("tests/suite/store", &["rs"]).into_iter().collect();
    let tests: String = tests.values().map(|text| code(text)).collect();
    let mut missing = Vec::new();
    let mut functions = 0;
    for (file, text) in rust("src") {
        let text = code(production(&text));
        if !text.contains("sqlx::query") && !text.contains("QueryBuilder") || THROUGH_A_PAGE.contains(&file.as_str()) {
            continue;
        }
        for signature in text.split("pub async fn ").skip(1) {
            let name: String =
                signature.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            functions += 1;
            let called = [format!("::{name}("), format!(".{name}("), format!(" {name}(")]
                .iter()
                .any(|call| tests.contains(call));
            if !called && !AT_EACH_START.contains(&name.as_str()) {
                missing.push(format!("src/{file}: {name}"));
            }
        }
    }
    assert!(functions > 50, "functions are not found any more");
    assert_none("functions that no contract test calls", missing);
}
