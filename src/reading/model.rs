//! How alike two incidents are, and what a calendar brings back. Pure.

use chrono::{Datelike, NaiveDate};

use crate::incidents::model::Incident;

/// Most similar incidents that are shown.
pub const SIMILAR_LIMIT: usize = 5;

/// An incident that is like another one, and why.
#[derive(Clone, Debug)]
pub struct Similar {
    /// The other incident.
    pub incident: Incident,
    /// Whether there is a text to read.
    pub has_postmortem: bool,
    /// Contributing factors that both have, by name.
    pub factors: Vec<String>,
    /// Services that both hit, by name.
    pub services: Vec<String>,
    /// Words that both titles have.
    pub words: Vec<String>,
}

/// What so many shared factors, words of the titles and services weigh: a factor tells most, a service least.
pub const fn likeness(factors: usize, words: usize, services: usize) -> usize {
    factors * 6 + words * 3 + services * 2
}

impl Similar {
    /// The more, the more alike.
    pub fn weight(&self) -> usize {
        likeness(self.factors.len(), self.words.len(), self.services.len()) + usize::from(self.has_postmortem)
    }

    /// `same factor: alert without an owner; in both titles: pool`
    pub fn reasons(&self) -> String {
        let part = |what: &str, names: &[String]| (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")));
        [
            part("same factor:", &self.factors),
            part("in both titles:", &self.words),
            part("same service:", &self.services),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ")
    }
}

/// Words that say little about what happened.
const COMMON: &[&str] = &[
    "after",
    "again",
    "because",
    "before",
    "could",
    "during",
    "every",
    "failed",
    "fails",
    "failing",
    "failure",
    "from",
    "incident",
    "minutes",
    "outage",
    "problem",
    "problems",
    "service",
    "slow",
    "some",
    "that",
    "their",
    "there",
    "this",
    "users",
    "customers",
    "wrong",
    "with",
    "without",
    "while",
    "were",
    "when",
    "hours",
    "error",
    "errors",
    "high",
    "down",
    "requests",
    "several",
];

/// The telling words of a title, in lower case, each once.
pub fn telling_words(title: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in title.split(|c: char| !c.is_alphanumeric()) {
        let word = word.to_lowercase();
        if word.chars().count() >= 4 && !COMMON.contains(&word.as_str()) && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// Words that stand in both titles.
pub fn shared_words(own: &[String], title: &str) -> Vec<String> {
    telling_words(title).into_iter().filter(|word| own.contains(word)).collect()
}

/// Which of `count` texts is the pick of this month: the same all month, another one the next.
pub fn pick_of(today: NaiveDate, count: i64) -> i64 {
    let months = i64::from(today.year()) * 12 + i64::from(today.month0());
    // A step that shares no divisor with small counts goes through all of them.
    (months * 7919).rem_euclid(count.max(1))
}

/// The same day in the years before, the last year first.
pub fn same_days(today: NaiveDate, years: i32) -> Vec<NaiveDate> {
    (1..=years).filter_map(|back| today.with_year(today.year() - back)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_share_their_telling_words() {
        let own = telling_words("Card payments fail: pool of connections ran dry");
        assert_eq!(
            shared_words(&own, "The connections of the pool and other payments"),
            ["connections", "pool", "payments"]
        );
        assert_eq!(shared_words(&own, "Users with problems after an outage"), Vec::<String>::new());
    }

    #[test]
    fn a_pick_stays_for_a_month() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(pick_of(day("2026-11-01"), 12), pick_of(day("2026-11-30"), 12));
        assert_ne!(pick_of(day("2026-11-01"), 12), pick_of(day("2026-12-01"), 12));
        assert_eq!(pick_of(day("2026-11-01"), 0), 0);
        assert_eq!(same_days(day("2024-02-29"), 4), [day("2020-02-29")]);
    }
}
