-- Keys of mail workers, what each may reach, and which of them was handed what; and what changed, for processes that keep copies.

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- The part of the key that tells which one it is, and SHA-256 of the whole; the key itself is not kept.
    lookup TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    may TEXT NOT NULL CHECK (may IN ('tokens', 'status')),
    reach TEXT NOT NULL CHECK (reach IN ('all', 'applications', 'mailboxes')),
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    -- When it stops working by itself. A rotation brings that forward.
    ends_at BIGINT NOT NULL,
    -- The key that this one takes the place of; NULL if none.
    replaces TEXT REFERENCES api_keys (id) ON DELETE SET NULL,
    revoked_at BIGINT,
    revoked_by TEXT,
    -- NULL before the first use. Written once a second for all keys that were used, so that an answer waits for nothing.
    used_at BIGINT
);
CREATE INDEX api_keys_by_end ON api_keys (ends_at);

CREATE TABLE api_key_applications (
    key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    PRIMARY KEY (key_id, application_id)
);

CREATE TABLE api_key_mailboxes (
    key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    mailbox_id TEXT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    PRIMARY KEY (key_id, mailbox_id)
);
CREATE INDEX api_key_mailboxes_by_mailbox ON api_key_mailboxes (mailbox_id);

-- A new key until it was shown, sealed. Taken by one DELETE, by the session that made it.
CREATE TABLE api_key_flashes (
    key_id TEXT NOT NULL PRIMARY KEY REFERENCES api_keys (id) ON DELETE CASCADE,
    session_hash TEXT NOT NULL,
    sealed TEXT NOT NULL,
    ends_at BIGINT NOT NULL
);

-- How often a key was handed a mailbox' token in an hour, which is counted from 1970.
CREATE TABLE hand_outs (
    key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    mailbox_id TEXT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    hour BIGINT NOT NULL,
    times BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (key_id, mailbox_id, hour)
);
CREATE INDEX hand_outs_by_key ON hand_outs (key_id, last_at);
CREATE INDEX hand_outs_by_mailbox ON hand_outs (mailbox_id);
CREATE INDEX hand_outs_by_hour ON hand_outs (hour);

-- The same by token and day, so that a token that many mailboxes share is told about without adding them up. The grant is one of
-- either table and may be gone. The day is that of the instance's time zone, as 2026-11-23.
CREATE TABLE hand_out_days (
    grant_id TEXT NOT NULL,
    key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    day TEXT NOT NULL,
    times BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (grant_id, key_id, day)
);
CREATE INDEX hand_out_days_by_time ON hand_out_days (last_at);
CREATE INDEX hand_out_days_by_key ON hand_out_days (key_id);

-- What workers said was refused to them: at most one for each generation of a token.
CREATE TABLE token_refusals (
    grant_id TEXT NOT NULL,
    generation BIGINT NOT NULL,
    mailbox_id TEXT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    -- What Microsoft answered to the worker: an HTTP status, 0 if it did not say, and a code; may be empty.
    status BIGINT NOT NULL,
    error TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (grant_id, generation)
);
CREATE INDEX token_refusals_by_time ON token_refusals (at);
CREATE INDEX token_refusals_by_mailbox ON token_refusals (mailbox_id);
CREATE INDEX token_refusals_by_key ON token_refusals (key_id);

-- On PostgreSQL: what was changed, in the order in which it was committed, for the other processes.
CREATE TABLE change_count (
    id TEXT NOT NULL PRIMARY KEY CHECK (id = 'all'),
    n BIGINT NOT NULL
);
INSERT INTO change_count (id, n) VALUES ('all', 0);
CREATE TABLE changes (
    n BIGINT NOT NULL PRIMARY KEY,
    -- Identifiers, separated by spaces.
    subjects TEXT NOT NULL
);
