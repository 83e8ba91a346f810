-- One search box over everything. The documents follow their records by trigger, so that no writer
-- (a page, the API, a hook, an import, a restore) can forget them, and a search right after a write finds it.

CREATE TABLE search_documents (
    id INTEGER NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    thing_id BIGINT NOT NULL,
    incident_id BIGINT,
    happened_at BIGINT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, thing_id)
);
CREATE INDEX search_documents_by_incident ON search_documents (incident_id);

CREATE VIRTUAL TABLE search_index USING fts5 (
    title, body, content = 'search_documents', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER search_documents_added AFTER INSERT ON search_documents BEGIN
    INSERT INTO search_index (rowid, title, body) VALUES (new.id, new.title, new.body);
END;
CREATE TRIGGER search_documents_removed AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_index (search_index, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
END;
CREATE TRIGGER search_documents_changed AFTER UPDATE ON search_documents BEGIN
    INSERT INTO search_index (search_index, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
    INSERT INTO search_index (rowid, title, body) VALUES (new.id, new.title, new.body);
END;

-- Incidents
CREATE TRIGGER search_incident_added AFTER INSERT ON incidents BEGIN
    INSERT INTO search_documents (kind, thing_id, incident_id, happened_at, title, body)
    VALUES ('incident', new.id, new.id, new.started_at, new.title, new.summary);
END;
CREATE TRIGGER search_incident_changed AFTER UPDATE OF title, summary, started_at ON incidents BEGIN
    UPDATE search_documents SET happened_at = new.started_at, title = new.title, body = new.summary
    WHERE kind = 'incident' AND thing_id = new.id;
    UPDATE search_documents SET title = new.title
    WHERE kind = 'postmortem' AND thing_id = new.id AND title <> new.title;
END;

-- Postmortems: the newest revision, under its incident's title. The thing is the incident.
CREATE TRIGGER search_postmortem_written AFTER INSERT ON postmortem_revisions BEGIN
    INSERT INTO search_documents (kind, thing_id, incident_id, happened_at, title, body)
    SELECT 'postmortem', i.id, i.id, new.created_at, i.title, new.markdown
    FROM postmortems p JOIN incidents i ON i.id = p.incident_id WHERE p.id = new.postmortem_id
    ON CONFLICT (kind, thing_id) DO UPDATE
    SET happened_at = excluded.happened_at, title = excluded.title, body = excluded.body;
END;

-- Timeline
CREATE TRIGGER search_event_added AFTER INSERT ON timeline_events WHEN new.deleted_at IS NULL BEGIN
    INSERT INTO search_documents (kind, thing_id, incident_id, happened_at, title, body)
    VALUES ('event', new.id, new.incident_id, new.happened_at, '', new.text);
END;
CREATE TRIGGER search_event_changed AFTER UPDATE OF text, happened_at, deleted_at ON timeline_events BEGIN
    DELETE FROM search_documents WHERE kind = 'event' AND thing_id = new.id;
    INSERT INTO search_documents (kind, thing_id, incident_id, happened_at, title, body)
    SELECT 'event', new.id, new.incident_id, new.happened_at, '', new.text WHERE new.deleted_at IS NULL;
END;

-- Deploys, with the labels of their pull requests and tickets
CREATE TRIGGER search_deploy_added AFTER INSERT ON deploys BEGIN
    INSERT INTO search_documents (kind, thing_id, happened_at, title, body)
    SELECT 'deploy', new.id, new.happened_at, s.name || ' ' || coalesce(new.version, ''),
        new.summary || ' ' || coalesce(new.commit_sha, '') || ' ' || coalesce(new.deployed_by, '')
    FROM services s WHERE s.id = new.service_id;
END;
CREATE TRIGGER search_deploy_changed
AFTER UPDATE OF service_id, version, summary, commit_sha, deployed_by, happened_at ON deploys BEGIN
    UPDATE search_documents SET happened_at = new.happened_at,
        title = (SELECT s.name FROM services s WHERE s.id = new.service_id) || ' ' || coalesce(new.version, ''),
        body = new.summary || ' ' || coalesce(new.commit_sha, '') || ' ' || coalesce(new.deployed_by, '') || ' '
            || coalesce((SELECT group_concat(r.label, ' ') FROM deploy_references r WHERE r.deploy_id = new.id), '')
    WHERE kind = 'deploy' AND thing_id = new.id;
END;
CREATE TRIGGER search_deploy_reference_added AFTER INSERT ON deploy_references BEGIN
    UPDATE search_documents SET body = body || ' ' || new.label WHERE kind = 'deploy' AND thing_id = new.deploy_id;
END;

-- Action items
CREATE TRIGGER search_action_item_added AFTER INSERT ON action_items BEGIN
    INSERT INTO search_documents (kind, thing_id, incident_id, happened_at, title, body)
    VALUES ('action_item', new.id, new.incident_id, new.created_at, new.title, new.details);
END;
CREATE TRIGGER search_action_item_changed AFTER UPDATE OF title, details, incident_id ON action_items BEGIN
    UPDATE search_documents SET incident_id = new.incident_id, title = new.title, body = new.details
    WHERE kind = 'action_item' AND thing_id = new.id;
END;
