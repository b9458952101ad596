//! What the layout around each page needs.

use crate::app::App;
use crate::words::{ProblemKind, Status};

use super::assets;
use super::csrf::FormKey;
use super::flash::Flash;
use super::when::{When, zone_name};

/// One line of the navigation.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// Where it leads.
    pub href: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// Name of its icon.
    pub icon: &'static str,
    /// Whether the page belongs to it.
    pub current: bool,
    /// How many things there need a person; not shown at zero.
    pub count: u64,
    /// The count in words for screen readers.
    pub count_words: String,
}

/// The one banner that a page may carry.
#[derive(Clone, Debug)]
pub struct Banner {
    /// `warn`, `crit`, `act` or `info`.
    pub family: &'static str,
    /// Name of its icon.
    pub icon: &'static str,
    /// What is the matter.
    pub title: String,
    /// What to know or do.
    pub text: String,
    /// Where to do it.
    pub href: Option<String>,
    /// What the link says.
    pub link: String,
}

/// Everything around the page itself.
#[derive(Clone, Debug)]
pub struct Shell {
    /// `Error: ` when a form came back, else empty.
    pub title_prefix: &'static str,
    /// Address of the stylesheet.
    pub css: &'static str,
    /// Address of the script.
    pub js: &'static str,
    /// Address of the icons.
    pub icons: &'static str,
    /// Address of the tab's icon.
    pub favicon: &'static str,
    /// Who is signed in; empty for nobody.
    pub person: String,
    /// What each form must carry.
    pub csrf: String,
    /// The navigation.
    pub nav: Vec<NavItem>,
    /// At most one banner.
    pub banner: Option<Banner>,
    /// What was just done.
    pub flash: Option<Flash>,
    /// Name of the organisation; may be empty.
    pub instance: String,
    /// When the page was made.
    pub as_of: When,
    /// The zone of its times.
    pub zone: String,
    /// Postkey's version.
    pub version: &'static str,
    /// `light`, `dark`, or empty for the system's choice.
    pub theme: &'static str,
    /// `compact` or empty.
    pub density: &'static str,
    /// Whether the page hangs on a wall, where nobody navigates.
    pub wall: bool,
    /// Whether a cloud that is not Microsoft's is configured.
    pub simulated: bool,
}

impl Shell {
    /// The shell of a page for nobody in particular.
    pub fn plain(app: &App, key: &FormKey) -> Self {
        let now = app.clock.now();
        Self {
            title_prefix: "",
            css: assets::css(),
            js: assets::js(),
            icons: assets::icons(),
            favicon: assets::favicon(),
            person: String::new(),
            csrf: key.0.clone(),
            nav: Vec::new(),
            banner: None,
            flash: None,
            instance: app.config.organisation.clone(),
            as_of: When::at(now, now, &app.config.time_zone),
            zone: zone_name(&app.config.time_zone, now),
            version: env!("CARGO_PKG_VERSION"),
            theme: "",
            density: "",
            wall: false,
            simulated: app.config.custom_cloud.is_some(),
        }
    }

    /// The same shell with the prefix that a refused form gives the title.
    pub fn titled(self, title_prefix: &'static str) -> Self {
        Self { title_prefix, ..self }
    }
}

/// A status as a badge shows it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Badge {
    /// The family's class.
    pub family: &'static str,
    /// Name of the icon.
    pub icon: &'static str,
    /// The word.
    pub label: &'static str,
}

impl From<Status> for Badge {
    fn from(status: Status) -> Self {
        Self { family: status.family().class(), icon: status.icon().name(), label: status.label() }
    }
}

impl From<ProblemKind> for Badge {
    fn from(kind: ProblemKind) -> Self {
        Self { family: kind.family().class(), icon: kind.icon().name(), label: kind.label() }
    }
}

/// A tab of a page that has several; each tab is a page of its own.
#[derive(Clone, Debug)]
pub struct Tab {
    /// Where it leads.
    pub href: String,
    /// What it is called.
    pub label: &'static str,
    /// Whether it is this page.
    pub current: bool,
}
