//! Colour family and icon of a status. The shapes differ in outline, so that they survive greyscale and print.

/// How serious a status is; decides its colour.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Family {
    /// Works.
    Ok,
    /// Works, but somebody should know.
    Warn,
    /// Waits for a person.
    Act,
    /// Does not work.
    Crit,
    /// Nothing is known at present.
    Idle,
    /// Worth saying, nothing to do.
    Info,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 6] = [Self::Ok, Self::Warn, Self::Act, Self::Crit, Self::Idle, Self::Info];

    /// The CSS class that carries the family's colours.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Act => "act",
            Self::Crit => "crit",
            Self::Idle => "idle",
            Self::Info => "info",
        }
    }
}

/// The icon of a status: the symbol `i-NAME` of the icon sheet.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Icon {
    /// Circle with a tick.
    Ok,
    /// Dashed ring.
    Ring,
    /// Ring with a dot.
    RingDot,
    /// Triangle with a clock.
    Clock,
    /// Triangle.
    Warn,
    /// Triangle with an hourglass.
    Hourglass,
    /// Triangle with a cloud.
    Cloud,
    /// Person.
    Person,
    /// Person with a clock.
    PersonClock,
    /// Person with a shield.
    PersonShield,
    /// Octagon.
    Octagon,
    /// Octagon with a key.
    OctagonKey,
    /// Octagon with a clock.
    OctagonClock,
    /// Octagon with a question mark.
    OctagonQuestion,
    /// Octagon with a bar.
    OctagonBar,
    /// Octagon with a lock.
    OctagonLock,
    /// Octagon with an envelope.
    OctagonEnvelope,
    /// Person with an unequal sign.
    PersonUnequal,
    /// Ring with two bars.
    Pause,
    /// Ring with a question mark.
    Unknown,
}

impl Icon {
    /// The name after `i-` in the icon sheet.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Ring => "ring",
            Self::RingDot => "ring-dot",
            Self::Clock => "clock",
            Self::Warn => "warn",
            Self::Hourglass => "hourglass",
            Self::Cloud => "cloud",
            Self::Person => "person",
            Self::PersonClock => "person-clock",
            Self::PersonShield => "person-shield",
            Self::Octagon => "octagon",
            Self::OctagonKey => "octagon-key",
            Self::OctagonClock => "octagon-clock",
            Self::OctagonQuestion => "octagon-question",
            Self::OctagonBar => "octagon-bar",
            Self::OctagonLock => "octagon-lock",
            Self::OctagonEnvelope => "octagon-envelope",
            Self::PersonUnequal => "person-unequal",
            Self::Pause => "pause",
            Self::Unknown => "unknown",
        }
    }
}
