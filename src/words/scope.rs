//! What an application must do with a mailbox, what came of trying, and whether its limit holds.

use super::{Family, Icon};

/// What an application must do with a mailbox.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Must {
    /// Open it.
    Open,
    /// Be refused.
    StayClosed,
}

impl Must {
    /// Both.
    pub const ALL: &[Self] = &[Self::Open, Self::StayClosed];

    /// The stable name in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::StayClosed => "closed",
        }
    }

    /// What it is with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|must| must.value() == value)
    }

    /// After “must”.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::StayClosed => "stay closed",
        }
    }
}

/// What came of trying to open a mailbox.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ScopeOutcome {
    /// It opened.
    Opened,
    /// Microsoft refused it.
    Refused,
    /// Microsoft knows no such mailbox, which says nothing about the limit.
    NotFound,
    /// Microsoft could not be asked, or its answer says nothing about the limit.
    Unknown,
}

impl ScopeOutcome {
    /// Every outcome.
    pub const ALL: &[Self] = &[Self::Opened, Self::Refused, Self::NotFound, Self::Unknown];

    /// The stable name in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Refused => "refused",
            Self::NotFound => "not_found",
            Self::Unknown => "unknown",
        }
    }

    /// The outcome with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|outcome| outcome.value() == value)
    }

    /// Whether it says where the limit is.
    pub const fn proves(self) -> bool {
        matches!(self, Self::Opened | Self::Refused)
    }

    /// What it is called where the mailbox `must` do something.
    pub const fn label(self, must: Must) -> &'static str {
        match (self, must) {
            (Self::Opened, Must::Open) => "Opened",
            (Self::Opened, Must::StayClosed) => "Opened, but must stay closed",
            (Self::Refused, Must::StayClosed) => "Refused",
            (Self::Refused, Must::Open) => "Refused, but must open",
            (Self::NotFound, _) => "Not found",
            (Self::Unknown, _) => "Not known",
        }
    }

    /// How serious it is.
    pub const fn family(self, must: Must) -> Family {
        match (self, must) {
            (Self::Opened, Must::Open) | (Self::Refused, Must::StayClosed) => Family::Ok,
            (Self::Opened, Must::StayClosed) | (Self::Refused, Must::Open) => Family::Crit,
            (Self::NotFound | Self::Unknown, _) => Family::Warn,
        }
    }

    /// Its icon.
    pub const fn icon(self, must: Must) -> Icon {
        match (self, must) {
            (Self::Opened, Must::Open) | (Self::Refused, Must::StayClosed) => Icon::Ok,
            (Self::Opened, Must::StayClosed) => Icon::Octagon,
            (Self::Refused, Must::Open) => Icon::OctagonLock,
            (Self::NotFound | Self::Unknown, _) => Icon::Unknown,
        }
    }
}

/// Whether the limit of an application holds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ScopeVerdict {
    /// Nothing was tried yet.
    NotTried,
    /// What must open opens, and what must stay closed is refused.
    Holds,
    /// Something opened that must stay closed.
    TooWide,
    /// Something was refused that must open.
    TooNarrow,
    /// Not all of it is known.
    NotProven,
}

impl ScopeVerdict {
    /// Every verdict.
    pub const ALL: &[Self] = &[Self::NotTried, Self::Holds, Self::TooWide, Self::TooNarrow, Self::NotProven];

    /// The stable name in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::NotTried => "not_tried",
            Self::Holds => "holds",
            Self::TooWide => "too_wide",
            Self::TooNarrow => "too_narrow",
            Self::NotProven => "not_proven",
        }
    }

    /// The verdict with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|verdict| verdict.value() == value)
    }

    /// In a word or two.
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotTried => "Not checked yet",
            Self::Holds => "The limit holds",
            Self::TooWide => "Too wide",
            Self::TooNarrow => "Too narrow",
            Self::NotProven => "Not proven",
        }
    }

    /// How serious it is.
    pub const fn family(self) -> Family {
        match self {
            Self::NotTried => Family::Idle,
            Self::Holds => Family::Ok,
            Self::TooWide | Self::TooNarrow => Family::Crit,
            Self::NotProven => Family::Warn,
        }
    }

    /// Its icon.
    pub const fn icon(self) -> Icon {
        match self {
            Self::NotTried => Icon::Ring,
            Self::Holds => Icon::Ok,
            Self::TooWide => Icon::Octagon,
            Self::TooNarrow => Icon::OctagonLock,
            Self::NotProven => Icon::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_reads_back() {
        assert!(Must::ALL.iter().all(|must| Must::parse(must.value()) == Some(*must)));
        assert!(ScopeOutcome::ALL.iter().all(|outcome| ScopeOutcome::parse(outcome.value()) == Some(*outcome)));
        assert!(ScopeVerdict::ALL.iter().all(|verdict| ScopeVerdict::parse(verdict.value()) == Some(*verdict)));
        assert_eq!(ScopeVerdict::ALL.len(), ScopeVerdict::NotProven as usize + 1, "ALL lists every verdict");
        assert_eq!(ScopeOutcome::ALL.len(), ScopeOutcome::Unknown as usize + 1, "ALL lists every outcome");
    }

    #[test]
    fn only_what_is_as_it_must_be_looks_good() {
        for outcome in ScopeOutcome::ALL {
            for must in Must::ALL {
                let good = matches!(
                    (outcome, must),
                    (ScopeOutcome::Opened, Must::Open) | (ScopeOutcome::Refused, Must::StayClosed)
                );
                assert_eq!(outcome.family(*must) == Family::Ok, good, "{outcome:?} {must:?}");
            }
        }
    }
}
