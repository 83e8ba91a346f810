-- A version is found as one word: 2.77.1 in a text stands in the index as `v2p77p1`, with its parts of two numbers and
-- more, and as `t2p77p1` where the title has it. PostgreSQL's index does not say where a word stands, so numbers side
-- by side were looked for in each text that has all of them.
--
-- A document takes a megabyte of words. Of a text in which versions are all there is, only the first count.
CREATE FUNCTION search_versions(mark TEXT, text TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(DISTINCT ' ' || $1 || word, ''), '')
    FROM (SELECT string_to_array(m[1], '.') AS parts
            FROM regexp_matches($2, '[0-9]+(?:\.[0-9]+){1,7}', 'g') m LIMIT 1000) v,
        generate_series(2, 4) n, generate_series(1, cardinality(parts) - n + 1) k,
        array_to_string(parts[k : k + n - 1], 'p') word
    WHERE length(word) BETWEEN 3 AND 39
$$;
DROP TRIGGER search_document_written ON search_documents;
DROP FUNCTION search_document();
DROP FUNCTION search_facets(TEXT, BIGINT, BIGINT, BIGINT);
CREATE FUNCTION search_facets(
    kind TEXT, thing_id BIGINT, incident_id BIGINT, happened_at BIGINT, title TEXT, body TEXT
) RETURNS TEXT LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN $4 BETWEEN 0 AND 4133980799999
            THEN to_char(to_timestamp($4 / 1000.0) AT TIME ZONE 'UTC', '"y"YYYY" m"YYYYMM') ELSE 'y' END
        || coalesce((SELECT string_agg(' s' || s.service_id, '') FROM incident_services s WHERE s.incident_id = $3), '')
        || CASE $1 WHEN 'deploy'
            THEN coalesce((SELECT ' s' || x.service_id FROM deploys x WHERE x.id = $2), '') ELSE '' END
        || search_versions('t', $5) || search_versions('v', $5 || ' ' || $6)
$$;
-- All at once: the words are taken apart and put into their indexes anew when the facets are there.
ALTER TABLE search_documents DROP COLUMN words, DROP COLUMN title_words;
UPDATE search_documents
SET facets = facets || search_versions('t', title) || search_versions('v', title || ' ' || body)
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
    new.facets := search_facets(new.kind, new.thing_id, new.incident_id, new.happened_at, new.title, new.body);
    RETURN new;
END $$;
CREATE TRIGGER search_document_written BEFORE INSERT OR UPDATE ON search_documents
    FOR EACH ROW EXECUTE FUNCTION search_document();
