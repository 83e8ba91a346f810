//! Counting and printing.

use std::collections::BTreeMap;

use debrief::suspects::ranking::LIKELY;

use crate::answers::Answer;
use crate::world::Incident;

/// Who answers, in the order of the columns.
pub const NAMES: [&str; 8] =
    ["random", "most recent", "own first", "dependency", "new here", "watching", "verdicts", "oracle"];
const BASELINES: usize = 4;
const RANKERS: std::ops::Range<usize> = 4..7;
const ORACLE: usize = 7;
/// A stratum with fewer incidents says nothing.
const ENOUGH: f64 = 40.0;

#[derive(Clone, Default)]
struct Tally {
    n: f64,
    first: f64,
    three: f64,
    reciprocal: f64,
}

#[derive(Clone, Default)]
pub struct Figures {
    total: Tally,
    strata: BTreeMap<(u8, &'static str), Tally>,
    likely: (f64, f64),
    causeless: (f64, f64),
    /// By tenth of the probability: sum, true, n.
    calibration: [(f64, f64, f64); 10],
    nones: [(f64, f64, f64); 10],
}

impl Tally {
    fn add(&mut self, rank: Option<usize>) {
        self.n += 1.0;
        if let Some(rank) = rank {
            self.first += f64::from(u8::from(rank == 0));
            self.three += f64::from(u8::from(rank < 3));
            self.reciprocal += 1.0 / (rank + 1) as f64;
        }
    }
}

impl Figures {
    pub fn count(&mut self, incident: &Incident, candidates: usize, answer: &Answer) {
        for (place, chance) in &answer.ranked {
            let bin = &mut self.calibration[((chance * 10.0) as usize).min(9)];
            bin.0 += chance;
            bin.1 += f64::from(u8::from(incident.cause == Some(*place)));
            bin.2 += 1.0;
        }
        let bin = &mut self.nones[((answer.none * 10.0) as usize).min(9)];
        bin.0 += answer.none;
        bin.1 += f64::from(u8::from(incident.cause.is_none()));
        bin.2 += 1.0;
        if let Some((place, _)) = answer.ranked.first().filter(|(_, chance)| *chance >= LIKELY) {
            self.likely.0 += f64::from(u8::from(incident.cause == Some(*place)));
            self.likely.1 += 1.0;
            self.causeless.0 += f64::from(u8::from(incident.cause.is_none()));
        }
        let Some(cause) = incident.cause else {
            self.causeless.1 += 1.0;
            return;
        };
        let rank = answer.ranked.iter().position(|(place, _)| *place == cause);
        self.total.add(rank);
        let by_count = match candidates {
            0..=5 => (0, "up to 5 changes that day"),
            6..=15 => (1, "6 to 15 changes that day"),
            16..=40 => (2, "16 to 40 changes that day"),
            _ => (3, "more than 40 changes that day"),
        };
        let by_lag = match incident.lag_min.unwrap_or(0.0) {
            lag if lag < 10.0 => (4, "hurt within 10 minutes"),
            lag if lag < 60.0 => (5, "hurt within the hour"),
            lag if lag < 360.0 => (6, "hurt within 6 hours"),
            _ => (7, "hurt later"),
        };
        self.strata.entry(by_count).or_default().add(rank);
        self.strata.entry(by_lag).or_default().add(rank);
    }
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// Prints the figures of a family; whether they meet the bars.
pub fn print(name: &str, figures: &[Figures]) -> bool {
    let mut is_good = true;
    println!(
        "\n## {name} ({:.0} incidents with a cause on record, {:.0} without)",
        figures[0].total.n, figures[0].causeless.1
    );
    print!("{:<30}", "");
    NAMES.iter().for_each(|name| print!("{name:>12}"));
    println!();
    let row = |label: &str, value: &dyn Fn(&Figures) -> f64| {
        print!("{label:<30}");
        figures.iter().for_each(|figures| print!("{:>12.3}", value(figures)));
        println!();
    };
    row("right first time", &|figures| share(figures.total.first, figures.total.n));
    row("among the first three", &|figures| share(figures.total.three, figures.total.n));
    row("mean reciprocal rank", &|figures| share(figures.total.reciprocal, figures.total.n));
    row("likely: shown, share", &|figures| share(figures.likely.1, figures.total.n + figures.causeless.1));
    row("likely: true", &|figures| share(figures.likely.0, figures.likely.1));
    row("causeless with a likely", &|figures| share(figures.causeless.0, figures.causeless.1));
    let limit = share(figures[ORACLE].total.first, figures[ORACLE].total.n);
    row("of the oracle's", &|figures| share(share(figures.total.first, figures.total.n), limit));
    for (stratum, tally) in &figures[0].strata {
        let label = format!("{} ({:.0})", stratum.1, tally.n);
        row(&label, &|figures| figures.strata.get(stratum).map_or(0.0, |tally| share(tally.first, tally.n)));
    }
    for place in RANKERS {
        let (mine, who) = (&figures[place], NAMES[place]);
        let mut miss = |text: String| {
            println!("  missed by {who}: {text}");
            is_good = false;
        };
        let part = share(share(mine.total.first, mine.total.n), limit);
        if part < 0.95 {
            miss(format!("{part:.3} of the oracle's"));
        }
        if mine.likely.1 >= 20.0 && share(mine.likely.0, mine.likely.1) < 0.9 {
            miss(format!("{:.3} of the likely ones are true", share(mine.likely.0, mine.likely.1)));
        }
        if share(mine.causeless.0, mine.causeless.1) > 0.05 {
            miss(format!("{:.3} of the causeless have a likely one", share(mine.causeless.0, mine.causeless.1)));
        }
        for (stratum, tally) in &mine.strata {
            let best = (0..BASELINES).max_by(|one, other| {
                let first = |place: &usize| figures[*place].strata[stratum].first;
                first(one).total_cmp(&first(other))
            });
            let best = best.map_or((0.0, ""), |place| (figures[place].strata[stratum].first, NAMES[place]));
            if tally.n >= ENOUGH && tally.first < best.0 {
                let limit = figures[ORACLE].strata[stratum].first;
                // Whoever answers what is likeliest, knowing everything but what happened, is below it as well.
                let reach = if limit < best.0 { format!(", the oracle {:.3}", limit / tally.n) } else { String::new() };
                let (mine, theirs) = (tally.first / tally.n, best.0 / tally.n);
                miss(format!("{}: {mine:.3}, {} has {theirs:.3}{reach}", stratum.1, best.1));
            }
        }
    }
    is_good
}

/// Prints how often what was said with a probability was true.
pub fn print_calibration(figures: &[Figures]) {
    println!("\n## Calibration: said, true (n)");
    print!("{:<12}", "");
    NAMES[BASELINES..].iter().for_each(|name| print!("{name:>26}"));
    println!();
    for (title, of) in [("suspects", 0), ("none of these", 1)] {
        println!("{title}");
        for tenth in 0..10 {
            print!("{:<12}", format!("{:.1} to {:.1}", tenth as f64 / 10.0, (tenth + 1) as f64 / 10.0));
            for figures in &figures[BASELINES..] {
                let (said, is_true, n) = if of == 0 { figures.calibration[tenth] } else { figures.nones[tenth] };
                print!("{:>26}", format!("{:.3} {:.3} ({n:.0})", share(said, n), share(is_true, n)));
            }
            println!();
        }
    }
}
