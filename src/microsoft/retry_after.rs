//! The `Retry-After` and `Date` headers, as hostile input.

use jiff::fmt::rfc2822::DateTimeParser;

use crate::clock::UnixTime;

/// Longest pause that Postkey lets somebody else dictate, in seconds. MSAL caps at the same.
pub(super) const LONGEST: u32 = 3600;
/// Pause after being throttled without a usable `Retry-After`, in seconds.
pub(super) const USUAL: u32 = 60;

static DATES: DateTimeParser = DateTimeParser::new();

/// Reads `Retry-After` as seconds from `now`, between 1 and [`LONGEST`]: a pause is never skipped, since Microsoft
/// counts retries too. None if it is neither a number nor an HTTP date, or is negative.
pub(super) fn pause(header: &str, now: UnixTime) -> Option<u32> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are merely very many seconds.
        return Some(header.parse().unwrap_or(u32::MAX).clamp(1, LONGEST));
    }
    let seconds = date(header)?.since(now).clamp(1, LONGEST.into());
    u32::try_from(seconds).ok()
}

/// Reads an HTTP date, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn date(header: &str) -> Option<UnixTime> {
    let moment = DATES.parse_timestamp(header.trim()).ok()?;
    Some(UnixTime::from_seconds(moment.as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(784_111_777);

    #[test]
    fn every_form_is_read_and_bounded() {
        let cases = [
            ("60", Some(60)),
            (" 5 ", Some(5)),
            ("0", Some(1)),
            ("3600", Some(3600)),
            ("86400", Some(3600)),
            ("99999999999999999999999999", Some(3600)),
            ("-5", None),
            ("+5", None),
            ("1.5", None),
            ("1e3", None),
            ("", None),
            ("soon", None),
            ("60, 120", None),
            ("Sun, 06 Nov 1994 08:51:37 GMT", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(1)),
            ("Sun, 06 Nov 1994 07:00:00 GMT", Some(1)),
            ("Wed, 06 Nov 2094 08:49:37 GMT", None),
            ("Sat, 06 Nov 2094 08:49:37 GMT", Some(3600)),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
            ("\u{661}", None),
        ];
        for (header, expected) in cases {
            assert_eq!(pause(header, NOW), expected, "{header:?}");
        }
    }
}
