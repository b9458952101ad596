-- What happened over time, for ninety days: since when a row of checks stands, and how renewals went hour by hour.

-- When the first of the checks that a row stands for ended; NULL in a row from before this file, which then stands for its last one.
ALTER TABLE checks ADD COLUMN first_at BIGINT;

-- How many renewals ended how in one hour of one application. Written with the outcome itself.
CREATE TABLE renewals (
    application_id TEXT NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    -- The application's own token, or those of the people who sign in to it.
    kind TEXT NOT NULL CHECK (kind IN ('application', 'person')),
    -- The beginning of the hour.
    hour BIGINT NOT NULL,
    -- The stable name of why it failed; empty for what went well.
    cause TEXT NOT NULL,
    times BIGINT NOT NULL,
    PRIMARY KEY (application_id, kind, hour, cause)
);
CREATE INDEX renewals_by_hour ON renewals (hour, cause, times);
