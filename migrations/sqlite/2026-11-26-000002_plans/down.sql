DROP INDEX postmortems_by_status_beginning;
DROP INDEX effect_answers_by_effect;
DROP INDEX action_items_of_factor;
