//! How long each thing took, counted from when it should have begun.

use std::time::{Duration, Instant};

/// When the thing of this number should begin: now, or, with a rate, at its place among as many a second.
pub fn due(start: Instant, number: u64, rate: u64) -> Instant {
    match (number * 1_000_000_000).checked_div(rate) {
        Some(nanos) => start + Duration::from_nanos(nanos),
        None => Instant::now().max(start),
    }
}

/// Microseconds of each.
#[derive(Default)]
pub struct Times(Vec<u64>);

impl Times {
    /// One that is done now.
    pub fn add(&mut self, due: Instant) {
        self.0.push(due.elapsed().as_micros() as u64);
    }

    /// Those of another one, too.
    pub fn join(&mut self, others: Times) {
        self.0.extend(others.0);
    }

    /// A line of JSON with how many there were a second, under this name.
    pub fn summary(mut self, took: Duration, name: &str, more: &str) -> String {
        self.0.sort_unstable();
        let at = |share: f64| self.0.get((self.0.len() as f64 * share) as usize).copied().unwrap_or_default();
        let ms = |micros: u64| micros as f64 / 1000.0;
        format!(
            "{{\"{name}\": {:.1}, {more}\"p50_ms\": {:.3}, \"p99_ms\": {:.3}, \"worst_ms\": {:.3}}}",
            self.0.len() as f64 / took.as_secs_f64(),
            ms(at(0.5)),
            ms(at(0.99)),
            ms(self.0.last().copied().unwrap_or_default())
        )
    }
}
