DROP INDEX sessions_by_end;
DROP INDEX jobs_by_death;
DROP INDEX jobs_by_turn;
CREATE INDEX jobs_by_turn ON jobs (dead_at, run_at, id);
