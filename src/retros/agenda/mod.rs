//! What a retro looks at, and in which order. Pure; its SQL is in `queries.rs`.
//!
//! Everything is on the agenda once: the first of its reasons gives it its place, the others stand beside it.

pub mod queries;

use std::collections::HashMap;

use chrono::NaiveDate;

use super::model::{AGENDA_LIMIT, EntryKind, Reason};
use crate::clock::Moment;

/// An item is untouched when nobody changed it for so many seconds: 30 days.
const UNTOUCHED_S: i64 = 30 * 86_400;
/// So many times put off is often.
const OFTEN: i64 = 2;

/// When it is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Viewpoint {
    /// The day of the meeting.
    pub today: NaiveDate,
    /// The day of the next one.
    pub next_on: NaiveDate,
    /// The instant of the meeting.
    pub now: Moment,
}

/// What of an action item decides whether it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemFacts {
    /// Whether there is something to do.
    pub is_unfinished: bool,
    /// Whether it is done, and nobody has looked.
    pub is_unverified: bool,
    /// Whether something stands in its way.
    pub is_blocked: bool,
    /// Whether somebody carries it.
    pub has_owner: bool,
    /// By when.
    pub due_on: Option<NaiveDate>,
    /// When it was last changed.
    pub updated_at: Moment,
    /// How often it was put off.
    pub put_off_count: i64,
    /// When it is asked whether it worked, if that is still to be asked.
    pub effect_check_on: Option<NaiveDate>,
    /// When it is looked at again, when it was declined.
    pub look_again_on: Option<NaiveDate>,
    /// Whether the last retro did not come to it.
    pub is_left_over: bool,
}

/// Every reason to look at an item, in the order of the agenda.
pub fn reasons(item: &ItemFacts, view: &Viewpoint) -> Vec<Reason> {
    let open = item.is_unfinished;
    let come = |day: Option<NaiveDate>| day.is_some_and(|day| day <= view.today);
    let all = [
        (Reason::Late, open && item.due_on.is_some_and(|due| due < view.today)),
        (Reason::DueBeforeNext, open && item.due_on.is_some_and(|due| due >= view.today && due < view.next_on)),
        (Reason::WithoutOwner, open && !item.has_owner),
        (Reason::WithoutDate, open && item.due_on.is_none()),
        (Reason::Untouched, open && view.now.seconds_since(item.updated_at) >= UNTOUCHED_S),
        (Reason::PutOffOften, open && item.put_off_count >= OFTEN),
        (Reason::Blocked, open && item.is_blocked),
        (Reason::Unverified, item.is_unverified),
        (Reason::EffectCheck, !open && come(item.effect_check_on)),
        (Reason::LookAgain, !open && come(item.look_again_on)),
        (Reason::LeftOver, open && item.is_left_over),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(reason, _)| reason).collect()
}

/// Something that may be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// An action item's row id.
    Item(i64),
    /// An incident's row id; its postmortem is the same thing.
    Incident(i64),
    /// A deploy's row id.
    Deploy(i64),
}

/// A thing with one or more reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What.
    pub thing: Thing,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Its place among those with the same reason, the smallest first.
    pub rank: i64,
}

/// A place on the agenda.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What.
    pub thing: Thing,
    /// What of it is looked at.
    pub kind: EntryKind,
    /// Why it is here.
    pub reason: Reason,
    /// What else speaks for it.
    pub others: Vec<Reason>,
}

/// The agenda, and how many things found no room on it.
pub fn freeze(candidates: Vec<Candidate>) -> (Vec<Place>, usize) {
    let mut merged: HashMap<Thing, Candidate> = HashMap::new();
    for candidate in candidates.into_iter().filter(|candidate| !candidate.reasons.is_empty()) {
        match merged.entry(candidate.thing) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(candidate);
            }
            std::collections::hash_map::Entry::Occupied(mut place) => {
                place.get_mut().reasons.extend(candidate.reasons);
            }
        }
    }
    let mut all: Vec<Candidate> = merged
        .into_values()
        .map(|mut candidate| {
            candidate.reasons.sort_unstable();
            candidate.reasons.dedup();
            candidate
        })
        .collect();
    all.sort_unstable_by_key(|candidate| (candidate.reasons[0], candidate.rank, candidate.thing));
    let left_out = all.len().saturating_sub(AGENDA_LIMIT);
    let places = all
        .into_iter()
        .take(AGENDA_LIMIT)
        .map(|candidate| {
            let reason = candidate.reasons[0];
            let kind = match candidate.thing {
                Thing::Item(_) => EntryKind::ActionItem,
                Thing::Deploy(_) => EntryKind::Deploy,
                Thing::Incident(_) if reason == Reason::PostmortemUnreviewed => EntryKind::Postmortem,
                Thing::Incident(_) => EntryKind::Incident,
            };
            Place { thing: candidate.thing, kind, reason, others: candidate.reasons[1..].to_vec() }
        })
        .collect();
    (places, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn view() -> Viewpoint {
        Viewpoint {
            today: day("2026-11-25"),
            next_on: day("2026-12-09"),
            now: Moment::parse("2026-11-25T13:00:00Z").unwrap(),
        }
    }

    fn calm() -> ItemFacts {
        ItemFacts {
            is_unfinished: true,
            is_unverified: false,
            is_blocked: false,
            has_owner: true,
            due_on: Some(day("2027-01-10")),
            updated_at: Moment::parse("2026-11-20T13:00:00Z").unwrap(),
            put_off_count: 1,
            effect_check_on: None,
            look_again_on: None,
            is_left_over: false,
        }
    }

    #[test]
    fn an_item_that_is_well_is_not_looked_at() {
        assert!(reasons(&calm(), &view()).is_empty());
    }

    #[test]
    fn each_reason_comes_from_one_fact_and_they_keep_their_order() {
        let due = |text: &str| ItemFacts { due_on: Some(day(text)), ..calm() };
        assert_eq!(reasons(&due("2026-11-24"), &view()), [Reason::Late]);
        assert_eq!(reasons(&due("2026-11-25"), &view()), [Reason::DueBeforeNext]);
        assert_eq!(reasons(&due("2026-12-08"), &view()), [Reason::DueBeforeNext]);
        assert!(reasons(&due("2026-12-09"), &view()).is_empty());
        let neglected = ItemFacts {
            due_on: None,
            has_owner: false,
            updated_at: Moment::parse("2026-10-26T13:00:00Z").unwrap(),
            put_off_count: 2,
            is_blocked: true,
            is_left_over: true,
            ..calm()
        };
        assert_eq!(
            reasons(&neglected, &view()),
            [
                Reason::WithoutOwner,
                Reason::WithoutDate,
                Reason::Untouched,
                Reason::PutOffOften,
                Reason::Blocked,
                Reason::LeftOver
            ]
        );
        let closed = ItemFacts { is_unfinished: false, has_owner: false, due_on: None, ..calm() };
        assert!(reasons(&closed, &view()).is_empty());
        assert_eq!(reasons(&ItemFacts { is_unverified: true, ..closed }, &view()), [Reason::Unverified]);
        let check = ItemFacts { effect_check_on: Some(day("2026-11-25")), ..closed };
        assert_eq!(reasons(&check, &view()), [Reason::EffectCheck]);
        let again = ItemFacts { look_again_on: Some(day("2026-11-26")), ..closed };
        assert!(reasons(&again, &view()).is_empty(), "its date has not come");
    }

    #[test]
    fn a_thing_is_on_the_agenda_once_and_the_first_reason_gives_the_place() {
        let candidate = |thing, reasons: &[Reason], rank| Candidate { thing, reasons: reasons.to_vec(), rank };
        let (places, left_out) = freeze(vec![
            candidate(Thing::Deploy(3), &[Reason::FailedDeploy], 0),
            candidate(Thing::Incident(2), &[Reason::NewIncident], 0),
            candidate(Thing::Incident(2), &[Reason::PostmortemUnreviewed], 0),
            candidate(Thing::Item(1), &[Reason::Untouched, Reason::Late], 7),
            candidate(Thing::Item(4), &[Reason::Late], 5),
            candidate(Thing::Item(5), &[], 5),
        ]);
        assert_eq!(left_out, 0);
        let order: Vec<_> = places.iter().map(|place| (place.thing, place.kind, place.reason)).collect();
        assert_eq!(
            order,
            [
                (Thing::Item(4), EntryKind::ActionItem, Reason::Late),
                (Thing::Item(1), EntryKind::ActionItem, Reason::Late),
                (Thing::Incident(2), EntryKind::Postmortem, Reason::PostmortemUnreviewed),
                (Thing::Deploy(3), EntryKind::Deploy, Reason::FailedDeploy),
            ]
        );
        assert_eq!(places[1].others, [Reason::Untouched]);
        assert_eq!(places[2].others, [Reason::NewIncident]);
        let many = (0..250).map(|id| candidate(Thing::Item(id), &[Reason::Late], id)).collect();
        let (places, left_out) = freeze(many);
        assert_eq!((places.len(), left_out), (AGENDA_LIMIT, 50));
    }
}
