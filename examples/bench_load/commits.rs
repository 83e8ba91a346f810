//! One durable commit after the other, each of one small row.

use std::time::{Duration, Instant};

use debrief::db::{Conn, Target, pool};
use diesel::connection::SimpleConnection;

pub fn measure(database: &str, seconds: u64) -> Result<(), String> {
    let target = Target::parse(database);
    let mut c = pool::connect(&target, pool::Access::Write).map_err(|error| error.to_string())?;
    let run = |c: &mut Conn, statement: &str| c.batch_execute(statement).map_err(|error| error.to_string());
    run(&mut c, "CREATE TABLE IF NOT EXISTS bench_commits (number BIGINT NOT NULL, words TEXT NOT NULL)")?;
    let begin = if matches!(c, Conn::Sqlite(_)) { "BEGIN IMMEDIATE" } else { "BEGIN" };
    let (start, mut count) = (Instant::now(), 0_u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        run(&mut c, begin)?;
        run(&mut c, &format!("INSERT INTO bench_commits VALUES ({count}, 'one small row')"))?;
        run(&mut c, "COMMIT")?;
        count += 1;
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    run(&mut c, "DROP TABLE bench_commits")?;
    println!("{{\"commits_a_second\": {rate:.1}}}");
    Ok(())
}
