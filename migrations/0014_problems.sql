-- Problems: one cause with everything that suffers from it, from when it was first seen to its end, and what people did about it.

CREATE TABLE problems (
    id TEXT NOT NULL PRIMARY KEY,
    -- What tells it from other open ones: kind and application. NULL once it is solved, so that the same can come again.
    open_key TEXT UNIQUE,
    -- A cause, or what a check of an application's scope found.
    kind TEXT NOT NULL,
    -- NULL: of no single application. No reference: the story of a problem outlives its application.
    application_id TEXT,
    application TEXT NOT NULL,
    -- When the first began to suffer.
    since BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    -- What suffers: mailboxes that have stopped, and tokens that cannot be renewed. As last seen.
    mailboxes BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    most_mailboxes BIGINT NOT NULL,
    -- Mailboxes that go on until their token ends, and when the first of them stops; 0 and NULL if there are none.
    threatened BIGINT NOT NULL,
    stops_at BIGINT,
    -- One of the mailboxes; empty if none has stopped.
    example TEXT NOT NULL,
    -- Since when it is no longer seen; NULL while it is.
    gone_at BIGINT,
    solved_at BIGINT,
    acknowledged_by TEXT,
    acknowledged_at BIGINT,
    silenced_by TEXT,
    silenced_until BIGINT,
    -- When people were last told, and how many mailboxes had stopped then; NULL before the first time.
    told_at BIGINT,
    told_mailboxes BIGINT NOT NULL
);
CREATE INDEX problems_by_opening ON problems (opened_at, id);
CREATE INDEX problems_solved ON problems (solved_at, id) WHERE solved_at IS NOT NULL;

CREATE TABLE problem_events (
    id TEXT NOT NULL PRIMARY KEY,
    problem_id TEXT NOT NULL REFERENCES problems (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    what TEXT NOT NULL
        CHECK (what IN ('opened', 'grew', 'reminded', 'solved', 'acknowledged', 'silenced', 'unsilenced')),
    -- A person's name, or Postkey.
    actor TEXT NOT NULL,
    mailboxes BIGINT NOT NULL
);
CREATE INDEX problem_events_by_problem ON problem_events (problem_id, at, id);

-- Which of several processes looks for problems.
CREATE TABLE watches (
    name TEXT NOT NULL PRIMARY KEY CHECK (name IN ('problems')),
    leased_by TEXT NOT NULL,
    leased_until BIGINT NOT NULL
);
INSERT INTO watches (name, leased_by, leased_until) VALUES ('problems', '', 0);

-- The last warning that went out before a credential's end: so many days before. NULL: none.
ALTER TABLE credentials ADD COLUMN warned_days BIGINT;
