DROP INDEX messages_by_state;
