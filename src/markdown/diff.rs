//! What changed between two texts, line by line and, inside changed lines, word by word.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

/// Longest time one comparison may search for the smallest difference; after that the answer
/// is still right, only longer than it needs to be.
const SEARCH_LIMIT: Duration = Duration::from_millis(300);

/// Longest pair of lines that is compared word by word, in bytes.
const WORDWISE_LIMIT_BYTES: usize = 8_000;

/// What happened to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffKind {
    /// In both texts.
    Same,
    /// Only in the new text.
    Added,
    /// Only in the old text.
    Removed,
}

/// A stretch of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffPart {
    /// The words, as they stand in the text.
    pub text: String,
    /// True for the words that differ from the line's counterpart.
    pub emphasised: bool,
}

/// One line of a comparison, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// What happened to it.
    pub kind: DiffKind,
    /// Its number in the old text, from 1; `None` when it was added.
    pub old_no: Option<usize>,
    /// Its number in the new text, from 1; `None` when it was removed.
    pub new_no: Option<usize>,
    /// The line, cut where emphasis begins and ends.
    pub parts: Vec<DiffPart>,
}

impl DiffLine {
    /// The whole line.
    pub fn text(&self) -> String {
        self.parts.iter().map(|part| part.text.as_str()).collect()
    }
}

/// A comparison with its long unchanged stretches folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffSection {
    /// Lines to show.
    Lines(Vec<DiffLine>),
    /// Unchanged lines to hide behind a count; they are all here, for whoever opens the fold.
    Folded(Vec<DiffLine>),
}

/// Compares two texts line by line. A difference in line ends alone is no difference.
pub fn diff(old: &str, new: &str) -> Vec<DiffLine> {
    let deadline = Instant::now() + SEARCH_LIMIT;
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let mut lines = Vec::with_capacity(old.len().max(new.len()));
    for op in capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(deadline)) {
        match op {
            DiffOp::Equal { old_index, new_index, len } => {
                for offset in 0..len {
                    lines.push(DiffLine {
                        kind: DiffKind::Same,
                        old_no: Some(old_index + offset + 1),
                        new_no: Some(new_index + offset + 1),
                        parts: plain(old[old_index + offset]),
                    });
                }
            }
            DiffOp::Delete { .. } | DiffOp::Insert { .. } | DiffOp::Replace { .. } => {
                push_changed(&mut lines, (&old, op.old_range()), (&new, op.new_range()), deadline);
            }
        }
    }
    lines
}

/// Folds unchanged stretches, keeping `context` lines next to each change. A fold of a single
/// line would save nothing and is left open.
pub fn collapse(lines: Vec<DiffLine>, context: usize) -> Vec<DiffSection> {
    let mut shown = vec![false; lines.len()];
    for (index, line) in lines.iter().enumerate() {
        if line.kind != DiffKind::Same {
            let to = index.saturating_add(context).saturating_add(1).min(lines.len());
            // Walking back from each change would cost `context` a line; the stretch already
            // shown ends the walk.
            for at in (index.saturating_sub(context)..index).rev() {
                if shown[at] && lines[at].kind != DiffKind::Same {
                    break;
                }
                shown[at] = true;
            }
            shown[index..to].fill(true);
        }
    }
    let mut sections = Vec::new();
    let mut rest = lines.into_iter().zip(shown).peekable();
    let mut open: Vec<DiffLine> = Vec::new();
    while let Some((_, show)) = rest.peek() {
        let show = *show;
        let mut run = Vec::new();
        while let Some((line, _)) = rest.next_if(|(_, next)| *next == show) {
            run.push(line);
        }
        if show || run.len() < 2 {
            open.append(&mut run);
        } else {
            if !open.is_empty() {
                sections.push(DiffSection::Lines(std::mem::take(&mut open)));
            }
            sections.push(DiffSection::Folded(run));
        }
    }
    if !open.is_empty() {
        sections.push(DiffSection::Lines(open));
    }
    sections
}

type Stretch<'a> = (&'a [&'a str], Range<usize>);

/// Removed lines first, then added ones; the first of each are compared with each other.
fn push_changed(lines: &mut Vec<DiffLine>, old: Stretch<'_>, new: Stretch<'_>, deadline: Instant) {
    let (old_lines, old_range) = old;
    let (new_lines, new_range) = new;
    let pairs = old_range.len().min(new_range.len());
    let mut added = Vec::with_capacity(new_range.len());
    for offset in 0..pairs {
        let (old_index, new_index) = (old_range.start + offset, new_range.start + offset);
        let (was, is) = compare_words(old_lines[old_index], new_lines[new_index], deadline);
        lines.push(removed(old_index, was));
        added.push(added_line(new_index, is));
    }
    for (old_index, line) in old_lines.iter().enumerate().take(old_range.end).skip(old_range.start + pairs) {
        lines.push(removed(old_index, plain(line)));
    }
    lines.append(&mut added);
    for (new_index, line) in new_lines.iter().enumerate().take(new_range.end).skip(new_range.start + pairs) {
        lines.push(added_line(new_index, plain(line)));
    }
}

fn removed(index: usize, parts: Vec<DiffPart>) -> DiffLine {
    DiffLine { kind: DiffKind::Removed, old_no: Some(index + 1), new_no: None, parts }
}

fn added_line(index: usize, parts: Vec<DiffPart>) -> DiffLine {
    DiffLine { kind: DiffKind::Added, old_no: None, new_no: Some(index + 1), parts }
}

fn plain(line: &str) -> Vec<DiffPart> {
    if line.is_empty() {
        return Vec::new();
    }
    vec![DiffPart { text: line.to_owned(), emphasised: false }]
}

fn compare_words(old: &str, new: &str, deadline: Instant) -> (Vec<DiffPart>, Vec<DiffPart>) {
    if old.len() + new.len() > WORDWISE_LIMIT_BYTES || Instant::now() >= deadline {
        return (plain(old), plain(new));
    }
    let old_words = words(old);
    let new_words = words(new);
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old_words, &new_words, Some(deadline));
    let kept: usize = ops
        .iter()
        .filter(|op| matches!(op, DiffOp::Equal { .. }))
        .map(|op| old_words[op.old_range()].iter().filter(|word| !word.trim().is_empty()).count())
        .sum();
    // Two lines with hardly a word in common are two lines, not one line that changed.
    let most = old_words.len().max(new_words.len());
    if kept * 5 < most {
        return (plain(old), plain(new));
    }
    let mut was = Vec::new();
    let mut is = Vec::new();
    for op in ops {
        let emphasised = !matches!(op, DiffOp::Equal { .. });
        push_part(&mut was, &old_words[op.old_range()], emphasised);
        push_part(&mut is, &new_words[op.new_range()], emphasised);
    }
    (was, is)
}

fn push_part(parts: &mut Vec<DiffPart>, words: &[&str], emphasised: bool) {
    if words.is_empty() {
        return;
    }
    let text = words.concat();
    match parts.last_mut() {
        Some(last) if last.emphasised == emphasised => last.text.push_str(&text),
        _ => parts.push(DiffPart { text, emphasised }),
    }
}

/// Words, runs of blanks, and single marks.
pub(super) fn words(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut kind_before = None;
    for (at, c) in line.char_indices() {
        let kind = if c.is_alphanumeric() || c == '_' {
            'w'
        } else if c.is_whitespace() {
            ' '
        } else {
            '.'
        };
        if kind_before.is_some_and(|before| before != kind || kind == '.') {
            found.push(&line[from..at]);
            from = at;
        }
        kind_before = Some(kind);
    }
    if from < line.len() {
        found.push(&line[from..]);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(lines: &[DiffLine]) -> Vec<String> {
        lines
            .iter()
            .map(|line| {
                let mark = match line.kind {
                    DiffKind::Same => ' ',
                    DiffKind::Added => '+',
                    DiffKind::Removed => '-',
                };
                let text: String = line
                    .parts
                    .iter()
                    .map(|part| if part.emphasised { format!("[{}]", part.text) } else { part.text.clone() })
                    .collect();
                format!("{mark}{text}")
            })
            .collect()
    }

    #[test]
    fn changed_lines_show_their_words() {
        let lines = diff("a\nthe disk was full\nb\n", "a\nthe queue was full\nb\nc\n");
        assert_eq!(sketch(&lines), [" a", "-the [disk] was full", "+the [queue] was full", " b", "+c"]);
        assert_eq!((lines[1].old_no, lines[1].new_no), (Some(2), None));
        assert_eq!((lines[4].old_no, lines[4].new_no), (None, Some(4)));
    }

    #[test]
    fn lines_with_nothing_in_common_are_whole() {
        assert_eq!(sketch(&diff("alpha beta\n", "gamma delta\n")), ["-alpha beta", "+gamma delta"]);
        assert_eq!(sketch(&diff("", "x")), ["+x"]);
        assert!(diff("", "").is_empty());
        assert_eq!(sketch(&diff("x\r\n", "x\n")), [" x"]);
    }

    #[test]
    fn long_unchanged_stretches_fold() {
        let old: String = (0..40).map(|n| format!("line {n}\n")).collect();
        let new = old.replace("line 20\n", "line twenty\n");
        let sections = collapse(diff(&old, &new), 3);
        let sizes: Vec<(bool, usize)> = sections
            .iter()
            .map(|section| match section {
                DiffSection::Lines(lines) => (true, lines.len()),
                DiffSection::Folded(lines) => (false, lines.len()),
            })
            .collect();
        assert_eq!(sizes, [(false, 17), (true, 8), (false, 16)]);
        assert!(matches!(collapse(diff("a\nb\nc", "a\nb\nc"), 3).as_slice(), [DiffSection::Folded(_)]));
    }

    #[test]
    fn huge_texts_end_in_time_and_lose_nothing() {
        let old: String = (0..20_000).map(|n| format!("{}\n", n % 977)).collect();
        let new: String = (0..20_000).map(|n| format!("{}\n", (n * 7) % 991)).collect();
        let from = Instant::now();
        let lines = diff(&old, &new);
        assert!(from.elapsed() < Duration::from_secs(5), "{:?}", from.elapsed());
        let rebuilt: String =
            lines.iter().filter(|line| line.kind != DiffKind::Removed).map(|line| line.text() + "\n").collect();
        assert_eq!(rebuilt, new);
    }
}
