-- Checks that nobody asks for: when a mailbox' turn is, and how many of them in a row said the same.

-- 0: at once.
ALTER TABLE mailboxes ADD COLUMN check_at BIGINT NOT NULL DEFAULT 0;
-- Not of the living ones alone: then SQLite would take it for what the other indexes serve better.
CREATE INDEX mailboxes_by_turn ON mailboxes (check_at, application_id, id);

-- One row stands for so many checks in a row, of which it has the last one's time and steps.
ALTER TABLE checks ADD COLUMN times BIGINT NOT NULL DEFAULT 1;
-- The constraint of a column goes with the column, which both engines allow.
ALTER TABLE checks ADD COLUMN why TEXT NOT NULL DEFAULT 'asked'
    CHECK (why IN ('saved', 'asked', 'test_message', 'mended', 'signed_in', 'round'));
UPDATE checks SET why = reason;
ALTER TABLE checks DROP COLUMN reason;
ALTER TABLE checks RENAME COLUMN why TO reason;
