-- What the token keeper needs to know of each grant: when its turn is, which process has it now, and how the last try failed.

-- 0: at once.
ALTER TABLE grants ADD COLUMN next_at BIGINT NOT NULL DEFAULT 0;
-- Until when the process named below has it for itself; 0 while none has.
ALTER TABLE grants ADD COLUMN leased_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN leased_by TEXT NOT NULL DEFAULT '';
-- Tries in a row that brought nothing, the last one's time and, as JSON, its reason; 0, NULL and empty after one that went well.
ALTER TABLE grants ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE grants ADD COLUMN failed_at BIGINT;
ALTER TABLE grants ADD COLUMN failure TEXT NOT NULL DEFAULT '';
CREATE INDEX grants_by_turn ON grants (next_at, application_id, leased_until);

ALTER TABLE delegated_grants ADD COLUMN next_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delegated_grants ADD COLUMN leased_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delegated_grants ADD COLUMN leased_by TEXT NOT NULL DEFAULT '';
ALTER TABLE delegated_grants ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE delegated_grants ADD COLUMN failed_at BIGINT;
ALTER TABLE delegated_grants ADD COLUMN failure TEXT NOT NULL DEFAULT '';
CREATE INDEX delegated_grants_by_turn ON delegated_grants (next_at, application_id, leased_until);
CREATE INDEX delegated_grants_of_application_by_turn ON delegated_grants (application_id, next_at, id, leased_until);
