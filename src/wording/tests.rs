//! What the hints find, held against sentences with a label.

use super::*;
use crate::wording::model::HintKind;

const LABELLED: &str = include_str!("labelled.txt");

fn labelled() -> Vec<(bool, &'static str)> {
    LABELLED
        .lines()
        .filter_map(|line| match line.split_at_checked(2)? {
            ("+ ", sentence) => Some((true, sentence)),
            ("- ", sentence) => Some((false, sentence)),
            _ => None,
        })
        .collect()
}

fn found(text: &str) -> Vec<Hint> {
    hints(text, &People::default())
}

#[test]
fn labelled_sentences_get_their_hints() {
    let (mut right, mut missed, mut wrong) = (0, Vec::new(), Vec::new());
    let all = labelled();
    assert!(all.len() >= 200, "{}", all.len());
    for (wanted, sentence) in &all {
        let given = found(sentence);
        match (wanted, given.first()) {
            (true, Some(_)) => right += 1,
            (true, None) => missed.push(*sentence),
            (false, Some(hint)) => wrong.push(format!("{sentence} [{}: {}]", hint.kind, hint.phrase)),
            (false, None) => {}
        }
    }
    let told = format!("missed:\n{}\nwrong:\n{}", missed.join("\n"), wrong.join("\n"));
    let precision = f64::from(right) / (f64::from(right) + wrong.len() as f64);
    let recall = f64::from(right) / (f64::from(right) + missed.len() as f64);
    println!("precision {precision:.3} recall {recall:.3} of {}\n{told}", all.len());
    assert!(precision >= 0.95 && recall >= 0.9, "precision {precision:.3}, recall {recall:.3}\n{told}");
}

#[test]
fn kinds_are_told_apart() {
    let kind = |text: &str| found(text).first().map(|hint| hint.kind);
    assert_eq!(kind("We should have tested this."), Some(HintKind::Counterfactual));
    assert_eq!(kind("The engineer forgot the flag."), Some(HintKind::Judgement));
    assert_eq!(kind("The cause was human error."), Some(HintKind::HumanError));
    assert_eq!(kind("Be more careful with scripts."), Some(HintKind::Exhortation));
    assert_eq!(kind("Alice broke production."), Some(HintKind::PersonAsCause));
}

#[test]
fn what_is_not_the_writers_own_sentence_is_left_alone() {
    for text in [
        "---\nnote: we should have known\n---\n\nAll is well.\n",
        "> We should have known.\n",
        "```\nhuman error\n```\n",
        "The log said `human error` twice.\n",
        "See [we should have known](https://example.org/should-have-tested).\n",
        "https://example.org/human-error\n",
        "<!-- Bob broke it -->\n",
        "He wrote \"this was human error\" in the chat.\n",
        "They called it “human error” at once.\n",
        "## What we could have done better\n",
        "The chart 'human error' is empty.\n",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn places_are_bytes_of_the_source() {
    let text = "---\ntitle: Ö\n---\n\nÜber all, we *should\nhave* tested — and **Bob** broke it.\n";
    let people = People::new([("Bob Ross", "bobr")]);
    let given = hints(text, &people);
    let phrases: Vec<_> = given.iter().map(|hint| (&text[hint.start..hint.end], hint.line(text))).collect();
    assert_eq!(phrases, [("should\nhave* tested", 5), ("broke", 6)]);
    assert_eq!(given[0].phrase, "should have* tested");
    assert_eq!(given[0].key(), "should have* tested");
}

#[test]
fn members_are_known_by_their_names_and_handles() {
    let people = People::new([("Xanthippe Doe", "xd9")]);
    assert!(!hints("Xanthippe broke the build.", &people).is_empty());
    assert!(!hints("@xd9 broke the build.", &people).is_empty());
    assert_eq!(found("Xanthippe broke the build."), []);
}

#[test]
fn the_demo_is_written_without_blame() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/stories");
    let (mut words, mut hint_count, mut told) = (0, 0, String::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "md") {
            let text = std::fs::read_to_string(&path).unwrap();
            words += crate::markdown::word_count(&text);
            for hint in found(&text) {
                hint_count += 1;
                told.push_str(&format!("{}:{} {}: {}\n", path.display(), hint.line(&text), hint.kind, hint.phrase));
            }
        }
    }
    println!("{hint_count} hints in {words} words\n{told}");
    assert!(hint_count * 1000 <= words * 3, "{hint_count} hints in {words} words\n{told}");
}

proptest::proptest! {
    #[test]
    fn any_text_gives_places_that_can_be_cut(text in "(?s)([a-z@\"'“”‘’`*_\\[\\]()<>é\n .,;:!?-]|should have |Bob |human error |forgot ){0,60}") {
        for hint in found(&text) {
            proptest::prop_assert!(text.get(hint.start..hint.end).is_some_and(|phrase| !phrase.is_empty()));
        }
    }
}
