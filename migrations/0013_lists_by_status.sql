-- The index by urgency holds the verdicts too, so that a filter by status is counted from it alone. The others come after it again,
-- because SQLite prefers the later one of two that serve equally well.

DROP INDEX mailboxes_by_urgency;
DROP INDEX mailboxes_by_check;
DROP INDEX mailboxes_proven;
DROP INDEX mailboxes_broken;
DROP INDEX mailboxes_paused;
CREATE INDEX mailboxes_by_urgency ON mailboxes (urgency, sort_key, id, deleted_at, paused_at, checked_at, checking_since, incoming,
    outgoing, application_id, search_text) WHERE deleted_at IS NULL;
CREATE INDEX mailboxes_by_check ON mailboxes (checked_at, checking_since) WHERE deleted_at IS NULL AND paused_at IS NULL;
CREATE INDEX mailboxes_proven ON mailboxes (application_id, checked_at, checking_since, incoming, outgoing)
    WHERE deleted_at IS NULL AND paused_at IS NULL;
CREATE INDEX mailboxes_broken ON mailboxes (application_id, incoming, outgoing, checked_at, since, address, id)
    WHERE deleted_at IS NULL AND paused_at IS NULL AND urgency < 2;
CREATE INDEX mailboxes_paused ON mailboxes (urgency, sort_key, id) WHERE deleted_at IS NULL AND paused_at IS NOT NULL;
