-- Which changes may have caused an incident, or ended it, as the program reckons; what people said to it; and what
-- was learned from that.

CREATE TABLE incident_reckonings (
    incident_id BIGINT NOT NULL PRIMARY KEY REFERENCES incidents (id),
    none_probability DOUBLE NOT NULL,
    -- What the suspects that are not kept have together.
    others_probability DOUBLE NOT NULL,
    candidate_count BIGINT NOT NULL,
    reckoned_at BIGINT NOT NULL,
    -- A person said that no change caused it: who, when, why, and how likely the first suspect was then.
    nothing_at BIGINT,
    nothing_by BIGINT REFERENCES users (id),
    nothing_name TEXT,
    nothing_reason TEXT,
    nothing_best DOUBLE,
    learned_at BIGINT
);
CREATE INDEX incident_reckonings_by_learning ON incident_reckonings (learned_at, incident_id);
CREATE INDEX incident_reckonings_by_nothing ON incident_reckonings (nothing_at, incident_id);

CREATE TABLE incident_suspects (
    id INTEGER NOT NULL PRIMARY KEY,
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    deploy_id BIGINT NOT NULL REFERENCES deploys (id),
    -- cause or fix
    part TEXT NOT NULL,
    place BIGINT NOT NULL,
    probability DOUBLE NOT NULL,
    -- A JSON array of rule and text.
    reasons TEXT NOT NULL,
    UNIQUE (incident_id, deploy_id)
);
CREATE INDEX incident_suspects_by_deploy ON incident_suspects (deploy_id, incident_id);

-- What was proposed about a pair when a person spoke first, and what is said now. Verdicts on pairs that were not
-- proposed have no place.
CREATE TABLE suspect_verdicts (
    id INTEGER NOT NULL PRIMARY KEY,
    incident_id BIGINT NOT NULL REFERENCES incidents (id),
    deploy_id BIGINT NOT NULL REFERENCES deploys (id),
    relation TEXT NOT NULL,
    part TEXT NOT NULL,
    place BIGINT,
    probability DOUBLE NOT NULL,
    rules TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    UNIQUE (incident_id, deploy_id)
);
CREATE INDEX suspect_verdicts_by_time ON suspect_verdicts (said_at, id);
CREATE INDEX suspect_verdicts_by_deploy ON suspect_verdicts (deploy_id);

CREATE TABLE suspect_learning (
    name TEXT NOT NULL PRIMARY KEY,
    beliefs TEXT NOT NULL,
    incident_count BIGINT NOT NULL,
    judged_count BIGINT NOT NULL,
    learned_at BIGINT NOT NULL
);
