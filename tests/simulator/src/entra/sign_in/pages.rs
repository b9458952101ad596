//! The pages.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use uuid::Uuid;

/// What a person sees at the end of a turn.
pub(super) enum Page {
    Login(Login),
    Picker(Picker),
    SecondFactor(SecondFactor),
    Consent(Consent),
    Stop(Stop),
}

/// What every page of a flow says.
#[derive(Clone)]
pub(super) struct Head {
    /// Where its form goes; empty where there is none.
    pub(super) action: String,
    pub(super) application: String,
    pub(super) tenant: String,
}

/// User name and password.
#[derive(Template)]
#[template(path = "sign_in/login.html")]
pub(super) struct Login {
    pub(super) head: Head,
    pub(super) username: String,
    pub(super) wrong: Option<String>,
}

/// Everybody this browser remembers.
#[derive(Template)]
#[template(path = "sign_in/picker.html")]
pub(super) struct Picker {
    pub(super) head: Head,
    pub(super) people: Vec<Choice>,
}

pub(super) struct Choice {
    pub(super) person: Uuid,
    pub(super) name: String,
    pub(super) address: String,
    pub(super) signed_in: bool,
}

/// A code from the person's telephone.
#[derive(Template)]
#[template(path = "sign_in/second_factor.html")]
pub(super) struct SecondFactor {
    pub(super) head: Head,
    pub(super) address: String,
    pub(super) wrong: bool,
}

/// What the application wants.
#[derive(Template)]
#[template(path = "sign_in/consent.html")]
pub(super) struct Consent {
    pub(super) head: Head,
    pub(super) address: String,
    pub(super) wanted: Vec<(String, String)>,
    pub(super) reach: Reach,
}

/// For whom a consent may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// For the person.
    Own,
    /// For the person, or, if the box is ticked, for everybody.
    Choice,
    /// For everybody.
    Everybody,
}

/// Here it does not go on.
#[derive(Template)]
#[template(path = "sign_in/stop.html")]
pub(super) struct Stop {
    pub(super) head: Head,
    pub(super) title: &'static str,
    /// `error_description`.
    pub(super) text: String,
    /// Who is signed in.
    pub(super) address: String,
    /// Whether another account may help.
    pub(super) another: bool,
    /// Whether there is a way back to the application.
    pub(super) back: bool,
    pub(super) number: u32,
}

/// Which page an answer is, for those who do not read HTML.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) kind: Kind,
    /// Where its form goes.
    pub(super) action: String,
    /// In words, for a message.
    pub(super) words: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Login,
    /// The login form again, after something wrong.
    LoginAgain,
    Picker,
    SecondFactor,
    Consent,
    NeedsApproval,
    Stop,
}

impl Page {
    fn shown(&self) -> Shown {
        let (kind, head, words) = match self {
            Self::Login(page) if page.wrong.is_some() => {
                (Kind::LoginAgain, &page.head, page.wrong.clone().unwrap_or_default())
            }
            Self::Login(page) => (Kind::Login, &page.head, "Sign in".to_owned()),
            Self::Picker(page) => (Kind::Picker, &page.head, "Pick an account".to_owned()),
            Self::SecondFactor(page) => (Kind::SecondFactor, &page.head, "Enter the code".to_owned()),
            Self::Consent(page) => (Kind::Consent, &page.head, "Permissions requested".to_owned()),
            Self::Stop(page) => {
                let kind = if page.back { Kind::NeedsApproval } else { Kind::Stop };
                (kind, &page.head, format!("{}: {}", page.title, page.text))
            }
        };
        Shown { kind, action: head.action.clone(), words }
    }

    fn render(&self) -> askama::Result<String> {
        match self {
            Self::Login(page) => page.render(),
            Self::Picker(page) => page.render(),
            Self::SecondFactor(page) => page.render(),
            Self::Consent(page) => page.render(),
            Self::Stop(page) => page.render(),
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut answer = match self.render() {
            Ok(html) => Html(html).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be written");
                return axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        answer.extensions_mut().insert(self.shown());
        if let Self::Stop(page) = self {
            answer.extensions_mut().insert(crate::requests::Code::Aadsts(page.number));
        }
        answer
    }
}
