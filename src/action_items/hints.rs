//! Remarks on an item's text that help it to get done. Pure. They are remarks, never errors.

/// First words that say to look at something, and not what will be different afterwards.
const LOOKING: &[&str] =
    &["investigate", "look", "consider", "think", "discuss", "explore", "analyse", "analyze", "evaluate", "research"];
/// Words that leave open when it is done.
const VAGUE: &[&str] = &[
    "improve",
    "better",
    "enhance",
    "optimise",
    "optimize",
    "robust",
    "more reliable",
    "review all",
    "as needed",
    "etc",
];
/// Phrases that ask people to try harder, which changes nothing the next time.
const TRYING_HARDER: &[&str] = &[
    "be more careful",
    "be careful",
    "pay attention",
    "pay more attention",
    "remember to",
    "remind",
    "make sure everyone",
    "don't forget",
    "do not forget",
    "double-check",
    "double check",
    "train the",
    "educate",
];
/// Fewer words than this say too little.
const WORDS_WANTED: usize = 3;

/// What would make the text of an item easier to work off, a sentence each; none when it is good as it is.
pub fn hints(title: &str, details: &str) -> Vec<&'static str> {
    let title_low = title.to_lowercase();
    let all = format!("{title_low} {}", details.to_lowercase());
    let first = title_low.split(|letter: char| !letter.is_alphanumeric()).find(|word| !word.is_empty());
    let mut hints = Vec::new();
    if title.split_whitespace().count() < WORDS_WANTED {
        hints.push("Say a little more: what will be different, and where.");
    }
    if first.is_some_and(|word| LOOKING.contains(&word)) {
        hints.push(
            "It says to look, not what will be different. Name the result: a decision written down, a limit set.",
        );
    } else if VAGUE.iter().any(|word| has(&title_low, word)) && !title.bytes().any(|byte| byte.is_ascii_digit()) {
        hints.push("Say how one sees that it is done: a number, a page, a test, an alert.");
    }
    if TRYING_HARDER.iter().any(|phrase| has(&all, phrase)) {
        hints.push("It asks people to try harder. What could the system do, so that nobody has to remember?");
    }
    if title.contains(" and ") && title.split(" and ").count() > 2 {
        hints.push("These look like several items. Splitting them lets each be finished.");
    }
    hints
}

/// Whether `text` has `phrase` as whole words.
fn has(text: &str, phrase: &str) -> bool {
    text.match_indices(phrase).any(|(at, found)| {
        let before = text[..at].chars().next_back();
        let after = text[at + found.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_texts_get_no_remark_and_vague_ones_do() {
        for good in [
            "Alert on pool use above 80 %",
            "Cut query time to 50 ms and improve p99 to 200 ms",
            "Add a lock timeout to migrations",
        ] {
            assert!(hints(good, "").is_empty(), "{good}: {:?}", hints(good, ""));
        }
        for (vague, part) in [
            ("Investigate the pool", "not what will be different"),
            ("Improve monitoring of checkout", "how one sees"),
            ("Be more careful with migrations", "try harder"),
            ("Fix it", "a little more"),
            ("Add alerts and fix the pool and write a runbook", "several items"),
        ] {
            assert!(hints(vague, "").iter().any(|hint| hint.contains(part)), "{vague}: {:?}", hints(vague, ""));
        }
        assert!(hints("Write down the restart steps", "Remind everyone on call.").len() == 1);
        assert!(hints("", "").len() == 1);
    }
}
