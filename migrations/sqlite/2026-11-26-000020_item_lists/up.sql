-- A list of items that is narrowed to a priority or a kind walks what fits, and not all of its view: finished and
-- declined items by status, and what is blocked, untouched or to be checked.
CREATE INDEX action_items_by_status_priority ON action_items (status, priority, due_on, id);
CREATE INDEX action_items_by_status_kind ON action_items (status, kind, due_on, id);
CREATE INDEX action_items_blocked_by_priority ON action_items (priority, due_on, id) WHERE blocked_at IS NOT NULL;
CREATE INDEX action_items_blocked_by_kind ON action_items (kind, due_on, id) WHERE blocked_at IS NOT NULL;
CREATE INDEX action_items_unfinished_by_priority_touch ON action_items (priority, updated_at, id) WHERE closed_at IS NULL;
CREATE INDEX action_items_unfinished_by_kind_touch ON action_items (kind, updated_at, id) WHERE closed_at IS NULL;
CREATE INDEX action_items_to_check_by_priority ON action_items (priority, check_on, id) WHERE check_on IS NOT NULL;
CREATE INDEX action_items_to_check_by_kind ON action_items (kind, check_on, id) WHERE check_on IS NOT NULL;
