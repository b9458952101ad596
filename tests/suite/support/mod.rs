//! What every test stands on: the real product over real HTTP, the simulator in Microsoft's place, a clock that only the
//! test moves, and a small browser that can only send the forms it was shown.

pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod database;
pub(crate) mod hooks;
pub(crate) mod mail;

pub(crate) use app::TestApp;
pub(crate) use browser::{Browser, Page};
pub(crate) use database::Engine;
pub(crate) use hooks::HookSink;
pub(crate) use mail::{MailSink, Manner};
