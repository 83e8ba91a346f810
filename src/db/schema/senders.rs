//! Tables of what comes in: rules, and what pushes brought.

use super::{sources, users};

diesel::table! {
    hook_rules (id) {
        id -> BigInt,
        place -> BigInt,
        source_id -> Nullable<BigInt>,
        repository -> Text,
        workflow -> Text,
        branch -> Text,
        environment -> Text,
        event -> Text,
        decision -> Text,
        to_service -> Nullable<Text>,
        to_environment -> Nullable<Text>,
        to_tier -> Nullable<Text>,
        to_kind -> Nullable<Text>,
        note -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    code_pushes (id) {
        id -> BigInt,
        after_sha -> Text,
        before_sha -> Nullable<Text>,
        repository -> Text,
        commit_count -> BigInt,
        file_count -> Nullable<BigInt>,
        compare_url -> Nullable<Text>,
        mentions -> Text,
        received_at -> BigInt,
    }
}

diesel::joinable!(hook_rules -> sources (source_id));
diesel::joinable!(hook_rules -> users (created_by));
diesel::allow_tables_to_appear_in_same_query!(hook_rules, sources);
diesel::allow_tables_to_appear_in_same_query!(hook_rules, users);
