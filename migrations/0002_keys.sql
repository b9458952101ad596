-- Keys that seal secrets, wrapped by the master key, which is never in the database.

CREATE TABLE data_keys (
    id TEXT NOT NULL PRIMARY KEY,
    master_key_id TEXT NOT NULL,
    wrapped TEXT NOT NULL,
    reserved_uses BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
