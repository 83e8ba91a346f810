-- The log of messages without those that wait for a digest: where many wait, the newest of the others lie far behind
-- them, and all of them were walked over for each page.
CREATE INDEX messages_shown ON messages (id) WHERE state NOT IN ('gathered', 'in_digest');
