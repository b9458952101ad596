//! Long lists: pages by cursor (never by number: rows move while people work), and the same rows as CSV.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::clock::UnixTime;
use crate::error::{AppError, Result};

/// Rows on a page unless the reader asks for another number.
pub const ROWS: u16 = 50;
/// Most rows on a page.
pub const MOST_ROWS: u16 = 200;

/// A place in a list, as the address holds it.
pub fn cursor<T: Serialize>(place: &T) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(place).unwrap_or_default())
}

/// The place that a cursor names.
///
/// # Errors
/// If it is not one of ours.
pub fn place<T: DeserializeOwned>(cursor: &str) -> Result<T> {
    let wrong = || AppError::BadRequest("This page of the list does not exist. Open the list again.");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| wrong())?;
    // PostgreSQL takes no NUL, and no place of ours holds one.
    if String::from_utf8_lossy(&bytes).contains("\\u0000") {
        return Err(wrong());
    }
    serde_json::from_slice(&bytes).map_err(|_| wrong())
}

/// The address of this list with one parameter changed or, with an empty value, removed.
pub fn with(base: &str, query: &[(&str, String)], name: &str, value: &str) -> String {
    let mut all = form_urlencoded::Serializer::new(String::new());
    for (key, kept) in query {
        if *key != name && !kept.is_empty() {
            all.append_pair(key, kept);
        }
    }
    if !value.is_empty() {
        all.append_pair(name, value);
    }
    let all = all.finish();
    if all.is_empty() { base.to_owned() } else { format!("{base}?{all}") }
}

/// A CSV file for download.
///
/// # Errors
/// If a row cannot be written.
pub fn csv<const N: usize>(
    name: &str,
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<Response> {
    let body = csv_text(Some(head), rows)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, body).into_response())
}

/// Rows as CSV, with or without their head. Spreadsheets run what looks like a formula, so such cells are made plain
/// text (S-76).
///
/// # Errors
/// If a row cannot be written.
pub fn csv_text<const N: usize>(
    head: Option<[&str; N]>,
    rows: impl IntoIterator<Item = [String; N]>,
) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if let Some(head) = head {
        writer.write_record(head).map_err(AppError::internal)?;
    }
    for row in rows {
        writer.write_record(row.map(harmless)).map_err(AppError::internal)?;
    }
    writer.into_inner().map_err(|cause| AppError::internal(anyhow::anyhow!("{cause}")))
}

/// A moment as exports write it: UTC, so that files of several zones can be laid side by side.
pub fn iso(at: UnixTime) -> String {
    jiff::Timestamp::from_second(at.seconds()).map(|at| at.to_string()).unwrap_or_default()
}

fn harmless(cell: String) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']);
    if formula { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_looks_like_a_formula_is_made_plain_text() {
        assert_eq!(harmless("=HYPERLINK(\"http://evil.example\")".to_owned()), "'=HYPERLINK(\"http://evil.example\")");
        assert_eq!(harmless("support@contoso.example".to_owned()), "support@contoso.example");
    }

    #[test]
    fn a_cursor_reads_back_and_a_forged_one_is_refused() {
        let there = cursor(&(3, "support@contoso.example"));
        assert_eq!(place::<(i64, String)>(&there).unwrap(), (3, "support@contoso.example".to_owned()));
        assert!(place::<(i64, String)>("***").is_err());
        assert!(place::<(i64, String)>(&cursor(&"other")).is_err());
    }

    #[test]
    fn an_address_keeps_its_other_parameters() {
        let query = [("q", "a b".to_owned()), ("after", "x".to_owned()), ("status", String::new())];
        assert_eq!(with("/mailboxes", &query, "after", ""), "/mailboxes?q=a+b");
        assert_eq!(with("/mailboxes", &query, "sort", "address"), "/mailboxes?q=a+b&after=x&sort=address");
    }
}
