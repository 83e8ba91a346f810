-- Titles of incidents are found by their own word here, which the migration `search_facets` has put into the index.
SELECT 1;
