//! A believable year of one invented company, told from one seed: what it runs, what it shipped, what
//! broke, what was learned and what was done about it.
//!
//! The generator is pure: no database, no clock, no file; only `load` and `start` write. The same seed and the same `now` give the same
//! world. The stories are written by hand (`stories/*.md`); chance decides only the everyday around them.
//! It must never hold a real company's or person's name, and never a text that blames a person.

mod calendar;
mod cast;
mod changes;
mod follow_up;
mod load;
mod load_changes;
mod load_incident;
mod random;
mod retros;
mod start;
mod stories;
mod story;
mod telling;
#[cfg(test)]
mod tests;
mod trail;
mod wording;
mod world;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use changes::PlacedStory;
pub use load::load;
use random::Chance;
pub use start::{Welcome, welcome};
use story::{Story, When};
use telling::Year;
pub use world::*;

/// How far back the year reaches. A little more than a year, so that each calendar day is in it.
const YEAR_DAYS: i64 = 380;
/// How old a story of a fixed calendar day is at least, so that its follow-up fits before now.
const YEARLY_AGE_DAYS: i64 = 14;
/// How many action items there are.
const ACTION_ITEM_COUNT: usize = 180;

impl World {
    /// Tells the year that ends at `now`, which is cut to the second.
    ///
    /// # Panics
    /// Never with the embedded stories: a test reads each of them.
    #[must_use]
    pub fn generate(seed: u64, now: DateTime<Utc>) -> Self {
        let now = now.trunc_subsecs(0);
        let chance = Chance::from_seed(seed);
        let began_at = now - TimeDelta::days(YEAR_DAYS);
        let stories = stories::all().expect("a test parses every embedded story");
        let placed = place(&stories, now);
        let changes = changes::record_year(&chance.fork("changes"), &placed, began_at, now);
        let numbers = placed.iter().zip(1..).map(|(placed, number)| (placed.story.slug, number)).collect();
        let year = Year { changes: &changes, now, numbers: &numbers };
        let incidents: Vec<Incident> =
            placed.iter().map(|placed| telling::tell(placed, &year, &mut chance.fork(placed.story.slug))).collect();
        let action_items = collect_actions(&placed, &incidents, now, &chance);
        let postmortems = placed
            .iter()
            .zip(&incidents)
            .filter_map(|(placed, incident)| {
                let own: Vec<&ActionItem> =
                    action_items.iter().filter(|item| item.incident == Some(incident.number)).collect();
                follow_up::write_up(
                    placed,
                    incident,
                    &own,
                    &year,
                    &mut chance.fork(&format!("{} written", placed.story.slug)),
                )
            })
            .collect();
        Self {
            company: cast::COMPANY,
            began_at,
            now,
            signed_in: cast::SIGNED_IN,
            teams: cast::teams(),
            people: cast::people(),
            services: cast::services(),
            factors: cast::factors(),
            deploys: changes.deploys,
            incidents,
            postmortems,
            action_items,
        }
    }
}

/// Puts every story into the year, in the order in which their incidents are declared.
fn place(stories: &[Story], now: DateTime<Utc>) -> Vec<PlacedStory<'_>> {
    let mut placed: Vec<PlacedStory<'_>> =
        stories.iter().map(|story| PlacedStory { story, started_at: start_of(story.when, now) }).collect();
    placed.sort_by_key(|placed| {
        let times = placed.story.offsets;
        let declared = times.declared.or(times.acknowledged).or(times.detected).unwrap_or(0);
        (placed.started_at + TimeDelta::minutes(declared), placed.story.slug)
    });
    placed
}

fn start_of(when: When, now: DateTime<Utc>) -> DateTime<Utc> {
    let latest = (now - TimeDelta::days(2)).date_naive();
    let back = |days: i64| (now - TimeDelta::days(days)).date_naive();
    match when {
        When::Live { minutes_ago } => now - TimeDelta::minutes(minutes_ago),
        When::Workday { days_ago, minute } => {
            calendar::instant(calendar::story_day(back(days_ago), days_ago, latest), minute)
        }
        When::Weekday { weekday, days_ago, minute } => {
            calendar::instant(calendar::shipping_weekday(back(days_ago), weekday), minute)
        }
        When::AnyDay { days_ago, minute } => calendar::instant(back(days_ago), minute),
        When::Yearly { month, day, minute } => {
            let day = calendar::latest_occurrence(month, day, now, YEARLY_AGE_DAYS).unwrap_or(latest);
            calendar::instant(day, minute)
        }
        When::LastSunday { month, minute } => {
            let day = calendar::latest_last_sunday(month, now, YEARLY_AGE_DAYS).unwrap_or(latest);
            calendar::instant(day, minute)
        }
    }
}

/// The stories' actions and those that came from meetings, numbered in the order of writing down.
fn collect_actions(
    placed: &[PlacedStory<'_>],
    incidents: &[Incident],
    now: DateTime<Utc>,
    chance: &Chance,
) -> Vec<ActionItem> {
    let mut items = Vec::new();
    for (placed, incident) in placed.iter().zip(incidents) {
        let mut chance = chance.fork(&format!("{} actions", placed.story.slug));
        let Some(resolved_at) = incident.resolved_at else { continue };
        let room = (now - resolved_at).num_minutes();
        let mut created_at = resolved_at + TimeDelta::minutes(chance.between(60, 2400).min(room / 3));
        for written in &placed.story.actions {
            created_at += TimeDelta::minutes(chance.between(2, 90).min(room / 20));
            created_at = calendar::at_a_desk(created_at, now - TimeDelta::minutes(room / 3)).max(created_at);
            items.push(follow_up::act(written, Some(incident), created_at, now, &mut chance));
        }
    }
    let mut chance = chance.fork("meetings");
    let missing = ACTION_ITEM_COUNT.saturating_sub(items.len());
    let meetings = stories::meeting_actions().expect("a test parses the meetings' actions");
    for (written, turn) in meetings.iter().take(missing).zip(1..) {
        let created_at = now - TimeDelta::days(turn * 15) + TimeDelta::minutes(chance.between(0, 300));
        items.push(follow_up::act(written, None, created_at, now, &mut chance));
    }
    items.sort_by(|a, b| (a.created_at, &a.title).cmp(&(b.created_at, &b.title)));
    for (item, number) in items.iter_mut().zip(1..) {
        item.number = number;
    }
    items
}
