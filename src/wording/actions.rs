//! What an action item may still lack so that somebody can say that it is done.

use serde::Serialize;
use utoipa::ToSchema;

use crate::text_enum;

text_enum! {
    /// What an action item may lack.
    pub enum ConcernKind {
        /// It does not begin with what is to be done.
        Verb = "verb",
        /// Nobody could say when it is finished.
        End = "end",
        /// It holds several things, or everything.
        Bounds = "bounds",
        /// Nobody carries it.
        Owner = "owner",
        /// It has no date.
        Date = "date",
        /// It does not say which contributing factor it works on.
        Factor = "factor",
    }
}

/// Something to add, as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ActionConcern)]
pub struct Concern {
    /// What it lacks.
    pub kind: ConcernKind,
    /// What to do about it.
    pub text: String,
}

/// An action item as far as its quality goes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Action<'a> {
    /// What is to be done.
    pub title: &'a str,
    /// Whether a person or a team carries it.
    pub has_owner: bool,
    /// Whether it has a date.
    pub has_date: bool,
    /// Whether it names the factor that it works on.
    pub has_factor: bool,
}

/// Words that begin without doing.
const NO_VERBS: &[&str] = &[
    "a",
    "an",
    "the",
    "we",
    "i",
    "it",
    "this",
    "that",
    "there",
    "our",
    "my",
    "all",
    "every",
    "more",
    "better",
    "new",
    "no",
    "some",
    "proper",
    "need",
    "needs",
    "should",
    "must",
    "maybe",
    "possibly",
    "monitoring",
    "alerting",
    "tests",
    "alerts",
    "documentation",
    "docs",
    "runbook",
    "dashboard",
    "training",
    "communication",
    "process",
    "logging",
    "automation",
    "backup",
    "backups",
    "improvement",
    "improvements",
    "investigation",
    "bug",
    "issue",
    "fixes",
    "nothing",
    "something",
    "someone",
    "engineers",
    "developers",
    "everyone",
    "team",
    "lack",
    "missing",
    "alarm",
];
/// Verbs that have no end of their own.
const OPEN_ENDED: &[&str] = &[
    "investigate",
    "improve",
    "look",
    "explore",
    "consider",
    "think",
    "discuss",
    "review",
    "try",
    "research",
    "evaluate",
    "understand",
    "revisit",
    "analyse",
    "analyze",
    "enhance",
    "strengthen",
    "optimise",
    "optimize",
    "reconsider",
    "continue",
    "study",
    "examine",
    "assess",
    "better",
    "increase",
    "raise",
    "encourage",
    "promote",
    "remember",
    "communicate",
    "ensure",
    "check",
    "monitor",
    "watch",
    "keep",
    "harden",
    "refine",
    "rethink",
    "be",
    "make",
    "take",
    "pay",
    "help",
    "support",
    "work",
    "follow",
    "reduce",
    "avoid",
    "prevent",
];
/// Words that give an end after all.
const ENDS: &[&str] = &[
    "until",
    "when",
    "once",
    "below",
    "above",
    "under",
    "within",
    "least",
    "most",
    "decide",
    "decision",
    "report",
    "document",
    "write",
    "runbook",
    "threshold",
    "limit",
    "percent",
    "%",
    "list",
    "adr",
    "proposal",
    "per",
    "every",
    "fails",
    "alert",
    "alerts",
    "test",
    "by",
];
/// Longest title that one action needs, in characters.
const LONG_TITLE: usize = 140;

/// What `action` may still lack, most telling first.
pub fn concerns(action: &Action<'_>) -> Vec<Concern> {
    let words: Vec<String> = action
        .title
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '(' | ')' | '"'))
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '%').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    let mut found = Vec::new();
    let mut add = |kind, text: &str| found.push(Concern { kind, text: text.to_owned() });
    let first = words.first().map_or("", String::as_str);
    if let Some(remedy) = on_care(action.title) {
        let text = format!("'{remedy}' cannot be checked. What could be built so that care is not needed?");
        add(ConcernKind::End, &text);
    } else if is_open_ended(&words) {
        let text = format!(
            "'{}' has no end of its own. Say what will be there when it is done: a figure, a decision, a document.",
            capitalised(first)
        );
        add(ConcernKind::End, &text);
    }
    if !first.is_empty() && !starts_with_a_verb(first) {
        add(ConcernKind::Verb, "Start with what is to be done: add, remove, limit, alert, document.");
    }
    let is_everything =
        words.iter().any(|word| matches!(word.as_str(), "all" | "everything" | "everywhere" | "always" | "never"));
    if action.title.chars().count() > LONG_TITLE
        || action.title.contains(';')
        || words.iter().filter(|word| *word == "and").count() > 1
    {
        add(ConcernKind::Bounds, "It holds several things. One item for each can be closed on its own.");
    } else if is_everything {
        add(ConcernKind::Bounds, "'All' and 'always' have no end. Name the first places where it counts.");
    }
    if !action.has_owner {
        add(ConcernKind::Owner, "Nobody carries it yet. Pick an owner or a team.");
    }
    if !action.has_date {
        add(ConcernKind::Date, "It has no date. Pick one, or the priority P1 to P3 whose rule sets it.");
    }
    if !action.has_factor {
        add(
            ConcernKind::Factor,
            "Name the contributing factor that it works on, so that the next incident with it finds this item.",
        );
    }
    found
}

/// The phrase that asks for care instead of a change.
fn on_care(title: &str) -> Option<String> {
    super::hints(title, &super::model::People::default())
        .into_iter()
        .find(|hint| hint.kind == super::model::HintKind::Exhortation)
        .map(|hint| hint.phrase)
}

fn is_open_ended(words: &[String]) -> bool {
    let Some(first) = words.first().map(String::as_str) else { return false };
    if !OPEN_ENDED.contains(&first) {
        return false;
    }
    !words.iter().skip(1).any(|word| ENDS.contains(&word.as_str()) || word.contains(|c: char| c.is_ascii_digit()))
}

fn starts_with_a_verb(first: &str) -> bool {
    let is_noun_form = (first.ends_with("ing") && first.len() > 5 && first != "bring")
        || first.ends_with("tion") && !matches!(first, "mention" | "provision" | "partition" | "question")
        || first.ends_with("ment") && !matches!(first, "implement" | "document" | "experiment" | "supplement");
    !NO_VERBS.contains(&first) && !is_noun_form && first.contains(char::is_alphabetic)
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(title: &str) -> Vec<ConcernKind> {
        let action = Action { title, has_owner: true, has_date: true, has_factor: true };
        concerns(&action).into_iter().map(|concern| concern.kind).collect()
    }

    #[test]
    fn a_good_item_is_left_alone() {
        for title in [
            "Alert on pool use above 80 %",
            "Add a canary step to the checkout deploy",
            "Investigate the lock wait and decide on a timeout",
            "Reduce the retry limit to 3",
            "Document how to fail over the primary",
            "Implement back-off in the mail worker",
            "Provision two more replicas",
        ] {
            assert_eq!(kinds(title), [], "{title}");
        }
    }

    #[test]
    fn an_item_without_an_end_or_a_verb_is_asked_about() {
        assert_eq!(kinds("Investigate the slow queries"), [ConcernKind::End]);
        assert_eq!(kinds("Improve monitoring"), [ConcernKind::End]);
        assert_eq!(kinds("Be more careful with migrations"), [ConcernKind::End]);
        assert_eq!(kinds("Better alerts for the queue"), [ConcernKind::Verb]);
        assert_eq!(kinds("Monitoring of the queue"), [ConcernKind::Verb]);
        assert_eq!(kinds("Move every service off the old host; delete it"), [ConcernKind::Bounds]);
        assert_eq!(kinds("Add tests for everything"), [ConcernKind::Bounds]);
        let bare = concerns(&Action { title: "Add a limit", ..Action::default() });
        let kinds: Vec<_> = bare.into_iter().map(|concern| concern.kind).collect();
        assert_eq!(kinds, [ConcernKind::Owner, ConcernKind::Date, ConcernKind::Factor]);
    }
}
