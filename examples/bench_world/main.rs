//! A data set to measure with, from one seed: `bin/bench` makes `small` and `large` by it.
//!
//! `bench_world SET DATABASE [SEED [NOW]]` fills an empty database: a SQLite file, or PostgreSQL as somebody who may
//! set `session_replication_role`. The rows are those that the program itself would have written; `debrief check` finds
//! nothing wrong with them. The same seed and day give the same rows.

mod actions;
mod chance;
mod changes;
mod company;
mod incidents;
mod log;
mod plan;
mod postmortems;
mod sheet;
mod store;
mod words;

use debrief::clock::{Clock, Moment};
use debrief::db::Target;

use plan::Plan;
use store::Store;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [set, database, rest @ ..] = arguments.as_slice() else {
        return Err("Write it as: bench_world small|large DATABASE [SEED [NOW]]".to_owned());
    };
    let seed = rest.first().map_or(Ok(7), |text| text.parse()).map_err(|_| "SEED is a number.".to_owned())?;
    let now = rest.get(1).map_or(Ok(Clock::System.now()), |text| Moment::parse(text))?;
    let plan = Plan::named(set, seed, now.millis()).ok_or_else(|| format!("There is no set {set}."))?;
    let mut store = Store::open(&Target::parse(database)).map_err(|error| error.to_string())?;
    eprintln!("{set} of seed {seed}, until {}", plan.now());
    company::add(&mut store.c, &plan);
    changes::add_deploys(&mut store.c, &plan);
    store.say("deploys");
    changes::add_signals(&mut store.c, &plan);
    changes::add_deliveries(&mut store.c, &plan);
    store.say("signals");
    let told = incidents::add(&mut store.c, &plan);
    store.say("incidents");
    postmortems::add(&mut store.c, &plan, &told);
    store.say("postmortems");
    actions::add(&mut store.c, &plan, &told);
    store.say("action items");
    log::add(&mut store.c, &plan, &told);
    store.say("the log");
    store.finish(&[("incident", plan.incidents), ("deploy", plan.deploys), ("action_item", plan.actions)]);
    Ok(())
}
