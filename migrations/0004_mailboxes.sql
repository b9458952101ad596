-- Mailboxes, what the last check said of them, and the checks themselves.

CREATE TABLE mailboxes (
    id TEXT NOT NULL PRIMARY KEY,
    address TEXT NOT NULL,
    -- The address in lower case while the mailbox lives, NULL in the bin, so that an address can be used again.
    address_key TEXT UNIQUE,
    -- The address in lower case for sorting; the suffix by ID keeps keyset pages exact.
    sort_key TEXT NOT NULL,
    display_name TEXT NOT NULL,
    -- What a search looks in: address and name in lower case. Made by Postkey, because SQLite lowers the letters A to Z only.
    search_text TEXT NOT NULL,
    account_type TEXT NOT NULL CHECK (account_type IN ('office365')),
    access_type TEXT NOT NULL CHECK (access_type IN ('application')),
    application_id TEXT NOT NULL REFERENCES applications (id),
    version BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    paused_by TEXT,
    paused_at BIGINT,
    deleted_by TEXT,
    deleted_at BIGINT,
    -- The verdicts of the last finished check; 'unverified' before the first.
    incoming TEXT NOT NULL,
    outgoing TEXT NOT NULL,
    -- Lower needs a person sooner; sorts the list.
    urgency BIGINT NOT NULL,
    since BIGINT NOT NULL,
    checking_since BIGINT,
    checked_at BIGINT,
    good_at BIGINT,
    sent_at BIGINT,
    last_check_id TEXT
);
CREATE INDEX mailboxes_by_address ON mailboxes (sort_key, id) WHERE deleted_at IS NULL;
CREATE INDEX mailboxes_by_application ON mailboxes (application_id, sort_key, id) WHERE deleted_at IS NULL;
CREATE INDEX mailboxes_deleted ON mailboxes (deleted_at) WHERE deleted_at IS NOT NULL;
-- With these, what every page counts is read from an index alone. The one by urgency holds what a search looks in as well.
-- SQLite prefers the later one of two that serve equally well, so the paused ones come last.
CREATE INDEX mailboxes_by_urgency ON mailboxes (urgency, sort_key, id, paused_at, checked_at, application_id, search_text)
    WHERE deleted_at IS NULL;
CREATE INDEX mailboxes_by_check ON mailboxes (checked_at, checking_since) WHERE deleted_at IS NULL AND paused_at IS NULL;
CREATE INDEX mailboxes_proven ON mailboxes (application_id, checked_at, checking_since, incoming, outgoing)
    WHERE deleted_at IS NULL AND paused_at IS NULL;
CREATE INDEX mailboxes_broken ON mailboxes (application_id, incoming, outgoing, checked_at, since, address, id)
    WHERE deleted_at IS NULL AND paused_at IS NULL AND urgency < 2;
CREATE INDEX mailboxes_paused ON mailboxes (urgency, sort_key, id) WHERE deleted_at IS NULL AND paused_at IS NOT NULL;

-- At most one default outbound mailbox.
CREATE TABLE default_outbound (
    id TEXT NOT NULL PRIMARY KEY CHECK (id = 'default'),
    mailbox_id TEXT NOT NULL REFERENCES mailboxes (id)
);

CREATE TABLE checks (
    id TEXT NOT NULL PRIMARY KEY,
    mailbox_id TEXT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    asked_by TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('saved', 'asked', 'test_message', 'mended')),
    incoming TEXT NOT NULL,
    outgoing TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    -- The seven steps with their outcome, as JSON. Never a secret or a token.
    ladder TEXT NOT NULL
);
CREATE INDEX checks_by_mailbox ON checks (mailbox_id, finished_at, id);
CREATE INDEX checks_by_end ON checks (finished_at);
