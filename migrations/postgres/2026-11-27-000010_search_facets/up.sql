-- Search that takes as long among a million documents as among a thousand. What a question is narrowed by (service,
-- time) stands in the index as words of its own, and titles have an index of their own, for what has the words in its
-- title comes first.
--
-- A word is what stands between two characters that are neither letter nor digit, as on SQLite: PostgreSQL's parser
-- would take a version for one word and a commit for a number. Each is given an x in front, which makes a word of it
-- for that parser and tells it from a facet. A document may have a megabyte of words; of a very long text only the
-- beginning is taken, some 250,000 bytes, which fit in however different the words are.
CREATE FUNCTION search_words(text TEXT) RETURNS TSVECTOR LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('simple'::regconfig, 'x' || regexp_replace(
        CASE WHEN octet_length($1) <= 250000 THEN $1
            ELSE left($1, (250000 * length($1)::bigint / octet_length($1))::integer) END,
        '[^[:alnum:]]+', ' x', 'g'))
$$;
-- The words of `text` side by side; the last may go on.
CREATE FUNCTION search_phrase(text TEXT, goes_on BOOLEAN) RETURNS TSQUERY LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN goes_on AND numnode(q) > 0 THEN (q::text || ':*')::tsquery ELSE q END
    FROM phraseto_tsquery('simple'::regconfig, 'x' || regexp_replace(text, '[^[:alnum:]]+', ' x', 'g')) q
$$;
CREATE FUNCTION search_facets(kind TEXT, thing_id BIGINT, incident_id BIGINT, happened_at BIGINT) RETURNS TEXT
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN $4 BETWEEN 0 AND 4133980799999
            THEN to_char(to_timestamp($4 / 1000.0) AT TIME ZONE 'UTC', '"y"YYYY" m"YYYYMM') ELSE 'y' END
        || coalesce((SELECT string_agg(' s' || s.service_id, '') FROM incident_services s WHERE s.incident_id = $3), '')
        || CASE $1 WHEN 'deploy'
            THEN coalesce((SELECT ' s' || x.service_id FROM deploys x WHERE x.id = $2), '') ELSE '' END
$$;

ALTER TABLE search_documents DROP COLUMN words;
ALTER TABLE search_documents ADD COLUMN facets TEXT NOT NULL DEFAULT '';
UPDATE search_documents SET facets = search_facets(kind, thing_id, incident_id, happened_at);
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
CREATE INDEX search_documents_by_kind ON search_documents (kind, id);

CREATE FUNCTION search_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.facets := search_facets(new.kind, new.thing_id, new.incident_id, new.happened_at);
    RETURN new;
END $$;
CREATE TRIGGER search_document_written BEFORE INSERT OR UPDATE ON search_documents
    FOR EACH ROW EXECUTE FUNCTION search_document();

-- All of an incident belongs to its services.
CREATE FUNCTION search_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_documents SET incident_id = incident_id
    WHERE incident_id = coalesce(new.incident_id, old.incident_id);
    RETURN NULL;
END $$;
CREATE TRIGGER search_service_changed AFTER INSERT OR DELETE ON incident_services
    FOR EACH ROW EXECUTE FUNCTION search_service();
