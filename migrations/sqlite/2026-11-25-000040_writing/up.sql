-- What is being written and not saved yet, one text a person and postmortem.
CREATE TABLE postmortem_drafts (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL REFERENCES postmortems (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    base_revision BIGINT NOT NULL,
    markdown TEXT NOT NULL,
    saved_at BIGINT NOT NULL,
    dropped_at BIGINT,
    UNIQUE (postmortem_id, user_id)
);

-- Who has the editor open.
CREATE TABLE postmortem_writers (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL REFERENCES postmortems (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    seen_at BIGINT NOT NULL,
    UNIQUE (postmortem_id, user_id)
);

-- What readers of a published revision see where its text had live blocks or prompts. Set once.
ALTER TABLE postmortem_revisions ADD COLUMN frozen_markdown TEXT;

-- Pictures.
CREATE TABLE attachments (
    id INTEGER NOT NULL PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    file_name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    byte_count BIGINT NOT NULL,
    digest TEXT NOT NULL,
    content BLOB NOT NULL,
    user_id BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX attachments_by_incident ON attachments (incident_id, id);

-- Templates that were made or changed here; the shipped ones are in the program until somebody changes them.
CREATE TABLE postmortem_templates (
    id INTEGER NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    markdown TEXT NOT NULL,
    revision BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Which template an incident gets; the rule that says most wins.
CREATE TABLE postmortem_template_rules (
    id INTEGER NOT NULL PRIMARY KEY,
    template_slug TEXT NOT NULL,
    severity TEXT,
    kind TEXT,
    service_id BIGINT REFERENCES services (id),
    created_at BIGINT NOT NULL
);
