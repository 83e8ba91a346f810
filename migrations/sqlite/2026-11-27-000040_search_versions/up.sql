-- A version is found as one word: 2.77.1 in a text stands in the index as `v2p77p1`, with its parts of two numbers and
-- more, and as `t2p77p1` where the title has it. Its numbers stand in so many documents that to look for them side by
-- side took longer the more there were.
--
-- Of a text in which versions are all there is, only the first count: whoever writes next waits for this.
CREATE VIEW search_versions AS
SELECT d.id AS document_id, (
    SELECT coalesce(group_concat(' ' || char(57346) || word, ''), '') FROM (
        SELECT DISTINCT mark || CASE n.value
            WHEN 2 THEN iif(k1 = k - 1 AND tail1 <> '', tail1 || 'p' || head, '')
            WHEN 3 THEN iif(k2 = k - 2 AND tail2 <> '' AND tail1 = part1, tail2 || 'p' || part1 || 'p' || head, '')
            ELSE iif(k3 = k - 3 AND tail3 <> '' AND tail2 = part2 AND tail1 = part1,
                tail3 || 'p' || part2 || 'p' || part1 || 'p' || head, '') END AS word
        FROM (
            SELECT mark, k, head,
                lag(k, 1) OVER w AS k1, lag(tail, 1) OVER w AS tail1, lag(part, 1) OVER w AS part1,
                lag(k, 2) OVER w AS k2, lag(tail, 2) OVER w AS tail2, lag(part, 2) OVER w AS part2,
                lag(k, 3) OVER w AS k3, lag(tail, 3) OVER w AS tail3
            -- What stands between two dots, with the digits at its end and at its beginning.
            FROM (
                SELECT t.value AS mark, p.key AS k, p.value AS part,
                    substr(p.value, length(rtrim(p.value, '0123456789')) + 1) AS tail,
                    substr(p.value, 1, length(p.value) - length(ltrim(p.value, '0123456789'))) AS head
                FROM json_each('["t","v"]') t,
                    json_each('[' || replace(json_quote(
                        CASE t.value WHEN 't' THEN d.title ELSE d.title || ' ' || substr(d.body, 1, 250000) END
                    ), '.', '","') || ']') p
                WHERE p.value GLOB '[0-9]*' OR p.value GLOB '*[0-9]'
                LIMIT 3000
            )
            WINDOW w AS (PARTITION BY mark ORDER BY k)
        ), json_each('[2,3,4]') n
        WHERE head <> ''
    ) WHERE length(word) BETWEEN 4 AND 40
) AS words
FROM search_documents d;

DROP VIEW search_facets;
CREATE VIEW search_facets AS
SELECT d.id AS document_id,
    char(57346) || 'k' || replace(d.kind, '_', '')
        || coalesce(' ' || char(57346) || strftime('y%Y', d.happened_at / 1000, 'unixepoch'), '')
        || coalesce(' ' || char(57346) || strftime('m%Y%m', d.happened_at / 1000, 'unixepoch'), '')
        || coalesce((SELECT group_concat(' ' || char(57346) || 's' || s.service_id, '')
            FROM incident_services s WHERE s.incident_id = d.incident_id), '')
        || CASE d.kind WHEN 'deploy'
            THEN coalesce((SELECT ' ' || char(57346) || 's' || x.service_id FROM deploys x WHERE x.id = d.thing_id), '')
            ELSE '' END
        || CASE WHEN d.title || ' ' || d.body GLOB '*[0-9].[0-9]*'
            THEN (SELECT v.words FROM search_versions v WHERE v.document_id = d.id) ELSE '' END AS facets
FROM search_documents d;

-- In parts, for what a statement may have to take back is kept in memory.
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id <= (SELECT max(id) FROM search_documents) * 1 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 1 / 12 AND id <= (SELECT max(id) FROM search_documents) * 2 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 2 / 12 AND id <= (SELECT max(id) FROM search_documents) * 3 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 3 / 12 AND id <= (SELECT max(id) FROM search_documents) * 4 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 4 / 12 AND id <= (SELECT max(id) FROM search_documents) * 5 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 5 / 12 AND id <= (SELECT max(id) FROM search_documents) * 6 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 6 / 12 AND id <= (SELECT max(id) FROM search_documents) * 7 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 7 / 12 AND id <= (SELECT max(id) FROM search_documents) * 8 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 8 / 12 AND id <= (SELECT max(id) FROM search_documents) * 9 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 9 / 12 AND id <= (SELECT max(id) FROM search_documents) * 10 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 10 / 12 AND id <= (SELECT max(id) FROM search_documents) * 11 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';
UPDATE search_documents SET facets = (SELECT f.facets FROM search_facets f WHERE f.document_id = id)
WHERE id > (SELECT max(id) FROM search_documents) * 11 / 12
    AND title || ' ' || body GLOB '*[0-9].[0-9]*';

INSERT INTO search_index (search_index) VALUES ('rebuild');
INSERT INTO search_index_titles (search_index_titles) VALUES ('rebuild');

-- The words of titles, for what they begin with.
CREATE VIRTUAL TABLE search_index_titles_words USING fts5vocab ('search_index_titles', 'instance');
