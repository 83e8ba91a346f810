DROP TRIGGER search_document_written ON search_documents;
DROP FUNCTION search_document();
DROP FUNCTION search_facets(TEXT, BIGINT, BIGINT, BIGINT, TEXT, TEXT);
DROP FUNCTION search_versions(TEXT, TEXT);
CREATE FUNCTION search_facets(kind TEXT, thing_id BIGINT, incident_id BIGINT, happened_at BIGINT) RETURNS TEXT
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN $4 BETWEEN 0 AND 4133980799999
            THEN to_char(to_timestamp($4 / 1000.0) AT TIME ZONE 'UTC', '"y"YYYY" m"YYYYMM') ELSE 'y' END
        || coalesce((SELECT string_agg(' s' || s.service_id, '') FROM incident_services s WHERE s.incident_id = $3), '')
        || CASE $1 WHEN 'deploy'
            THEN coalesce((SELECT ' s' || x.service_id FROM deploys x WHERE x.id = $2), '') ELSE '' END
$$;
ALTER TABLE search_documents DROP COLUMN words, DROP COLUMN title_words;
UPDATE search_documents SET facets = search_facets(kind, thing_id, incident_id, happened_at)
WHERE title || ' ' || body ~ '[0-9]\.[0-9]';
ALTER TABLE search_documents
    ADD COLUMN words TSVECTOR GENERATED ALWAYS AS (
        setweight(search_words(title), 'A') || setweight(search_words(body), 'B')
            || array_to_tsvector(string_to_array(facets, ' '))
    ) STORED,
    ADD COLUMN title_words TSVECTOR GENERATED ALWAYS AS (
        CASE title WHEN '' THEN NULL ELSE search_words(title) || array_to_tsvector(string_to_array(facets, ' ')) END
    ) STORED;
CREATE INDEX search_documents_by_words ON search_documents USING gin (words);
CREATE INDEX search_documents_by_title_words ON search_documents USING gin (title_words);
CREATE FUNCTION search_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.facets := search_facets(new.kind, new.thing_id, new.incident_id, new.happened_at);
    RETURN new;
END $$;
CREATE TRIGGER search_document_written BEFORE INSERT OR UPDATE ON search_documents
    FOR EACH ROW EXECUTE FUNCTION search_document();
