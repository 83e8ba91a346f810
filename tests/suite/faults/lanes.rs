//! Pages that hang hold up their own kind and no other.

use std::path::Path;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::history::Site;
use super::nodes::session;
use crate::support::databases::Database;

/// How long the slowest of a hundred cheap pages takes, but for the one that is slowest by chance.
fn slowest_of_a_hundred(agent: &ureq::Agent, url: &str, cookie: &str) -> Duration {
    let mut times: Vec<Duration> = (0..100)
        .map(|_| {
            let began = Instant::now();
            let answer = agent.get(url).header("cookie", cookie).call().unwrap();
            assert_eq!(answer.status(), 200, "{url}");
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[98]
}

#[test]
fn slow_pages_leave_room_for_cheap_ones() {
    let Some(database) = Database::postgres() else {
        println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it");
        return;
    };
    let site = Site::new(Path::new(database.address()));
    let cookie = format!("debrief={}", session(database.target()));
    let server = site.start();
    let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().new_agent();
    let cheap = format!("{}/services", server.base_url);
    slowest_of_a_hundred(&agent, &cheap, &cookie);
    let idle = slowest_of_a_hundred(&agent, &cheap, &cookie);
    // Every page of retros waits for somebody who holds their table, more of them than there are connections.
    let mut other = PgConnection::establish(database.address()).unwrap();
    other.batch_execute("BEGIN; LOCK TABLE retros IN ACCESS EXCLUSIVE MODE").unwrap();
    let slow: Vec<_> = (0..40)
        .map(|_| {
            let (agent, url, cookie) = (agent.clone(), format!("{}/retros", server.base_url), cookie.clone());
            std::thread::spawn(move || agent.get(&url).header("cookie", &cookie).call().unwrap().status().as_u16())
        })
        .collect();
    std::thread::sleep(Duration::from_millis(500));
    let busy = slowest_of_a_hundred(&agent, &cheap, &cookie);
    for path in ["/healthz", "/readyz"] {
        let began = Instant::now();
        assert_eq!(agent.get(format!("{}{path}", server.base_url)).call().unwrap().status(), 200, "{path}");
        assert!(began.elapsed() < Duration::from_secs(1), "{path} answers");
    }
    assert!(!slow.iter().any(std::thread::JoinHandle::is_finished), "the slow pages are still slow");
    other.batch_execute("COMMIT").unwrap();
    for page in slow {
        assert_eq!(page.join().unwrap(), 200, "who waited is served in the end");
    }
    println!("a cheap page takes {idle:?} at most when idle, {busy:?} beside 40 that hang");
    // Those that hang would take ten seconds. The bar is five times what it takes when idle; beside other tests a second.
    assert!(busy < (idle * 5).max(Duration::from_secs(1)), "{busy:?} against {idle:?}");
    assert_eq!(server.stop(), 0);
}
