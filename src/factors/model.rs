//! A contributing factor and its place on incidents.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::few::Few;
use crate::db::schema::contributing_factors;

/// Longest name, in characters.
pub const NAME_LIMIT: usize = 120;
/// Longest note about a factor on one incident, in characters.
pub const NOTE_LIMIT: usize = 1000;
/// Most action items of one fate that a factor's page shows.
pub const FATE_LIMIT: usize = 20;
/// Most factors of one incident.
pub const PER_INCIDENT_LIMIT: usize = 20;

/// A condition that made incidents possible.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = contributing_factors)]
pub struct Factor {
    /// Row id.
    pub id: i64,
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What is meant, in Markdown.
    pub description: String,
    /// When it was first named.
    pub created_at: Moment,
}

impl Factor {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/factors/{}", self.slug)
    }
}

/// A factor on one incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentFactor {
    /// The factor.
    pub factor: Factor,
    /// How it showed in this incident.
    pub note: String,
    /// When it was named here.
    pub added_at: Moment,
    /// Incidents with this factor that started up to this one, this one included.
    pub occurrence: i64,
}

impl IncidentFactor {
    /// `1st time`, `4th time`.
    pub fn occurrence_words(&self) -> String {
        format!("{} time", ordinal(self.occurrence))
    }
}

/// `1st`, `2nd`, `11th`.
pub fn ordinal(n: i64) -> String {
    let ending = match (n % 10, n % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

/// A factor in the list of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorRow {
    /// The factor.
    pub factor: Factor,
    /// Incidents with it.
    pub incident_count: i64,
    /// Unfinished action items that work on it.
    pub open_item_count: Few,
}

/// Names among `known` that sound like `name` without being the same.
pub fn alike<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let stems = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
        words.filter(|word| word.len() > 3).map(|word| word.trim_end_matches('s').chars().take(6).collect()).collect()
    };
    let own = stems(name);
    known
        .into_iter()
        .filter(|other| !other.eq_ignore_ascii_case(name.trim()))
        .filter(|other| {
            let theirs = stems(other);
            let shared = own.iter().filter(|stem| theirs.contains(stem)).count();
            // Half of the longer name's telling words, and more than a single common one.
            shared > 0 && shared * 2 >= own.len().max(theirs.len()) && (shared > 1 || own.len().max(theirs.len()) == 1)
        })
        .take(3)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{alike, ordinal};

    #[test]
    fn names_that_sound_alike_are_found() {
        let known = ["Alert without an owner", "Alerts without owner", "Timeout longer than the caller's", "Retries"];
        assert_eq!(alike("Alert without owners", known), ["Alert without an owner", "Alerts without owner"]);
        assert_eq!(alike("Retry", known), Vec::<&str>::new());
        assert_eq!(alike("alert WITHOUT an owner", known), ["Alerts without owner"]);
    }

    #[test]
    fn ordinals_mind_the_teens() {
        let words: Vec<_> = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111].into_iter().map(ordinal).collect();
        assert_eq!(words, ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]);
    }
}
