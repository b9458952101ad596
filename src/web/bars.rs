//! Bars over time, with the same facts as a table for whoever does not see them. Heights differ as well as colours. No I/O.

use super::lists;
use super::span::{Slice, Span};
use super::when::When;

/// How a slice went.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Level {
    /// Well.
    Good,
    /// Well in part, or with trouble that passes.
    Trouble,
    /// Not.
    Bad,
    /// Nobody looked, or there was nothing to do.
    Nothing,
}

impl Level {
    /// Every level, the best first.
    pub const ALL: [Self; 4] = [Self::Good, Self::Trouble, Self::Bad, Self::Nothing];

    /// Its stable name in exports.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Good => "passed",
            Self::Trouble => "trouble",
            Self::Bad => "failed",
            Self::Nothing => "unknown",
        }
    }

    const fn family(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Trouble => "warn",
            Self::Bad => "crit",
            Self::Nothing => "idle",
        }
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Trouble => "warn",
            Self::Bad => "octagon",
            Self::Nothing => "unknown",
        }
    }

    /// Of 40.
    const fn height(self) -> usize {
        match self {
            Self::Good => 38,
            Self::Trouble => 24,
            Self::Bad => 12,
            Self::Nothing => 3,
        }
    }
}

/// One slice with what is to be said of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// The slice.
    pub slice: Slice,
    /// How it went.
    pub level: Level,
    /// How much of it went well, in hundredths, if trouble came in part; else nothing.
    pub share: Option<usize>,
    /// That in a word, for the reader.
    pub word: &'static str,
    /// The cells of its row in the table, after its time.
    pub cells: Vec<String>,
}

/// Everything that a picture of bars is made of.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Unique on the page.
    pub id: &'static str,
    /// What is looked at, for example `Checks`.
    pub title: &'static str,
    /// The page, without its query.
    pub path: &'a str,
    /// What else the address of the page holds.
    pub query: &'a [(&'a str, String)],
    /// The same as a file.
    pub csv: String,
    /// How far it looks back.
    pub span: Span,
    /// The heads of the table, after that of the time.
    pub heads: &'static [&'static str],
    /// What a reader should know besides.
    pub note: &'static str,
}

/// A picture of bars, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Bars {
    /// Unique on the page.
    pub id: &'static str,
    /// Heading.
    pub title: String,
    /// What a screen reader says in place of the picture, after the heading.
    pub says: String,
    /// How many slices went how.
    pub counts: Vec<Count>,
    /// How wide the picture is, in its own units.
    pub width: usize,
    /// The bars.
    pub bars: Vec<Bar>,
    /// Heads of the table, after that of the time.
    pub heads: &'static [&'static str],
    /// Rows of the table, newest first.
    pub rows: Vec<Row>,
    /// The spans to choose from.
    pub spans: Vec<SpanLink>,
    /// The same as a file.
    pub csv: String,
    /// How long a bar is.
    pub each: String,
    /// What a reader should know besides.
    pub note: String,
}

/// How many slices went so.
#[derive(Clone, Debug)]
pub struct Count {
    /// The family's class.
    pub family: &'static str,
    /// Name of the icon.
    pub icon: &'static str,
    /// For example `21 passed`.
    pub label: String,
}

/// One bar, in the picture's units.
#[derive(Clone, Debug)]
pub struct Bar {
    /// The family's class.
    pub family: &'static str,
    /// Its left edge.
    pub x: usize,
    /// Its upper edge.
    pub y: usize,
    /// Its height.
    pub height: usize,
    /// What the pointer over it shows.
    pub title: String,
}

/// One row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// When the slice begins.
    pub from: When,
    /// The rest, with the head that names each cell on a phone.
    pub cells: Vec<(&'static str, String)>,
}

/// A link to another span.
#[derive(Clone, Debug)]
pub struct SpanLink {
    /// Where it leads.
    pub href: String,
    /// What it is called.
    pub label: &'static str,
    /// Whether it is the one that is shown.
    pub current: bool,
    /// Chips may have a count; these have none.
    pub count: &'static str,
}

/// A bar and the gap after it.
const STEP: usize = 10;

impl Bars {
    /// The picture of `told`, oldest first; `when` writes a time for the reader.
    pub fn of(subject: &Subject<'_>, told: &[Told], when: impl Fn(&Slice) -> When) -> Self {
        let counts: Vec<Count> = Level::ALL.into_iter().filter_map(|level| count(told, level)).collect();
        let words = counts.iter().map(|count| count.label.as_str()).collect::<Vec<_>>().join(", ");
        let (span, each) = (subject.span.label(), subject.span.each());
        let rows = told.iter().rev().map(|it| row(subject, it, when(&it.slice)));
        Self {
            id: subject.id,
            title: format!("{}, last {span}", subject.title),
            says: format!("Each bar is {each}: {words}. The table below says the same."),
            width: told.len() * STEP,
            bars: told.iter().enumerate().map(|(at, it)| bar(at, it, &when(&it.slice))).collect(),
            heads: subject.heads,
            rows: rows.collect(),
            spans: Span::ALL.into_iter().map(|span| link(subject, span)).collect(),
            csv: subject.csv.clone(),
            each: format!("Each bar is {each}:"),
            note: subject.note.to_owned(),
            counts,
        }
    }
}

fn count(told: &[Told], level: Level) -> Option<Count> {
    let mut of_level = told.iter().filter(|it| it.level == level);
    let word = of_level.next()?.word;
    let label = format!("{} {word}", 1 + of_level.count());
    Some(Count { family: level.family(), icon: level.icon(), label })
}

fn bar(at: usize, told: &Told, when: &When) -> Bar {
    // Between bad and good, so that no two levels look alike.
    let height = told.share.map_or(told.level.height(), |share| 16 + 18 * share.min(100) / 100);
    let title = format!("{}: {}", when.absolute, told.word);
    Bar { family: told.level.family(), x: at * STEP, y: 40 - height, height, title }
}

fn row(subject: &Subject<'_>, told: &Told, from: When) -> Row {
    Row { from, cells: subject.heads.iter().copied().zip(told.cells.iter().cloned()).collect() }
}

fn link(subject: &Subject<'_>, span: Span) -> SpanLink {
    let value = if span == Span::Day { "" } else { span.value() };
    let href = format!("{}#{}", lists::with(subject.path, subject.query, "window", value), subject.id);
    SpanLink { href, label: span.label(), current: span == subject.span, count: "" }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn levels_differ_in_height_as_well_as_in_colour_and_shape() {
        let differ = |of: fn(Level) -> String| Level::ALL.map(of).into_iter().collect::<HashSet<_>>().len();
        assert_eq!(differ(|level| level.height().to_string()), 4);
        assert_eq!(differ(|level| level.family().to_owned()), 4);
        assert_eq!(differ(|level| level.icon().to_owned()), 4);
        assert_eq!(differ(|level| level.value().to_owned()), 4);
    }
}
