DROP TRIGGER deploy_of_person;
DROP TRIGGER deploy_of_people_moved;
DROP INDEX deploy_people_by_name;
DROP INDEX deploy_people_by_user;
ALTER TABLE deploy_people DROP COLUMN happened_at;
CREATE INDEX deploy_people_by_name ON deploy_people (name, deploy_id);
CREATE INDEX deploy_people_by_user ON deploy_people (user_id, deploy_id);
