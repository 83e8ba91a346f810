DROP TABLE postmortem_reads;
DROP TABLE public_versions;
DROP TABLE review_comments;
DROP TABLE review_verdicts;
DROP TABLE review_requests;
DROP TABLE wording_dismissals;
