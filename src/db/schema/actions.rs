//! What replaced what, effects, views with a name, and trackers.

use super::{action_items, incidents, team_members, teams, users};

diesel::table! {
    action_item_relations (id) {
        id -> BigInt,
        action_item_id -> BigInt,
        other_id -> BigInt,
        relation -> Text,
        user_id -> Nullable<BigInt>,
        related_at -> BigInt,
    }
}

diesel::table! {
    effect_answers (id) {
        id -> BigInt,
        action_item_id -> BigInt,
        incident_id -> Nullable<BigInt>,
        effect -> Text,
        reason -> Text,
        user_id -> Nullable<BigInt>,
        answered_at -> BigInt,
    }
}

diesel::table! {
    saved_views (id) {
        id -> BigInt,
        name -> Text,
        query -> Text,
        user_id -> Nullable<BigInt>,
        team_id -> Nullable<BigInt>,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    trackers (id) {
        id -> BigInt,
        slug -> Text,
        kind -> Text,
        name -> Text,
        team_id -> Nullable<BigInt>,
        base_url -> Text,
        project -> Text,
        account -> Text,
        sealed_token -> Text,
        sealed_secret -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    tracker_issues (id) {
        id -> BigInt,
        action_item_id -> BigInt,
        tracker_id -> BigInt,
        external_key -> Nullable<Text>,
        url -> Nullable<Text>,
        is_done -> Bool,
        title -> Text,
        wanted_version -> BigInt,
        pushed_version -> BigInt,
        heard_at -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        failed_at -> Nullable<BigInt>,
        linked_by -> Nullable<BigInt>,
        linked_at -> BigInt,
        synced_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    tracker_deliveries (id) {
        id -> BigInt,
        tracker_id -> BigInt,
        delivery_key -> Text,
        outcome -> Text,
        received_at -> BigInt,
    }
}

diesel::joinable!(effect_answers -> incidents (incident_id));
diesel::joinable!(effect_answers -> action_items (action_item_id));
diesel::joinable!(saved_views -> teams (team_id));
diesel::joinable!(trackers -> teams (team_id));
diesel::joinable!(tracker_issues -> trackers (tracker_id));
diesel::joinable!(tracker_issues -> action_items (action_item_id));
diesel::joinable!(tracker_deliveries -> trackers (tracker_id));

diesel::allow_tables_to_appear_in_same_query!(action_item_relations, action_items);
diesel::allow_tables_to_appear_in_same_query!(effect_answers, action_items);
diesel::allow_tables_to_appear_in_same_query!(effect_answers, incidents);
diesel::allow_tables_to_appear_in_same_query!(effect_answers, users);
diesel::allow_tables_to_appear_in_same_query!(saved_views, teams);
diesel::allow_tables_to_appear_in_same_query!(saved_views, team_members);
diesel::allow_tables_to_appear_in_same_query!(trackers, teams);
diesel::allow_tables_to_appear_in_same_query!(tracker_issues, action_items);
diesel::allow_tables_to_appear_in_same_query!(trackers, tracker_issues);
diesel::allow_tables_to_appear_in_same_query!(trackers, action_items);
diesel::allow_tables_to_appear_in_same_query!(trackers, tracker_deliveries);
