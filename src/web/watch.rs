//! A page that is left open: loaded anew by itself with `?refresh=30`, and made for a screen on the wall with `?wall=1`.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;

use crate::error::{AppError, Result};

use super::lists;
use super::shell::Shell;

/// Seconds between two loads on a wall.
const ON_A_WALL: u32 = 30;

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    wall: String,
    refresh: String,
}

/// How a page is watched.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Watch {
    /// Whether it hangs on a wall.
    pub wall: bool,
    /// Seconds after which it is loaded anew, if at all.
    pub every: Option<u32>,
    /// The same page for a desk.
    pub desk: String,
    /// The same page, loaded anew by itself.
    pub refreshing: String,
    /// The same page for a wall.
    pub on_wall: String,
}

impl Asked {
    /// How the page at `path` is watched; `query` is what else its address holds.
    ///
    /// # Errors
    /// If the seconds are not from 10 to 3600.
    pub fn of(&self, path: &str, query: &[(&str, String)]) -> Result<Watch> {
        let wall = self.wall == "1";
        let wrong = AppError::BadRequest("A page can be loaded anew every 10 to 3600 seconds, as in ?refresh=30.");
        let every = match self.refresh.as_str() {
            "" => wall.then_some(ON_A_WALL),
            typed => Some(typed.parse().ok().filter(|every| (10..=3_600).contains(every)).ok_or(wrong)?),
        };
        Ok(Watch {
            wall,
            every,
            desk: lists::with(path, query, "wall", ""),
            refreshing: lists::with(path, query, "refresh", "30"),
            on_wall: lists::with(path, query, "wall", "1"),
        })
    }
}

impl Watch {
    /// The shell of a page that is watched so.
    pub fn dress(&self, shell: Shell) -> Shell {
        Shell { wall: self.wall, ..shell }
    }

    /// The answer, with the header that makes browsers load it anew without a script.
    pub fn refreshed(&self, mut answer: Response) -> Response {
        if let Some(every) = self.every {
            answer.headers_mut().insert(header::REFRESH, HeaderValue::from(every));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_loaded_anew_as_often_as_is_asked_within_reason() {
        let of = |wall: &str, refresh: &str| {
            Asked { wall: wall.to_owned(), refresh: refresh.to_owned() }.of("/tokens", &[("window", "7d".to_owned())])
        };
        assert_eq!(of("", "").unwrap().every, None);
        assert_eq!(of("1", "").unwrap().every, Some(30));
        assert_eq!(of("1", "300").unwrap().every, Some(300));
        assert_eq!(of("", "10").unwrap().on_wall, "/tokens?window=7d&wall=1");
        for wrong in ["9", "3601", "-1", "1e2", "30;url=http://evil.example", "soon"] {
            assert!(of("", wrong).is_err(), "{wrong}");
        }
    }
}
