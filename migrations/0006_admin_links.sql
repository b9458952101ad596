-- Links for a tenant administrator without an account here, the consents begun by them, and how those ended.

-- Found by the hash of the code. Asks for two things, each of which can be done once: consent, and a new secret.
CREATE TABLE admin_links (
    id TEXT NOT NULL PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL UNIQUE,
    -- The code itself, sealed, so that whoever may make a link can copy it again; empty once the link is no longer open.
    sealed TEXT NOT NULL,
    made_by TEXT NOT NULL,
    -- The e-mail address of whoever made it, for the person who has a question.
    contact TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- When Microsoft said that an administrator consented; NULL while that is not done.
    consented_at BIGINT,
    -- The secret that was given last; NULL while none was. Whether Microsoft accepts it stands with the credential.
    credential_id TEXT REFERENCES credentials (id) ON DELETE SET NULL,
    -- How many secrets were given, so that nobody can fill the database.
    given BIGINT NOT NULL DEFAULT 0,
    withdrawn_at BIGINT,
    withdrawn_by TEXT
);
CREATE INDEX admin_links_by_application ON admin_links (application_id, made_at);

-- Consents under way at Microsoft. A row is taken by one DELETE; what has ended is in consents.
CREATE TABLE consent_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    state_hash TEXT NOT NULL UNIQUE,
    flow_hash TEXT NOT NULL,
    link_id TEXT NOT NULL REFERENCES admin_links (id) ON DELETE CASCADE,
    started_by TEXT NOT NULL,
    -- Where the administrator was sent, as it was then.
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    authority TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX consent_attempts_by_link ON consent_attempts (link_id, started_at);
CREATE INDEX consent_attempts_by_end ON consent_attempts (expires_at);

-- What came of each consent, for the administrator who tried and for whoever helps them.
CREATE TABLE consents (
    id TEXT NOT NULL PRIMARY KEY,
    flow_hash TEXT NOT NULL,
    link_id TEXT NOT NULL REFERENCES admin_links (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    outcome TEXT NOT NULL CHECK (outcome IN ('granted', 'declined', 'needs_administrator', 'blocked', 'expired', 'changed', 'failed')),
    -- Why, as JSON, if Microsoft said why; else empty.
    failure TEXT NOT NULL,
    -- What a person reads out to whoever helps them.
    reference TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX consents_by_application ON consents (application_id, at, id);
CREATE INDEX consents_by_time ON consents (at);
