DELETE FROM counters WHERE name = 'backup';
DROP TABLE backups;
