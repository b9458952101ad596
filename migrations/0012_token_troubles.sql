-- What the page of token health counts: why a token cannot be renewed, and since when.

-- The stable name of the cause; empty while the last try went well.
ALTER TABLE grants ADD COLUMN failed_cause TEXT NOT NULL DEFAULT '';
-- When the first of the tries in a row failed; NULL after one that went well.
ALTER TABLE grants ADD COLUMN failing_since BIGINT;
CREATE INDEX grants_failing ON grants (failed_cause, application_id, failing_since, expires_at, id) WHERE failures > 0;
CREATE INDEX grants_by_end ON grants (expires_at, failures);

ALTER TABLE delegated_grants ADD COLUMN failed_cause TEXT NOT NULL DEFAULT '';
ALTER TABLE delegated_grants ADD COLUMN failing_since BIGINT;
CREATE INDEX delegated_grants_failing ON delegated_grants (failed_cause, application_id, failing_since, expires_at, id)
    WHERE failures > 0;
CREATE INDEX delegated_grants_by_end ON delegated_grants (expires_at, failures);
