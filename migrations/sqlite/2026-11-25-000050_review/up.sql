-- Review and reading of postmortems ----------------------------------------------

-- A phrase that its writers looked at and want to keep.
CREATE TABLE wording_dismissals (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL REFERENCES postmortems (id),
    phrase TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id),
    dismissed_at BIGINT NOT NULL,
    UNIQUE (postmortem_id, phrase)
);

-- Who was asked, by when. One that was taken back stays.
CREATE TABLE review_requests (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL REFERENCES postmortems (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    due_on DATE NOT NULL,
    asked_by BIGINT REFERENCES users (id),
    asked_at BIGINT NOT NULL,
    answered_at BIGINT,
    withdrawn_at BIGINT,
    UNIQUE (postmortem_id, user_id)
);
CREATE INDEX review_requests_by_person ON review_requests (user_id, answered_at, due_on, id);
CREATE INDEX review_requests_by_due ON review_requests (due_on, id);

-- What a reviewer said about a revision. Never changed.
CREATE TABLE review_verdicts (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL REFERENCES postmortems (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    verdict TEXT NOT NULL,
    note TEXT NOT NULL,
    revision BIGINT NOT NULL,
    given_at BIGINT NOT NULL
);
CREATE INDEX review_verdicts_by_postmortem ON review_verdicts (postmortem_id, id);

-- Comments on a passage, found again by its words and those around them.
CREATE TABLE review_comments (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL REFERENCES postmortems (id),
    parent_id BIGINT REFERENCES review_comments (id),
    user_id BIGINT REFERENCES users (id),
    revision BIGINT NOT NULL,
    quote TEXT NOT NULL,
    words_before TEXT NOT NULL,
    words_after TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by BIGINT REFERENCES users (id)
);
CREATE INDEX review_comments_by_postmortem ON review_comments (postmortem_id, id);
CREATE INDEX review_comments_by_parent ON review_comments (parent_id, id);

-- A text for readers outside, shared by a link while it has a token.
CREATE TABLE public_versions (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL UNIQUE REFERENCES postmortems (id),
    title TEXT NOT NULL,
    markdown TEXT NOT NULL,
    revision BIGINT NOT NULL,
    shared_title TEXT,
    shared_markdown TEXT,
    token TEXT UNIQUE,
    shared_at BIGINT,
    shared_by BIGINT REFERENCES users (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Who wants it known that they read a postmortem.
CREATE TABLE postmortem_reads (
    id INTEGER NOT NULL PRIMARY KEY,
    postmortem_id BIGINT NOT NULL REFERENCES postmortems (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    read_at BIGINT NOT NULL,
    UNIQUE (postmortem_id, user_id)
);
CREATE INDEX postmortem_reads_by_person ON postmortem_reads (user_id, read_at, id);
