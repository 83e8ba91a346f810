DROP INDEX action_items_by_incident;
CREATE INDEX action_items_by_incident ON action_items (incident_id, id);
DROP TRIGGER incident_kind_changed ON incidents;
DROP FUNCTION incident_kind_changed();
DROP TRIGGER strike_of_service ON incident_services;
CREATE TRIGGER strike_of_service BEFORE INSERT ON incident_services FOR EACH ROW EXECUTE FUNCTION strike();
DROP FUNCTION strike_of_service();
DROP INDEX incident_services_by_kind;
ALTER TABLE incident_services DROP COLUMN incident_kind;
