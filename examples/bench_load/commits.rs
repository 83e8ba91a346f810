//! One durable commit after the other, each of one small row.

use std::time::{Duration, Instant};

use debrief::db::{Conn, Target, pool};
use diesel::connection::SimpleConnection;

use super::times::{Times, due};

/// As many as there is time for; with a rate, at set times.
pub fn measure(database: &str, seconds: u64, rate: u64) -> Result<(), String> {
    let target = Target::parse(database);
    let mut c = pool::connect(&target, pool::Access::Write).map_err(|error| error.to_string())?;
    let run = |c: &mut Conn, statement: &str| c.batch_execute(statement).map_err(|error| error.to_string());
    run(&mut c, "CREATE TABLE IF NOT EXISTS bench_commits (number BIGINT NOT NULL, words TEXT NOT NULL)")?;
    let begin = if matches!(c, Conn::Sqlite(_)) { "BEGIN IMMEDIATE" } else { "BEGIN" };
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let mut times = Times::default();
    for number in 0.. {
        let due = due(start, number, rate);
        if due >= end {
            break;
        }
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        run(&mut c, begin)?;
        run(&mut c, &format!("INSERT INTO bench_commits VALUES ({number}, 'one small row')"))?;
        run(&mut c, "COMMIT")?;
        times.add(due);
    }
    run(&mut c, "DROP TABLE bench_commits")?;
    println!("{}", times.summary(start.elapsed(), "commits_a_second", ""));
    Ok(())
}
