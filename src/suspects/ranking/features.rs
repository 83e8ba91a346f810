//! What speaks for or against a change apart from its time and place, and how each reason reads.

use super::case::{Candidate, Fate, Kind, Tier};

/// Declares the rules with their words.
macro_rules! rules {
    ($($(#[$meta:meta])* $rule:ident = $word:literal),+ $(,)?) => {
        /// A reason's sort: what the figures of the insight page are counted by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule { $($(#[$meta])* $rule),+ }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule),+];

            /// The word that is stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Rule::$rule => $word),+ }
            }

            /// The rule of a word.
            pub fn parse(word: &str) -> Option<Rule> {
                match word { $($word => Some(Rule::$rule),)+ _ => None }
            }
        }
    };
}

rules! {
    /// It changed the service that alerted.
    OwnService = "own_service",
    /// It changed something that the service that alerted needs.
    Dependency = "dependency",
    /// It changed something that needs the service that alerted.
    Caller = "caller",
    /// It changed something that has nothing to do with the service that alerted, as far as the graph says.
    Elsewhere = "elsewhere",
    /// It finished a short time before.
    Recent = "recent",
    /// It finished a while before.
    Earlier = "earlier",
    /// It was under way.
    UnderWay = "under_way",
    /// It was made in another environment.
    OtherEnvironment = "other_environment",
    /// It was a change of a kind that hurts more, or less, than most.
    Kind = "kind",
    /// It was larger than usual.
    Large = "large",
    /// Changes of this service hurt more often than others.
    Record = "record",
    /// Changes of this service hurt less often than others.
    CleanRecord = "clean_record",
    /// It was taken back later.
    Undone = "undone",
    /// It failed.
    Failed = "failed",
    /// It was the first after a long quiet.
    Quiet = "quiet",
    /// The alert names its version or commit.
    Named = "named",
    /// A person pointed at it.
    Pointed = "pointed",
}

impl Rule {
    /// As a table says it.
    pub const fn label(self) -> &'static str {
        match self {
            Rule::OwnService => "Changed the service that alerted",
            Rule::Dependency => "Changed something that the service needs",
            Rule::Caller => "Changed something that needs the service",
            Rule::Elsewhere => "Changed something unrelated",
            Rule::Recent => "Finished within the hour before",
            Rule::Earlier => "Finished earlier",
            Rule::UnderWay => "Under way when it began",
            Rule::OtherEnvironment => "Made in another environment",
            Rule::Kind => "Kind of change",
            Rule::Large => "Larger than usual",
            Rule::Record => "Service whose changes hurt more often",
            Rule::CleanRecord => "Service whose changes hurt less often",
            Rule::Undone => "Taken back later",
            Rule::Failed => "Failed",
            Rule::Quiet => "First after a long quiet",
            Rule::Named => "Named by the alert or the incident",
            Rule::Pointed => "Somebody suspects it",
        }
    }
}

/// Why a change is suspected, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Its sort.
    pub rule: Rule,
    /// In words: the end of a sentence that begins with the change.
    pub text: String,
}

impl Reason {
    pub(super) fn new(rule: Rule, text: impl Into<String>) -> Self {
        Reason { rule, text: text.into() }
    }
}

/// What a property of the change multiplies its chance by, and how that reads.
pub(super) fn features(candidate: &Candidate) -> Vec<(Reason, f64)> {
    let mut found = Vec::new();
    let mut say = |rule, factor, text: String| found.push((Reason::new(rule, text), factor));
    if candidate.is_named {
        say(Rule::Named, 25.0, "is named by the alert or the incident".into());
    }
    if candidate.is_pointed_at {
        say(Rule::Pointed, 8.0, "is suspected by somebody".into());
    }
    match candidate.fate {
        Fate::Undone => say(Rule::Undone, 6.0, "was taken back later".into()),
        Fate::Failed => say(Rule::Failed, 0.7, "failed before it was live".into()),
        Fate::Live => {}
    }
    match candidate.kind {
        Kind::Rollback => say(Rule::Kind, 0.4, "only brought back what ran before".into()),
        Kind::Config => say(Rule::Kind, 1.15, "changed settings, which often skip the tests".into()),
        Kind::Migration => say(Rule::Kind, 1.15, "changed a database".into()),
        Kind::Infrastructure => say(Rule::Kind, 1.1, "changed what everything runs on".into()),
        Kind::Deploy | Kind::Flag => {}
    }
    if candidate.tier == Tier::Other {
        say(Rule::OtherEnvironment, 0.03, "was made in another environment".into());
    }
    if let Some(size) = candidate.relative_size.filter(|size| size.is_finite() && *size > 0.0) {
        let factor = size.powf(0.15).clamp(0.8, 1.4);
        if size >= 2.0 {
            say(Rule::Large, factor, format!("is {size:.0} times as large as usual"));
        }
    }
    if let Some(days) = candidate.quiet_days.filter(|days| *days >= 7.0) {
        say(Rule::Quiet, 1.2, format!("is the first change there in {days:.0} days"));
    }
    found
}
