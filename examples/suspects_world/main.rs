//! Measures the ranker of suspects on simulated teams: `bin/bench-suspects`.
//!
//! Each world is made from its own parameters, told to the ranker as it would be on record, and told to an oracle
//! that knows the parameters. Generator and ranker share none.

mod answers;
mod figures;
mod plans;
mod random;
mod world;

use answers::{Oracle, baselines, case, ranker, verdict};
use debrief::suspects::ranking::{Beliefs, Outcome};
use figures::{Figures, NAMES};
use random::Random;
use world::World;

fn main() {
    let argument = |name: &str, usual: u64| {
        let mut given = std::env::args().skip_while(|word| word != name).skip(1);
        given.next().and_then(|value| value.parse().ok()).unwrap_or(usual)
    };
    let (worlds, seed) = (argument("--worlds", 6), argument("--seed", 1));
    let mut all: Vec<Figures> = NAMES.iter().map(|_| Figures::default()).collect();
    let mut is_good = true;
    for plan in plans::plans() {
        let mut figures: Vec<Figures> = NAMES.iter().map(|_| Figures::default()).collect();
        for number in 0..worlds {
            let world = World::new(&plan, seed * 1_000 + number);
            let mut random = Random::new(seed * 7_919 + number);
            let oracle = Oracle::new(&world);
            let (cold, mut watching, mut told) = (Beliefs::default(), Beliefs::default(), Beliefs::default());
            for incident in &world.incidents {
                let (case, places) = case(&world, incident);
                let day = case
                    .candidates
                    .iter()
                    .filter(|candidate| candidate.finished_at_ms.is_some_and(|at| case.began_at_ms - at <= 86_400_000));
                let count = day.count();
                let [by_chance, recent, own, near] = baselines(&world, incident, &mut random);
                let answers = [
                    by_chance,
                    recent,
                    own,
                    near,
                    ranker(&case, &places, &cold),
                    ranker(&case, &places, &watching),
                    ranker(&case, &places, &told),
                    oracle.answer(&world, incident, &places),
                ];
                for ((answer, figures), all) in answers.iter().zip(&mut figures).zip(&mut all) {
                    figures.count(incident, count, answer);
                    all.count(incident, count, answer);
                }
                watching.learn(&case, &Outcome::Unknown);
                told.learn(&case, &verdict(incident, &places));
            }
        }
        is_good &= figures::print(plan.name, &figures);
    }
    is_good &= figures::print("all worlds together", &all);
    figures::print_calibration(&all);
    println!("{}", if is_good { "every bar is met" } else { "a bar is missed" });
}
