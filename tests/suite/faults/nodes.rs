//! Several nodes on one PostgreSQL, one of them killed again and again; and a PostgreSQL that is restarted under them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use debrief::auth::queries::{Browser, by_email_or_handle, open_session};
use debrief::clock::Clock;
use debrief::db::{Db, Target};
use debrief::error::Error;

use super::history::{Manner, Site, Writers, agent, look_for, work_off};
use super::rounds;
use crate::support::cluster::Cluster;
use crate::support::databases::Database;

/// A session of Ada's, as the cookie holds it.
pub fn session(target: &Target) -> String {
    let db = Db::open(target).unwrap();
    let browser = Browser { user_agent: "test".to_owned(), address: "127.0.0.1".to_owned() };
    let now = Clock::System.now();
    db.write_blocking(|c| {
        let ada = by_email_or_handle(c, "ada")?.ok_or_else(|| Error::no("person", "ada"))?;
        open_session(c, ada.id, &browser, now)
    })
    .unwrap()
}

/// A browser that opens the start page again and again; counts the pages, and panics when it is asked to sign in.
pub struct Reader {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<(usize, usize)>,
}

impl Reader {
    pub fn start(urls: &Arc<Mutex<Vec<String>>>, cookie: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (urls, cookie, stopped) = (urls.clone(), format!("debrief={cookie}"), stop.clone());
        let thread = std::thread::spawn(move || {
            let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().new_agent();
            let (mut pages, mut gaps) = (0, 0);
            for turn in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let url = {
                    let urls = urls.lock().unwrap();
                    urls[turn % urls.len()].clone()
                };
                match agent.get(&url).header("cookie", &cookie).call().map(|answer| answer.status().as_u16()) {
                    Ok(200) => pages += 1,
                    Ok(503) | Err(_) => gaps += 1,
                    Ok(status) => panic!("the session is not known any more: {status}"),
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            (pages, gaps)
        });
        Reader { stop, thread }
    }

    /// Pages that were read, and times when there was none.
    pub fn stop(self) -> (usize, usize) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn of_two_nodes_one_is_killed_again_and_again() {
    let Some(database) = Database::postgres() else {
        println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it");
        return;
    };
    let site = Site::new(Path::new(database.address()));
    let cookie = session(database.target());
    let mut nodes = [Some(site.start()), Some(site.start())];
    let url = |node: &Option<crate::support::program::Server>| node.as_ref().unwrap().base_url.clone();
    let urls = Arc::new(Mutex::new(nodes.iter().map(url).collect::<Vec<_>>()));
    let writers = Writers::start(&site, &urls, 0, Manner::Persists);
    let reader = Reader::start(&urls, &cookie);
    let kills = rounds("DEBRIEF_FAULT_KILLS", 4);
    for kill in 0..kills {
        std::thread::sleep(Duration::from_millis(1200 + (kill as u64 * 131) % 900));
        let victim = kill % 2;
        nodes[victim].take().unwrap().kill();
        // Somebody notices after a while.
        std::thread::sleep(Duration::from_millis(300));
        nodes[victim] = Some(site.start());
        urls.lock().unwrap()[victim] = url(&nodes[victim]);
    }
    let history = writers.stop();
    let (pages, gaps) = reader.stop();
    println!(
        "{kills} kills: {} records, {} deliveries acknowledged; {pages} pages read, {gaps} not; refusals {:?}; longest silence {:?}",
        history.made.len(),
        history.delivered.len(),
        history.refused,
        history.longest_silence()
    );
    assert!(history.made.len() > kills * 10 && pages > kills);
    look_for(database.target(), &history);
    for node in nodes.into_iter().flatten() {
        assert_eq!(node.stop(), 0);
    }
    work_off(database.target(), &history);
}

#[test]
fn a_postgres_that_is_restarted_is_found_again() {
    let Some(cluster) = Cluster::start(&[]) else {
        println!("skipped: this machine has no PostgreSQL server of which the test may start its own");
        return;
    };
    let address = cluster.database("debrief");
    let target = Target::Postgres(address.clone());
    let site = Site::new(Path::new(&address));
    let cookie = session(&target);
    let server = site.start();
    let urls = super::only(&server);
    let writers = Writers::start(&site, &urls, 0, Manner::Persists);
    let reader = Reader::start(&urls, &cookie);
    let mut restarts = Vec::new();
    let pause = Duration::from_secs(rounds("DEBRIEF_FAULT_PAUSE_S", 3) as u64);
    for restart in 0..rounds("DEBRIEF_FAULT_RESTARTS", 3) {
        std::thread::sleep(pause);
        if restart % 2 == 0 {
            cluster.restart();
        } else {
            cluster.crash();
            std::thread::sleep(Duration::from_millis(500));
            cluster.up();
        }
        restarts.push(Instant::now());
        // Alive all the while; who asks whether it is ready may be told to wait.
        assert_eq!(agent().get(format!("{}/healthz", server.base_url)).call().unwrap().status(), 200);
    }
    std::thread::sleep(pause);
    let history = writers.stop();
    let (pages, gaps) = reader.stop();
    let back: Vec<_> = restarts.iter().map(|at| history.back_after(*at).expect("it comes back")).collect();
    println!(
        "{} restarts: {} records acknowledged; {pages} pages read, {gaps} not; refusals {:?}; back after {back:?}",
        restarts.len(),
        history.made.len(),
        history.refused
    );
    assert!(back.iter().all(|after| *after < Duration::from_secs(2)), "{back:?}");
    assert!(history.refused.keys().all(|status| *status == 503), "{:?}", history.refused);
    look_for(&target, &history);
    assert_eq!(server.stop(), 0);
    work_off(&target, &history);
}
