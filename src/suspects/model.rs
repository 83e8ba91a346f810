//! What is kept about suspects, and its rules.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use super::lines::{DeployPanel, IncidentPanel, Line as SuspectLine};
pub use super::ranking::{Certainty, LIKELY, POSSIBLE, Rule};
use crate::clock::Moment;
use crate::db::schema::{incident_reckonings, incident_suspects, suspect_verdicts};
use crate::deploys::model::EnvironmentTier;
use crate::links::model::Relation;
use crate::text_enum;

text_enum! {
    /// What a change is proposed as.
    pub enum Part {
        /// It may have caused the incident.
        Cause = "cause",
        /// It may have ended it.
        Fix = "fix",
    }
}

/// Most suspects of an incident that are kept; the others are kept as one sum.
pub const KEPT_LIMIT: usize = 10;
/// Most proposed ends that are kept.
pub const FIX_LIMIT: usize = 3;
/// A verdict with fewer than so many beside it says nothing yet.
pub const ENOUGH: usize = 5;

/// Why a change is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SuspectReason)]
pub struct Why {
    /// The sort of reason, such as `own_service`.
    pub rule: String,
    /// In words: the end of a sentence that begins with the change.
    pub text: String,
}

/// The ranking of an incident as it was last reckoned, apart from the suspects.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = incident_reckonings)]
pub struct Reckoning {
    /// Whose.
    pub incident_id: i64,
    /// That none of the changes on record caused it.
    pub none_probability: f64,
    /// What the suspects that are not kept have together.
    pub others_probability: f64,
    /// How many changes were looked at.
    pub candidate_count: i64,
    /// When.
    pub reckoned_at: Moment,
    /// When a person said that no change caused it.
    pub nothing_at: Option<Moment>,
    /// Who said so.
    pub nothing_name: Option<String>,
    /// Why.
    pub nothing_reason: Option<String>,
    /// When it was learned from.
    pub learned_at: Option<Moment>,
}

/// A kept suspect.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = incident_suspects)]
pub struct Suspect {
    /// The incident.
    pub incident_id: i64,
    /// The change.
    pub deploy_id: i64,
    /// What it is proposed as.
    pub part: Part,
    /// 1 for the first of its part.
    pub place: i64,
    /// From 0 to 1.
    pub probability: f64,
    /// JSON, see [`Suspect::why`].
    pub reasons: String,
}

impl Suspect {
    /// Why it is proposed.
    pub fn why(&self) -> Vec<Why> {
        serde_json::from_str(&self.reasons).unwrap_or_default()
    }
}

/// What was proposed about a pair when a person spoke, and what they said.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = suspect_verdicts)]
pub struct JudgedPair {
    /// The incident.
    pub incident_id: i64,
    /// What it is now.
    pub relation: Relation,
    /// What it was proposed as.
    pub part: Part,
    /// Its place then; nothing when it was not proposed.
    pub place: Option<i64>,
    /// Its probability then.
    pub probability: f64,
    /// The rules of its reasons then, parted by spaces.
    pub rules: String,
    /// When it was said.
    pub said_at: Moment,
}

/// Whether customers are not hurt in an environment of this tier.
pub const fn is_off_stage(tier: EnvironmentTier) -> bool {
    !matches!(tier, EnvironmentTier::Production | EnvironmentTier::Other)
}

/// The words of texts that may name a version or a commit.
pub fn words(texts: &[&str]) -> std::collections::BTreeSet<String> {
    texts
        .iter()
        .flat_map(|text| text.split(|sign: char| !(sign.is_alphanumeric() || matches!(sign, '.' | '-' | '_' | '+'))))
        .map(|word| word.trim_matches(['.', '-', '_']).to_lowercase())
        .filter(|word| word.len() >= 3)
        .collect()
}

/// Whether a version or a commit is among the words.
pub fn is_named(
    words: &std::collections::BTreeSet<String>,
    key: &str,
    version: Option<&str>,
    commit: Option<&str>,
) -> bool {
    if words.contains(&key.to_lowercase()) {
        return true;
    }
    let is_version = version.map(str::to_lowercase).is_some_and(|version| {
        let bare = version.trim_start_matches('v');
        // A bare word such as `main` names nothing.
        bare.len() >= 3
            && bare.contains(|sign: char| sign.is_ascii_digit())
            && [version.clone(), bare.to_owned(), format!("v{bare}")].iter().any(|name| words.contains(name))
    });
    let is_commit = commit.map(str::to_lowercase).is_some_and(|sha| {
        // What a sender calls a commit may be anything: letters of several bytes have no seventh to cut at.
        let Some(from) = sha.get(..7).map(str::to_owned) else { return false };
        words.range(from..=sha.clone()).any(|word| word.len() >= 7 && sha.starts_with(word.as_str()))
    });
    is_version || is_commit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_commits_are_found_among_words() {
        let words = words(&["Checkout fails since v2.4.1 (f95f852bd8)", "main is red, see DEP-12."]);
        assert!(is_named(&words, "DEP-9", Some("2.4.1"), None));
        assert!(is_named(&words, "DEP-9", None, Some("f95f852bd8fca8fcc58a9a2d6c842781e32a215e")));
        assert!(is_named(&words, "DEP-12", None, None));
        assert!(!is_named(&words, "DEP-1", Some("main"), Some("a95f852bd8fca8fcc58a9a2d6c842781e32a215e")));
        assert!(!is_named(&words, "DEP-1", Some("2.4.10"), None));
        // Seven bytes end within a letter.
        assert!(!is_named(&words, "DEP-1", None, Some("\u{ad}\u{600}\u{601}\u{602}\u{603}")));
        assert!(!is_named(&words, "DEP-1", None, Some("short")));
    }
}
