-- The ground: every table of the first loop, from deploy to worked-off action item.
-- Both sets of migrations must describe the same schema (tests/suite/schema.rs compares them).
-- Instants (`_at`) are milliseconds since 1970 UTC, so that both databases compare and subtract alike.
-- Dates (`_on`) are calendar dates. Enumerations are their wire words.

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('incident', 0), ('deploy', 0), ('action_item', 0);

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- People ------------------------------------------------------------------

CREATE TABLE teams (
    id INTEGER NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE users (
    id INTEGER NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    handle TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    zone TEXT NOT NULL,
    theme TEXT NOT NULL,
    keys_on BOOLEAN NOT NULL,
    password_hash TEXT,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE team_members (
    team_id BIGINT NOT NULL REFERENCES teams (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_by_user ON team_members (user_id);

CREATE TABLE sessions (
    id INTEGER NOT NULL PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users (id),
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE sign_in_links (
    token_hash TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE sign_in_attempts (
    id INTEGER NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    attempted_at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempts_by_subject ON sign_in_attempts (subject, attempted_at);

CREATE TABLE api_tokens (
    id INTEGER NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    hint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_tokens_by_user ON api_tokens (user_id);

CREATE TABLE audit_entries (
    id INTEGER NOT NULL PRIMARY KEY,
    happened_at BIGINT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    old_value TEXT,
    new_value TEXT,
    request_id TEXT NOT NULL
);
CREATE INDEX audit_entries_by_subject ON audit_entries (subject, id);

CREATE TABLE idempotency_keys (
    id INTEGER NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    idempotency_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    location TEXT,
    etag TEXT,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, idempotency_key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

-- The queue -----------------------------------------------------------------

CREATE TABLE jobs (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    max_attempts BIGINT NOT NULL,
    leased_until BIGINT,
    leased_by TEXT,
    last_error TEXT,
    dead_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX jobs_by_turn ON jobs (dead_at, run_at, id);

-- Services ------------------------------------------------------------------

CREATE TABLE services (
    id INTEGER NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    team_id BIGINT REFERENCES teams (id),
    tier BIGINT NOT NULL,
    description TEXT NOT NULL,
    repository_url TEXT,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX services_by_team ON services (team_id);
CREATE INDEX services_by_repository ON services (repository_url);

CREATE TABLE service_links (
    id INTEGER NOT NULL PRIMARY KEY,
    service_id BIGINT NOT NULL REFERENCES services (id),
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    url TEXT NOT NULL
);
CREATE INDEX service_links_by_service ON service_links (service_id);

CREATE TABLE service_dependencies (
    service_id BIGINT NOT NULL REFERENCES services (id),
    depends_on_id BIGINT NOT NULL REFERENCES services (id),
    PRIMARY KEY (service_id, depends_on_id)
);
CREATE INDEX service_dependencies_by_target ON service_dependencies (depends_on_id);

-- Deploys -------------------------------------------------------------------

CREATE TABLE deploys (
    id INTEGER NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    service_id BIGINT NOT NULL REFERENCES services (id),
    environment TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    version TEXT,
    commit_sha TEXT,
    previous_version TEXT,
    previous_commit_sha TEXT,
    summary TEXT NOT NULL,
    url TEXT,
    compare_url TEXT,
    deployed_by TEXT,
    source TEXT NOT NULL,
    external_id TEXT,
    started_at BIGINT,
    finished_at BIGINT,
    -- When it took effect as far as is known: finished, else started, else recorded. Lists sort by it.
    happened_at BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (source, external_id)
);
CREATE INDEX deploys_by_time ON deploys (happened_at, id);
CREATE INDEX deploys_by_service ON deploys (service_id, happened_at, id);
CREATE INDEX deploys_by_lane ON deploys (service_id, environment, happened_at, id);
CREATE INDEX deploys_by_environment ON deploys (environment, happened_at, id);
CREATE INDEX deploys_by_kind ON deploys (kind, happened_at, id);
CREATE INDEX deploys_by_status ON deploys (status, happened_at, id);
CREATE INDEX deploys_by_deployer ON deploys (deployed_by, happened_at, id);

-- The trail: who stood for what.
CREATE TABLE deploy_people (
    id INTEGER NOT NULL PRIMARY KEY,
    deploy_id BIGINT NOT NULL REFERENCES deploys (id),
    part TEXT NOT NULL,
    name TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    stood_at BIGINT
);
CREATE INDEX deploy_people_by_deploy ON deploy_people (deploy_id);
CREATE INDEX deploy_people_by_name ON deploy_people (name, deploy_id);
CREATE INDEX deploy_people_by_user ON deploy_people (user_id, deploy_id);

-- Pull requests and tickets that came with it.
CREATE TABLE deploy_references (
    id INTEGER NOT NULL PRIMARY KEY,
    deploy_id BIGINT NOT NULL REFERENCES deploys (id),
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    url TEXT
);
CREATE INDEX deploy_references_by_deploy ON deploy_references (deploy_id);

-- Incidents -----------------------------------------------------------------

CREATE TABLE incidents (
    id INTEGER NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    status TEXT NOT NULL,
    summary TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    detected_at BIGINT,
    acknowledged_at BIGINT,
    identified_at BIGINT,
    mitigated_at BIGINT,
    resolved_at BIGINT,
    declared_at BIGINT NOT NULL,
    declared_by BIGINT REFERENCES users (id),
    -- The file that it was imported from, so that the same import again changes nothing.
    imported_from TEXT UNIQUE,
    revision BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX incidents_by_start ON incidents (started_at, id);
CREATE INDEX incidents_by_status ON incidents (status, started_at, id);
CREATE INDEX incidents_by_severity ON incidents (severity, started_at, id);
CREATE INDEX incidents_by_kind ON incidents (kind, started_at, id);

CREATE TABLE incident_services (
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    service_id BIGINT NOT NULL REFERENCES services (id),
    PRIMARY KEY (incident_id, service_id)
);
CREATE INDEX incident_services_by_service ON incident_services (service_id, incident_id);

CREATE TABLE incident_roles (
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    role TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    assigned_at BIGINT NOT NULL,
    PRIMARY KEY (incident_id, role)
);
CREATE INDEX incident_roles_by_user ON incident_roles (user_id);

CREATE TABLE incident_tags (
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    tag TEXT NOT NULL,
    PRIMARY KEY (incident_id, tag)
);
CREATE INDEX incident_tags_by_tag ON incident_tags (tag, incident_id);

CREATE TABLE impact_figures (
    id INTEGER NOT NULL PRIMARY KEY,
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    label TEXT NOT NULL,
    amount DOUBLE NOT NULL,
    unit TEXT NOT NULL,
    source TEXT NOT NULL,
    basis TEXT NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX impact_figures_by_incident ON impact_figures (incident_id);

-- A corrected time is a fact of its own; nothing is overwritten silently.
CREATE TABLE time_corrections (
    id INTEGER NOT NULL PRIMARY KEY,
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    field TEXT NOT NULL,
    old_at BIGINT,
    new_at BIGINT,
    reason TEXT NOT NULL,
    corrected_by BIGINT REFERENCES users (id),
    corrected_at BIGINT NOT NULL
);
CREATE INDEX time_corrections_by_incident ON time_corrections (incident_id, id);

CREATE TABLE incident_deploys (
    id INTEGER NOT NULL PRIMARY KEY,
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    deploy_id BIGINT NOT NULL REFERENCES deploys (id),
    relation TEXT NOT NULL,
    reason TEXT NOT NULL,
    said_by TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    said_at BIGINT NOT NULL,
    UNIQUE (incident_id, deploy_id)
);
CREATE INDEX incident_deploys_by_deploy ON incident_deploys (deploy_id, incident_id);

-- Every word that was ever said about a pair, including its removal ('unlinked').
CREATE TABLE incident_deploy_verdicts (
    id INTEGER NOT NULL PRIMARY KEY,
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    deploy_id BIGINT NOT NULL REFERENCES deploys (id),
    relation TEXT NOT NULL,
    reason TEXT NOT NULL,
    said_by TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    said_at BIGINT NOT NULL
);
CREATE INDEX incident_deploy_verdicts_by_incident ON incident_deploy_verdicts (incident_id, deploy_id, id);
CREATE INDEX incident_deploy_verdicts_by_deploy ON incident_deploy_verdicts (deploy_id, id);

-- Timeline ------------------------------------------------------------------

CREATE TABLE timeline_events (
    id INTEGER NOT NULL PRIMARY KEY,
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    happened_at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    text TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    deploy_id BIGINT REFERENCES deploys (id),
    pinned BOOLEAN NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    deleted_by BIGINT REFERENCES users (id)
);
CREATE INDEX timeline_events_by_incident ON timeline_events (incident_id, happened_at, id);

CREATE TABLE timeline_evidence (
    id INTEGER NOT NULL PRIMARY KEY,
    event_id BIGINT NOT NULL REFERENCES timeline_events (id),
    url TEXT NOT NULL,
    label TEXT NOT NULL
);
CREATE INDEX timeline_evidence_by_event ON timeline_evidence (event_id);

-- Postmortems ---------------------------------------------------------------

CREATE TABLE postmortems (
    id INTEGER NOT NULL PRIMARY KEY,
    incident_id BIGINT NOT NULL UNIQUE REFERENCES incidents (id),
    status TEXT NOT NULL,
    current_revision BIGINT NOT NULL,
    published_revision BIGINT,
    published_at BIGINT,
    published_by BIGINT REFERENCES users (id),
    not_needed_reason TEXT,
    started_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX postmortems_by_status ON postmortems (status, updated_at, id);
CREATE INDEX postmortems_by_publication ON postmortems (published_at, id);

CREATE TABLE postmortem_revisions (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL REFERENCES postmortems (id),
    number BIGINT NOT NULL,
    base_number BIGINT,
    markdown TEXT NOT NULL,
    note TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    UNIQUE (postmortem_id, number)
);

-- Drafted, published, reopened, not needed: each step with who, when and why.
CREATE TABLE postmortem_steps (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL REFERENCES postmortems (id),
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    revision BIGINT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    happened_at BIGINT NOT NULL
);
CREATE INDEX postmortem_steps_by_postmortem ON postmortem_steps (postmortem_id, id);

CREATE TABLE contributing_factors (
    id INTEGER NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE incident_factors (
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    factor_id BIGINT NOT NULL REFERENCES contributing_factors (id),
    note TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    added_at BIGINT NOT NULL,
    PRIMARY KEY (incident_id, factor_id)
);
CREATE INDEX incident_factors_by_factor ON incident_factors (factor_id, incident_id);

-- Action items --------------------------------------------------------------

CREATE TABLE action_items (
    id INTEGER NOT NULL PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    incident_id BIGINT REFERENCES incidents (id),
    title TEXT NOT NULL,
    details TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    priority TEXT NOT NULL,
    owner_id BIGINT REFERENCES users (id),
    team_id BIGINT REFERENCES teams (id),
    factor_id BIGINT REFERENCES contributing_factors (id),
    due_on DATE,
    tracker_url TEXT,
    declined_reason TEXT,
    closed_at BIGINT,
    created_by BIGINT REFERENCES users (id),
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX action_items_by_incident ON action_items (incident_id, id);
CREATE INDEX action_items_by_owner ON action_items (owner_id, status, due_on, id);
CREATE INDEX action_items_by_team ON action_items (team_id, status, due_on, id);
CREATE INDEX action_items_by_status ON action_items (status, due_on, id);
CREATE INDEX action_items_by_factor ON action_items (factor_id, status);
CREATE INDEX action_items_by_due ON action_items (due_on, id);

CREATE TABLE action_item_evidence (
    id INTEGER NOT NULL PRIMARY KEY,
    action_item_id BIGINT NOT NULL REFERENCES action_items (id),
    text TEXT NOT NULL,
    url TEXT,
    user_id BIGINT REFERENCES users (id),
    given_at BIGINT NOT NULL
);
CREATE INDEX action_item_evidence_by_item ON action_item_evidence (action_item_id, id);

CREATE TABLE action_item_changes (
    id INTEGER NOT NULL PRIMARY KEY,
    action_item_id BIGINT NOT NULL REFERENCES action_items (id),
    field TEXT NOT NULL,
    old_value TEXT,
    new_value TEXT,
    reason TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    changed_at BIGINT NOT NULL
);
CREATE INDEX action_item_changes_by_item ON action_item_changes (action_item_id, id);

-- What comes in -------------------------------------------------------------

CREATE TABLE sources (
    id INTEGER NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    sender TEXT NOT NULL,
    name TEXT NOT NULL,
    secret TEXT NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    first_delivery_at BIGINT,
    disabled_at BIGINT
);

CREATE TABLE deliveries (
    id INTEGER NOT NULL PRIMARY KEY,
    source_id BIGINT NOT NULL REFERENCES sources (id),
    delivery_key TEXT NOT NULL,
    event TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    deploy_id BIGINT REFERENCES deploys (id),
    received_at BIGINT NOT NULL,
    processed_at BIGINT,
    UNIQUE (source_id, delivery_key)
);
CREATE INDEX deliveries_by_source ON deliveries (source_id, id);
CREATE INDEX deliveries_by_deploy ON deliveries (deploy_id);
