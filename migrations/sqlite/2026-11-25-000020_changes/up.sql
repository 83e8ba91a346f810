-- Signals: alerts and anomalies that came in, one row for each group of a sender's -------

CREATE TABLE signals (
    id INTEGER NOT NULL PRIMARY KEY,
    -- The sender and its source, as in alertmanager/main.
    source TEXT NOT NULL,
    group_key TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    severity TEXT,
    state TEXT NOT NULL,
    -- The service as the sender named it, and ours when there is one of that name.
    service_name TEXT,
    service_id BIGINT REFERENCES services (id),
    environment TEXT,
    -- A JSON array of pairs, in the sender's order.
    labels TEXT NOT NULL,
    url TEXT,
    release TEXT,
    -- How often it fired: distinct alerts, doubles counted once.
    firing_count BIGINT NOT NULL,
    first_started_at BIGINT NOT NULL,
    last_started_at BIGINT NOT NULL,
    last_ended_at BIGINT,
    -- Which message the words above are from; the greatest wins, in whatever order they come.
    told_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (source, group_key)
);
CREATE INDEX signals_by_time ON signals (last_started_at, id);
CREATE INDEX signals_by_state ON signals (state, last_started_at, id);
CREATE INDEX signals_by_service ON signals (service_id, last_started_at, id);
CREATE INDEX signals_by_source ON signals (source, last_started_at, id);

-- Each time that one alert of a group fired. `labels_hash` is empty for senders whose key names one alert alone.
CREATE TABLE signal_alerts (
    id INTEGER NOT NULL PRIMARY KEY,
    signal_id BIGINT NOT NULL REFERENCES signals (id),
    labels_hash TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- Whether its firing came in, not only its end.
    heard_firing BOOLEAN NOT NULL,
    -- The last of its kind, and not over.
    is_open BOOLEAN NOT NULL,
    UNIQUE (signal_id, labels_hash, started_at)
);
CREATE INDEX signal_alerts_by_openness ON signal_alerts (signal_id, is_open);
CREATE INDEX signal_alerts_by_time ON signal_alerts (signal_id, started_at, id);

-- What a signal becomes by itself; the first rule that fits holds.
CREATE TABLE signal_rules (
    id INTEGER NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    -- Label name and value; both empty when any labels fit. A star at the end of the value stands for any rest.
    label_name TEXT NOT NULL,
    label_value TEXT NOT NULL,
    service_id BIGINT REFERENCES services (id),
    environment TEXT NOT NULL,
    -- The sender's word for how bad it is.
    severity TEXT NOT NULL,
    outcome TEXT NOT NULL,
    incident_severity TEXT,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX signal_rules_by_position ON signal_rules (position, id);

CREATE TABLE signal_incidents (
    id INTEGER NOT NULL PRIMARY KEY,
    signal_id BIGINT NOT NULL REFERENCES signals (id),
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    -- The rule that did it; no reference, because rules go and what they did stays.
    rule_id BIGINT,
    said_by TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    said_at BIGINT NOT NULL,
    firing_event_id BIGINT REFERENCES timeline_events (id),
    resolved_event_id BIGINT REFERENCES timeline_events (id),
    detached_at BIGINT,
    detached_by BIGINT REFERENCES users (id),
    UNIQUE (signal_id, incident_id)
);
CREATE INDEX signal_incidents_by_incident ON signal_incidents (incident_id, id);
CREATE INDEX signal_incidents_by_rule ON signal_incidents (rule_id, id);

-- Deploys that undid or mended another one ------------------------------------------------

CREATE TABLE deploy_marks (
    id INTEGER NOT NULL PRIMARY KEY,
    -- The rollback or the fix.
    deploy_id BIGINT NOT NULL REFERENCES deploys (id),
    -- What it undid or mended.
    marked_id BIGINT NOT NULL REFERENCES deploys (id),
    mark TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- What the two were before, for whoever takes the mark back.
    kind_before TEXT NOT NULL,
    status_before TEXT NOT NULL,
    said_by TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    said_at BIGINT NOT NULL,
    taken_back_at BIGINT,
    -- Empty when the program saw itself that it no longer holds.
    taken_back_by BIGINT REFERENCES users (id),
    taken_back_name TEXT,
    taken_back_reason TEXT,
    UNIQUE (deploy_id, marked_id, mark)
);
CREATE INDEX deploy_marks_by_marked ON deploy_marks (marked_id, id);

CREATE INDEX deploys_by_lane_version ON deploys (service_id, environment, version, happened_at, id);
CREATE INDEX deploys_by_lane_commit ON deploys (service_id, environment, commit_sha, happened_at, id);
CREATE INDEX deploys_by_service_kind ON deploys (service_id, kind, happened_at, id);
CREATE INDEX deploys_by_lane_kind ON deploys (service_id, environment, kind, happened_at, id);

-- Releases: checklists, freeze windows, and how binding the answer to "may I" is -----------

CREATE TABLE release_settings (
    service_id BIGINT NOT NULL PRIMARY KEY REFERENCES services (id),
    -- Markdown with a task list.
    checklist TEXT NOT NULL,
    -- For which environment; empty for every one.
    checklist_environment TEXT NOT NULL,
    bindingness TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by BIGINT REFERENCES users (id)
);

CREATE TABLE checklist_items (
    id INTEGER NOT NULL PRIMARY KEY,
    deploy_id BIGINT NOT NULL REFERENCES deploys (id),
    position BIGINT NOT NULL,
    text TEXT NOT NULL,
    ticked_at BIGINT,
    ticked_by BIGINT REFERENCES users (id),
    UNIQUE (deploy_id, position)
);

-- Ticked, unticked, ticked again: each with who and when.
CREATE TABLE checklist_ticks (
    id INTEGER NOT NULL PRIMARY KEY,
    item_id BIGINT NOT NULL REFERENCES checklist_items (id),
    step TEXT NOT NULL,
    said_by TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    said_at BIGINT NOT NULL
);
CREATE INDEX checklist_ticks_by_item ON checklist_ticks (item_id, id);

CREATE TABLE freeze_windows (
    id INTEGER NOT NULL PRIMARY KEY,
    -- Of one service, of one team's services, or of everything.
    service_id BIGINT REFERENCES services (id),
    team_id BIGINT REFERENCES teams (id),
    -- Empty for every environment.
    environment TEXT NOT NULL,
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    cancelled_at BIGINT,
    cancelled_by BIGINT REFERENCES users (id)
);
CREATE INDEX freeze_windows_by_end ON freeze_windows (ends_at, id);
