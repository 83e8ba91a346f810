DROP TABLE search_index_titles_words;
DROP VIEW search_facets;
DROP VIEW search_versions;
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
