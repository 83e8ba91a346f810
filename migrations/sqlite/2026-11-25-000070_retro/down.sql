DROP TABLE retro_votes;
DROP TABLE retro_cards;
DROP TABLE retro_notes;
DROP TABLE retro_decisions;
DROP TABLE retro_entries;
DROP TABLE retro_people;
DROP TABLE retros;
DROP TABLE retro_series;
