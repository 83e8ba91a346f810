-- Search that takes as long among a million documents as among a thousand. What a question is narrowed by (kind,
-- service, time) stands in the index as words of its own, so that words and filters are walked together, the newest
-- first, and a page is cut where it is full; titles have an index of their own, for what has the words in its title
-- comes first. The words of facets begin with a character (U+E002) that nobody can ask for.
ALTER TABLE search_documents ADD COLUMN facets TEXT NOT NULL DEFAULT '';

CREATE VIEW search_facets AS
SELECT d.id AS document_id,
    char(57346) || 'k' || replace(d.kind, '_', '')
        || coalesce(' ' || char(57346) || strftime('y%Y', d.happened_at / 1000, 'unixepoch'), '')
        || coalesce(' ' || char(57346) || strftime('m%Y%m', d.happened_at / 1000, 'unixepoch'), '')
        || coalesce((SELECT group_concat(' ' || char(57346) || 's' || s.service_id, '')
            FROM incident_services s WHERE s.incident_id = d.incident_id), '')
        || CASE d.kind WHEN 'deploy'
            THEN coalesce((SELECT ' ' || char(57346) || 's' || x.service_id FROM deploys x WHERE x.id = d.thing_id), '')
            ELSE '' END AS facets
FROM search_documents d;

DROP TRIGGER search_documents_added;
DROP TRIGGER search_documents_removed;
DROP TRIGGER search_documents_changed;
DROP TABLE search_index;
-- In parts, for what a statement may have to take back is kept in memory.
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id <= (SELECT max(id) FROM search_documents) * 1 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 1 / 12 AND id <= (SELECT max(id) FROM search_documents) * 2 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 2 / 12 AND id <= (SELECT max(id) FROM search_documents) * 3 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 3 / 12 AND id <= (SELECT max(id) FROM search_documents) * 4 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 4 / 12 AND id <= (SELECT max(id) FROM search_documents) * 5 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 5 / 12 AND id <= (SELECT max(id) FROM search_documents) * 6 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 6 / 12 AND id <= (SELECT max(id) FROM search_documents) * 7 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 7 / 12 AND id <= (SELECT max(id) FROM search_documents) * 8 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 8 / 12 AND id <= (SELECT max(id) FROM search_documents) * 9 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 9 / 12 AND id <= (SELECT max(id) FROM search_documents) * 10 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 10 / 12 AND id <= (SELECT max(id) FROM search_documents) * 11 / 12;
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 11 / 12;

CREATE VIRTUAL TABLE search_index USING fts5 (
    title, body, facets, content = 'search_documents', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
INSERT INTO search_index (search_index) VALUES ('rebuild');

-- Events have no titles.
CREATE VIEW search_titled AS SELECT id, title, facets FROM search_documents WHERE title <> '';
CREATE VIRTUAL TABLE search_index_titles USING fts5 (
    title, facets, content = 'search_titled', content_rowid = 'id',
    tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'
);
INSERT INTO search_index_titles (search_index_titles) VALUES ('rebuild');

-- The words that there are, for what they begin with.
CREATE VIRTUAL TABLE search_index_words USING fts5vocab ('search_index', 'instance');

-- Facets are worked out between taking the old words out and putting the new ones in.
CREATE TRIGGER search_documents_added AFTER INSERT ON search_documents BEGIN
    UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = new.id)
    WHERE id = new.id;
    INSERT INTO search_index (rowid, title, body, facets)
    SELECT id, title, body, facets FROM search_documents WHERE id = new.id;
    INSERT INTO search_index_titles (rowid, title, facets) SELECT id, title, facets FROM search_titled WHERE id = new.id;
END;
CREATE TRIGGER search_documents_removed AFTER DELETE ON search_documents BEGIN
    INSERT INTO search_index (search_index, rowid, title, body, facets)
    VALUES ('delete', old.id, old.title, old.body, old.facets);
    INSERT INTO search_index_titles (search_index_titles, rowid, title, facets)
    SELECT 'delete', old.id, old.title, old.facets WHERE old.title <> '';
END;
CREATE TRIGGER search_documents_changed
AFTER UPDATE OF kind, thing_id, incident_id, happened_at, title, body ON search_documents BEGIN
    INSERT INTO search_index (search_index, rowid, title, body, facets)
    VALUES ('delete', old.id, old.title, old.body, old.facets);
    INSERT INTO search_index_titles (search_index_titles, rowid, title, facets)
    SELECT 'delete', old.id, old.title, old.facets WHERE old.title <> '';
    UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = new.id)
    WHERE id = new.id;
    INSERT INTO search_index (rowid, title, body, facets)
    SELECT id, title, body, facets FROM search_documents WHERE id = new.id;
    INSERT INTO search_index_titles (rowid, title, facets) SELECT id, title, facets FROM search_titled WHERE id = new.id;
END;

-- All of an incident belongs to its services.
CREATE TRIGGER search_service_named AFTER INSERT ON incident_services BEGIN
    UPDATE search_documents SET incident_id = new.incident_id WHERE incident_id = new.incident_id;
END;
CREATE TRIGGER search_service_gone AFTER DELETE ON incident_services BEGIN
    UPDATE search_documents SET incident_id = old.incident_id WHERE incident_id = old.incident_id;
END;
