-- Earlier incidents of the same kind on a service, and which of their items were finished when: both are told by an
-- index, without reading each incident and each item.
ALTER TABLE incident_services ADD COLUMN incident_kind TEXT NOT NULL DEFAULT '';
UPDATE incident_services SET incident_kind = (SELECT kind FROM incidents WHERE id = incident_id);
CREATE INDEX incident_services_by_kind ON incident_services (service_id, incident_kind, struck_at, incident_id);
DROP TRIGGER strike_of_service;
CREATE TRIGGER strike_of_service AFTER INSERT ON incident_services BEGIN
    UPDATE incident_services
    SET struck_at = (SELECT started_at FROM incidents WHERE id = new.incident_id),
        incident_kind = (SELECT kind FROM incidents WHERE id = new.incident_id)
    WHERE incident_id = new.incident_id AND service_id = new.service_id;
END;
CREATE TRIGGER incident_kind_changed AFTER UPDATE OF kind ON incidents WHEN new.kind <> old.kind BEGIN
    UPDATE incident_services SET incident_kind = new.kind WHERE incident_id = new.id;
END;

DROP INDEX action_items_by_incident;
CREATE INDEX action_items_by_incident ON action_items (incident_id, id, status, closed_at);
