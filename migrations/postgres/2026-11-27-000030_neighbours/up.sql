-- Earlier incidents of the same kind on a service, and which of their items were finished when: both are told by an
-- index, without reading each incident and each item.
ALTER TABLE incident_services ADD COLUMN incident_kind TEXT NOT NULL DEFAULT '';
UPDATE incident_services SET incident_kind = (SELECT kind FROM incidents WHERE id = incident_id);
CREATE INDEX incident_services_by_kind ON incident_services (service_id, incident_kind, struck_at, incident_id);
CREATE FUNCTION strike_of_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT started_at, kind INTO new.struck_at, new.incident_kind FROM incidents WHERE id = new.incident_id;
    RETURN new;
END $$;
DROP TRIGGER strike_of_service ON incident_services;
CREATE TRIGGER strike_of_service BEFORE INSERT ON incident_services FOR EACH ROW EXECUTE FUNCTION strike_of_service();
CREATE FUNCTION incident_kind_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE incident_services SET incident_kind = new.kind WHERE incident_id = new.id;
    RETURN NULL;
END $$;
CREATE TRIGGER incident_kind_changed AFTER UPDATE OF kind ON incidents
    FOR EACH ROW WHEN (new.kind <> old.kind) EXECUTE FUNCTION incident_kind_changed();

DROP INDEX action_items_by_incident;
CREATE INDEX action_items_by_incident ON action_items (incident_id, id, status, closed_at);
