//! How long after its finish a change hurts: broad guesses, one for each world of the grid.

use std::sync::OnceLock;

/// Medians of the lag in minutes.
const MEDIANS_MIN: [f64; 11] = [1.5, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0];
/// How much each median is believed before anything was seen: a change mostly hurts within an hour or two.
const MEDIAN_WEIGHTS: [f64; 11] = [0.03, 0.05, 0.08, 0.12, 0.15, 0.16, 0.14, 0.11, 0.08, 0.05, 0.03];
/// Spreads of the lag's logarithm.
const SPREADS: [f64; 4] = [0.7, 1.0, 1.4, 2.0];
const SPREAD_WEIGHTS: [f64; 4] = [0.12, 0.28, 0.35, 0.25];
/// How many guesses there are.
pub(super) const COUNT: usize = MEDIANS_MIN.len() * SPREADS.len();
/// A share that may come at any time within two weeks, evenly by the logarithm: faults that sleep.
const SLEEPING: f64 = 0.07;
const SLEEP_MIN: (f64, f64) = (1.0, 20_160.0);
/// Nobody notices faster than this.
const NOTICE_MIN: f64 = 0.5;
/// Clocks of senders differ: minutes and how often.
const SKEWS: [(f64, f64); 7] =
    [(0.0, 0.5), (-1.0, 0.13), (1.0, 0.13), (-2.5, 0.07), (2.5, 0.07), (-6.0, 0.05), (6.0, 0.05)];

/// Points of the table, evenly by the inverse hyperbolic sine of the minutes: linear around 0, logarithmic far out.
const POINTS: usize = 321;
const SPAN: (f64, f64) = (-4.0, 12.0);

/// Densities by guess and lag.
pub(super) struct Lags {
    table: Vec<[f32; POINTS]>,
}

/// The guesses, worked out once.
pub(super) fn lags() -> &'static Lags {
    static LAGS: OnceLock<Lags> = OnceLock::new();
    LAGS.get_or_init(|| {
        let point = |index: usize| SPAN.0 + (SPAN.1 - SPAN.0) * index as f64 / (POINTS - 1) as f64;
        let table = (0..COUNT)
            .map(|guess| {
                let mut row = [0.0; POINTS];
                for (index, density) in row.iter_mut().enumerate() {
                    let minutes = point(index).sinh();
                    *density =
                        SKEWS.iter().map(|(skew, share)| share * exact(guess, minutes + skew)).sum::<f64>() as f32;
                }
                row
            })
            .collect();
        Lags { table }
    })
}

/// The guess's median in minutes and how much it is believed before anything was seen.
pub(super) fn prior(guess: usize) -> (f64, f64) {
    let (median, spread) = (guess / SPREADS.len(), guess % SPREADS.len());
    (MEDIANS_MIN[median], MEDIAN_WEIGHTS[median] * SPREAD_WEIGHTS[spread])
}

fn exact(guess: usize, minutes: f64) -> f64 {
    if minutes <= 0.0 {
        return 0.0;
    }
    let (median, spread) = (MEDIANS_MIN[guess / SPREADS.len()], SPREADS[guess % SPREADS.len()]);
    let at = minutes.max(NOTICE_MIN);
    let z = (at / median).ln() / spread;
    let wakes = (-0.5 * z * z).exp() / (at * spread * std::f64::consts::TAU.sqrt());
    let sleeps =
        if minutes < SLEEP_MIN.1 { 1.0 / (minutes.max(SLEEP_MIN.0) * (SLEEP_MIN.1 / SLEEP_MIN.0).ln()) } else { 0.0 };
    (1.0 - SLEEPING) * wakes + SLEEPING * sleeps
}

impl Lags {
    /// The density of a lag, by the minute, in every guess.
    pub(super) fn densities(&self, minutes: f64) -> [f64; COUNT] {
        let place =
            ((minutes.asinh() - SPAN.0) / (SPAN.1 - SPAN.0) * (POINTS - 1) as f64).clamp(0.0, (POINTS - 1) as f64);
        let (low, part) = (place.floor() as usize, place.fract());
        let high = (low + 1).min(POINTS - 1);
        let mut densities = [0.0; COUNT];
        for (density, row) in densities.iter_mut().zip(&self.table) {
            *density = f64::from(row[low]) * (1.0 - part) + f64::from(row[high]) * part;
        }
        densities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guess_is_nearly_a_distribution() {
        let total: f64 = (0..COUNT).map(|guess| prior(guess).1).sum();
        assert!((total - 1.0).abs() < 1e-9, "{total}");
        for guess in 0..COUNT {
            let mut mass = 0.0;
            let mut at = -20.0;
            while at < 40_000.0_f64 {
                let step = (at.abs() * 0.01).max(0.05);
                mass += lags().densities(at + step / 2.0)[guess] * step;
                at += step;
            }
            assert!((0.8..1.15).contains(&mass), "{guess}: {mass}");
        }
    }
}
