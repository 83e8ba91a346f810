//! The tables of retros.

use super::{team_members, teams, users};

diesel::table! {
    retro_series (id) {
        id -> BigInt,
        team_id -> BigInt,
        every_weeks -> BigInt,
        weekday -> BigInt,
        minute_of_day -> BigInt,
        zone -> Text,
        anonymous -> Bool,
        next_at -> BigInt,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    retros (id) {
        id -> BigInt,
        team_id -> BigInt,
        series_id -> Nullable<BigInt>,
        status -> Text,
        period_from -> BigInt,
        period_to -> BigInt,
        meets_at -> BigInt,
        next_on -> Date,
        started_at -> Nullable<BigInt>,
        closed_at -> Nullable<BigInt>,
        facilitator_id -> Nullable<BigInt>,
        entry_position -> BigInt,
        entry_began_at -> Nullable<BigInt>,
        box_s -> BigInt,
        left_out_count -> BigInt,
        cards_phase -> Text,
        anonymous -> Bool,
        votes_each -> BigInt,
        notes -> Text,
        notes_revision -> BigInt,
        minutes -> Nullable<Text>,
        revision -> BigInt,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    retro_people (retro_id, user_id) {
        retro_id -> BigInt,
        user_id -> BigInt,
        joined_at -> BigInt,
        last_seen_at -> BigInt,
    }
}

diesel::table! {
    retro_entries (id) {
        id -> BigInt,
        retro_id -> BigInt,
        position -> BigInt,
        kind -> Text,
        action_item_id -> Nullable<BigInt>,
        incident_id -> Nullable<BigInt>,
        deploy_id -> Nullable<BigInt>,
        reason -> Text,
        other_reasons -> Text,
        spent_s -> BigInt,
    }
}

diesel::table! {
    retro_decisions (id) {
        id -> BigInt,
        retro_id -> BigInt,
        entry_id -> BigInt,
        verb -> Text,
        text -> Text,
        due_on -> Nullable<Date>,
        item_revision -> Nullable<BigInt>,
        old_value -> Text,
        user_id -> Nullable<BigInt>,
        decided_at -> BigInt,
        undone_at -> Nullable<BigInt>,
        undone_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    retro_notes (id) {
        id -> BigInt,
        retro_id -> BigInt,
        number -> BigInt,
        markdown -> Text,
        user_id -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    retro_cards (id) {
        id -> BigInt,
        retro_id -> BigInt,
        mood -> Text,
        text -> Text,
        author_id -> Nullable<BigInt>,
        group_id -> Nullable<BigInt>,
        vote_count -> BigInt,
        action_item_id -> Nullable<BigInt>,
        created_at -> BigInt,
        removed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    retro_votes (card_id, user_id) {
        card_id -> BigInt,
        user_id -> BigInt,
        retro_id -> BigInt,
    }
}

diesel::joinable!(retros -> teams (team_id));
diesel::joinable!(retro_series -> teams (team_id));
diesel::joinable!(retro_people -> users (user_id));
diesel::joinable!(retro_entries -> retros (retro_id));
diesel::joinable!(retro_decisions -> retro_entries (entry_id));
diesel::joinable!(retro_notes -> users (user_id));
diesel::joinable!(retro_cards -> users (author_id));

diesel::allow_tables_to_appear_in_same_query!(retros, teams);
diesel::allow_tables_to_appear_in_same_query!(retros, retro_series);
diesel::allow_tables_to_appear_in_same_query!(retro_series, teams);
diesel::allow_tables_to_appear_in_same_query!(retros, team_members);
diesel::allow_tables_to_appear_in_same_query!(retro_people, users);
diesel::allow_tables_to_appear_in_same_query!(retro_entries, retros);
diesel::allow_tables_to_appear_in_same_query!(retro_decisions, retro_entries);
diesel::allow_tables_to_appear_in_same_query!(retro_decisions, users);
diesel::allow_tables_to_appear_in_same_query!(retro_notes, users);
diesel::allow_tables_to_appear_in_same_query!(retro_cards, users);
