DROP INDEX messages_shown;
