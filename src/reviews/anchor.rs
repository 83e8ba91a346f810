//! Finding a passage again after the text around it has changed. Pure.

use std::collections::HashMap;
use std::ops::Range;

/// Words around a passage that are kept.
const CONTEXT_WORDS: usize = 8;
/// How alike a passage must be to count as the same, from 0 to 1.
const LIKENESS: f64 = 0.6;
/// Longest passage that is looked for, in words.
const PASSAGE_LIMIT: usize = 200;

/// A word with its place.
struct Word {
    text: String,
    place: Range<usize>,
}

/// What is kept of a passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The passage, as it was quoted.
    pub quote: String,
    /// The words before it.
    pub before: String,
    /// The words after it.
    pub after: String,
}

/// Where a passage is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Word for word.
    Same(Range<usize>),
    /// Changed, and still recognised.
    Changed(Range<usize>),
    /// Not any more.
    Lost,
}

impl Found {
    /// The bytes of the source, when it is there.
    pub fn place(&self) -> Option<Range<usize>> {
        match self {
            Found::Same(place) | Found::Changed(place) => Some(place.clone()),
            Found::Lost => None,
        }
    }
}

fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let belongs = c.is_alphanumeric() || (matches!(c, '\'' | '’') && start.is_some());
        match (belongs, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                let text = text[from..at].replace('’', "'").to_lowercase();
                found.push(Word { text, place: from..at });
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// The anchor for `quote` in `source`, when it stands there word for word.
pub fn anchor(source: &str, quote: &str) -> Option<Anchor> {
    let (text, wanted) = (words(source), words(quote));
    let at = *occurrences(&text, &wanted).first()?;
    let around = |range: Range<usize>| {
        let words: Vec<&str> = text[range].iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    };
    let end = at + wanted.len();
    Some(Anchor {
        quote: quote.split_whitespace().collect::<Vec<_>>().join(" "),
        before: around(at.saturating_sub(CONTEXT_WORDS)..at),
        after: around(end..(end + CONTEXT_WORDS).min(text.len())),
    })
}

fn occurrences(text: &[Word], wanted: &[Word]) -> Vec<usize> {
    if wanted.is_empty() || wanted.len() > PASSAGE_LIMIT || wanted.len() > text.len() {
        return Vec::new();
    }
    (0..=text.len() - wanted.len())
        .filter(|&at| wanted.iter().zip(&text[at..]).all(|(wanted, here)| wanted.text == here.text))
        .collect()
}

/// Where the passage of `anchor` is in `source`.
pub fn find(source: &str, anchor: &Anchor) -> Found {
    let (text, wanted) = (words(source), words(&anchor.quote));
    let (before, after) = (words(&anchor.before), words(&anchor.after));
    let bytes = |range: Range<usize>| text[range.start].place.start..text[range.end - 1].place.end;
    let around = |at: usize, end: usize| neighbours(&text, (&before, &after), at, end);
    let same = occurrences(&text, &wanted)
        .into_iter()
        .max_by(|a, b| around(*a, a + wanted.len()).total_cmp(&around(*b, b + wanted.len())).then(b.cmp(a)));
    if let Some(at) = same {
        return Found::Same(bytes(at..at + wanted.len()));
    }
    match most_alike(&text, &wanted, around) {
        Some(range) => Found::Changed(bytes(range)),
        None => Found::Lost,
    }
}

/// The share of the kept words around that still stand there.
fn neighbours(text: &[Word], (before, after): (&[Word], &[Word]), at: usize, end: usize) -> f64 {
    let count = before.len() + after.len();
    if count == 0 {
        return 0.0;
    }
    let earlier = &text[at.saturating_sub(before.len() + 2)..at];
    let later = &text[end..(end + after.len() + 2).min(text.len())];
    let kept = |wanted: &[Word], there: &[Word]| {
        wanted.iter().filter(|word| there.iter().any(|other| other.text == word.text)).count()
    };
    (kept(before, earlier) + kept(after, later)) as f64 / count as f64
}

/// The stretch of the same length whose words are most alike, its surroundings counted a little.
fn most_alike(text: &[Word], wanted: &[Word], around: impl Fn(usize, usize) -> f64) -> Option<Range<usize>> {
    let length = wanted.len().min(text.len());
    if length == 0 || wanted.len() > PASSAGE_LIMIT {
        return None;
    }
    let mut missing: HashMap<&str, i64> = HashMap::new();
    for word in wanted {
        *missing.entry(&word.text).or_default() += 1;
    }
    // How many of the wanted words the window holds, kept up while it slides.
    let mut shared = 0_i64;
    let mut best: Option<(f64, usize)> = None;
    for end in 1..=text.len() {
        if let Some(left) = missing.get_mut(text[end - 1].text.as_str()) {
            if *left > 0 {
                shared += 1;
            }
            *left -= 1;
        }
        if end > length
            && let Some(left) = missing.get_mut(text[end - 1 - length].text.as_str())
        {
            *left += 1;
            if *left > 0 {
                shared -= 1;
            }
        }
        if end < length {
            continue;
        }
        let at = end - length;
        let likeness = shared as f64 / wanted.len() as f64;
        if likeness < 0.34 {
            continue;
        }
        let score = likeness + 0.4 * around(at, end);
        if best.is_none_or(|(highest, _)| score > highest) {
            best = Some((score, at));
        }
    }
    best.filter(|(score, _)| *score >= LIKENESS).map(|(_, at)| at..at + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Summary\n\nThe pool ran dry at 14:02. Payments failed for 40 minutes.\n\n## Timeline\n\nThe pool was raised to 40. Payments worked again.\n";

    fn found<'a>(source: &'a str, anchor: &Anchor) -> Option<&'a str> {
        find(source, anchor).place().map(|place| &source[place])
    }

    #[test]
    fn a_passage_is_found_where_it_stands() {
        let anchor = anchor(TEXT, "Payments  failed for\n40 minutes").unwrap();
        assert_eq!(anchor.quote, "Payments failed for 40 minutes");
        assert_eq!(found(TEXT, &anchor), Some("Payments failed for 40 minutes"));
    }

    #[test]
    fn of_two_the_one_with_the_same_surroundings_is_meant() {
        let source = TEXT.replace("Payments failed for 40 minutes.", "");
        let anchor = Anchor {
            quote: "The pool".to_owned(),
            before: "timeline".to_owned(),
            after: "was raised to 40".to_owned(),
        };
        let place = find(&source, &anchor).place().unwrap();
        assert!(source[place.start..].starts_with("The pool was raised"));
    }

    #[test]
    fn a_changed_passage_is_recognised() {
        let anchor = anchor(TEXT, "Payments failed for 40 minutes").unwrap();
        let moved =
            "Intro words here.\n\n# Summary\n\nThe pool ran dry at 14:02. Card payments failed for about 43 minutes.\n";
        assert!(matches!(find(moved, &anchor), Found::Changed(_)));
        assert!(found(moved, &anchor).unwrap().contains("payments failed for"));
        let emphasised = TEXT.replace("failed for 40", "*failed* for **40**");
        assert!(matches!(find(&emphasised, &anchor), Found::Same(_)));
    }

    #[test]
    fn a_passage_that_is_gone_is_lost() {
        let anchor = anchor(TEXT, "Payments failed for 40 minutes").unwrap();
        assert_eq!(find("# Summary\n\nSomething else altogether happened here today.\n", &anchor), Found::Lost);
        assert_eq!(find("", &anchor), Found::Lost);
        assert_eq!(super::anchor(TEXT, "not in the text"), None);
        assert_eq!(super::anchor(TEXT, " … "), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_texts_are_the_place_can_be_cut(source in "(?s)[a-cé’' \n*]{0,60}", quote in "[a-c ’']{0,20}", before in "[a-c ]{0,8}") {
            let anchor = Anchor { quote, before: before.clone(), after: before };
            if let Some(place) = find(&source, &anchor).place() {
                proptest::prop_assert!(source.get(place).is_some());
            }
        }
    }
}
