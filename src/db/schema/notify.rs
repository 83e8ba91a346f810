//! Schedules, notices and messages, webhooks, feeds.

use super::{teams, users};

diesel::table! {
    schedules (kind) {
        kind -> Text,
        every_s -> BigInt,
        next_at -> BigInt,
        last_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    notices (id) {
        id -> BigInt,
        kind -> Text,
        thing_kind -> Text,
        thing_key -> Text,
        path -> Text,
        title -> Text,
        body -> Text,
        why -> Text,
        actor_id -> Nullable<BigInt>,
        dedup_key -> Nullable<Text>,
        told_at -> BigInt,
    }
}

diesel::table! {
    notice_settings (user_id) {
        user_id -> BigInt,
        stop_token -> Text,
        digest_hour -> BigInt,
        quiet_from -> Nullable<BigInt>,
        quiet_until -> Nullable<BigInt>,
        next_digest_at -> BigInt,
        last_digest_on -> Nullable<Date>,
    }
}

diesel::table! {
    notice_choices (user_id, kind) {
        user_id -> BigInt,
        kind -> Text,
        choice -> Text,
    }
}

diesel::table! {
    chat_channels (id) {
        id -> BigInt,
        team_id -> BigInt,
        flavour -> Text,
        name -> Text,
        url -> Text,
        kinds -> Text,
        failure_count -> BigInt,
        disabled_at -> Nullable<BigInt>,
        disabled_reason -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    webhooks (id) {
        id -> BigInt,
        name -> Text,
        url -> Text,
        secret -> Text,
        old_secret -> Nullable<Text>,
        old_secret_until -> Nullable<BigInt>,
        kinds -> Text,
        failure_count -> BigInt,
        disabled_at -> Nullable<BigInt>,
        disabled_reason -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        lane -> Text,
        kind -> Text,
        notice_id -> Nullable<BigInt>,
        user_id -> Nullable<BigInt>,
        channel_id -> Nullable<BigInt>,
        webhook_id -> Nullable<BigInt>,
        state -> Text,
        public_id -> Text,
        digest_on -> Nullable<Date>,
        digest_id -> Nullable<BigInt>,
        due_at -> BigInt,
        attempts -> BigInt,
        last_error -> Text,
        created_at -> BigInt,
        settled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    message_attempts (id) {
        id -> BigInt,
        message_id -> BigInt,
        outcome -> Text,
        detail -> Text,
        took_ms -> BigInt,
        attempted_at -> BigInt,
    }
}

diesel::table! {
    feeds (id) {
        id -> BigInt,
        token_hash -> Text,
        hint -> Text,
        kind -> Text,
        user_id -> BigInt,
        team_id -> Nullable<BigInt>,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::joinable!(notices -> users (actor_id));
diesel::joinable!(notice_settings -> users (user_id));
diesel::joinable!(notice_choices -> users (user_id));
diesel::joinable!(chat_channels -> teams (team_id));
diesel::joinable!(messages -> notices (notice_id));
diesel::joinable!(messages -> users (user_id));
diesel::joinable!(messages -> chat_channels (channel_id));
diesel::joinable!(messages -> webhooks (webhook_id));
diesel::joinable!(message_attempts -> messages (message_id));
diesel::joinable!(feeds -> users (user_id));
diesel::joinable!(feeds -> teams (team_id));
diesel::allow_tables_to_appear_in_same_query!(
    schedules,
    notices,
    notice_settings,
    notice_choices,
    chat_channels,
    webhooks,
    messages,
    message_attempts,
    feeds,
);
diesel::allow_tables_to_appear_in_same_query!(users, notices);
diesel::allow_tables_to_appear_in_same_query!(users, notice_settings);
diesel::allow_tables_to_appear_in_same_query!(users, notice_choices);
diesel::allow_tables_to_appear_in_same_query!(users, messages);
diesel::allow_tables_to_appear_in_same_query!(users, feeds);
diesel::allow_tables_to_appear_in_same_query!(teams, chat_channels);
diesel::allow_tables_to_appear_in_same_query!(teams, feeds);
