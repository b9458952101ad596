-- The address at which calendars read what ends when. At most one, found by the hash of its code.

CREATE TABLE expiry_feeds (
    -- Holds the place of the one that there may be.
    slot TEXT NOT NULL PRIMARY KEY CHECK (slot = 'only'),
    id TEXT NOT NULL UNIQUE,
    code_hash TEXT NOT NULL UNIQUE,
    -- The code itself, sealed, so that whoever may make an address can copy it again.
    sealed TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL
);

-- Sign-ins that nothing has used for long are looked for.
CREATE INDEX delegated_grants_by_issue ON delegated_grants (issued_at);
