-- What a link was made for. One whose mailbox or application has become another since ends; so do those from before this file.

ALTER TABLE sign_in_links ADD COLUMN application_id TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_in_links ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_in_links ADD COLUMN signs_in_as TEXT NOT NULL DEFAULT '';

ALTER TABLE admin_links ADD COLUMN cloud TEXT NOT NULL DEFAULT '';
ALTER TABLE admin_links ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
ALTER TABLE admin_links ADD COLUMN client_id TEXT NOT NULL DEFAULT '';

-- How often a link was tried of late is counted.
CREATE INDEX sign_ins_by_link ON sign_ins (link_id, at);
CREATE INDEX sign_in_attempts_by_link ON sign_in_attempts (link_id);
CREATE INDEX consents_by_link ON consents (link_id, at);
