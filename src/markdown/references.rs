//! `INC-42`, `ACT-7`, `DEP-9` and `@handle` in prose, and who knows what they point to.

use std::collections::BTreeSet;
use std::sync::Arc;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::events::parse;
use super::front::split_front_matter;
use super::kept;
use super::prose::{Piece, pieces};

/// Where a reference leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Path on this site, such as `/incidents/42`.
    pub href: String,
    /// What the thing is called; shown as the link's title.
    pub title: String,
}

/// Looks up what a reference in prose points to; `None` leaves the text as it is.
///
/// Rendering asks once for each occurrence, so answer from memory: gather the keys with
/// [`collect_references`] and fetch them all in one query first.
pub trait References {
    /// The incident `INC-<number>`.
    fn incident(&self, number: i64) -> Option<Target>;
    /// The action item `ACT-<number>`.
    fn action_item(&self, number: i64) -> Option<Target>;
    /// The deploy `DEP-<number>`.
    fn deploy(&self, number: i64) -> Option<Target>;
    /// The user with this handle, without the `@`, spelled as it was typed.
    fn user(&self, handle: &str) -> Option<Target>;
}

/// Knows nothing: every reference stays plain text.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoReferences;

impl References for NoReferences {
    fn incident(&self, _number: i64) -> Option<Target> {
        None
    }
    fn action_item(&self, _number: i64) -> Option<Target> {
        None
    }
    fn deploy(&self, _number: i64) -> Option<Target> {
        None
    }
    fn user(&self, _handle: &str) -> Option<Target> {
        None
    }
}

/// What a document refers to, each once and in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReferenceKeys {
    /// Numbers of incidents.
    pub incidents: BTreeSet<i64>,
    /// Numbers of action items.
    pub action_items: BTreeSet<i64>,
    /// Numbers of deploys.
    pub deploys: BTreeSet<i64>,
    /// Handles of users, without the `@`, spelled as they were typed.
    pub handles: BTreeSet<String>,
}

impl ReferenceKeys {
    /// True when there is nothing to look up.
    pub fn is_empty(&self) -> bool {
        self.incidents.is_empty() && self.action_items.is_empty() && self.deploys.is_empty() && self.handles.is_empty()
    }
}

/// Gathers every reference that [`super::render`] would ask for.
pub fn collect_references(source: &str) -> ReferenceKeys {
    (*keys_of(source)).clone()
}

pub(super) fn keys_of(source: &str) -> Arc<ReferenceKeys> {
    let size = |keys: &ReferenceKeys| {
        let numbers = keys.incidents.len() + keys.action_items.len() + keys.deploys.len();
        numbers * 16 + keys.handles.iter().map(|handle| handle.len() + 32).sum::<usize>()
    };
    kept::kept("references", &source, size, || collect_anew(source))
}

fn collect_anew(source: &str) -> ReferenceKeys {
    let body = split_front_matter(source).map_or(source, |split| split.body);
    let mut keys = ReferenceKeys::default();
    let mut closed_to_links = 0_usize;
    for event in parse(body) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock) => {
                closed_to_links += 1;
            }
            Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock | TagEnd::HtmlBlock) => {
                closed_to_links = closed_to_links.saturating_sub(1);
            }
            Event::Text(text) if closed_to_links == 0 => collect_from_text(&text, &mut keys),
            _ => {}
        }
    }
    keys
}

fn collect_from_text(text: &str, keys: &mut ReferenceKeys) {
    for piece in pieces(text) {
        match piece {
            Piece::Incident(number, _) => {
                keys.incidents.insert(number);
            }
            Piece::ActionItem(number, _) => {
                keys.action_items.insert(number);
            }
            Piece::Deploy(number, _) => {
                keys.deploys.insert(number);
            }
            Piece::Handle(handle, _) => {
                keys.handles.insert(handle.to_owned());
            }
            Piece::Words(_) | Piece::Address(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_gathered_from_prose_only() {
        let keys = collect_references(
            "# INC-1 and *INC-2*\n\n`INC-3` [INC-4](/x) INC-2 ACT-5 DEP-6 @ana\n\n```\nINC-7 @code\n```\n\n<div>INC-8</div>\n",
        );
        assert_eq!(keys.incidents, BTreeSet::from([1, 2]));
        assert_eq!(keys.action_items, BTreeSet::from([5]));
        assert_eq!(keys.deploys, BTreeSet::from([6]));
        assert_eq!(keys.handles, BTreeSet::from(["ana".to_owned()]));
        assert!(collect_references("nothing here").is_empty());
    }
}
