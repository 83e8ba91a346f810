//! Tickets and pull requests in the messages of commits, releases and deploys. Pure.

use crate::deploys::model::{Reference, ReferenceKind, TRAIL_LIMIT};
use crate::web::fields::URL_LIMIT;

/// Longest text that is searched, in characters.
const SEARCH_LIMIT: usize = 200_000;
/// Words that look like a ticket's project and are none.
const NO_PROJECT: &[&str] = &[
    "UTF", "SHA", "ISO", "RFC", "CVE", "CWE", "HTTP", "TLS", "SSL", "AES", "RSA", "MD", "BASE", "UTC", "GMT", "ES",
    "ECMA", "IPV", "OAUTH", "WCAG", "PEP", "ASCII", "X", "V", "RC", "INC", "DEP", "ACT", "SEV", "P",
];

/// Whose signs a text uses, for the addresses behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forge {
    /// `#12` is a pull request or an issue; both addresses lead to the right one.
    GitHub,
    /// `!12` is a merge request, `#12` an issue.
    GitLab,
    /// `#12` as on GitHub, at another address.
    Gitea,
    /// `#12` of Bitbucket Cloud.
    Bitbucket,
    /// Not known: signs without addresses.
    Unknown,
}

impl Forge {
    fn reference(self, sign: char, number: &str, home: Option<&str>) -> Reference {
        let kind = match (self, sign) {
            (Forge::GitLab, '#') => ReferenceKind::Ticket,
            _ => ReferenceKind::PullRequest,
        };
        let part = match (self, sign) {
            (Forge::GitHub, '#') => Some("pull"),
            (Forge::Gitea, '#') => Some("pulls"),
            (Forge::Bitbucket, '#') => Some("pull-requests"),
            (Forge::GitLab, '#') => Some("-/issues"),
            (Forge::GitLab, '!') => Some("-/merge_requests"),
            _ => None,
        };
        let url = part.zip(home).map(|(part, home)| format!("{}/{part}/{number}", home.trim_end_matches('/')));
        let url = url.filter(|url| url.chars().count() <= URL_LIMIT);
        Reference { kind, label: format!("{sign}{number}"), url }
    }
}

/// What `text` mentions, each once, in a fixed order.
pub fn mentions(text: &str, forge: Forge, home: Option<&str>) -> Vec<Reference> {
    let letters: Vec<char> = text.chars().take(SEARCH_LIMIT).collect();
    let mut found: Vec<Reference> = Vec::new();
    let mut at = 0;
    while at < letters.len() {
        let before = at.checked_sub(1).map(|index| letters[index]);
        let (reference, end) = match letters[at] {
            sign @ ('#' | '!') => {
                number(&letters, at + 1, before.is_some_and(|letter| letter == sign || letter == '&'))
                    .map_or((None, at + 1), |(digits, end)| (Some(forge.reference(sign, &digits, home)), end))
            }
            letter if letter.is_ascii_uppercase() && !before.is_some_and(is_part_of_word) => ticket(&letters, at)
                .map_or_else(
                    || (None, end_of_word(&letters, at)),
                    |(label, end)| (Some(Reference { kind: ReferenceKind::Ticket, label, url: None }), end),
                ),
            _ => (None, at + 1),
        };
        if let Some(reference) = reference
            && !found.contains(&reference)
        {
            found.push(reference);
        }
        at = end;
    }
    in_order(found)
}

/// Sorted by kind and label, bounded for each kind; the order in which messages came does not show.
pub fn in_order(mut references: Vec<Reference>) -> Vec<Reference> {
    references.sort_by(|a, b| {
        (a.kind, a.label.chars().count(), &a.label, &a.url).cmp(&(b.kind, b.label.chars().count(), &b.label, &b.url))
    });
    references.dedup_by(|later, kept| later.kind == kept.kind && later.label == kept.label && later.url == kept.url);
    let mut kept: Vec<Reference> = Vec::new();
    for reference in references {
        if kept.iter().filter(|other| other.kind == reference.kind).count() < TRAIL_LIMIT {
            kept.push(reference);
        }
    }
    kept
}

fn is_part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-' | '/' | '.' | '=')
}

fn end_of_word(letters: &[char], at: usize) -> usize {
    let rest = letters[at..].iter().take_while(|letter| letter.is_alphanumeric() || **letter == '_').count();
    at + rest.max(1)
}

fn number(letters: &[char], at: usize, is_doubled: bool) -> Option<(String, usize)> {
    let digits: String = letters[at..].iter().take_while(|letter| letter.is_ascii_digit()).take(8).collect();
    let end = at + digits.len();
    let goes_on = letters.get(end).is_some_and(|letter| letter.is_alphanumeric() || *letter == '_');
    let fits = !digits.is_empty() && digits.len() <= 7 && !digits.starts_with('0') && !goes_on && !is_doubled;
    fits.then_some((digits, end))
}

fn ticket(letters: &[char], at: usize) -> Option<(String, usize)> {
    let project: String = letters[at..]
        .iter()
        .take_while(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || **letter == '_')
        .take(11)
        .collect();
    let dash = at + project.len();
    if !(2..=10).contains(&project.len()) || letters.get(dash) != Some(&'-') || NO_PROJECT.contains(&project.as_str()) {
        return None;
    }
    let (digits, end) = number(letters, dash + 1, false)?;
    // A version such as AB-1.2 or a longer name such as AB-1-fix of a branch: the first is no ticket.
    let is_version = letters.get(end) == Some(&'.') && letters.get(end + 1).is_some_and(char::is_ascii_digit);
    (!is_version).then(|| (format!("{project}-{digits}"), end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<String> {
        mentions(text, Forge::GitHub, Some("https://git.example/o/r")).into_iter().map(|one| one.label).collect()
    }

    #[test]
    fn tickets_and_pull_requests_are_found() {
        assert_eq!(
            labels("Merge pull request #123 from o/shop-fix\n\nFixes SHOP-45, (SHOP-7), [OPS2-1] and #9 !45"),
            ["#9", "!45", "#123", "OPS2-1", "SHOP-7", "SHOP-45"]
        );
    }

    #[test]
    fn what_only_looks_alike_is_not() {
        for text in [
            "UTF-8 and SHA-256",
            "colour #123abc",
            "##12",
            "&#12;",
            "shop-45",
            "A-1",
            "AB-1.2.3",
            "#0",
            "INC-42 DEP-7",
            "ABCDEFGHIJKL-1",
            "see http://x/y/AB-1",
            "AB-",
            "#",
            "é#",
            "CVE-2024-1234",
        ] {
            assert!(labels(text).is_empty(), "{text}: {:?}", labels(text));
        }
    }

    #[test]
    fn addresses_follow_the_forge() {
        let of = |forge, text| mentions(text, forge, Some("https://git.example/o/r/"))[0].clone();
        assert_eq!(of(Forge::GitHub, "#7").url.as_deref(), Some("https://git.example/o/r/pull/7"));
        assert_eq!(of(Forge::GitLab, "!7").url.as_deref(), Some("https://git.example/o/r/-/merge_requests/7"));
        assert_eq!(of(Forge::GitLab, "#7").kind, ReferenceKind::Ticket);
        assert_eq!(of(Forge::Gitea, "#7").url.as_deref(), Some("https://git.example/o/r/pulls/7"));
    }
}
