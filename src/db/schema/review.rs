//! Review and reading of postmortems.

use super::{incident_services, incidents, postmortems, services, users};

diesel::table! {
    wording_dismissals (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        phrase -> Text,
        user_id -> Nullable<BigInt>,
        dismissed_at -> BigInt,
    }
}

diesel::table! {
    review_requests (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        user_id -> BigInt,
        due_on -> Date,
        asked_by -> Nullable<BigInt>,
        asked_at -> BigInt,
        answered_at -> Nullable<BigInt>,
        withdrawn_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    review_verdicts (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        user_id -> BigInt,
        verdict -> Text,
        note -> Text,
        revision -> BigInt,
        given_at -> BigInt,
    }
}

diesel::table! {
    review_comments (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        parent_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        revision -> BigInt,
        quote -> Text,
        words_before -> Text,
        words_after -> Text,
        text -> Text,
        created_at -> BigInt,
        resolved_at -> Nullable<BigInt>,
        resolved_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    public_versions (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        title -> Text,
        markdown -> Text,
        revision -> BigInt,
        shared_title -> Nullable<Text>,
        shared_markdown -> Nullable<Text>,
        token -> Nullable<Text>,
        shared_at -> Nullable<BigInt>,
        shared_by -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    postmortem_reads (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        user_id -> BigInt,
        read_at -> BigInt,
    }
}

diesel::joinable!(review_requests -> postmortems (postmortem_id));
diesel::joinable!(review_requests -> users (user_id));
diesel::joinable!(review_verdicts -> users (user_id));
diesel::joinable!(review_comments -> users (user_id));
diesel::joinable!(postmortem_reads -> users (user_id));
diesel::joinable!(postmortem_reads -> postmortems (postmortem_id));
diesel::joinable!(public_versions -> postmortems (postmortem_id));

diesel::allow_tables_to_appear_in_same_query!(review_requests, postmortems);
diesel::allow_tables_to_appear_in_same_query!(review_requests, incidents);
diesel::allow_tables_to_appear_in_same_query!(review_requests, users);
diesel::allow_tables_to_appear_in_same_query!(review_requests, incident_services);
diesel::allow_tables_to_appear_in_same_query!(review_requests, services);
diesel::allow_tables_to_appear_in_same_query!(review_verdicts, users);
diesel::allow_tables_to_appear_in_same_query!(review_verdicts, postmortems);
diesel::allow_tables_to_appear_in_same_query!(review_verdicts, incidents);
diesel::allow_tables_to_appear_in_same_query!(review_comments, users);
diesel::allow_tables_to_appear_in_same_query!(postmortem_reads, users);
diesel::allow_tables_to_appear_in_same_query!(postmortem_reads, postmortems);
diesel::allow_tables_to_appear_in_same_query!(postmortem_reads, incidents);
diesel::allow_tables_to_appear_in_same_query!(public_versions, postmortems);
diesel::allow_tables_to_appear_in_same_query!(public_versions, incidents);
