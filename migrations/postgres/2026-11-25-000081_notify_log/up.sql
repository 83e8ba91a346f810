-- The log of messages, narrowed down to a state, newest first.
CREATE INDEX messages_by_state ON messages (state, id);
