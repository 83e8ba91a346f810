-- What the strip of changes and the figures of delivery count is counted in the index, without reading the deploys.
DROP INDEX deploys_by_lane;
CREATE INDEX deploys_by_lane ON deploys (service_id, environment, happened_at, id, kind, status, finished_at);
DROP INDEX deploys_by_service;
CREATE INDEX deploys_by_service ON deploys (service_id, happened_at, id, kind, status);
DROP INDEX deploy_people_by_deploy;
CREATE INDEX deploy_people_by_deploy ON deploy_people (deploy_id, part, stood_at);

-- The newest items of a factor, of each status.
DROP INDEX action_items_of_factor;
DROP INDEX action_items_by_factor;
CREATE INDEX action_items_by_factor ON action_items (factor_id, status, id);
