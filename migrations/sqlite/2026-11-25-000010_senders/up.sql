-- Size and tier of a deploy, as its sender tells them.
ALTER TABLE deploys ADD COLUMN commit_count BIGINT;
ALTER TABLE deploys ADD COLUMN file_count BIGINT;
ALTER TABLE deploys ADD COLUMN environment_tier TEXT;
CREATE INDEX deploys_by_commit ON deploys (commit_sha);

-- The secret before this one goes on opening the door until then.
ALTER TABLE sources ADD COLUMN previous_secret TEXT;
ALTER TABLE sources ADD COLUMN previous_secret_until BIGINT;

ALTER TABLE deliveries ADD COLUMN sender TEXT NOT NULL DEFAULT 'github';
ALTER TABLE deliveries ADD COLUMN signal_id BIGINT;
CREATE INDEX deliveries_by_verdict ON deliveries (verdict, id);
CREATE INDEX deliveries_by_sender ON deliveries (sender, id);
CREATE INDEX deliveries_by_source_verdict ON deliveries (source_id, verdict, id);
CREATE INDEX deliveries_by_sender_verdict ON deliveries (sender, verdict, id);
CREATE INDEX deliveries_by_signal ON deliveries (signal_id, id);

-- What a sender says, in our words: asked in the order of their places.
CREATE TABLE hook_rules (
    id INTEGER NOT NULL PRIMARY KEY,
    place BIGINT NOT NULL,
    source_id BIGINT REFERENCES sources (id),
    repository TEXT NOT NULL,
    workflow TEXT NOT NULL,
    branch TEXT NOT NULL,
    environment TEXT NOT NULL,
    event TEXT NOT NULL,
    decision TEXT NOT NULL,
    to_service TEXT,
    to_environment TEXT,
    to_tier TEXT,
    to_kind TEXT,
    note TEXT NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX hook_rules_by_place ON hook_rules (place, id);
CREATE INDEX hook_rules_by_source ON hook_rules (source_id);

-- What a push brought, kept for the deploy of its last commit.
CREATE TABLE code_pushes (
    id INTEGER NOT NULL PRIMARY KEY,
    after_sha TEXT NOT NULL UNIQUE,
    before_sha TEXT,
    repository TEXT NOT NULL,
    commit_count BIGINT NOT NULL,
    file_count BIGINT,
    compare_url TEXT,
    mentions TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
