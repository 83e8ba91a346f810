//! What changed between two revisions, as rows of a table. Pure.

use crate::markdown::{DiffKind, DiffLine, DiffPart, DiffSection, collapse, diff};

/// Unchanged lines that stay next to each change.
const CONTEXT_LINES: usize = 3;

/// Whether unchanged stretches are folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// Only what changed, with a little around it.
    Folded,
    /// Every line.
    Whole,
}

/// One row of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffRow {
    /// `same`, `add`, `del` or `gap`.
    pub kind: &'static str,
    /// Line number in the old text, or empty.
    pub old_no: String,
    /// Line number in the new text, or empty.
    pub new_no: String,
    /// The line; a gap has one part with its words.
    pub parts: Vec<DiffPart>,
}

/// A comparison of two texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Its rows.
    pub rows: Vec<DiffRow>,
    /// Lines that came.
    pub added_count: usize,
    /// Lines that went.
    pub removed_count: usize,
    /// Whether something is folded away.
    pub is_folded: bool,
}

impl Comparison {
    /// Compares two texts.
    pub fn of(old: &str, new: &str, stretch: Stretch) -> Self {
        let lines = diff(old, new);
        let count = |kind| lines.iter().filter(|line| line.kind == kind).count();
        let (added_count, removed_count) = (count(DiffKind::Added), count(DiffKind::Removed));
        let sections = match stretch {
            Stretch::Folded => collapse(lines, CONTEXT_LINES),
            Stretch::Whole => vec![DiffSection::Lines(lines)],
        };
        let is_folded = sections.iter().any(|section| matches!(section, DiffSection::Folded(_)));
        let rows = sections
            .into_iter()
            .flat_map(|section| match section {
                DiffSection::Lines(lines) => lines.into_iter().map(row).collect::<Vec<_>>(),
                DiffSection::Folded(lines) => vec![gap(lines.len())],
            })
            .collect();
        Comparison { rows, added_count, removed_count, is_folded }
    }

    /// Whether the texts differ in more than their line ends.
    pub fn differs(&self) -> bool {
        self.added_count + self.removed_count > 0
    }

    /// `3 lines added, 1 removed`
    pub fn words(&self) -> String {
        let lines = |count: usize| if count == 1 { "1 line".to_owned() } else { format!("{count} lines") };
        match (self.added_count, self.removed_count) {
            (0, 0) => "No line differs".to_owned(),
            (added, 0) => format!("{} added", lines(added)),
            (0, removed) => format!("{} removed", lines(removed)),
            (added, removed) => format!("{} added, {removed} removed", lines(added)),
        }
    }
}

fn row(line: DiffLine) -> DiffRow {
    let number = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
    DiffRow {
        kind: match line.kind {
            DiffKind::Same => "same",
            DiffKind::Added => "add",
            DiffKind::Removed => "del",
        },
        old_no: number(line.old_no),
        new_no: number(line.new_no),
        parts: line.parts,
    }
}

fn gap(count: usize) -> DiffRow {
    let part = DiffPart { text: format!("{count} unchanged lines"), emphasised: false };
    DiffRow { kind: "gap", old_no: String::new(), new_no: String::new(), parts: vec![part] }
}
