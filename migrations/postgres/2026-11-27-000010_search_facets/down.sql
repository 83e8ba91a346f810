DROP TRIGGER search_service_changed ON incident_services;
DROP FUNCTION search_service();
DROP TRIGGER search_document_written ON search_documents;
DROP FUNCTION search_document();
DROP INDEX search_documents_by_kind;
ALTER TABLE search_documents DROP COLUMN title_words, DROP COLUMN words, DROP COLUMN facets;
DROP FUNCTION search_facets(TEXT, BIGINT, BIGINT, BIGINT);
DROP FUNCTION search_phrase(TEXT, BOOLEAN);
DROP FUNCTION search_words(TEXT);
ALTER TABLE search_documents ADD COLUMN words TSVECTOR GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', body), 'B')
) STORED;
CREATE INDEX search_documents_by_words ON search_documents USING gin (words);
