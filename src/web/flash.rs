//! What a page says first after something was done. The code travels in the address, so it needs no store, says nothing
//! secret, and cannot come back after a failed request.

/// A line at the top of a page.
#[derive(Clone, Debug)]
pub struct Flash {
    /// `ok`, `info` or `warn`.
    pub family: &'static str,
    /// Name of the icon.
    pub icon: &'static str,
    /// The words.
    pub text: String,
}

const KNOWN: [(&str, &str, &str); 59] = [
    ("saved", "ok", "Saved."),
    ("renewed", "ok", "Microsoft issued a new token."),
    ("not-renewed", "warn", "Microsoft issued no new token. Why, and what to do, stands below."),
    ("saved-with-trouble", "warn", "Saved. Not everything works yet: what was found is below."),
    ("checked", "info", "Checked just now."),
    ("busy", "info", "A check was already running, so no second one was started."),
    (
        "busy-not-sent",
        "warn",
        "Nothing was sent, because a check is running. Wait for its result, then send the message.",
    ),
    ("paused", "ok", "Paused. Postkey leaves this mailbox alone until you resume it."),
    ("resumed", "ok", "Resumed."),
    ("deleted", "ok", "Deleted. You can restore it for 30 days."),
    ("restored", "ok", "Restored. It is paused until you resume it."),
    ("default", "ok", "This is now the default outbound mailbox."),
    ("sent", "ok", "Microsoft accepted the test message. Look for it in the mailbox it was sent to."),
    ("not-sent", "warn", "The test message was not accepted. The step Send says why."),
    ("application-added", "ok", "The application is saved. Postkey tests it with the first mailbox that uses it."),
    ("application-deleted", "ok", "The application is deleted, and its secrets are erased."),
    ("credential-added", "ok", "Stored, and Microsoft accepts it. An older one stays until you retire it."),
    ("credential-refused", "warn", "Stored, but Microsoft refuses it. What was in use before stays in use."),
    (
        "credential-untested",
        "info",
        "Stored. Microsoft has given no verdict on it yet, so what was in use before stays in use until it does.",
    ),
    (
        "certificate-added",
        "info",
        "The certificate is ready. Download it and upload it to Entra; Postkey uses it once Microsoft accepts it.",
    ),
    ("test-accepted", "ok", "Microsoft accepts it."),
    ("test-refused", "warn", "Microsoft refuses it. Why, and what to do, stands below."),
    (
        "test-unclear",
        "warn",
        "Microsoft gave no verdict on it, so what was known of it before still holds. Why stands below.",
    ),
    ("test-asking", "info", "Microsoft has not answered yet. Usually it takes two seconds; the result appears here."),
    ("end-saved", "ok", "The end date is saved."),
    (
        "application-moved",
        "info",
        "Saved. It is another application now: test its secrets and check its mailboxes. Whoever signed in must do so again.",
    ),
    ("scope-stopped", "ok", "The scope check is stopped, and what it found is erased."),
    ("retired", "ok", "Retired, and its secret is erased."),
    ("bulk-paused", "ok", "The chosen mailboxes are paused."),
    ("none-chosen", "info", "Nothing was chosen, so nothing was changed. Tick the mailboxes first."),
    ("bulk-resumed", "ok", "The chosen mailboxes are resumed."),
    ("signed-in", "ok", "Signed in, and the mailbox opened."),
    (
        "signed-in-closed",
        "warn",
        "Signed in, and that is stored; but the mailbox did not open. What was found is below.",
    ),
    ("link-made", "ok", "The link is ready. Copy it and send it to the person who signs in."),
    ("admin-link-made", "ok", "The link is ready. Copy it and send it to a tenant administrator."),
    ("feed-made", "ok", "The address is ready. Copy it into your calendar."),
    ("feed-withdrawn", "ok", "The address no longer works."),
    ("link-mailed", "ok", "The link is mailed."),
    (
        "link-mailing",
        "info",
        "The link is ready. The mail server has not answered yet; usually it takes seconds, and the result appears here.",
    ),
    ("link-not-mailed", "warn", "The link is ready, but it was not mailed. Why, and what to do, stands below."),
    ("link-withdrawn", "ok", "The link no longer works."),
    (
        "secret-accepted",
        "ok",
        "Stored, and Microsoft accepts it. Nobody can read it back, and nobody needs it any more.",
    ),
    (
        "secret-refused",
        "warn",
        "Stored, but Microsoft refuses it. What Postkey used before stays in use; why stands at step 3.",
    ),
    ("secret-untested", "info", "Stored. Microsoft has given no verdict on it yet, so nothing else has changed."),
    ("acknowledged", "ok", "Noted: you take care of it. Nobody is reminded of it any more."),
    ("silenced", "ok", "Silenced. Nobody is told of it until then, unless it is over."),
    ("unsilenced", "ok", "The silence is lifted."),
    ("channel-added", "ok", "Added. Send a test message to see whether it arrives."),
    ("channel-saved", "ok", "Saved."),
    ("channel-paused", "ok", "Paused. Nothing is sent there until you resume it."),
    ("channel-resumed", "ok", "Resumed. It is told of what happens from now on."),
    ("channel-deleted", "ok", "Deleted, with the log of its messages."),
    ("channel-tested", "ok", "The test message was taken. Look whether it arrived."),
    ("channel-not-tested", "warn", "The test message was not taken. What the other end said stands in the log below."),
    ("channel-testing", "info", "The other end has not answered yet. The result appears in the log below."),
    ("forgotten", "ok", "The sign-in is erased here. The mailbox waits for a new one."),
    ("key-revoked", "ok", "The key is revoked. Nobody gets anything with it any more."),
    ("welcome", "ok", "Your account is ready."),
    ("signed-out", "ok", "You are signed out."),
];

impl Flash {
    /// The line that `code` stands for, if it stands for one.
    pub fn of(code: &str) -> Option<Self> {
        let (_, family, text) = KNOWN.iter().find(|(known, ..)| *known == code)?;
        let icon = match *family {
            "ok" => "ok",
            "warn" => "warn",
            _ => "ring-dot",
        };
        Some(Self { family, icon, text: (*text).to_owned() })
    }
}
