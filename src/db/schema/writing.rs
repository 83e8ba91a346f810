//! Texts on their way, pictures and templates.

use super::{incidents, postmortems, services, users};

diesel::table! {
    postmortem_drafts (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        user_id -> BigInt,
        base_revision -> BigInt,
        markdown -> Text,
        saved_at -> BigInt,
        dropped_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    postmortem_writers (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        user_id -> BigInt,
        seen_at -> BigInt,
    }
}

diesel::table! {
    attachments (id) {
        id -> BigInt,
        token -> Text,
        incident_id -> BigInt,
        file_name -> Text,
        content_type -> Text,
        byte_count -> BigInt,
        digest -> Text,
        content -> Binary,
        user_id -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    postmortem_templates (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        markdown -> Text,
        revision -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    postmortem_template_rules (id) {
        id -> BigInt,
        template_slug -> Text,
        severity -> Nullable<Text>,
        kind -> Nullable<Text>,
        service_id -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::joinable!(postmortem_drafts -> postmortems (postmortem_id));
diesel::joinable!(postmortem_writers -> users (user_id));
diesel::joinable!(attachments -> incidents (incident_id));
diesel::joinable!(postmortem_template_rules -> services (service_id));

diesel::allow_tables_to_appear_in_same_query!(postmortem_drafts, postmortems);
diesel::allow_tables_to_appear_in_same_query!(postmortem_writers, users);
diesel::allow_tables_to_appear_in_same_query!(attachments, incidents);
diesel::allow_tables_to_appear_in_same_query!(postmortem_template_rules, services);
