-- Entra app registrations and the secrets or certificates that prove them.

CREATE TABLE applications (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    cloud TEXT NOT NULL,
    -- What was typed (a GUID or a verified domain) and the GUID that Microsoft names for it, once known.
    tenant TEXT NOT NULL,
    tenant_id TEXT,
    client_id TEXT NOT NULL,
    -- When the last credential that Microsoft accepted ends; NULL while none is or its end is not known. Kept with the credentials.
    credential_ends_at BIGINT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (cloud, tenant, client_id)
);

CREATE TABLE credentials (
    id TEXT NOT NULL PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('secret', 'certificate')),
    -- untested: stored, no answer yet. accepted or refused: Microsoft's last word. retired: kept for the record, secret wiped.
    state TEXT NOT NULL CHECK (state IN ('untested', 'accepted', 'refused', 'retired')),
    sealed TEXT NOT NULL,
    -- The last three characters of a secret, or a certificate's SHA-1 thumbprint as Entra shows it.
    hint TEXT NOT NULL,
    thumbprint_sha256 TEXT NOT NULL,
    certificate_pem TEXT NOT NULL,
    expires_at BIGINT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    answered_at BIGINT,
    last_used_at BIGINT,
    retired_at BIGINT
);
CREATE INDEX credentials_by_application ON credentials (application_id, created_at);
CREATE INDEX credentials_by_end ON credentials (expires_at);

-- One application token for each application and audience, shared by all its mailboxes.
CREATE TABLE grants (
    id TEXT NOT NULL PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    audience TEXT NOT NULL,
    generation BIGINT NOT NULL,
    credential_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    roles TEXT NOT NULL,
    issued_at BIGINT NOT NULL,
    renew_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    UNIQUE (application_id, audience)
);
