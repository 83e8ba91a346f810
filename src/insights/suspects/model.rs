//! The figures. Pure.

use std::collections::BTreeMap;

use crate::insights::share::Share;
use crate::links::model::Relation;
use crate::suspects::model::{Certainty, JudgedPair, LIKELY, Part, Rule};

/// A line of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What is counted.
    pub label: String,
    /// How often it was so.
    pub share: Share,
}

/// Everything that the page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Judged suspects that were confirmed.
    pub confirmed: Share,
    /// The same by the word that they were shown with.
    pub by_certainty: Vec<Row>,
    /// The same by the probability that they were shown with.
    pub by_probability: Vec<Row>,
    /// The same by the reasons that they were shown with.
    pub by_rule: Vec<Row>,
    /// Incidents with a cause on record whose cause stood first.
    pub right_first: Share,
    /// … or among the first three.
    pub in_three: Share,
    /// Places of the causes that were proposed: the least, the middle, the greatest.
    pub places: Option<[i64; 3]>,
    /// Incidents that no change caused and that had a *likely* suspect all the same.
    pub falsely_accused: Share,
    /// Proposed ends that were confirmed.
    pub fixes: Share,
}

const BANDS: [(f64, &str); 5] =
    [(0.15, "under 15 %"), (0.3, "15 to 30 %"), (0.6, "30 to 60 %"), (LIKELY, "60 to 90 %"), (2.0, "90 % and more")];

impl Figures {
    /// Counts verdicts, and the probabilities of the first suspects of incidents that no change caused.
    pub fn count(pairs: &[JudgedPair], causeless: &[f64]) -> Self {
        let mut figures = Figures::default();
        let mut certainties: BTreeMap<Certainty, Share> = BTreeMap::new();
        let mut bands = BANDS.map(|_| Share::default());
        let mut rules: BTreeMap<Rule, Share> = BTreeMap::new();
        let mut causes: BTreeMap<i64, Option<i64>> = BTreeMap::new();
        for pair in pairs {
            if pair.relation == Relation::Caused {
                let known = causes.entry(pair.incident_id).or_default();
                *known = match (*known, pair.place.filter(|_| pair.part == Part::Cause)) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
            let (Some(_), is_fixed) = (pair.place, pair.relation == Relation::Fixed) else { continue };
            if pair.part == Part::Fix {
                figures.fixes.add(is_fixed);
                continue;
            }
            let is_confirmed = matches!(pair.relation, Relation::Caused | Relation::Contributed);
            figures.confirmed.add(is_confirmed);
            certainties.entry(Certainty::of(pair.probability)).or_default().add(is_confirmed);
            let band = BANDS.iter().position(|(end, _)| pair.probability < *end).unwrap_or(BANDS.len() - 1);
            bands[band].add(is_confirmed);
            for rule in pair.rules.split_whitespace().filter_map(Rule::parse) {
                rules.entry(rule).or_default().add(is_confirmed);
            }
        }
        let mut places = Vec::new();
        for place in causes.into_values() {
            figures.right_first.add(place == Some(1));
            figures.in_three.add(place.is_some_and(|place| place <= 3));
            places.extend(place);
        }
        places.sort_unstable();
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            figures.places = Some([*first, places[(places.len() - 1) / 2], *last]);
        }
        causeless.iter().for_each(|best| figures.falsely_accused.add(*best >= LIKELY));
        let row = |label: &str, share| Row { label: label.to_owned(), share };
        figures.by_certainty =
            certainties.into_iter().map(|(certainty, share)| row(certainty.as_str(), share)).collect();
        figures.by_probability = BANDS.iter().zip(bands).map(|((_, label), share)| row(label, share)).collect();
        figures.by_rule = rules.into_iter().map(|(rule, share)| row(rule.label(), share)).collect();
        figures
    }

    /// Where the causes stood, in words.
    pub fn places_words(&self) -> String {
        match self.places {
            Some([least, middle, greatest]) if self.right_first.is_enough() => {
                format!("median place {middle}, from {least} to {greatest}")
            }
            _ => "not enough data".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;

    fn pair(incident_id: i64, relation: Relation, place: Option<i64>, probability: f64) -> JudgedPair {
        let said_at = Moment::from_millis(0);
        let rules = "own_service recent".to_owned();
        JudgedPair { incident_id, relation, part: Part::Cause, place, probability, rules, said_at }
    }

    #[test]
    fn verdicts_are_counted_and_few_of_them_say_nothing() {
        let pairs = [
            pair(1, Relation::Caused, Some(1), 0.92),
            pair(1, Relation::RuledOut, Some(2), 0.05),
            pair(2, Relation::Caused, None, 0.0),
            pair(3, Relation::Contributed, Some(1), 0.4),
            pair(4, Relation::RuledOut, Some(1), 0.95),
            pair(5, Relation::Caused, Some(4), 0.1),
        ];
        let figures = Figures::count(&pairs, &[0.95, 0.2]);
        assert_eq!(figures.confirmed, Share { part: 3, whole: 5 });
        assert_eq!(figures.confirmed.words(), "60 %");
        assert_eq!(figures.right_first, Share { part: 1, whole: 3 });
        assert_eq!(figures.places, Some([1, 1, 4]));
        assert_eq!(figures.places_words(), "not enough data");
        assert_eq!(figures.falsely_accused, Share { part: 1, whole: 2 });
        assert_eq!(figures.by_probability[4].share, Share { part: 1, whole: 2 });
        assert_eq!(figures.by_rule.len(), 2);
        assert_eq!(figures.falsely_accused.words(), "not enough data");
    }
}
