//! An incident, its words, and the rules of its times.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use diesel::prelude::*;
use serde::Serialize;

use crate::clock::Moment;
use crate::db::schema::incidents;
use crate::error::FieldErrors;
use crate::text_enum;
use crate::web::times::Zone;

text_enum! {
    /// Whether it hurt.
    pub enum IncidentKind {
        /// It hurt somebody.
        Incident = "incident",
        /// It nearly did.
        NearMiss = "near_miss",
    }
}

impl IncidentKind {
    /// As a page says it.
    pub const fn label(self) -> &'static str {
        match self {
            IncidentKind::Incident => "Incident",
            IncidentKind::NearMiss => "Near miss",
        }
    }
}

text_enum! {
    /// How bad it is, worst first.
    pub enum Severity {
        /// The business stops.
        Sev1 = "SEV1",
        /// Many customers cannot do what they came for.
        Sev2 = "SEV2",
        /// Some customers notice.
        Sev3 = "SEV3",
        /// A few notice, and can help themselves.
        Sev4 = "SEV4",
        /// Nobody notices yet.
        Sev5 = "SEV5",
    }
}

impl Severity {
    /// What it means, for the person who must choose at 3 am.
    pub const fn meaning(self) -> &'static str {
        match self {
            Severity::Sev1 => "the business stops",
            Severity::Sev2 => "many customers cannot do what they came for",
            Severity::Sev3 => "some customers notice",
            Severity::Sev4 => "few notice, and there is a way round",
            Severity::Sev5 => "nobody notices yet",
        }
    }
}

text_enum! {
    /// How far its handling has come.
    pub enum IncidentStatus {
        /// Nobody knows why yet.
        Investigating = "investigating",
        /// It is known why.
        Identified = "identified",
        /// It no longer hurts.
        Mitigated = "mitigated",
        /// It is over.
        Resolved = "resolved",
    }
}

impl IncidentStatus {
    /// As a page says it.
    pub const fn label(self) -> &'static str {
        match self {
            IncidentStatus::Investigating => "Investigating",
            IncidentStatus::Identified => "Identified",
            IncidentStatus::Mitigated => "Mitigated",
            IncidentStatus::Resolved => "Resolved",
        }
    }

    /// The button that leads here.
    pub const fn verb(self) -> &'static str {
        match self {
            IncidentStatus::Investigating => "Reopen",
            IncidentStatus::Identified => "Identify",
            IncidentStatus::Mitigated => "Mitigate",
            IncidentStatus::Resolved => "Resolve",
        }
    }

    /// Where one may go from here, the nearest first.
    pub const fn next(self) -> &'static [IncidentStatus] {
        match self {
            IncidentStatus::Investigating => {
                &[IncidentStatus::Identified, IncidentStatus::Mitigated, IncidentStatus::Resolved]
            }
            IncidentStatus::Identified => &[IncidentStatus::Mitigated, IncidentStatus::Resolved],
            IncidentStatus::Mitigated => &[IncidentStatus::Resolved, IncidentStatus::Investigating],
            IncidentStatus::Resolved => &[IncidentStatus::Investigating],
        }
    }

    /// Whether it still asks for somebody.
    pub const fn is_live(self) -> bool {
        !matches!(self, IncidentStatus::Resolved)
    }

    /// The time that belongs to reaching this status.
    pub const fn time_field(self) -> Option<TimeField> {
        match self {
            IncidentStatus::Investigating => None,
            IncidentStatus::Identified => Some(TimeField::Identified),
            IncidentStatus::Mitigated => Some(TimeField::Mitigated),
            IncidentStatus::Resolved => Some(TimeField::Resolved),
        }
    }
}

text_enum! {
    /// A time of an incident.
    pub enum TimeField {
        /// The impact began.
        Started = "started_at",
        /// Somebody or something noticed.
        Detected = "detected_at",
        /// Somebody took it on.
        Acknowledged = "acknowledged_at",
        /// It became known why.
        Identified = "identified_at",
        /// It stopped to hurt.
        Mitigated = "mitigated_at",
        /// It was over.
        Resolved = "resolved_at",
    }
}

impl TimeField {
    /// As a page says it.
    pub const fn label(self) -> &'static str {
        match self {
            TimeField::Started => "Started",
            TimeField::Detected => "Detected",
            TimeField::Acknowledged => "Acknowledged",
            TimeField::Identified => "Identified",
            TimeField::Mitigated => "Mitigated",
            TimeField::Resolved => "Resolved",
        }
    }
}

/// How far in the future a time may lie, in seconds: clocks differ a little.
pub const FUTURE_LIMIT_S: i64 = 300;
/// Longest tag, in characters.
pub const TAG_LIMIT: usize = 60;
/// Most tags, services or deploys that one incident is declared with.
pub const LIST_LIMIT: usize = 50;

/// When it happened, step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Times {
    /// The impact began.
    pub started_at: Moment,
    /// Somebody or something noticed.
    pub detected_at: Option<Moment>,
    /// Somebody took it on.
    pub acknowledged_at: Option<Moment>,
    /// It became known why.
    pub identified_at: Option<Moment>,
    /// It stopped to hurt.
    pub mitigated_at: Option<Moment>,
    /// It was over.
    pub resolved_at: Option<Moment>,
}

impl Times {
    /// Only a start.
    pub const fn from_start(started_at: Moment) -> Self {
        Times {
            started_at,
            detected_at: None,
            acknowledged_at: None,
            identified_at: None,
            mitigated_at: None,
            resolved_at: None,
        }
    }

    /// One of the times.
    pub const fn get(&self, field: TimeField) -> Option<Moment> {
        match field {
            TimeField::Started => Some(self.started_at),
            TimeField::Detected => self.detected_at,
            TimeField::Acknowledged => self.acknowledged_at,
            TimeField::Identified => self.identified_at,
            TimeField::Mitigated => self.mitigated_at,
            TimeField::Resolved => self.resolved_at,
        }
    }

    /// Sets or clears one of the times; a start cannot be cleared and then stays.
    pub fn set(&mut self, field: TimeField, at: Option<Moment>) {
        match field {
            TimeField::Started => self.started_at = at.unwrap_or(self.started_at),
            TimeField::Detected => self.detected_at = at,
            TimeField::Acknowledged => self.acknowledged_at = at,
            TimeField::Identified => self.identified_at = at,
            TimeField::Mitigated => self.mitigated_at = at,
            TimeField::Resolved => self.resolved_at = at,
        }
    }

    /// The status that these times tell of.
    pub const fn status(&self) -> IncidentStatus {
        if self.resolved_at.is_some() {
            IncidentStatus::Resolved
        } else if self.mitigated_at.is_some() {
            IncidentStatus::Mitigated
        } else if self.identified_at.is_some() {
            IncidentStatus::Identified
        } else {
            IncidentStatus::Investigating
        }
    }

    /// Says what is wrong with these times: out of order, or in the future. Clock times in `zone`.
    ///
    /// Start, detection, acknowledgement, mitigation and resolution follow one another. The cause may become
    /// known before or after the mitigation (a rollback often mends before anybody knows why), but between
    /// detection and resolution.
    pub fn errors(&self, zone: &Zone, now: Moment) -> FieldErrors {
        let mut errors = FieldErrors::new();
        for &field in TimeField::ALL {
            let Some(at) = self.get(field) else { continue };
            if at.seconds_since(now) > FUTURE_LIMIT_S {
                errors.add(
                    field.as_str(),
                    format!("{} ({}) is in the future: give a time up to now.", field.label(), zone.long(at)),
                );
                continue;
            }
            // Only the nearest earlier step is named, so that one slip gives one sentence.
            let broken = predecessors(field).iter().find_map(|&earlier| {
                let earlier_at = self.get(earlier)?;
                (at < earlier_at).then_some((earlier, earlier_at))
            });
            if let Some((earlier, earlier_at)) = broken {
                let same_day = zone.date(at) == zone.date(earlier_at);
                let clock = |moment| if same_day { zone.clock(moment) } else { zone.long(moment) };
                errors.add(
                    field.as_str(),
                    format!(
                        "{} ({}) is before {} ({}): correct one of them.",
                        field.label(),
                        clock(at),
                        earlier.label().to_lowercase(),
                        clock(earlier_at),
                    ),
                );
            }
        }
        errors
    }
}

const fn predecessors(field: TimeField) -> &'static [TimeField] {
    use TimeField::{Acknowledged, Detected, Identified, Mitigated, Started};
    match field {
        Started => &[],
        Detected => &[Started],
        Acknowledged | Identified => &[Detected, Started],
        Mitigated => &[Acknowledged, Detected, Started],
        TimeField::Resolved => &[Mitigated, Identified, Acknowledged, Detected, Started],
    }
}

/// Something that hurt, or nearly.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = incidents)]
pub struct Incident {
    /// Row id.
    pub id: i64,
    /// The number that people see.
    pub number: i64,
    /// What was wrong, in a line.
    pub title: String,
    /// Whether it hurt.
    pub kind: IncidentKind,
    /// How bad it is.
    pub severity: Severity,
    /// How far its handling has come.
    pub status: IncidentStatus,
    /// What happened, in Markdown.
    pub summary: String,
    /// The impact began.
    pub started_at: Moment,
    /// Somebody or something noticed.
    pub detected_at: Option<Moment>,
    /// Somebody took it on.
    pub acknowledged_at: Option<Moment>,
    /// It became known why.
    pub identified_at: Option<Moment>,
    /// It stopped to hurt.
    pub mitigated_at: Option<Moment>,
    /// It was over.
    pub resolved_at: Option<Moment>,
    /// When it was entered here.
    pub declared_at: Moment,
    /// Who entered it, when it was a person.
    pub declared_by: Option<i64>,
    /// The file that it was imported from.
    pub imported_from: Option<String>,
    /// Counts changes, for ETags.
    pub revision: i64,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// `INC-42` for 42.
pub fn key(number: i64) -> String {
    format!("INC-{number}")
}

impl Incident {
    /// `INC-42`
    pub fn key(&self) -> String {
        key(self.number)
    }

    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/incidents/INC-{}", self.number)
    }

    /// Its times.
    pub const fn times(&self) -> Times {
        Times {
            started_at: self.started_at,
            detected_at: self.detected_at,
            acknowledged_at: self.acknowledged_at,
            identified_at: self.identified_at,
            mitigated_at: self.mitigated_at,
            resolved_at: self.resolved_at,
        }
    }

    /// Seconds from the start to the resolution, or until `now` while it lasts.
    pub fn duration_s(&self, now: Moment) -> i64 {
        self.resolved_at.unwrap_or(now).seconds_since(self.started_at).max(0)
    }

    /// The date by which its postmortem is due, in `zone`: for SEV1 three calendar days after the resolution, for
    /// SEV2 five business days, for the others ten. A near miss has none, and neither has what is not resolved.
    pub fn postmortem_due_on(&self, zone: &Zone) -> Option<NaiveDate> {
        let resolved_on = zone.date(self.resolved_at?);
        match (self.kind, self.severity) {
            (IncidentKind::NearMiss, _) => None,
            (_, Severity::Sev1) => resolved_on.checked_add_days(Days::new(3)),
            (_, Severity::Sev2) => plus_business_days(resolved_on, 5),
            _ => plus_business_days(resolved_on, 10),
        }
    }
}

/// The date that is `count` business days after `from`; Saturdays and Sundays are skipped.
pub fn plus_business_days(from: NaiveDate, count: u32) -> Option<NaiveDate> {
    let (mut date, mut left) = (from, count);
    while left > 0 {
        date = date.succ_opt()?;
        if !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    Some(date)
}

/// Reads `INC-42`, `inc-42` or `42`; nothing else, and no number below 1.
pub fn parse_key(text: &str) -> Option<i64> {
    let digits = match text.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("INC-") => &text[4..],
        _ => text,
    };
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|&number: &i64| is_plain && number > 0)
}

/// An incident as somebody wants to declare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentDraft {
    /// What is wrong, in a line.
    pub title: String,
    /// Whether it hurt.
    pub kind: IncidentKind,
    /// How bad it is.
    pub severity: Severity,
    /// How far its handling has come.
    pub status: IncidentStatus,
    /// In Markdown.
    pub summary: String,
    /// In order and not in the future.
    pub times: Times,
    /// Names or slugs; unknown ones are made.
    pub services: Vec<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
}

/// What changes about an incident; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentChange {
    /// A new title.
    pub title: Option<String>,
    /// A new kind.
    pub kind: Option<IncidentKind>,
    /// A new severity.
    pub severity: Option<Severity>,
    /// A new status.
    pub status: Option<IncidentStatus>,
    /// A new summary.
    pub summary: Option<String>,
    /// Times to set or to clear.
    pub times: Vec<(TimeField, Option<Moment>)>,
    /// All services from now on.
    pub services: Option<Vec<String>>,
    /// All tags from now on.
    pub tags: Option<Vec<String>>,
    /// Why, for the record.
    pub reason: String,
    /// The zone in which sentences tell clock times.
    pub zone: Zone,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(clock: &str) -> Moment {
        Moment::parse(&format!("2026-11-23T{clock}:00Z")).unwrap()
    }

    fn whole() -> Times {
        Times {
            started_at: at("14:00"),
            detected_at: Some(at("14:10")),
            acknowledged_at: Some(at("14:12")),
            identified_at: Some(at("14:20")),
            mitigated_at: Some(at("14:30")),
            resolved_at: Some(at("14:40")),
        }
    }

    #[test]
    fn times_in_order_are_right_and_equal_ones_too() {
        assert!(whole().errors(&Zone::UTC, at("15:00")).is_empty());
        let mut flat = Times::from_start(at("14:00"));
        for &field in TimeField::ALL {
            flat.set(field, Some(at("14:00")));
        }
        assert!(flat.errors(&Zone::UTC, at("14:00")).is_empty());
    }

    #[test]
    fn each_pair_out_of_order_is_told_with_both_times() {
        for &later in TimeField::ALL {
            for &earlier in predecessors(later) {
                let mut times = Times::from_start(at("13:00"));
                times.set(earlier, Some(at("14:10")));
                times.set(later, Some(at("14:02")));
                let errors = times.errors(&Zone::UTC, at("15:00"));
                let wanted = format!(
                    "{} (14:02) is before {} (14:10): correct one of them.",
                    later.label(),
                    earlier.label().to_lowercase()
                );
                assert_eq!(errors.of(later.as_str()), Some(wanted.as_str()));
                assert_eq!(errors.len(), 1);
            }
        }
    }

    #[test]
    fn a_rollback_may_mend_before_the_cause_is_known() {
        let mut times = whole();
        times.set(TimeField::Identified, Some(at("14:35")));
        assert!(times.errors(&Zone::UTC, at("15:00")).is_empty());
    }

    #[test]
    fn the_future_begins_after_five_minutes() {
        let times = Times::from_start(at("14:05"));
        assert!(times.errors(&Zone::UTC, at("14:00")).is_empty());
        assert!(times.errors(&Zone::UTC, at("13:59")).of("started_at").unwrap().contains("future"));
    }

    #[test]
    fn keys_are_read_strictly() {
        assert_eq!(parse_key("INC-42"), Some(42));
        assert_eq!(parse_key("inc-7"), Some(7));
        assert_eq!(parse_key("7"), Some(7));
        for wrong in ["", "INC-", "INC-0", "0", "-1", "+1", "INC-+1", "INC-1x", "DEP-1", "99999999999999999999", "é-é1"]
        {
            assert_eq!(parse_key(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn postmortems_are_due_by_severity() {
        let monday = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
        assert_eq!(plus_business_days(monday, 5), NaiveDate::from_ymd_opt(2026, 11, 30));
        assert_eq!(plus_business_days(monday, 10), NaiveDate::from_ymd_opt(2026, 12, 7));
    }
}
