-- Scope checks: which mailboxes an application must open and which it must not, and what came of trying them.

CREATE TABLE scopes (
    application_id TEXT NOT NULL PRIMARY KEY REFERENCES applications (id) ON DELETE CASCADE,
    -- Counts changes of the names.
    version BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    -- NULL before the first check, and after the application became another one.
    checked_at BIGINT,
    -- When its turn is.
    check_at BIGINT NOT NULL,
    -- The check that runs, and until when at most; empty and 0 while none does.
    running TEXT NOT NULL DEFAULT '',
    running_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX scopes_by_turn ON scopes (check_at, running_until, application_id);

CREATE TABLE scope_names (
    application_id TEXT NOT NULL REFERENCES scopes (application_id) ON DELETE CASCADE,
    -- The address in lower case.
    address_key TEXT NOT NULL,
    address TEXT NOT NULL,
    must TEXT NOT NULL CHECK (must IN ('open', 'closed')),
    -- Its line in the form.
    place BIGINT NOT NULL,
    -- The version of the names that it was last part of.
    version BIGINT NOT NULL,
    -- What came of the last try; NULL before the first.
    outcome TEXT CHECK (outcome IN ('opened', 'refused', 'not_found', 'unknown')),
    tried_at BIGINT,
    -- Why it did not open, as JSON; empty if it did. Never a secret or a token.
    failure TEXT NOT NULL DEFAULT '',
    -- The last outcome that proves something, and since when it is the same; NULL while nothing is proven.
    proven TEXT CHECK (proven IN ('opened', 'refused')),
    proven_since BIGINT,
    PRIMARY KEY (application_id, address_key)
);
CREATE INDEX scope_names_proven ON scope_names (must, proven, application_id);

CREATE TABLE scope_checks (
    id TEXT NOT NULL PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES scopes (application_id) ON DELETE CASCADE,
    asked_by TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('saved', 'asked', 'round')),
    verdict TEXT NOT NULL CHECK (verdict IN ('holds', 'too_wide', 'too_narrow', 'not_proven')),
    -- What it found, in words; the addresses are in it.
    found TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    -- One row stands for so many checks in a row that found the same; the times are the last one's.
    times BIGINT NOT NULL
);
CREATE INDEX scope_checks_by_application ON scope_checks (application_id, finished_at, id);
CREATE INDEX scope_checks_by_end ON scope_checks (finished_at);
