//! Three-way merge: two texts that were made from one base, put together.
//!
//! By line first; where both changed the same lines, by word. What both changed at the very same place is a
//! conflict and is handed back with all three versions. It must never lose a word that either side wrote: each
//! change is either in the merged text or in a conflict.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::diff::words;

/// Longest time one comparison may search; after that the answer is still right, only less fine.
const SEARCH_LIMIT: Duration = Duration::from_millis(300);

/// Longest stretch that is merged word by word, in bytes.
const WORDWISE_LIMIT_BYTES: usize = 64_000;

/// A stretch of a merged text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergePart {
    /// What stands, whoever it is from.
    Agreed(String),
    /// What both sides changed.
    Conflict {
        /// As it was.
        base: String,
        /// As this side wants it.
        mine: String,
        /// As the other side wants it.
        theirs: String,
    },
}

/// Which side stands where both changed the same place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Side {
    /// This side's.
    #[default]
    Mine,
    /// The other side's.
    Theirs,
    /// The other side's, then this side's.
    Both,
}

/// Two texts put together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merge {
    /// The merged text, in order.
    pub parts: Vec<MergePart>,
}

impl Merge {
    /// The merged text, when nothing is in conflict.
    pub fn clean(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                MergePart::Agreed(agreed) => text.push_str(agreed),
                MergePart::Conflict { .. } => return None,
            }
        }
        Some(text)
    }

    /// How many places are in conflict.
    pub fn conflict_count(&self) -> usize {
        self.conflicts().count()
    }

    /// The places in conflict: base, mine, theirs.
    pub fn conflicts(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.parts.iter().filter_map(|part| match part {
            MergePart::Conflict { base, mine, theirs } => Some((base.as_str(), mine.as_str(), theirs.as_str())),
            MergePart::Agreed(_) => None,
        })
    }

    /// The merged text with a side chosen for each place in conflict; mine where nothing was chosen.
    pub fn resolved(&self, choices: &[Side]) -> String {
        let mut choices = choices.iter().copied();
        let mut text = String::new();
        for part in &self.parts {
            match part {
                MergePart::Agreed(agreed) => text.push_str(agreed),
                MergePart::Conflict { mine, theirs, .. } => match choices.next().unwrap_or_default() {
                    Side::Mine => text.push_str(mine),
                    Side::Theirs => text.push_str(theirs),
                    Side::Both => {
                        text.push_str(theirs);
                        if !theirs.is_empty() && !theirs.ends_with('\n') && !mine.is_empty() {
                            text.push('\n');
                        }
                        text.push_str(mine);
                    }
                },
            }
        }
        text
    }
}

/// Puts `mine` and `theirs` together, both made from `base`.
pub fn merge(base: &str, mine: &str, theirs: &str) -> Merge {
    if has_carriage_returns(base) == has_carriage_returns(mine)
        && has_carriage_returns(mine) == has_carriage_returns(theirs)
    {
        return merge_lines(base, mine, theirs);
    }
    // A browser and a program end lines differently; that alone is no change.
    let plain = |text: &str| text.replace("\r\n", "\n");
    merge_lines(&plain(base), &plain(mine), &plain(theirs))
}

fn has_carriage_returns(text: &str) -> bool {
    text.contains("\r\n")
}

fn merge_lines(base: &str, mine: &str, theirs: &str) -> Merge {
    let [base, mine, theirs] = [base, mine, theirs].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let mut merged = Merge::default();
    for stretch in stretches(&base, &mine, &theirs) {
        match stretch {
            Stretch::Agreed(text) => push_agreed(&mut merged.parts, &text),
            Stretch::Conflict { base, mine, theirs } => match merge_words(&base, &mine, &theirs) {
                Some(text) => push_agreed(&mut merged.parts, &text),
                None => merged.parts.push(MergePart::Conflict { base, mine, theirs }),
            },
        }
    }
    merged
}

fn push_agreed(parts: &mut Vec<MergePart>, text: &str) {
    match parts.last_mut() {
        Some(MergePart::Agreed(before)) => before.push_str(text),
        _ if text.is_empty() => {}
        _ => parts.push(MergePart::Agreed(text.to_owned())),
    }
}

/// The same lines, word by word; nothing when the same words are in conflict.
fn merge_words(base: &str, mine: &str, theirs: &str) -> Option<String> {
    // Lines that both added, or that one took out, have no words in common to hold on to.
    if base.is_empty() || mine.is_empty() || theirs.is_empty() {
        return None;
    }
    if base.len() + mine.len() + theirs.len() > WORDWISE_LIMIT_BYTES {
        return None;
    }
    let mut text = String::new();
    for stretch in stretches(&words(base), &words(mine), &words(theirs)) {
        match stretch {
            Stretch::Agreed(agreed) => text.push_str(&agreed),
            Stretch::Conflict { .. } => return None,
        }
    }
    Some(text)
}

enum Stretch {
    Agreed(String),
    Conflict { base: String, mine: String, theirs: String },
}

/// One side's change: these pieces of the base became those of the side.
struct Edit {
    base: Range<usize>,
    side: Range<usize>,
}

fn edits(base: &[&str], side: &[&str]) -> Vec<Edit> {
    let deadline = Some(Instant::now() + SEARCH_LIMIT);
    let mut edits: Vec<Edit> = Vec::new();
    for op in capture_diff_slices_deadline(Algorithm::Myers, base, side, deadline) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let edit = Edit { base: op.old_range(), side: op.new_range() };
        match edits.last_mut() {
            // A removal and an addition at one place are one change.
            Some(last) if last.base.end == edit.base.start && last.side.end == edit.side.start => {
                (last.base.end, last.side.end) = (edit.base.end, edit.side.end);
            }
            _ => edits.push(edit),
        }
    }
    edits
}

/// Cuts the base into stretches that at most one side changed, or both alike, and those that both changed.
/// Changes that touch each other count as the same place.
fn stretches(base: &[&str], mine: &[&str], theirs: &[&str]) -> Vec<Stretch> {
    let (my_edits, their_edits) = (edits(base, mine), edits(base, theirs));
    let (mut mine_at, mut theirs_at) = (0, 0);
    let mut base_at = 0;
    let mut found = Vec::new();
    while mine_at < my_edits.len() || theirs_at < their_edits.len() {
        let start = [my_edits.get(mine_at), their_edits.get(theirs_at)]
            .into_iter()
            .flatten()
            .map(|edit| edit.base.start)
            .min()
            .unwrap_or(base.len());
        let (my_from, their_from) = (mine_at, theirs_at);
        let mut end = start;
        loop {
            let before = (mine_at, theirs_at);
            while let Some(edit) = my_edits.get(mine_at).filter(|edit| edit.base.start <= end) {
                end = end.max(edit.base.end);
                mine_at += 1;
            }
            while let Some(edit) = their_edits.get(theirs_at).filter(|edit| edit.base.start <= end) {
                end = end.max(edit.base.end);
                theirs_at += 1;
            }
            if before == (mine_at, theirs_at) {
                break;
            }
        }
        found.push(Stretch::Agreed(base[base_at..start].concat()));
        let was = || base[start..end].concat();
        let my_text = applied(base, mine, &my_edits[my_from..mine_at], start..end);
        let their_text = applied(base, theirs, &their_edits[their_from..theirs_at], start..end);
        found.push(if my_from == mine_at {
            Stretch::Agreed(their_text)
        } else if their_from == theirs_at || my_text == their_text {
            Stretch::Agreed(my_text)
        } else {
            Stretch::Conflict { base: was(), mine: my_text, theirs: their_text }
        });
        base_at = end;
    }
    found.push(Stretch::Agreed(base[base_at..].concat()));
    found
}

/// A stretch of the base with one side's changes in it.
fn applied(base: &[&str], side: &[&str], edits: &[Edit], stretch: Range<usize>) -> String {
    let mut text = String::new();
    let mut at = stretch.start;
    for edit in edits {
        text.push_str(&base[at..edit.base.start].concat());
        text.push_str(&side[edit.side.clone()].concat());
        at = edit.base.end;
    }
    text.push_str(&base[at..stretch.end].concat());
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn changes_of_different_lines_come_together() {
        let base = "one\ntwo\nthree\nfour\n";
        let merged = merge(base, "one\n2\nthree\nfour\n", "one\ntwo\nthree\nfour\nfive\n");
        assert_eq!(merged.clean().as_deref(), Some("one\n2\nthree\nfour\nfive\n"));
        assert_eq!(merge(base, base, "x\n").clean().as_deref(), Some("x\n"));
        assert_eq!(merge(base, "x\n", "x\n").clean().as_deref(), Some("x\n"));
        assert_eq!(merge("", "", "").clean().as_deref(), Some(""));
    }

    #[test]
    fn changes_of_different_words_of_a_line_come_together() {
        let merged = merge("the disk was full at noon\n", "the queue was full at noon\n", "the disk was full at ten\n");
        assert_eq!(merged.clean().as_deref(), Some("the queue was full at ten\n"));
        // Neighbouring lines.
        let merged = merge("a b\nc d\n", "A b\nc d\n", "a b\nc D\n");
        assert_eq!(merged.clean().as_deref(), Some("A b\nc D\n"));
    }

    #[test]
    fn changes_of_the_same_place_are_a_conflict_with_all_three() {
        let merged = merge("a\nthe disk\nz\n", "a\nthe queue\nz\n", "a\nthe pool\nz\n");
        assert_eq!(merged.clean(), None);
        assert_eq!(merged.conflicts().collect::<Vec<_>>(), [("the disk\n", "the queue\n", "the pool\n")]);
        assert_eq!(merged.resolved(&[]), "a\nthe queue\nz\n");
        assert_eq!(merged.resolved(&[Side::Theirs]), "a\nthe pool\nz\n");
        assert_eq!(merged.resolved(&[Side::Both]), "a\nthe pool\nthe queue\nz\n");
        // Both add at the end; one takes a line out that the other changes.
        assert_eq!(merge("a\n", "a\nb\n", "a\nc\n").conflict_count(), 1);
        assert_eq!(merge("a\nb\nc\n", "a\nc\n", "a\nb two\nc\n").conflict_count(), 1);
        assert_eq!(merge("", "mine", "theirs").conflict_count(), 1);
    }

    #[test]
    fn line_ends_alone_are_no_change() {
        let merged = merge("a\r\nb\r\nc\r\n", "a\nb\nc\nd\n", "A\r\nb\r\nc\r\n");
        assert_eq!(merged.clean().as_deref(), Some("A\nb\nc\nd\n"));
    }

    /// A text of numbered lines, changed by taking lines out, changing words, and adding lines.
    fn changed(base: &str, changes: &[(usize, u8)], who: usize) -> (String, Vec<String>) {
        let mut lines: Vec<String> = base.lines().map(str::to_owned).collect();
        let mut typed = Vec::new();
        for (index, (place, kind)) in changes.iter().enumerate() {
            let place = place % lines.len().max(1);
            let word = format!("typed-{who}-{index}");
            match kind % 4 {
                0 => lines.insert(place, word.clone()),
                1 if !lines.is_empty() => lines[place].push_str(&format!(" {word}")),
                2 if !lines.is_empty() => lines[place] = format!("{word} {}", lines[place]),
                _ if !lines.is_empty() => {
                    // Nobody takes out what they have just typed.
                    if !lines[place].contains("typed-") {
                        lines.remove(place);
                    }
                    continue;
                }
                _ => continue,
            }
            typed.push(word);
        }
        (lines.iter().map(|line| format!("{line}\n")).collect(), typed)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn of_fifty_saves_from_one_base_no_word_is_lost(
            line_count in 1_usize..40,
            writers in proptest::collection::vec(proptest::collection::vec((0_usize..60, any::<u8>()), 1..4), 50),
        ) {
            let base: String = (0..line_count).map(|n| format!("line {n} says a few words\n")).collect();
            let mut head = base.clone();
            let mut on_record: Vec<String> = Vec::new();
            for (who, changes) in writers.iter().enumerate() {
                let (mine, typed) = changed(&base, changes, who);
                let merged = merge(&base, &mine, &head);
                match merged.clean() {
                    Some(text) => {
                        head = text;
                        on_record.extend(typed);
                    }
                    None => {
                        // The page of the conflict holds the text as it was typed, and each side of each place.
                        let shown = merged.resolved(&[]);
                        for word in &typed {
                            prop_assert!(shown.contains(word.as_str()), "{} lost from {}", word, shown);
                        }
                        let theirs = merged.resolved(&vec![Side::Theirs; merged.conflict_count()]);
                        for word in &on_record {
                            prop_assert!(theirs.contains(word.as_str()), "{} lost", word);
                        }
                    }
                }
                for word in &on_record {
                    prop_assert!(head.contains(word.as_str()), "{} was lost by {}", word, who);
                }
            }
        }

        #[test]
        fn any_texts_are_merged_without_a_panic(base in "[a-c \n]{0,40}", mine in "[a-d \n]{0,40}", theirs in "[a-d \n\r]{0,40}") {
            let merged = merge(&base, &mine, &theirs);
            if mine == base && !theirs.contains('\r') {
                prop_assert_eq!(merged.clean(), Some(theirs.clone()));
            }
            if theirs == base {
                prop_assert_eq!(merged.clean(), Some(mine.clone()));
            }
        }
    }
}
