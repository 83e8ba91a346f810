//! A strip of time: instants, spans and counts, laid out for an SVG that is as wide as it may be.
//!
//! Places and widths are in percent of the strip, written with two decimals, so that the figure keeps its text and
//! its marks undistorted at every width. Bars of many counts are one path in a box of 1000 by 24.

use crate::clock::Moment;
use crate::web::times::Zone;

/// Height of the box of [`bars`].
const HEIGHT: i64 = 24;
/// Width of the box of [`bars`].
const WIDTH: i64 = 1000;

/// The time that a strip shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From, inclusive.
    pub from: Moment,
    /// To, exclusive.
    pub to: Moment,
}

/// A place on the axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tick {
    /// In percent.
    pub x: String,
    /// What stands there.
    pub label: String,
}

impl Window {
    /// Its length in milliseconds, never zero.
    pub const fn length_ms(&self) -> i64 {
        let length = self.to.millis() - self.from.millis();
        if length > 0 { length } else { 1 }
    }

    /// Where an instant is, in percent, for reckoning with it.
    pub fn percent(&self, at: Moment) -> f64 {
        let passed = (at.millis() - self.from.millis()) as f64;
        (passed / self.length_ms() as f64 * 100.0).clamp(0.0, 100.0)
    }

    /// Where an instant is, in percent.
    pub fn x(&self, at: Moment) -> String {
        number(self.percent(at))
    }

    /// Where a span begins and how long it is, in percent; cut to the window.
    pub fn span(&self, from: Moment, to: Moment) -> (String, String) {
        let (begin, end) = (self.percent(from), self.percent(to));
        (number(begin), number((end - begin).max(0.0)))
    }

    /// A handful of places on the axis: midnights of `zone`, or full hours in a window of two days or less.
    pub fn ticks(&self, zone: &Zone) -> Vec<Tick> {
        let hours = self.length_ms() / 3_600_000;
        if hours <= 48 {
            let step_ms = if hours <= 12 { 2 * 3_600_000 } else { 6 * 3_600_000 };
            let first = self.from.millis().div_euclid(step_ms) + 1;
            return (first..)
                .map(|count| Moment::from_millis(count * step_ms))
                .take_while(|at| *at < self.to)
                .map(|at| Tick { x: self.x(at), label: zone.clock(at) })
                .collect();
        }
        let days = hours / 24;
        let step = (days / 7).max(1);
        let mut ticks = Vec::new();
        let mut day = zone.date(self.from).succ_opt();
        let mut count = 0;
        while let Some(date) = day {
            let Ok(at) = zone.parse(&format!("{date} 00:00")).or_else(|_| zone.parse(&format!("{date} 01:00"))) else {
                break;
            };
            if at >= self.to {
                break;
            }
            if count % step == 0 {
                ticks.push(Tick { x: self.x(at), label: date.format("%-d %b").to_string() });
            }
            count += 1;
            day = date.succ_opt();
        }
        ticks
    }
}

/// Two decimals, without those that say nothing.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bars of counts, as the `d` of one path in a box of 1000 by 24: `counts` are places among `of` and how many. The
/// highest bar, `top`, fills the box; any count is seen.
pub fn bars(counts: &[(i64, i64)], of: i64, top: i64) -> String {
    let mut path = String::new();
    for (place, count) in counts.iter().filter(|(_, count)| *count > 0) {
        let x = place * WIDTH / of.max(1);
        let width = ((place + 1) * WIDTH / of.max(1) - x - 2).max(2);
        let height = (count * HEIGHT / top.max(1)).clamp(3, HEIGHT);
        path.push_str(&format!("M{x} {HEIGHT}v-{height}h{width}v{height}z"));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    #[test]
    fn places_are_percent_and_stay_inside() {
        let window = Window { from: at("2026-11-23T00:00:00Z"), to: at("2026-11-23T10:00:00Z") };
        assert_eq!(window.x(at("2026-11-23T02:30:00Z")), "25");
        assert_eq!(window.x(at("2026-11-22T02:30:00Z")), "0");
        assert_eq!(window.span(at("2026-11-22T00:00:00Z"), at("2026-11-23T01:00:00Z")), ("0".into(), "10".into()));
        assert_eq!(window.span(at("2026-11-23T09:00:00Z"), at("2026-11-24T01:00:00Z")), ("90".into(), "10".into()));
    }

    #[test]
    fn an_axis_has_a_handful_of_ticks_in_the_viewers_zone() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let week = Window { from: at("2026-11-16T14:00:00Z"), to: at("2026-11-23T14:00:00Z") };
        let labels: Vec<String> = week.ticks(&zone).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["17 Nov", "18 Nov", "19 Nov", "20 Nov", "21 Nov", "22 Nov", "23 Nov"]);
        for days in [1, 2, 7, 30, 90, 365] {
            let window = Window { from: week.to.plus_s(-86_400 * days), to: week.to };
            assert!((3..=13).contains(&window.ticks(&zone).len()), "{days}: {:?}", window.ticks(&zone));
        }
    }

    #[test]
    fn bars_are_seen_however_small() {
        assert_eq!(bars(&[(0, 10), (1, 0), (2, 1)], 10, 100), "M0 24v-3h98v3zM200 24v-3h98v3z");
        assert_eq!(bars(&[(9, 100)], 10, 100), "M900 24v-24h98v24z");
    }
}
