//! Freeze windows.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::freeze_windows;

/// Most windows that are looked at or shown at once.
pub const WINDOW_LIMIT: i64 = 200;

/// A time in which nothing should be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = freeze_windows)]
pub struct Freeze {
    /// Row id.
    pub id: i64,
    /// Of one service.
    pub service_id: Option<i64>,
    /// Of one team's services.
    pub team_id: Option<i64>,
    /// Empty for every environment.
    pub environment: String,
    /// From when.
    pub starts_at: Moment,
    /// Until when.
    pub ends_at: Moment,
    /// Why.
    pub reason: String,
    /// When it was called off.
    pub cancelled_at: Option<Moment>,
}

/// A window as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeDraft {
    /// A service's slug.
    pub service: Option<String>,
    /// A team's slug.
    pub team: Option<String>,
    /// Empty for every environment.
    pub environment: String,
    /// From when.
    pub starts_at: Moment,
    /// Until when.
    pub ends_at: Moment,
    /// Why.
    pub reason: String,
}

impl Freeze {
    /// Whether it holds at an instant for a service of a team in an environment.
    pub fn holds(&self, at: Moment, service_id: Option<i64>, team_id: Option<i64>, environment: &str) -> bool {
        let in_time = self.cancelled_at.is_none() && self.starts_at <= at && at < self.ends_at;
        let of_service = self.service_id.is_none() || self.service_id == service_id;
        let of_team = self.team_id.is_none() || self.team_id == team_id;
        let in_place = self.environment.is_empty() || self.environment.eq_ignore_ascii_case(environment);
        in_time && of_service && of_team && in_place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_in_its_time_and_place_alone() {
        let at = |seconds: i64| Moment::from_millis(seconds * 1000);
        let freeze = Freeze {
            id: 1,
            service_id: None,
            team_id: Some(4),
            environment: "production".to_owned(),
            starts_at: at(10),
            ends_at: at(20),
            reason: String::new(),
            cancelled_at: None,
        };
        assert!(freeze.holds(at(10), Some(1), Some(4), "Production"));
        assert!(!freeze.holds(at(20), Some(1), Some(4), "production"));
        assert!(!freeze.holds(at(10), Some(1), Some(5), "production"));
        assert!(!freeze.holds(at(10), Some(1), Some(4), "staging"));
        assert!(!Freeze { cancelled_at: Some(at(9)), ..freeze }.holds(at(10), Some(1), Some(4), "production"));
    }
}
