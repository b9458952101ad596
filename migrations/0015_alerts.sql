-- Alerts: who is told, and each message that is on its way or has arrived.

CREATE TABLE alert_channels (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('webhook', 'mail')),
    name TEXT NOT NULL,
    -- The address, sealed: that of a webhook often is a secret itself.
    sealed_target TEXT NOT NULL,
    -- What of the address anybody may see.
    shown TEXT NOT NULL,
    -- The key that signs a webhook's messages, sealed; empty for mail.
    sealed_key TEXT NOT NULL,
    -- Whether it is told of what ends before it ends.
    warnings BOOLEAN NOT NULL,
    -- Minutes of the day between which only what is urgent goes out; equal for no such hours.
    quiet_from BIGINT NOT NULL,
    quiet_until BIGINT NOT NULL,
    paused_at BIGINT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE alert_messages (
    id TEXT NOT NULL PRIMARY KEY,
    channel_id TEXT NOT NULL REFERENCES alert_channels (id) ON DELETE CASCADE,
    -- What messages of one matter share, so that mail programs put them together; empty if there is none.
    thread TEXT NOT NULL,
    event TEXT NOT NULL
        CHECK (event IN ('problem.opened', 'problem.grew', 'problem.reminder', 'problem.solved', 'credential.ending', 'test')),
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    -- What a webhook is sent, as JSON.
    payload TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'withdrawn')),
    tries BIGINT NOT NULL,
    -- When it is tried next; of no meaning once it is no longer waiting.
    due_at BIGINT NOT NULL,
    leased_by TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    ended_at BIGINT,
    -- What the other end said at the last try.
    said TEXT NOT NULL
);
CREATE INDEX alert_messages_due ON alert_messages (due_at, id) WHERE state = 'waiting';
CREATE INDEX alert_messages_waiting ON alert_messages (channel_id, id) WHERE state = 'waiting';
CREATE INDEX alert_messages_by_thread ON alert_messages (channel_id, thread, state);
CREATE INDEX alert_messages_by_channel ON alert_messages (channel_id, created_at, id);
CREATE INDEX alert_messages_by_age ON alert_messages (created_at, id);
