DROP TRIGGER search_service_gone;
DROP TRIGGER search_service_named;
DROP TRIGGER search_documents_changed;
DROP TRIGGER search_documents_removed;
DROP TRIGGER search_documents_added;
DROP TABLE search_index_words;
DROP TABLE search_index_titles;
DROP VIEW search_titled;
DROP TABLE search_index;
DROP VIEW search_facets;
ALTER TABLE search_documents DROP COLUMN facets;

CREATE VIRTUAL TABLE search_index USING fts5 (
    title, body, content = 'search_documents', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO search_index (search_index) VALUES ('rebuild');
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
