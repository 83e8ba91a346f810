-- What lists of many years need beside their rows: when an incident struck, next to what it struck, so that the last
-- ones are found without looking at all of them; and how often a factor was named.
ALTER TABLE incident_services ADD COLUMN struck_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE incident_tags ADD COLUMN struck_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE incident_factors ADD COLUMN struck_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contributing_factors ADD COLUMN incident_count BIGINT NOT NULL DEFAULT 0;
UPDATE incident_services SET struck_at = (SELECT started_at FROM incidents WHERE id = incident_id);
UPDATE incident_tags SET struck_at = (SELECT started_at FROM incidents WHERE id = incident_id);
UPDATE incident_factors SET struck_at = (SELECT started_at FROM incidents WHERE id = incident_id);
UPDATE contributing_factors
SET incident_count = (SELECT count(*) FROM incident_factors f WHERE f.factor_id = contributing_factors.id);

CREATE INDEX incident_services_by_strike ON incident_services (service_id, struck_at, incident_id);
CREATE INDEX incident_tags_by_strike ON incident_tags (tag, struck_at, incident_id);
CREATE INDEX incident_factors_by_strike ON incident_factors (factor_id, struck_at, incident_id);

-- They follow by trigger, so that no writer can forget them.
CREATE TRIGGER strike_of_service AFTER INSERT ON incident_services BEGIN
    UPDATE incident_services SET struck_at = (SELECT started_at FROM incidents WHERE id = new.incident_id)
    WHERE incident_id = new.incident_id AND service_id = new.service_id;
END;
CREATE TRIGGER strike_of_tag AFTER INSERT ON incident_tags BEGIN
    UPDATE incident_tags SET struck_at = (SELECT started_at FROM incidents WHERE id = new.incident_id)
    WHERE incident_id = new.incident_id AND tag = new.tag;
END;
CREATE TRIGGER strike_of_factor AFTER INSERT ON incident_factors BEGIN
    UPDATE incident_factors SET struck_at = (SELECT started_at FROM incidents WHERE id = new.incident_id)
    WHERE incident_id = new.incident_id AND factor_id = new.factor_id;
    UPDATE contributing_factors SET incident_count = incident_count + 1 WHERE id = new.factor_id;
END;
CREATE TRIGGER strike_of_factor_gone AFTER DELETE ON incident_factors BEGIN
    UPDATE contributing_factors SET incident_count = incident_count - 1 WHERE id = old.factor_id;
END;
CREATE TRIGGER strike_moved AFTER UPDATE OF started_at ON incidents WHEN new.started_at <> old.started_at BEGIN
    UPDATE incident_services SET struck_at = new.started_at WHERE incident_id = new.id;
    UPDATE incident_tags SET struck_at = new.started_at WHERE incident_id = new.id;
    UPDATE incident_factors SET struck_at = new.started_at WHERE incident_id = new.id;
END;

-- Finished items of a factor, the last first.
CREATE INDEX action_items_by_factor_closing ON action_items (factor_id, closed_at, id) WHERE closed_at IS NOT NULL;
CREATE INDEX action_items_on_factors_by_closing ON action_items (closed_at, id, factor_id, status)
WHERE closed_at IS NOT NULL AND factor_id IS NOT NULL;

-- What somebody is writing, without looking at what everybody is.
CREATE INDEX postmortems_by_starter ON postmortems (started_by, status, updated_at, id);

-- The columns of the board: what was closed last, of one status.
CREATE INDEX action_items_by_status_closing ON action_items (status, closed_at, id) WHERE closed_at IS NOT NULL;

-- What there is to read, what was published last first.
CREATE INDEX postmortems_by_status_publication ON postmortems (status, published_at, id);
