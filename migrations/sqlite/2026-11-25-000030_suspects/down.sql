DROP TABLE suspect_learning;
DROP TABLE suspect_verdicts;
DROP TABLE incident_suspects;
DROP TABLE incident_reckonings;
