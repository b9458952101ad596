//! What a path names, `$select` and `$top`.

use serde::Deserialize;
use serde_json::Value;

/// Stands for the person's own mailbox.
pub(super) const ME: &str = "me";

/// What a path under `/users/{m}` or `/me` names.
#[derive(Deserialize)]
pub(crate) struct Named {
    #[serde(default = "me")]
    pub(super) m: String,
    #[serde(default)]
    pub(super) folder: String,
    #[serde(default)]
    pub(super) id: String,
}

fn me() -> String {
    ME.to_owned()
}

/// OData query options.
#[derive(Default, Deserialize)]
pub(crate) struct Options {
    #[serde(rename = "$select")]
    select: Option<String>,
    #[serde(rename = "$top")]
    top: Option<usize>,
}

impl Options {
    /// How many entries a list may have; Graph's own number is 10.
    pub(super) fn top(&self) -> usize {
        self.top.unwrap_or(10).clamp(1, 1_000)
    }

    /// The object with only the members asked for; annotations (`@odata…`) and the ID stay.
    pub(super) fn pick(&self, mut object: Value) -> Value {
        let (Some(select), Some(members)) = (&self.select, object.as_object_mut()) else {
            return object;
        };
        let wanted: Vec<&str> = select.split(',').map(str::trim).collect();
        let is_wanted = |name: &str| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
        members.retain(|name, _| name.starts_with('@') || name == "id" || is_wanted(name));
        object
    }
}
