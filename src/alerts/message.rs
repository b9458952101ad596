//! What people are told, and how a message to one channel fares. No I/O.

use crate::clock::UnixTime;
use crate::ids::{AlertId, ChannelId};

/// What a message tells of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event {
    /// A problem is there.
    Opened,
    /// More suffers from it.
    Grew,
    /// It is still there.
    Reminder,
    /// It is over.
    Solved,
    /// A credential ends before long.
    Ending,
    /// Somebody tries whether messages arrive.
    Test,
}

impl Event {
    const ALL: [Self; 6] = [Self::Opened, Self::Grew, Self::Reminder, Self::Solved, Self::Ending, Self::Test];

    /// The stable name, as webhooks get it.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Opened => "problem.opened",
            Self::Grew => "problem.grew",
            Self::Reminder => "problem.reminder",
            Self::Solved => "problem.solved",
            Self::Ending => "credential.ending",
            Self::Test => "test",
        }
    }

    /// The event with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.value() == value)
    }
}

/// Something to tell, whoever is told.
#[derive(Clone, Debug)]
pub struct Alert {
    /// What it tells of.
    pub event: Event,
    /// Whether it goes out in quiet hours too.
    pub urgent: bool,
    /// What all messages of one matter share; empty if there is none.
    pub thread: String,
    /// One line.
    pub subject: String,
    /// The text of a mail.
    pub body: String,
    /// Where it is in the console.
    pub href: String,
    /// What a webhook gets besides the type, the time and the subject.
    pub data: serde_json::Value,
}

impl Alert {
    /// For people in a chat: the line, and where to read on. Names in it can neither call everybody nor pose as a link.
    pub fn text(&self) -> String {
        let turns = |letter: char| matches!(letter, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let line: String = self.subject.chars().filter(|letter| !letter.is_control() && !turns(*letter)).collect();
        let line = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        format!("{line}\n{}", self.href)
    }
}

/// How a message fares.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    /// It is to be sent.
    Waiting,
    /// The other end has it.
    Delivered,
    /// Given up.
    Failed,
    /// It was over before it was sent.
    Withdrawn,
}

impl State {
    const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Failed, Self::Withdrawn];

    /// The stable name.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state with this stable name.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.value() == value)
    }
}

/// One message to one channel.
#[derive(Clone, Debug)]
pub struct Message {
    /// Ours; a webhook gets it as the message's name.
    pub id: AlertId,
    /// To whom.
    pub channel_id: ChannelId,
    /// What it tells of.
    pub event: Event,
    /// What all messages of one matter share.
    pub thread: String,
    /// One line.
    pub subject: String,
    /// The text of a mail.
    pub body: String,
    /// What a webhook gets, as JSON.
    pub payload: String,
    /// When it was written.
    pub created_at: UnixTime,
    /// How it fares.
    pub state: State,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub due_at: UnixTime,
    /// When it was delivered or given up.
    pub ended_at: Option<UnixTime>,
    /// What the other end said at the last try.
    pub said: String,
}

/// Tries after which a message that nobody takes is given up: with the pauses below, a day after the first.
const UNTAKEN: i64 = 29;
/// Tries after which one is given up that the receiver refuses for good.
const REFUSED: i64 = 5;
/// Seconds before the second try, the third, and so on; then always the last.
const PAUSES: [i64; 6] = [10, 30, 120, 600, 1_800, 3_600];

/// When a message is tried again at `now` after a try that failed; nothing if it is given up.
pub fn next(message: &Message, is_final: bool, now: UnixTime) -> Option<UnixTime> {
    let tried = message.tries + 1;
    if tried >= UNTAKEN || (is_final && tried >= REFUSED) {
        return None;
    }
    let pause = PAUSES.get(usize::try_from(message.tries).unwrap_or(usize::MAX)).or(PAUSES.last());
    pause.map(|pause| now.plus(*pause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_435_200);

    fn message(tries: i64) -> Message {
        Message {
            id: AlertId::new(NOW, &Chance::seeded(1)),
            channel_id: ChannelId::new(NOW, &Chance::seeded(1)),
            event: Event::Opened,
            thread: String::new(),
            subject: String::new(),
            body: String::new(),
            payload: String::new(),
            created_at: NOW,
            state: State::Waiting,
            tries,
            due_at: NOW,
            ended_at: None,
            said: String::new(),
        }
    }

    #[test]
    fn a_name_cannot_call_everybody_or_pose_as_a_link_in_a_chat() {
        let alert = Alert {
            event: Event::Opened,
            urgent: true,
            thread: String::new(),
            subject: "[Postkey] <!channel> <https://evil.example|Open> \u{202e}x & y".to_owned(),
            body: String::new(),
            href: "https://postkey.example/problems/prb_1".to_owned(),
            data: serde_json::Value::Null,
        };
        let expected = "[Postkey] &lt;!channel&gt; &lt;https://evil.example|Open&gt; x &amp; y\nhttps://postkey.example/problems/prb_1";
        assert_eq!(alert.text(), expected);
    }

    #[test]
    fn pauses_grow_and_a_day_later_it_is_given_up() {
        assert_eq!(next(&message(0), false, NOW), Some(NOW.plus(10)));
        assert_eq!(next(&message(3), false, NOW), Some(NOW.plus(600)));
        assert_eq!(next(&message(27), false, NOW), Some(NOW.plus(3_600)));
        assert_eq!(next(&message(28), false, NOW), None);
        let lasts: i64 = (0..28).map(|tries| next(&message(tries), false, NOW).unwrap().since(NOW)).sum();
        assert!((23 * 3_600..25 * 3_600).contains(&lasts), "{lasts}");
    }

    #[test]
    fn what_is_refused_for_good_is_given_up_sooner() {
        assert!(next(&message(3), true, NOW).is_some());
        assert_eq!(next(&message(4), true, NOW), None);
    }

    #[test]
    fn every_name_reads_back() {
        for event in Event::ALL {
            assert_eq!(Event::parse(event.value()), Some(event));
        }
        for state in State::ALL {
            assert_eq!(State::parse(state.value()), Some(state));
        }
    }
}
