-- What became of a delivery is told by indexes of those that wait no more: one that comes in, perhaps among thousands, is
-- entered in as few as can be.
DROP INDEX deliveries_by_deploy;
DROP INDEX deliveries_by_signal;
DROP INDEX deliveries_by_verdict;
DROP INDEX deliveries_by_source_verdict;
DROP INDEX deliveries_by_sender_verdict;
CREATE INDEX deliveries_by_deploy ON deliveries (deploy_id) WHERE deploy_id IS NOT NULL;
CREATE INDEX deliveries_by_signal ON deliveries (signal_id, id) WHERE signal_id IS NOT NULL;
CREATE INDEX deliveries_by_verdict ON deliveries (verdict, id) WHERE verdict <> 'waiting';
CREATE INDEX deliveries_by_source_verdict ON deliveries (source_id, verdict, id) WHERE verdict <> 'waiting';
CREATE INDEX deliveries_by_sender_verdict ON deliveries (sender, verdict, id) WHERE verdict <> 'waiting';
CREATE INDEX deliveries_waiting ON deliveries (id) WHERE verdict = 'waiting';
