DROP INDEX action_items_by_incident;
CREATE INDEX action_items_by_incident ON action_items (incident_id, id);
DROP TRIGGER incident_kind_changed;
DROP TRIGGER strike_of_service;
CREATE TRIGGER strike_of_service AFTER INSERT ON incident_services BEGIN
    UPDATE incident_services SET struck_at = (SELECT started_at FROM incidents WHERE id = new.incident_id)
    WHERE incident_id = new.incident_id AND service_id = new.service_id;
END;
DROP INDEX incident_services_by_kind;
ALTER TABLE incident_services DROP COLUMN incident_kind;
