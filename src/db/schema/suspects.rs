//! Suspects: what is reckoned, what people said to it, what was learned.

use super::{deploys, incident_deploys, incidents, services, users};

diesel::table! {
    incident_reckonings (incident_id) {
        incident_id -> BigInt,
        none_probability -> Double,
        others_probability -> Double,
        candidate_count -> BigInt,
        reckoned_at -> BigInt,
        nothing_at -> Nullable<BigInt>,
        nothing_by -> Nullable<BigInt>,
        nothing_name -> Nullable<Text>,
        nothing_reason -> Nullable<Text>,
        nothing_best -> Nullable<Double>,
        learned_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    incident_suspects (id) {
        id -> BigInt,
        incident_id -> BigInt,
        deploy_id -> BigInt,
        part -> Text,
        place -> BigInt,
        probability -> Double,
        reasons -> Text,
    }
}

diesel::table! {
    suspect_verdicts (id) {
        id -> BigInt,
        incident_id -> BigInt,
        deploy_id -> BigInt,
        relation -> Text,
        part -> Text,
        place -> Nullable<BigInt>,
        probability -> Double,
        rules -> Text,
        said_at -> BigInt,
    }
}

diesel::table! {
    suspect_learning (name) {
        name -> Text,
        beliefs -> Text,
        incident_count -> BigInt,
        judged_count -> BigInt,
        learned_at -> BigInt,
    }
}

diesel::joinable!(incident_reckonings -> incidents (incident_id));
diesel::joinable!(incident_reckonings -> users (nothing_by));
diesel::joinable!(incident_suspects -> incidents (incident_id));
diesel::joinable!(incident_suspects -> deploys (deploy_id));
diesel::joinable!(suspect_verdicts -> incidents (incident_id));
diesel::joinable!(suspect_verdicts -> deploys (deploy_id));

diesel::allow_tables_to_appear_in_same_query!(incident_reckonings, incidents);
diesel::allow_tables_to_appear_in_same_query!(incident_reckonings, users);
diesel::allow_tables_to_appear_in_same_query!(incident_suspects, incidents);
diesel::allow_tables_to_appear_in_same_query!(incident_suspects, deploys);
diesel::allow_tables_to_appear_in_same_query!(incident_suspects, services);
diesel::allow_tables_to_appear_in_same_query!(incident_suspects, incident_deploys);
diesel::allow_tables_to_appear_in_same_query!(suspect_verdicts, incidents);
diesel::allow_tables_to_appear_in_same_query!(suspect_verdicts, deploys);
