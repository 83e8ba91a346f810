//! What a question is narrowed by, in the words that stand in the index for it (see the migrations `search_facets`).
//! Pure.

use std::ops::RangeInclusive;

use chrono::{DateTime, Datelike};

use super::model::Question;
use crate::clock::Moment;

/// Years that have a word. What lies outside is found without a range of time.
const YEARS: RangeInclusive<i32> = 1970..=2100;

/// Of each of these, a document must have one word. `service_id` is that of the question's service. Its kind is not
/// among them: see [`HitKind::facet`](super::model::HitKind::facet).
pub(super) fn words(question: &Question, service_id: Option<i64>) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = service_id.map(|id| vec![format!("s{id}")]).into_iter().collect();
    if question.from.is_some() || question.to.is_some() {
        all.push(spans(question.from, question.to));
    }
    all
}

/// The years and, at both ends, the months that lie between, also in part.
fn spans(from: Option<Moment>, to: Option<Moment>) -> Vec<String> {
    let month = |moment: Moment| {
        let date = DateTime::from_timestamp_millis(moment.millis())?.date_naive();
        YEARS.contains(&date.year()).then_some((date.year(), date.month()))
    };
    let first = from.and_then(month).unwrap_or((*YEARS.start(), 1));
    let last = to.map(|to| Moment::from_millis(to.millis() - 1)).and_then(month).unwrap_or((*YEARS.end(), 12));
    let mut spans = Vec::new();
    for year in first.0..=last.0 {
        let begin = if year == first.0 { first.1 } else { 1 };
        let end = if year == last.0 { last.1 } else { 12 };
        if (begin, end) == (1, 12) {
            spans.push(format!("y{year}"));
        } else {
            spans.extend((begin..=end).map(|month| format!("m{year}{month:02}")));
        }
    }
    // A range that ends before it begins holds nothing, which is a word that no document has.
    if spans.is_empty() {
        spans.push("none".to_owned());
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        Moment::from_chrono(text.parse().unwrap())
    }

    #[test]
    fn a_range_is_whole_years_and_months_at_its_ends() {
        let spans = |from: &str, to: &str| {
            let one = |text: &str| (!text.is_empty()).then(|| moment(text));
            spans(one(from), one(to)).join(" ")
        };
        assert_eq!(spans("2025-11-03T00:00:00Z", "2027-03-01T00:00:00Z"), "m202511 m202512 y2026 m202701 m202702");
        assert_eq!(spans("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"), "m202605");
        assert_eq!(spans("2026-05-02T00:00:00Z", "2026-04-02T00:00:00Z"), "none");
        assert!(spans("", "1971-02-01T00:00:00Z").starts_with("y1970 m197101"));
        assert!(spans("2099-12-01T00:00:00Z", "").ends_with("m209912 y2100"));
    }

    #[test]
    fn a_service_is_a_word() {
        let question =
            Question { text: String::new(), kind: None, service: Some("x".to_owned()), from: None, to: None, page: 1 };
        assert_eq!(words(&question, Some(7)), [["s7"]]);
        assert!(words(&question, None).is_empty());
    }
}
