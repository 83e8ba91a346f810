//! Notes that several people write at once. Pure.
//!
//! No merge here ever asks: lines that both changed stand one after the other, so that no word is lost.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// What a text became: which lines of its base are gone, and what stands before each of them.
struct Edit<'a> {
    gone: Vec<bool>,
    before: Vec<Vec<&'a str>>,
}

fn edit<'a>(base: &[&'a str], text: &[&'a str]) -> Edit<'a> {
    let mut edit = Edit { gone: vec![false; base.len()], before: vec![Vec::new(); base.len() + 1] };
    for op in capture_diff_slices(Algorithm::Myers, base, text) {
        let (old, new) = match op {
            DiffOp::Equal { .. } => continue,
            DiffOp::Delete { old_index, old_len, .. } => (old_index..old_index + old_len, 0..0),
            DiffOp::Insert { old_index, new_index, new_len } => (old_index..old_index, new_index..new_index + new_len),
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                (old_index..old_index + old_len, new_index..new_index + new_len)
            }
        };
        edit.before[old.start].extend(&text[new]);
        for line in old {
            edit.gone[line] = true;
        }
    }
    edit
}

/// `theirs` and `mine`, both made out of `base`, in one text.
pub fn merge(base: &str, theirs: &str, mine: &str) -> String {
    if theirs == mine || mine == base {
        return theirs.to_owned();
    }
    if theirs == base {
        return mine.to_owned();
    }
    let base: Vec<&str> = base.lines().collect();
    let (their_lines, my_lines): (Vec<&str>, Vec<&str>) = (theirs.lines().collect(), mine.lines().collect());
    let (theirs, mine) = (edit(&base, &their_lines), edit(&base, &my_lines));
    let mut merged: Vec<&str> = Vec::new();
    for at in 0..=base.len() {
        merged.extend(&theirs.before[at]);
        if theirs.before[at] != mine.before[at] {
            merged.extend(&mine.before[at]);
        }
        if at < base.len() && !theirs.gone[at] && !mine.gone[at] {
            merged.push(base[at]);
        }
    }
    merged.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_of_both_stand_in_the_merged_text() {
        assert_eq!(merge("a\nb", "a\nx\nb", "a\nb\ny"), "a\nx\nb\ny");
        assert_eq!(merge("a", "a\nx", "a\ny"), "a\nx\ny", "both at the end");
        assert_eq!(merge("a", "b", "c"), "b\nc", "both changed one line");
        assert_eq!(merge("a", "a\nx", "a\nx"), "a\nx", "the same twice is there once");
        assert_eq!(merge("a\nb", "a", "a\nb"), "a");
        assert_eq!(merge("", "x", "y"), "x\ny");
    }

    proptest! {
        #[test]
        fn no_line_that_somebody_wrote_is_lost(
            base in proptest::collection::vec("[a-c]{1,2}", 0..8),
            theirs in proptest::collection::vec("[a-c]{1,2}|t[0-9]", 0..10),
            mine in proptest::collection::vec("[a-c]{1,2}|m[0-9]", 0..10),
        ) {
            let merged = merge(&base.join("\n"), &theirs.join("\n"), &mine.join("\n"));
            let lines: Vec<&str> = merged.lines().collect();
            for line in theirs.iter().chain(&mine).filter(|line| line.starts_with(['t', 'm'])) {
                prop_assert!(lines.contains(&line.as_str()), "{line} is gone from {merged:?}");
            }
        }
    }
}
