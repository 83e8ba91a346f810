//! Signals, marks of deploys, checklists and freeze windows.

use super::{deploys, incident_services, incidents, services, teams, users};

diesel::table! {
    signals (id) {
        id -> BigInt,
        source -> Text,
        group_key -> Text,
        title -> Text,
        summary -> Text,
        severity -> Nullable<Text>,
        state -> Text,
        service_name -> Nullable<Text>,
        service_id -> Nullable<BigInt>,
        environment -> Nullable<Text>,
        labels -> Text,
        url -> Nullable<Text>,
        release -> Nullable<Text>,
        firing_count -> BigInt,
        first_started_at -> BigInt,
        last_started_at -> BigInt,
        last_ended_at -> Nullable<BigInt>,
        told_by -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    signal_alerts (id) {
        id -> BigInt,
        signal_id -> BigInt,
        labels_hash -> Text,
        started_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        heard_firing -> Bool,
        is_open -> Bool,
    }
}

diesel::table! {
    signal_rules (id) {
        id -> BigInt,
        position -> BigInt,
        label_name -> Text,
        label_value -> Text,
        service_id -> Nullable<BigInt>,
        environment -> Text,
        severity -> Text,
        outcome -> Text,
        incident_severity -> Nullable<Text>,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    signal_incidents (id) {
        id -> BigInt,
        signal_id -> BigInt,
        incident_id -> BigInt,
        rule_id -> Nullable<BigInt>,
        said_by -> Text,
        user_id -> Nullable<BigInt>,
        said_at -> BigInt,
        firing_event_id -> Nullable<BigInt>,
        resolved_event_id -> Nullable<BigInt>,
        detached_at -> Nullable<BigInt>,
        detached_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    deploy_marks (id) {
        id -> BigInt,
        deploy_id -> BigInt,
        marked_id -> BigInt,
        mark -> Text,
        reason -> Text,
        kind_before -> Text,
        status_before -> Text,
        said_by -> Text,
        user_id -> Nullable<BigInt>,
        said_at -> BigInt,
        taken_back_at -> Nullable<BigInt>,
        taken_back_by -> Nullable<BigInt>,
        taken_back_name -> Nullable<Text>,
        taken_back_reason -> Nullable<Text>,
    }
}

diesel::table! {
    release_settings (service_id) {
        service_id -> BigInt,
        checklist -> Text,
        checklist_environment -> Text,
        bindingness -> Text,
        updated_at -> BigInt,
        updated_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    checklist_items (id) {
        id -> BigInt,
        deploy_id -> BigInt,
        position -> BigInt,
        text -> Text,
        ticked_at -> Nullable<BigInt>,
        ticked_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    checklist_ticks (id) {
        id -> BigInt,
        item_id -> BigInt,
        step -> Text,
        said_by -> Text,
        user_id -> Nullable<BigInt>,
        said_at -> BigInt,
    }
}

diesel::table! {
    freeze_windows (id) {
        id -> BigInt,
        service_id -> Nullable<BigInt>,
        team_id -> Nullable<BigInt>,
        environment -> Text,
        starts_at -> BigInt,
        ends_at -> BigInt,
        reason -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
        cancelled_at -> Nullable<BigInt>,
        cancelled_by -> Nullable<BigInt>,
    }
}

diesel::joinable!(signals -> services (service_id));
diesel::joinable!(signal_rules -> services (service_id));
diesel::joinable!(signal_incidents -> signals (signal_id));
diesel::joinable!(signal_incidents -> incidents (incident_id));
diesel::joinable!(checklist_items -> deploys (deploy_id));
diesel::joinable!(checklist_items -> users (ticked_by));
diesel::joinable!(freeze_windows -> services (service_id));
diesel::joinable!(freeze_windows -> teams (team_id));

diesel::allow_tables_to_appear_in_same_query!(signals, services);
diesel::allow_tables_to_appear_in_same_query!(signal_rules, services);
diesel::allow_tables_to_appear_in_same_query!(signal_incidents, signals);
diesel::allow_tables_to_appear_in_same_query!(signal_incidents, incidents);
diesel::allow_tables_to_appear_in_same_query!(signal_incidents, incident_services);
diesel::allow_tables_to_appear_in_same_query!(checklist_items, deploys);
diesel::allow_tables_to_appear_in_same_query!(checklist_items, users);
diesel::allow_tables_to_appear_in_same_query!(freeze_windows, services);
diesel::allow_tables_to_appear_in_same_query!(freeze_windows, teams);
diesel::allow_tables_to_appear_in_same_query!(deploy_marks, deploys);
diesel::allow_tables_to_appear_in_same_query!(checklist_ticks, checklist_items);
