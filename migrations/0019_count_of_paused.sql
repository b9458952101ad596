-- The index of paused mailboxes holds what is asked of them too, so that SQLite counts them by it and not by one that holds all.

DROP INDEX mailboxes_paused;
CREATE INDEX mailboxes_paused ON mailboxes (urgency, sort_key, id, deleted_at, paused_at)
    WHERE deleted_at IS NULL AND paused_at IS NOT NULL;
