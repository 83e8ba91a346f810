-- Work at a set time, and messages: who is told what, how, and whether it arrived.

-- Of several jobs with one key only one is in the queue at a time.
ALTER TABLE jobs ADD COLUMN unique_key TEXT;
CREATE UNIQUE INDEX jobs_by_unique_key ON jobs (unique_key);

-- Jobs that come back: one node puts the next one into the queue when its time has come.
CREATE TABLE schedules (
    kind TEXT NOT NULL PRIMARY KEY,
    every_s BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    last_at BIGINT
);

-- Something that people are told about.
CREATE TABLE notices (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    thing_kind TEXT NOT NULL,
    thing_key TEXT NOT NULL,
    path TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    why TEXT NOT NULL,
    actor_id BIGINT REFERENCES users (id),
    -- The same thing told twice is told once.
    dedup_key TEXT UNIQUE,
    told_at BIGINT NOT NULL
);
CREATE INDEX notices_by_thing ON notices (thing_kind, thing_key, id);
CREATE INDEX notices_by_age ON notices (told_at, id);

-- When a person wants to hear. Hours are of the person's own zone.
CREATE TABLE notice_settings (
    user_id BIGINT NOT NULL PRIMARY KEY REFERENCES users (id),
    -- In each mail's link to stop it; opens nothing else.
    stop_token TEXT NOT NULL UNIQUE,
    digest_hour BIGINT NOT NULL,
    quiet_from BIGINT,
    quiet_until BIGINT,
    next_digest_at BIGINT NOT NULL,
    last_digest_on DATE
);
CREATE INDEX notice_settings_by_turn ON notice_settings (next_digest_at, user_id);

-- What a person chose for a kind; the kind's default where there is no row.
CREATE TABLE notice_choices (
    user_id BIGINT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    choice TEXT NOT NULL,
    PRIMARY KEY (user_id, kind)
);

-- A team's channel in a chat program, by its incoming webhook.
CREATE TABLE chat_channels (
    id INTEGER NOT NULL PRIMARY KEY,
    team_id BIGINT NOT NULL REFERENCES teams (id),
    flavour TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT NOT NULL,
    failure_count BIGINT NOT NULL,
    disabled_at BIGINT,
    disabled_reason TEXT NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX chat_channels_by_team ON chat_channels (team_id, id);

-- A program that is told, with signed requests.
CREATE TABLE webhooks (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    old_secret TEXT,
    old_secret_until BIGINT,
    kinds TEXT NOT NULL,
    failure_count BIGINT NOT NULL,
    disabled_at BIGINT,
    disabled_reason TEXT NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL
);

-- One notice on its way to one receiver, or one digest.
CREATE TABLE messages (
    id INTEGER NOT NULL PRIMARY KEY,
    -- Messages of one lane go out one after the other.
    lane TEXT NOT NULL,
    kind TEXT NOT NULL,
    notice_id BIGINT REFERENCES notices (id),
    user_id BIGINT REFERENCES users (id),
    channel_id BIGINT REFERENCES chat_channels (id),
    webhook_id BIGINT REFERENCES webhooks (id),
    state TEXT NOT NULL,
    -- Message-ID and webhook-id; the same one however often it is sent.
    public_id TEXT NOT NULL UNIQUE,
    -- The day of a digest, and the digest that carried a gathered message.
    digest_on DATE,
    digest_id BIGINT,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT,
    UNIQUE (user_id, digest_on)
);
CREATE INDEX messages_by_lane ON messages (lane, state, id);
CREATE INDEX messages_by_turn ON messages (state, due_at, id);
CREATE INDEX messages_by_user ON messages (user_id, state, id);
CREATE INDEX messages_by_channel ON messages (channel_id, id);
CREATE INDEX messages_by_webhook ON messages (webhook_id, id);
CREATE INDEX messages_by_notice ON messages (notice_id);
CREATE INDEX messages_by_digest ON messages (digest_id, id);
CREATE INDEX messages_by_age ON messages (settled_at, id);

CREATE TABLE message_attempts (
    id INTEGER NOT NULL PRIMARY KEY,
    message_id BIGINT NOT NULL REFERENCES messages (id),
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    took_ms BIGINT NOT NULL,
    attempted_at BIGINT NOT NULL
);
CREATE INDEX message_attempts_by_message ON message_attempts (message_id, id);

-- Secret addresses of calendars and feeds.
CREATE TABLE feeds (
    id INTEGER NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    kind TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    team_id BIGINT REFERENCES teams (id),
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX feeds_by_user ON feeds (user_id, id);
