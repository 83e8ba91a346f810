DROP INDEX action_items_by_factor;
CREATE INDEX action_items_by_factor ON action_items (factor_id, status);
CREATE INDEX action_items_of_factor ON action_items (factor_id, id) WHERE factor_id IS NOT NULL;
DROP INDEX deploy_people_by_deploy;
CREATE INDEX deploy_people_by_deploy ON deploy_people (deploy_id);
DROP INDEX deploys_by_service;
CREATE INDEX deploys_by_service ON deploys (service_id, happened_at, id);
DROP INDEX deploys_by_lane;
CREATE INDEX deploys_by_lane ON deploys (service_id, environment, happened_at, id);
