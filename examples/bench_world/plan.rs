//! How much of everything, and when.

use debrief::clock::Moment;

const DAY_MS: i64 = 86_400_000;

/// The same company in both sets: it is its history that grows.
pub const TEAMS: i64 = 12;
pub const PEOPLE: i64 = 150;
pub const SERVICES: i64 = 120;
pub const FACTORS: i64 = 40;

/// The size of a set.
#[derive(Clone, Copy)]
pub struct Plan {
    pub seed: u64,
    /// Midnight before which everything happened.
    pub now_ms: i64,
    pub began_ms: i64,
    pub incidents: i64,
    pub events_each: i64,
    pub postmortems: i64,
    pub actions: i64,
    pub deploys: i64,
    pub signals: i64,
    pub deliveries: i64,
    pub retros: i64,
    /// What is not over yet.
    pub live_incidents: i64,
    pub unfinished_actions: i64,
    pub firing_signals: i64,
}

impl Plan {
    pub fn named(name: &str, seed: u64, now_ms: i64) -> Option<Self> {
        let (incidents, years, live, unfinished, firing, retros) = match name {
            "small" => (1_000, 1, 60, 600, 120, 60),
            "large" => (100_000, 10, 60, 12_000, 1_200, 600),
            _ => return None,
        };
        let now_ms = now_ms - now_ms % DAY_MS;
        Some(Plan {
            seed,
            now_ms,
            began_ms: now_ms - years * 365 * DAY_MS,
            incidents,
            events_each: 20,
            postmortems: incidents / 5,
            actions: incidents * 3,
            deploys: incidents * 10,
            signals: incidents * 10,
            deliveries: incidents / 5,
            retros,
            live_incidents: live,
            unfinished_actions: unfinished,
            firing_signals: firing,
        })
    }

    /// The instant of the row with this number, from 1 to `count`, the last shortly before now.
    pub fn at(&self, number: i64, count: i64, jitter: i64) -> i64 {
        let step = (self.now_ms - self.began_ms) / count;
        self.began_ms + (number - 1) * step + jitter % step.max(1)
    }

    /// The deploy whose instant is the last at or before `at_ms`.
    pub fn deploy_before(&self, at_ms: i64) -> i64 {
        let step = (self.now_ms - self.began_ms) / self.deploys;
        ((at_ms - self.began_ms) / step).clamp(1, self.deploys)
    }

    pub fn now(&self) -> Moment {
        Moment::from_millis(self.now_ms)
    }
}

/// `2026-11-26`
pub fn date(at_ms: i64) -> String {
    Moment::from_millis(at_ms).date().to_string()
}

pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
pub const DAY: i64 = DAY_MS;
