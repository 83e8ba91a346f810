-- Backups that the program takes by itself, or because an admin asked for one.
CREATE TABLE backups (
    id INTEGER NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    -- The node that takes it; its folder holds the file.
    node TEXT NOT NULL,
    file TEXT NOT NULL,
    -- Who asked for it; nobody when its time had come.
    asked_by BIGINT REFERENCES users (id),
    started_at BIGINT NOT NULL,
    -- When its node last said that it is at it.
    seen_at BIGINT NOT NULL,
    finished_at BIGINT,
    row_count BIGINT,
    byte_count BIGINT,
    detail TEXT NOT NULL
);
CREATE INDEX backups_by_state ON backups (state, id);
-- One at a time: whoever begins one holds this row.
INSERT INTO counters (name, value) VALUES ('backup', 0);
