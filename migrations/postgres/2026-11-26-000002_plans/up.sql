-- What pages read along an index instead of sorting it: the items that work on a factor, the newest first; which items
-- came back or held, the last answer first; the postmortems of one status in the order in which they were begun.
CREATE INDEX action_items_of_factor ON action_items (factor_id, id) WHERE factor_id IS NOT NULL;
CREATE INDEX effect_answers_by_effect ON effect_answers (effect, id);
CREATE INDEX postmortems_by_status_beginning ON postmortems (status, id);
