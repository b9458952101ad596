-- Who may use the console, their sessions, the one-time code for the first account, and what slows guessing down.

CREATE TABLE instance (
    id TEXT NOT NULL PRIMARY KEY CHECK (id = 'postkey'),
    -- NULL until the first account was made; never NULL again, even if all accounts are removed (S-110).
    set_up_at BIGINT
);
INSERT INTO instance (id, set_up_at) VALUES ('postkey', NULL);

CREATE TABLE setup_codes (
    code_hash TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'mailbox_administrator', 'application_administrator', 'owner')),
    password_hash TEXT NOT NULL,
    -- Counts up whenever every session of this person must end at once (S-27).
    session_epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE sessions (
    id_hash TEXT NOT NULL PRIMARY KEY,
    data TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_end ON sessions (ends_at);

CREATE TABLE throttles (
    subject_hash TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    free_at BIGINT NOT NULL,
    forgotten_at BIGINT NOT NULL
);
CREATE INDEX throttles_by_end ON throttles (forgotten_at);

-- Every change, in the transaction that made it (S-100, S-101). Field names, never secret values.
CREATE TABLE audit (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX audit_by_object ON audit (object, at);
CREATE INDEX audit_by_time ON audit (at);
