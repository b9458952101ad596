//! What was typed, what is wrong with it, and what must never be shown again.

/// One field of a form as a page shows it.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Its name in the form, which is also its `id`.
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// One line on where to find it; may be empty.
    pub hint: &'static str,
    /// What was typed. Always empty for secrets.
    pub value: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// `text`, `email`, `password`, `secret`, `guid`, `date`, `time` or `search`.
    pub kind: &'static str,
    /// The browser's `autocomplete` word.
    pub autocomplete: &'static str,
    /// Whether it must be filled in.
    pub required: bool,
    /// Most characters that it takes.
    pub max: u32,
}

impl Field {
    /// An empty line of text.
    pub fn text(name: &'static str, label: &'static str, hint: &'static str) -> Self {
        Self { name, label, hint, kind: "text", autocomplete: "off", required: true, max: 254, ..Self::default() }
    }

    /// The same field as another kind.
    pub fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }

    /// The same field with the browser's word for what it holds.
    pub fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self { autocomplete, ..self }
    }

    /// The same field, which may stay empty.
    pub fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// The same field holding `value`; secrets stay empty.
    pub fn holding(self, value: &str) -> Self {
        let secret = matches!(self.kind, "secret" | "password");
        let value = if secret { String::new() } else { value.to_owned() };
        Self { value, ..self }
    }

    /// The same field with the error that `errors` has for it. A secret that was refused for another field's sake says
    /// that it must be pasted again.
    pub fn checked(self, errors: &FormErrors) -> Self {
        let own = errors.of(self.name).map(str::to_owned);
        let again = match self.kind {
            "secret" if !errors.is_empty() => Some("Paste the secret again.".to_owned()),
            "password" if !errors.is_empty() => Some("Type the password again.".to_owned()),
            _ => None,
        };
        Self { error: own.or(again), ..self }
    }
}

/// One of several answers, as cards or as a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Choice {
    /// What the form sends.
    pub value: String,
    /// What it is called.
    pub label: String,
    /// What it means; may be empty.
    pub note: String,
    /// Whether it is the chosen one.
    pub checked: bool,
}

impl Choice {
    /// An answer; `chosen` is the value that was sent.
    pub fn new(value: &str, label: &str, note: &str, chosen: &str) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), note: note.to_owned(), checked: value == chosen }
    }
}

/// One mistake, with the words that stand both beside the field and in the summary.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldError {
    /// The field's name; the summary links to it.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

/// All mistakes of one form at once, in the order of its fields.
#[derive(Clone, Debug, Default)]
pub struct FormErrors(Vec<FieldError>);

impl FormErrors {
    /// Notes what is wrong with `field`.
    pub fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { field, message: message.into() });
    }

    /// Keeps the value, or notes the mistake.
    pub fn keep<T, E: Into<String>>(&mut self, field: &'static str, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(message) => {
                self.add(field, message);
                None
            }
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with `field`, if anything is.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// For the summary at the top of the page.
    pub fn all(&self) -> &[FieldError] {
        &self.0
    }
}

/// `Error: ` for the title of a page whose form came back, as screen readers need it.
pub fn title_prefix(errors: &FormErrors) -> &'static str {
    if errors.is_empty() { "" } else { "Error: " }
}
