-- Whether a hand-off link was mailed to the person who signs in, and what came of it.

-- NULL: nobody asked for it. 'asked' is the mail server's turn; the newest request counts.
ALTER TABLE sign_in_links ADD COLUMN mail_state TEXT CHECK (mail_state IN ('asked', 'sent', 'failed'));
-- The address it goes to, and since when the state holds.
ALTER TABLE sign_in_links ADD COLUMN mailed_to TEXT;
ALTER TABLE sign_in_links ADD COLUMN mailed_at BIGINT;
-- Why it failed, as JSON; never the link or its code. NULL unless failed.
ALTER TABLE sign_in_links ADD COLUMN mail_trouble TEXT;
