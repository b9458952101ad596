-- Sign-in on behalf of a user: who signs in for a mailbox, the links and attempts on the way, what came of them, and the grants.

-- The constraint of a column goes with the column, which both engines allow; every mailbox so far is opened without a user.
ALTER TABLE mailboxes DROP COLUMN access_type;
ALTER TABLE mailboxes ADD COLUMN access_type TEXT NOT NULL DEFAULT 'application' CHECK (access_type IN ('application', 'delegated'));
-- The address of the person who signs in, if it is another than the mailbox itself (a shared mailbox); else empty.
ALTER TABLE mailboxes ADD COLUMN signs_in_as TEXT NOT NULL DEFAULT '';

ALTER TABLE checks ADD COLUMN why TEXT NOT NULL DEFAULT 'asked'
    CHECK (why IN ('saved', 'asked', 'test_message', 'mended', 'signed_in'));
UPDATE checks SET why = reason;
ALTER TABLE checks DROP COLUMN reason;
ALTER TABLE checks RENAME COLUMN why TO reason;

-- What a person granted for one mailbox. The refresh token of the generation before is kept until the newer one was used.
CREATE TABLE delegated_grants (
    id TEXT NOT NULL PRIMARY KEY,
    mailbox_id TEXT NOT NULL UNIQUE REFERENCES mailboxes (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    -- Who signed in: the two that never change, and what they were called then.
    tenant_id TEXT NOT NULL,
    object_id TEXT NOT NULL,
    username TEXT NOT NULL,
    scopes TEXT NOT NULL,
    generation BIGINT NOT NULL,
    access_token TEXT NOT NULL,
    refresh_token TEXT NOT NULL,
    -- NULL while there is none.
    previous_refresh_token TEXT,
    signed_in_at BIGINT NOT NULL,
    issued_at BIGINT NOT NULL,
    renew_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- When a renewal began whose answer is not stored yet; NULL while none is under way.
    attempted_at BIGINT
);
CREATE INDEX delegated_grants_by_application ON delegated_grants (application_id);

-- Hand-off links: let the owner of a mailbox sign in without an account here. Found by the hash of their code.
CREATE TABLE sign_in_links (
    id TEXT NOT NULL PRIMARY KEY,
    mailbox_id TEXT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL UNIQUE,
    -- The code itself, sealed, so that whoever may make a link can copy it again; empty once the link is no longer open.
    sealed TEXT NOT NULL,
    made_by TEXT NOT NULL,
    -- The e-mail address of whoever made it, for the person who has a question.
    contact TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    used_by TEXT,
    withdrawn_at BIGINT,
    withdrawn_by TEXT
);
CREATE INDEX sign_in_links_by_mailbox ON sign_in_links (mailbox_id, made_at);

-- Sign-ins under way. A row is taken by one DELETE; what has ended is in sign_ins.
CREATE TABLE sign_in_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    state_hash TEXT NOT NULL UNIQUE,
    flow_hash TEXT NOT NULL,
    mailbox_id TEXT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    -- NULL: somebody with an account here signs in, whose session is named instead.
    link_id TEXT REFERENCES sign_in_links (id) ON DELETE CASCADE,
    session_hash TEXT,
    started_by TEXT NOT NULL,
    -- Where the person was sent, as it was then; an answer from elsewhere is refused.
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    authority TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    names_issuer BOOLEAN NOT NULL,
    -- The mailbox and who is expected, as they were then.
    address TEXT NOT NULL,
    signs_in_as TEXT NOT NULL,
    verifier TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempts_by_mailbox ON sign_in_attempts (mailbox_id, started_at);
CREATE INDEX sign_in_attempts_by_end ON sign_in_attempts (expires_at);

-- What came of each sign-in, for the person who tried and for whoever helps them.
CREATE TABLE sign_ins (
    id TEXT NOT NULL PRIMARY KEY,
    flow_hash TEXT NOT NULL,
    mailbox_id TEXT NOT NULL REFERENCES mailboxes (id) ON DELETE CASCADE,
    link_id TEXT REFERENCES sign_in_links (id) ON DELETE CASCADE,
    started_by TEXT NOT NULL,
    expected TEXT NOT NULL,
    -- Who signed in at Microsoft; empty if that did not become known.
    account TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('connected', 'closed', 'wrong_account', 'declined', 'needs_administrator', 'blocked',
        'expired', 'missing_permission', 'changed', 'failed')),
    -- Why, as JSON, if Microsoft said why; else empty. Never a code or a token.
    failure TEXT NOT NULL,
    -- What a person reads out to whoever helps them.
    reference TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX sign_ins_by_mailbox ON sign_ins (mailbox_id, at, id);
CREATE INDEX sign_ins_by_time ON sign_ins (at);
