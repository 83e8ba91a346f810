-- Retros: a team's meeting over a frozen agenda, its decisions, notes, cards and minutes.

CREATE TABLE retro_series (
    id INTEGER NOT NULL PRIMARY KEY,
    team_id BIGINT NOT NULL REFERENCES teams (id),
    every_weeks BIGINT NOT NULL,
    weekday BIGINT NOT NULL,
    minute_of_day BIGINT NOT NULL,
    zone TEXT NOT NULL,
    anonymous BOOLEAN NOT NULL,
    next_at BIGINT NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX retro_series_by_team ON retro_series (team_id, id);
CREATE INDEX retro_series_by_next ON retro_series (next_at, id) WHERE ended_at IS NULL;

CREATE TABLE retros (
    id INTEGER NOT NULL PRIMARY KEY,
    team_id BIGINT NOT NULL REFERENCES teams (id),
    series_id BIGINT REFERENCES retro_series (id),
    status TEXT NOT NULL,
    period_from BIGINT NOT NULL,
    period_to BIGINT NOT NULL,
    meets_at BIGINT NOT NULL,
    next_on DATE NOT NULL,
    started_at BIGINT,
    closed_at BIGINT,
    facilitator_id BIGINT REFERENCES users (id),
    entry_position BIGINT NOT NULL,
    entry_began_at BIGINT,
    box_s BIGINT NOT NULL,
    left_out_count BIGINT NOT NULL,
    cards_phase TEXT NOT NULL,
    anonymous BOOLEAN NOT NULL,
    votes_each BIGINT NOT NULL,
    notes TEXT NOT NULL,
    notes_revision BIGINT NOT NULL,
    minutes TEXT,
    revision BIGINT NOT NULL,
    created_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (series_id, meets_at)
);
CREATE INDEX retros_by_team ON retros (team_id, meets_at, id);
CREATE INDEX retros_by_status ON retros (status, meets_at, id);
CREATE INDEX retros_by_meeting ON retros (meets_at, id);

CREATE TABLE retro_people (
    retro_id BIGINT NOT NULL REFERENCES retros (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    joined_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    PRIMARY KEY (retro_id, user_id)
);

CREATE TABLE retro_entries (
    id INTEGER NOT NULL PRIMARY KEY,
    retro_id BIGINT NOT NULL REFERENCES retros (id),
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    action_item_id BIGINT REFERENCES action_items (id),
    incident_id BIGINT REFERENCES incidents (id),
    deploy_id BIGINT REFERENCES deploys (id),
    reason TEXT NOT NULL,
    other_reasons TEXT NOT NULL,
    spent_s BIGINT NOT NULL,
    UNIQUE (retro_id, position)
);
CREATE INDEX retro_entries_by_item ON retro_entries (action_item_id);

CREATE TABLE retro_decisions (
    id INTEGER NOT NULL PRIMARY KEY,
    retro_id BIGINT NOT NULL REFERENCES retros (id),
    entry_id BIGINT NOT NULL REFERENCES retro_entries (id),
    verb TEXT NOT NULL,
    text TEXT NOT NULL,
    due_on DATE,
    item_revision BIGINT,
    old_value TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    decided_at BIGINT NOT NULL,
    undone_at BIGINT,
    undone_by BIGINT REFERENCES users (id)
);
CREATE INDEX retro_decisions_by_retro ON retro_decisions (retro_id, id);
CREATE INDEX retro_decisions_by_entry ON retro_decisions (entry_id, id);

CREATE TABLE retro_notes (
    id INTEGER NOT NULL PRIMARY KEY,
    retro_id BIGINT NOT NULL REFERENCES retros (id),
    number BIGINT NOT NULL,
    markdown TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    UNIQUE (retro_id, number)
);

CREATE TABLE retro_cards (
    id INTEGER NOT NULL PRIMARY KEY,
    retro_id BIGINT NOT NULL REFERENCES retros (id),
    mood TEXT NOT NULL,
    text TEXT NOT NULL,
    author_id BIGINT REFERENCES users (id),
    group_id BIGINT REFERENCES retro_cards (id),
    vote_count BIGINT NOT NULL,
    action_item_id BIGINT REFERENCES action_items (id),
    created_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX retro_cards_by_retro ON retro_cards (retro_id, id);

CREATE TABLE retro_votes (
    card_id BIGINT NOT NULL REFERENCES retro_cards (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    retro_id BIGINT NOT NULL REFERENCES retros (id),
    PRIMARY KEY (card_id, user_id)
);
CREATE INDEX retro_votes_by_retro ON retro_votes (retro_id, user_id);
