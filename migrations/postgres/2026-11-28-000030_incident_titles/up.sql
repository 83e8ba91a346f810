-- Titles of incidents by themselves. In the index of all titles a word that many deploys or action items have leads past
-- all of those, also when it is in the title of hardly any incident.
CREATE INDEX search_documents_of_incidents ON search_documents USING gin (title_words) WHERE kind = 'incident';
