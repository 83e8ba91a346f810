//! Every table as diesel sees it, the same on both databases.
//!
//! Written by hand after `migrations/`; `tests/suite/schema.rs` fails when the two drift apart.

mod writing;

pub use writing::*;
mod backup;
mod changes;
mod retro;
mod review;
pub use retro::*;
mod notify;
mod senders;
mod suspects;

pub use backup::*;
pub use changes::*;
pub use notify::*;
pub use review::*;
pub use senders::*;
pub use suspects::*;

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    teams (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        email -> Text,
        handle -> Text,
        name -> Text,
        role -> Text,
        zone -> Text,
        theme -> Text,
        keys_on -> Bool,
        password_hash -> Nullable<Text>,
        disabled_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    team_members (team_id, user_id) {
        team_id -> BigInt,
        user_id -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        token_hash -> Text,
        user_id -> BigInt,
        user_agent -> Text,
        address -> Text,
        created_at -> BigInt,
        last_used_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sign_in_links (token_hash) {
        token_hash -> Text,
        user_id -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sign_in_attempts (id) {
        id -> BigInt,
        subject -> Text,
        attempted_at -> BigInt,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        scope -> Text,
        token_hash -> Text,
        hint -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    audit_entries (id) {
        id -> BigInt,
        happened_at -> BigInt,
        user_id -> Nullable<BigInt>,
        actor -> Text,
        action -> Text,
        subject -> Text,
        old_value -> Nullable<Text>,
        new_value -> Nullable<Text>,
        request_id -> Text,
    }
}

diesel::table! {
    idempotency_keys (id) {
        id -> BigInt,
        user_id -> BigInt,
        idempotency_key -> Text,
        fingerprint -> Text,
        status -> BigInt,
        location -> Nullable<Text>,
        etag -> Nullable<Text>,
        body -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        payload -> Text,
        run_at -> BigInt,
        attempts -> BigInt,
        max_attempts -> BigInt,
        leased_until -> Nullable<BigInt>,
        leased_by -> Nullable<Text>,
        last_error -> Nullable<Text>,
        dead_at -> Nullable<BigInt>,
        created_at -> BigInt,
        unique_key -> Nullable<Text>,
    }
}

diesel::table! {
    services (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        team_id -> Nullable<BigInt>,
        tier -> BigInt,
        description -> Text,
        repository_url -> Nullable<Text>,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    service_links (id) {
        id -> BigInt,
        service_id -> BigInt,
        kind -> Text,
        label -> Text,
        url -> Text,
    }
}

diesel::table! {
    service_dependencies (service_id, depends_on_id) {
        service_id -> BigInt,
        depends_on_id -> BigInt,
    }
}

diesel::table! {
    deploys (id) {
        id -> BigInt,
        number -> BigInt,
        service_id -> BigInt,
        environment -> Text,
        kind -> Text,
        status -> Text,
        version -> Nullable<Text>,
        commit_sha -> Nullable<Text>,
        previous_version -> Nullable<Text>,
        previous_commit_sha -> Nullable<Text>,
        summary -> Text,
        url -> Nullable<Text>,
        compare_url -> Nullable<Text>,
        deployed_by -> Nullable<Text>,
        source -> Text,
        external_id -> Nullable<Text>,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        happened_at -> BigInt,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        commit_count -> Nullable<BigInt>,
        file_count -> Nullable<BigInt>,
        environment_tier -> Nullable<Text>,
    }
}

diesel::table! {
    deploy_people (id) {
        id -> BigInt,
        deploy_id -> BigInt,
        part -> Text,
        name -> Text,
        user_id -> Nullable<BigInt>,
        stood_at -> Nullable<BigInt>,
        happened_at -> BigInt,
    }
}

diesel::table! {
    deploy_references (id) {
        id -> BigInt,
        deploy_id -> BigInt,
        kind -> Text,
        label -> Text,
        url -> Nullable<Text>,
    }
}

diesel::table! {
    incidents (id) {
        id -> BigInt,
        number -> BigInt,
        title -> Text,
        kind -> Text,
        severity -> Text,
        status -> Text,
        summary -> Text,
        started_at -> BigInt,
        detected_at -> Nullable<BigInt>,
        acknowledged_at -> Nullable<BigInt>,
        identified_at -> Nullable<BigInt>,
        mitigated_at -> Nullable<BigInt>,
        resolved_at -> Nullable<BigInt>,
        declared_at -> BigInt,
        declared_by -> Nullable<BigInt>,
        imported_from -> Nullable<Text>,
        revision -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    incident_services (incident_id, service_id) {
        incident_id -> BigInt,
        service_id -> BigInt,
        struck_at -> BigInt,
        incident_kind -> Text,
    }
}

diesel::table! {
    incident_roles (incident_id, role) {
        incident_id -> BigInt,
        role -> Text,
        user_id -> BigInt,
        assigned_at -> BigInt,
    }
}

diesel::table! {
    incident_tags (incident_id, tag) {
        incident_id -> BigInt,
        tag -> Text,
        struck_at -> BigInt,
    }
}

diesel::table! {
    impact_figures (id) {
        id -> BigInt,
        incident_id -> BigInt,
        label -> Text,
        amount -> Double,
        unit -> Text,
        source -> Text,
        basis -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    time_corrections (id) {
        id -> BigInt,
        incident_id -> BigInt,
        field -> Text,
        old_at -> Nullable<BigInt>,
        new_at -> Nullable<BigInt>,
        reason -> Text,
        corrected_by -> Nullable<BigInt>,
        corrected_at -> BigInt,
    }
}

diesel::table! {
    incident_deploys (id) {
        id -> BigInt,
        incident_id -> BigInt,
        deploy_id -> BigInt,
        relation -> Text,
        reason -> Text,
        said_by -> Text,
        user_id -> Nullable<BigInt>,
        said_at -> BigInt,
    }
}

diesel::table! {
    incident_deploy_verdicts (id) {
        id -> BigInt,
        incident_id -> BigInt,
        deploy_id -> BigInt,
        relation -> Text,
        reason -> Text,
        said_by -> Text,
        user_id -> Nullable<BigInt>,
        said_at -> BigInt,
    }
}

diesel::table! {
    timeline_events (id) {
        id -> BigInt,
        incident_id -> BigInt,
        happened_at -> BigInt,
        kind -> Text,
        source -> Text,
        text -> Text,
        user_id -> Nullable<BigInt>,
        deploy_id -> Nullable<BigInt>,
        pinned -> Bool,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        deleted_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    timeline_evidence (id) {
        id -> BigInt,
        event_id -> BigInt,
        url -> Text,
        label -> Text,
    }
}

diesel::table! {
    postmortems (id) {
        id -> BigInt,
        incident_id -> BigInt,
        status -> Text,
        current_revision -> BigInt,
        published_revision -> Nullable<BigInt>,
        published_at -> Nullable<BigInt>,
        published_by -> Nullable<BigInt>,
        not_needed_reason -> Nullable<Text>,
        started_by -> Nullable<BigInt>,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    postmortem_revisions (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        number -> BigInt,
        base_number -> Nullable<BigInt>,
        markdown -> Text,
        note -> Text,
        user_id -> Nullable<BigInt>,
        created_at -> BigInt,
        frozen_markdown -> Nullable<Text>,
    }
}

diesel::table! {
    postmortem_steps (id) {
        id -> BigInt,
        postmortem_id -> BigInt,
        status -> Text,
        reason -> Text,
        revision -> BigInt,
        user_id -> Nullable<BigInt>,
        happened_at -> BigInt,
    }
}

diesel::table! {
    contributing_factors (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        description -> Text,
        created_at -> BigInt,
        incident_count -> BigInt,
    }
}

diesel::table! {
    incident_factors (incident_id, factor_id) {
        incident_id -> BigInt,
        factor_id -> BigInt,
        note -> Text,
        user_id -> Nullable<BigInt>,
        added_at -> BigInt,
        struck_at -> BigInt,
    }
}

diesel::table! {
    action_items (id) {
        id -> BigInt,
        number -> BigInt,
        incident_id -> Nullable<BigInt>,
        title -> Text,
        details -> Text,
        kind -> Text,
        status -> Text,
        priority -> Text,
        owner_id -> Nullable<BigInt>,
        team_id -> Nullable<BigInt>,
        factor_id -> Nullable<BigInt>,
        due_on -> Nullable<Date>,
        tracker_url -> Nullable<Text>,
        declined_reason -> Nullable<Text>,
        closed_at -> Nullable<BigInt>,
        created_by -> Nullable<BigInt>,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        blocked_at -> Nullable<BigInt>,
        blocked_reason -> Nullable<Text>,
        look_again_on -> Nullable<Date>,
        put_off_count -> BigInt,
        done_by -> Nullable<BigInt>,
        check_on -> Nullable<Date>,
        effect -> Nullable<Text>,
        assign_by -> Nullable<Date>,
        replaced_at -> Nullable<BigInt>,
        before -> Nullable<Text>,
    }
}

diesel::table! {
    action_item_evidence (id) {
        id -> BigInt,
        action_item_id -> BigInt,
        text -> Text,
        url -> Nullable<Text>,
        user_id -> Nullable<BigInt>,
        given_at -> BigInt,
    }
}

diesel::table! {
    action_item_changes (id) {
        id -> BigInt,
        action_item_id -> BigInt,
        field -> Text,
        old_value -> Nullable<Text>,
        new_value -> Nullable<Text>,
        reason -> Text,
        user_id -> Nullable<BigInt>,
        changed_at -> BigInt,
    }
}

diesel::table! {
    sources (id) {
        id -> BigInt,
        slug -> Text,
        sender -> Text,
        name -> Text,
        secret -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
        first_delivery_at -> Nullable<BigInt>,
        disabled_at -> Nullable<BigInt>,
        previous_secret -> Nullable<Text>,
        previous_secret_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    deliveries (id) {
        id -> BigInt,
        source_id -> BigInt,
        delivery_key -> Text,
        event -> Text,
        headers -> Text,
        body -> Binary,
        verdict -> Text,
        reason -> Text,
        deploy_id -> Nullable<BigInt>,
        received_at -> BigInt,
        processed_at -> Nullable<BigInt>,
        sender -> Text,
        signal_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    search_documents (id) {
        id -> BigInt,
        kind -> Text,
        thing_id -> BigInt,
        incident_id -> Nullable<BigInt>,
        happened_at -> BigInt,
        title -> Text,
        body -> Text,
        facets -> Text,
    }
}

mod actions;
pub use actions::*;

diesel::joinable!(team_members -> teams (team_id));
diesel::joinable!(team_members -> users (user_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(sign_in_links -> users (user_id));
diesel::joinable!(api_tokens -> users (user_id));
diesel::joinable!(audit_entries -> users (user_id));
diesel::joinable!(idempotency_keys -> users (user_id));
diesel::joinable!(services -> teams (team_id));
diesel::joinable!(service_links -> services (service_id));
diesel::joinable!(deploys -> services (service_id));
diesel::joinable!(deploy_people -> deploys (deploy_id));
diesel::joinable!(deploy_people -> users (user_id));
diesel::joinable!(deploy_references -> deploys (deploy_id));
diesel::joinable!(incidents -> users (declared_by));
diesel::joinable!(incident_services -> incidents (incident_id));
diesel::joinable!(incident_services -> services (service_id));
diesel::joinable!(incident_roles -> incidents (incident_id));
diesel::joinable!(incident_roles -> users (user_id));
diesel::joinable!(incident_tags -> incidents (incident_id));
diesel::joinable!(impact_figures -> incidents (incident_id));
diesel::joinable!(impact_figures -> users (created_by));
diesel::joinable!(time_corrections -> incidents (incident_id));
diesel::joinable!(time_corrections -> users (corrected_by));
diesel::joinable!(incident_deploys -> incidents (incident_id));
diesel::joinable!(incident_deploys -> deploys (deploy_id));
diesel::joinable!(incident_deploys -> users (user_id));
diesel::joinable!(incident_deploy_verdicts -> incidents (incident_id));
diesel::joinable!(incident_deploy_verdicts -> deploys (deploy_id));
diesel::joinable!(incident_deploy_verdicts -> users (user_id));
diesel::joinable!(timeline_events -> incidents (incident_id));
diesel::joinable!(timeline_events -> deploys (deploy_id));
diesel::joinable!(timeline_evidence -> timeline_events (event_id));
diesel::joinable!(postmortems -> incidents (incident_id));
diesel::joinable!(postmortem_revisions -> postmortems (postmortem_id));
diesel::joinable!(postmortem_revisions -> users (user_id));
diesel::joinable!(postmortem_steps -> postmortems (postmortem_id));
diesel::joinable!(postmortem_steps -> users (user_id));
diesel::joinable!(incident_factors -> incidents (incident_id));
diesel::joinable!(incident_factors -> contributing_factors (factor_id));
diesel::joinable!(incident_factors -> users (user_id));
diesel::joinable!(action_items -> incidents (incident_id));
diesel::joinable!(action_items -> teams (team_id));
diesel::joinable!(action_items -> contributing_factors (factor_id));
diesel::joinable!(action_item_evidence -> action_items (action_item_id));
diesel::joinable!(action_item_evidence -> users (user_id));
diesel::joinable!(action_item_changes -> action_items (action_item_id));
diesel::joinable!(action_item_changes -> users (user_id));
diesel::joinable!(sources -> users (created_by));
diesel::joinable!(deliveries -> sources (source_id));
diesel::joinable!(deliveries -> deploys (deploy_id));

diesel::allow_tables_to_appear_in_same_query!(
    counters,
    settings,
    teams,
    users,
    team_members,
    sessions,
    sign_in_links,
    sign_in_attempts,
    api_tokens,
    audit_entries,
    idempotency_keys,
    jobs,
    services,
    service_links,
    service_dependencies,
    deploys,
    deploy_people,
    deploy_references,
    incidents,
    incident_services,
    incident_roles,
    incident_tags,
    impact_figures,
    time_corrections,
    incident_deploys,
    incident_deploy_verdicts,
    timeline_events,
    timeline_evidence,
    postmortems,
    postmortem_revisions,
    postmortem_steps,
    contributing_factors,
    incident_factors,
    action_items,
    action_item_evidence,
    action_item_changes,
    sources,
    deliveries,
    search_documents,
);
