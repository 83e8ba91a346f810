-- Action items to a verified end: blocked, put off, looked at again, checked for their effect; what replaced what;
-- views with a name; the same work in a tracker.

ALTER TABLE action_items ADD COLUMN blocked_at BIGINT;
ALTER TABLE action_items ADD COLUMN blocked_reason TEXT;
ALTER TABLE action_items ADD COLUMN look_again_on DATE;
ALTER TABLE action_items ADD COLUMN put_off_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE action_items ADD COLUMN done_by BIGINT REFERENCES users (id);
ALTER TABLE action_items ADD COLUMN check_on DATE;
ALTER TABLE action_items ADD COLUMN effect TEXT;
ALTER TABLE action_items ADD COLUMN assign_by DATE;
ALTER TABLE action_items ADD COLUMN replaced_at BIGINT;
ALTER TABLE action_items ADD COLUMN before TEXT;

CREATE INDEX action_items_unfinished_by_owner ON action_items (owner_id, due_on, id) WHERE closed_at IS NULL;
CREATE INDEX action_items_unfinished_by_team ON action_items (team_id, due_on, id) WHERE closed_at IS NULL;
CREATE INDEX action_items_unfinished_by_priority ON action_items (priority, due_on, id) WHERE closed_at IS NULL;
CREATE INDEX action_items_unfinished_by_kind ON action_items (kind, due_on, id) WHERE closed_at IS NULL;
CREATE INDEX action_items_unfinished_by_status ON action_items (status, due_on, id) WHERE closed_at IS NULL;
CREATE INDEX action_items_unfinished_by_touch ON action_items (updated_at, id) WHERE closed_at IS NULL;
CREATE INDEX action_items_unowned ON action_items (due_on, id) WHERE closed_at IS NULL AND owner_id IS NULL;
CREATE INDEX action_items_blocked ON action_items (due_on, id) WHERE blocked_at IS NOT NULL;
CREATE INDEX action_items_to_check ON action_items (check_on, id) WHERE check_on IS NOT NULL;
CREATE INDEX action_items_to_check_by_owner ON action_items (owner_id, check_on, id) WHERE check_on IS NOT NULL;
CREATE INDEX action_items_to_look_again ON action_items (look_again_on, id) WHERE look_again_on IS NOT NULL;
CREATE INDEX action_items_by_closing ON action_items (closed_at, id) WHERE closed_at IS NOT NULL;

CREATE TABLE action_item_relations (
    id INTEGER NOT NULL PRIMARY KEY,
    action_item_id BIGINT NOT NULL REFERENCES action_items (id),
    other_id BIGINT NOT NULL REFERENCES action_items (id),
    relation TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    related_at BIGINT NOT NULL,
    UNIQUE (action_item_id, other_id, relation)
);
CREATE INDEX action_item_relations_by_other ON action_item_relations (other_id);

CREATE TABLE effect_answers (
    id INTEGER NOT NULL PRIMARY KEY,
    action_item_id BIGINT NOT NULL REFERENCES action_items (id),
    incident_id BIGINT REFERENCES incidents (id),
    effect TEXT NOT NULL,
    reason TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    answered_at BIGINT NOT NULL
);
CREATE INDEX effect_answers_by_item ON effect_answers (action_item_id, id);
CREATE INDEX effect_answers_by_incident ON effect_answers (incident_id, action_item_id);

CREATE TABLE saved_views (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    team_id BIGINT REFERENCES teams (id),
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX saved_views_by_user ON saved_views (user_id, name);
CREATE INDEX saved_views_by_team ON saved_views (team_id, name);

CREATE TABLE trackers (
    id INTEGER NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    team_id BIGINT REFERENCES teams (id),
    base_url TEXT NOT NULL,
    project TEXT NOT NULL,
    account TEXT NOT NULL,
    sealed_token TEXT NOT NULL,
    sealed_secret TEXT NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);
CREATE INDEX trackers_by_team ON trackers (team_id);

CREATE TABLE tracker_issues (
    id INTEGER NOT NULL PRIMARY KEY,
    action_item_id BIGINT NOT NULL UNIQUE REFERENCES action_items (id),
    tracker_id BIGINT NOT NULL REFERENCES trackers (id),
    external_key TEXT,
    url TEXT,
    is_done BOOLEAN NOT NULL,
    title TEXT NOT NULL,
    wanted_version BIGINT NOT NULL,
    pushed_version BIGINT NOT NULL,
    heard_at BIGINT,
    last_error TEXT,
    failed_at BIGINT,
    linked_by BIGINT REFERENCES users (id),
    linked_at BIGINT NOT NULL,
    synced_at BIGINT,
    UNIQUE (tracker_id, external_key)
);

CREATE TABLE tracker_deliveries (
    id INTEGER NOT NULL PRIMARY KEY,
    tracker_id BIGINT NOT NULL REFERENCES trackers (id),
    delivery_key TEXT NOT NULL,
    outcome TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    UNIQUE (tracker_id, delivery_key)
);
