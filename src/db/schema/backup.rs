//! Backups that the program takes.

use super::users;

diesel::table! {
    backups (id) {
        id -> BigInt,
        state -> Text,
        node -> Text,
        file -> Text,
        asked_by -> Nullable<BigInt>,
        started_at -> BigInt,
        seen_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        row_count -> Nullable<BigInt>,
        byte_count -> Nullable<BigInt>,
        detail -> Text,
    }
}

diesel::joinable!(backups -> users (asked_by));
diesel::allow_tables_to_appear_in_same_query!(backups, users);
