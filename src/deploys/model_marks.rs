//! Marks between deploys: this one undid that one, or mended it. Pure rules of how they are noticed.

use diesel::prelude::*;

use super::model::{Deploy, DeployKind, DeployStatus, Reference, short_sha};
use crate::clock::Moment;
use crate::db::schema::deploy_marks;
use crate::text_enum;

text_enum! {
    /// What a deploy did to an earlier one.
    pub enum MarkKind {
        /// It took its place with what ran before.
        Undoes = "undoes",
        /// It mends it: a revert, a hot fix.
        Fixes = "fixes",
    }
}

/// A mark, standing or taken back.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = deploy_marks)]
pub struct Mark {
    /// Row id.
    pub id: i64,
    /// The rollback or the fix.
    pub deploy_id: i64,
    /// What it undid or mended.
    pub marked_id: i64,
    /// Which of the two.
    pub mark: MarkKind,
    /// How that was noticed, in words.
    pub reason: String,
    /// The kind of the deploy before.
    pub kind_before: DeployKind,
    /// The status of the marked one before.
    pub status_before: DeployStatus,
    /// Who or what noticed, by name.
    pub said_by: String,
    /// When.
    pub said_at: Moment,
    /// When it was taken back.
    pub taken_back_at: Option<Moment>,
    /// By which person; nobody when Debrief saw itself that it no longer holds.
    pub taken_back_by: Option<i64>,
    /// By whom, by name.
    pub taken_back_name: Option<String>,
    /// Why.
    pub taken_back_reason: Option<String>,
}

impl Mark {
    /// Whether it holds.
    pub fn stands(&self) -> bool {
        self.taken_back_at.is_none()
    }
}

/// Names of branches and tags that move: two deploys of them need not be alike.
const MOVING: &[&str] = &["main", "master", "trunk", "develop", "dev", "head", "latest", "stable", "release"];

/// What tells one release of a service from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// Its commit.
    Commit(String),
    /// Its version, when no commit is known.
    Version(String),
}

/// The release that a deploy brings, as far as it can be told.
pub fn release_of(deploy: &Deploy) -> Option<Release> {
    if let Some(sha) = &deploy.commit_sha {
        return Some(Release::Commit(sha.clone()));
    }
    let version = deploy.version.as_ref()?;
    let moves = MOVING.contains(&version.to_lowercase().as_str());
    (!moves).then(|| Release::Version(version.clone()))
}

/// Whether two deploys bring the same.
pub fn is_same_release(one: &Deploy, other: &Deploy) -> bool {
    match (&one.commit_sha, &other.commit_sha) {
        (Some(mine), Some(theirs)) => mine == theirs,
        _ => one.version.is_some() && one.version == other.version,
    }
}

/// How a sentence names a deploy: its version, else its commit, else its key.
pub fn name_of(deploy: &Deploy) -> String {
    match (&deploy.version, &deploy.commit_sha) {
        (Some(version), _) => version.clone(),
        (None, Some(sha)) => short_sha(sha).to_owned(),
        (None, None) => deploy.key(),
    }
}

/// What says that a deploy mends an earlier one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixSign {
    /// It takes back a pull request: its number, as in `#12` or `!12`, when one is given.
    Revert(Option<String>),
    /// It calls itself a hot fix.
    Hotfix,
}

/// Looks for a revert or a hot fix in what a deploy says of itself.
pub fn fix_sign(deploy: &Deploy, references: &[Reference]) -> Option<FixSign> {
    let mut texts: Vec<&str> = vec![&deploy.summary];
    texts.extend(deploy.version.as_deref());
    texts.extend(references.iter().map(|reference| reference.label.as_str()));
    let texts: Vec<String> = texts.into_iter().map(str::to_lowercase).collect();
    let number = texts.iter().find_map(|text| reverted_number(text));
    if number.is_some() || texts.iter().any(|text| quotes_a_revert(text)) {
        return Some(FixSign::Revert(number));
    }
    texts.iter().any(|text| names_a_hotfix(text)).then_some(FixSign::Hotfix)
}

/// `reverts #12`, `reverts acme/shop#12`, `reverts merge request !12`: the number with its sign.
fn reverted_number(text: &str) -> Option<String> {
    for (place, _) in text.match_indices("reverts ") {
        if !begins_a_word(text, place) {
            continue;
        }
        let rest = text[place + "reverts ".len()..].trim_start();
        let rest = rest.strip_prefix("merge request ").or_else(|| rest.strip_prefix("pull request ")).unwrap_or(rest);
        let word = rest.split_whitespace().next().unwrap_or_default();
        let Some(at) = word.find(['#', '!']) else { continue };
        let digits: String = word[at + 1..].chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            return Some(format!("{}{digits}", &word[at..=at]));
        }
    }
    None
}

/// `Revert "…"`, as GitHub and GitLab title a revert.
fn quotes_a_revert(text: &str) -> bool {
    ["revert \"", "revert \u{201c}", "revert '", "this reverts commit "]
        .iter()
        .any(|sign| text.match_indices(sign).any(|(place, _)| begins_a_word(text, place)))
}

fn names_a_hotfix(text: &str) -> bool {
    ["hotfix", "hot-fix", "hot fix", "hot_fix"]
        .iter()
        .any(|sign| text.match_indices(sign).any(|(place, _)| begins_a_word(text, place)))
}

fn begins_a_word(text: &str, place: usize) -> bool {
    text[..place].chars().next_back().is_none_or(|before| !before.is_alphanumeric())
}

/// Whether a pull request's label carries this number: `#12`, or `#12 Cut the cache`.
pub fn carries_number(label: &str, number: &str) -> bool {
    label.strip_prefix(number).is_some_and(|rest| rest.chars().next().is_none_or(|next| !next.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reverts_are_read_as_the_hosts_write_them() {
        assert_eq!(reverted_number("reverts #123"), Some("#123".to_owned()));
        assert_eq!(reverted_number("it broke. reverts acme/shop#7."), Some("#7".to_owned()));
        assert_eq!(reverted_number("this reverts merge request !45"), Some("!45".to_owned()));
        assert_eq!(reverted_number("reverts commit abc"), None);
        assert_eq!(reverted_number("prereverts #1"), None);
        assert!(quotes_a_revert("revert \"cut the cache\""));
        assert!(quotes_a_revert("#9 revert \u{201c}cut\u{201d}"));
        assert!(!quotes_a_revert("how to revert a change"));
    }

    #[test]
    fn hot_fixes_call_themselves_so() {
        for text in ["hotfix/cart", "2.4.1-hotfix", "a hot fix for the cart", "hot-fix"] {
            assert!(names_a_hotfix(text), "{text}");
        }
        assert!(!names_a_hotfix("photofix"));
    }

    #[test]
    fn a_number_is_carried_whole() {
        assert!(carries_number("#12", "#12") && carries_number("#12 Cut", "#12"));
        assert!(!carries_number("#123", "#12") && !carries_number("12", "#12"));
    }
}
