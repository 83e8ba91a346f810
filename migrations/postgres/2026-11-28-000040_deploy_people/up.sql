-- When a deploy happened, next to who stood for what in it, so that somebody's last deploys are found without looking at
-- all of theirs.
ALTER TABLE deploy_people ADD COLUMN happened_at BIGINT NOT NULL DEFAULT 0;
UPDATE deploy_people SET happened_at = (SELECT happened_at FROM deploys WHERE id = deploy_id);
DROP INDEX deploy_people_by_name;
DROP INDEX deploy_people_by_user;
CREATE INDEX deploy_people_by_name ON deploy_people (name, happened_at, deploy_id);
CREATE INDEX deploy_people_by_user ON deploy_people (user_id, happened_at, deploy_id);

-- It follows by trigger, so that no writer can forget it.
CREATE FUNCTION deploy_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.happened_at := (SELECT happened_at FROM deploys WHERE id = new.deploy_id);
    RETURN new;
END $$;
CREATE TRIGGER deploy_of_person BEFORE INSERT ON deploy_people FOR EACH ROW EXECUTE FUNCTION deploy_of_person();
CREATE FUNCTION deploy_of_people_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE deploy_people SET happened_at = new.happened_at WHERE deploy_id = new.id;
    RETURN NULL;
END $$;
CREATE TRIGGER deploy_of_people_moved AFTER UPDATE OF happened_at ON deploys
    FOR EACH ROW WHEN (new.happened_at <> old.happened_at) EXECUTE FUNCTION deploy_of_people_moved();
