//! Faults survived, on processes of their own: killed, stopped, locked out, out of space, started twice.
//!
//! `bin/faults` runs the same tests with many more rounds (`DEBRIEF_FAULT_ROUNDS`, `DEBRIEF_FAULT_ROUNDS_PG`).

mod backups;
mod clocks;
mod foreign;
pub mod history;
mod lanes;
pub mod nodes;
mod upgrades;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use debrief::db::Target;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use self::history::{History, Manner, Site, Writers, agent, declare, look_for, work_off};
use crate::support::databases::Database;
use crate::support::program::{Folder, Server, debrief};

/// The longest time from a start to being ready, on a machine that has other things to do, too.
const READY_WITHIN: Duration = Duration::from_secs(3);

fn rounds(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).ok().and_then(|count| count.parse().ok()).unwrap_or(otherwise)
}

fn only(server: &Server) -> Arc<Mutex<Vec<String>>> {
    Arc::new(Mutex::new(vec![server.base_url.clone()]))
}

fn killed_while_writing(database: &Path, target: &Target, round_count: usize) {
    let site = Site::new(database);
    let mut history = History::default();
    let mut slowest = Duration::ZERO;
    for round in 0..round_count {
        let began = Instant::now();
        let server = site.start();
        slowest = slowest.max(began.elapsed());
        let writers = Writers::start(&site, &only(&server), round, Manner::GivesUp);
        writers.until_something_is_written();
        // Killed at another moment in each round.
        std::thread::sleep(Duration::from_millis(120 + (round as u64 * 37) % 200));
        server.kill();
        history.add(writers.history());
        look_for(target, &history);
    }
    println!(
        "{round_count} rounds: {} records, {} changes and {} deliveries acknowledged, none lost; ready in {slowest:?} at most",
        history.made.len(),
        history.mitigated.len(),
        history.delivered.len()
    );
    assert!(history.made.len() >= round_count, "something was written in each round");
    assert!(slowest < READY_WITHIN, "ready after {slowest:?}");
    work_off(target, &history);
}

#[test]
fn killed_while_writing_loses_nothing_on_sqlite() {
    let folder = Folder::new();
    let file = folder.file("debrief.db");
    killed_while_writing(&file, &Target::Sqlite(file.clone()), rounds("DEBRIEF_FAULT_ROUNDS", 3));
}

#[test]
fn killed_while_writing_loses_nothing_on_postgres() {
    let Some(database) = Database::postgres() else {
        println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it");
        return;
    };
    killed_while_writing(Path::new(database.address()), database.target(), rounds("DEBRIEF_FAULT_ROUNDS_PG", 2));
}

fn stopped_under_load(database: &Path, target: &Target) {
    let site = Site::new(database);
    let server = site.start();
    let writers = Writers::start(&site, &only(&server), 0, Manner::GivesUp);
    writers.until_something_is_written();
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(server.stop(), 0);
    let history = writers.history();
    assert!(!history.made.is_empty());
    look_for(target, &history);
    work_off(target, &history);
}

#[test]
fn stopped_under_load_it_finishes_what_it_took_on_sqlite() {
    let folder = Folder::new();
    let file = folder.file("debrief.db");
    stopped_under_load(&file, &Target::Sqlite(file.clone()));
}

#[test]
fn stopped_under_load_it_finishes_what_it_took_on_postgres() {
    let Some(database) = Database::postgres() else {
        println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it");
        return;
    };
    stopped_under_load(Path::new(database.address()), database.target());
}

/// Whoever holds the lock that writers need.
enum Holder {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Holder {
    fn execute(&mut self, on_sqlite: &str, on_postgres: &str) {
        match self {
            Holder::Sqlite(c) => c.batch_execute(on_sqlite).unwrap(),
            Holder::Postgres(c) => c.batch_execute(on_postgres).unwrap(),
        }
    }

    fn hold(&mut self) {
        self.execute("BEGIN IMMEDIATE", "BEGIN; UPDATE counters SET value = value WHERE name = 'incident'");
    }

    fn let_go(&mut self) {
        self.execute("COMMIT", "COMMIT");
    }
}

/// Three seconds are waited for; thirty are told, at each try, until the lock is free.
fn locked(database: &Path, mut other: Holder) {
    let site = Site::new(database);
    let server = site.start();
    let write_four = |round: &str| -> Vec<std::thread::JoinHandle<(u16, bool, Duration)>> {
        (0..4)
            .map(|writer| {
                let (url, bearer, title) =
                    (server.base_url.clone(), site.bearer().to_owned(), format!("Locked {round}.{writer}"));
                std::thread::spawn(move || {
                    let began = Instant::now();
                    let heard = declare(&agent(), &url, &bearer, &title, "").unwrap();
                    (heard.status, heard.may_retry, began.elapsed())
                })
            })
            .collect()
    };
    let told = |writers: Vec<std::thread::JoinHandle<(u16, bool, Duration)>>| -> Vec<(u16, bool)> {
        writers
            .into_iter()
            .map(|writer| {
                let (status, may_retry, took) = writer.join().unwrap();
                assert!(took < Duration::from_secs(25), "answered after {took:?}");
                (status, may_retry)
            })
            .collect()
    };
    let is_ready = || agent().get(format!("{}/readyz", server.base_url)).call().unwrap().status().as_u16() == 200;
    assert_eq!(told(write_four("before")), [(201, false); 4]);
    other.hold();
    let writers = write_four("short");
    std::thread::sleep(Duration::from_secs(3));
    assert!(is_ready(), "reading goes on all the while");
    other.let_go();
    assert_eq!(told(writers), [(201, false); 4], "three seconds are waited for");
    other.hold();
    let began = Instant::now();
    let mut round = 0;
    while began.elapsed() < Duration::from_secs(30) {
        let writers = write_four(&format!("long {round}"));
        assert!(is_ready());
        assert_eq!(told(writers), [(503, true); 4], "a writer is told to come back");
        round += 1;
    }
    other.let_go();
    assert_eq!(told(write_four("after")), [(201, false); 4], "no worker is stuck");
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_held_lock_is_waited_for_and_a_long_one_is_told_on_sqlite() {
    let folder = Folder::new();
    let file = folder.file("debrief.db");
    assert_eq!(crate::support::program::run(debrief(&file).arg("migrate")).0, 0);
    let mut other = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    other.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    locked(&file, Holder::Sqlite(other));
}

#[test]
fn a_held_lock_is_waited_for_and_a_long_one_is_told_on_postgres() {
    let Some(database) = Database::postgres() else {
        println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it");
        return;
    };
    let other = PgConnection::establish(database.address()).unwrap();
    locked(Path::new(database.address()), Holder::Postgres(other));
}

/// A small disk of its own, where this machine lets the test mount one.
struct Disk(Folder);

impl Disk {
    fn new(size: &str) -> Option<Self> {
        let disk = Disk(Folder::new());
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(&disk.0.0)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(disk)
    }

    fn resize(&self, size: &str) {
        let resized = Command::new("mount").args(["-o", &format!("remount,size={size}")]).arg(&self.0.0).status();
        assert!(resized.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0.0).status();
    }
}

#[test]
fn a_full_disk_is_told_and_reading_goes_on() {
    let Some(disk) = Disk::new("8m") else {
        println!("skipped: this machine does not let the test mount a small disk");
        return;
    };
    let file = disk.0.file("debrief.db");
    let site = Site::new(&file);
    let server = site.start();
    let agent = agent();
    let long = "A long summary. ".repeat(250);
    let mut history = History::default();
    let refused = (0..20_000).find_map(|n| {
        let title = format!("Filling {n}");
        let heard = declare(&agent, &server.base_url, site.bearer(), &title, &long).unwrap();
        if heard.status == 201 {
            history.made.push((heard.body["key"].as_str().unwrap().to_owned(), title));
            return None;
        }
        Some((heard.status, heard.body))
    });
    let (status, body) = refused.expect("eight megabytes are full at some time");
    assert_eq!(status, 507, "{body}");
    assert!(body["detail"].as_str().unwrap().contains("disk is full"), "{body}");
    let read = agent
        .get(format!("{}/api/v1/incidents/{}", server.base_url, history.made[0].0))
        .header("authorization", site.bearer())
        .call()
        .unwrap();
    assert_eq!(read.status(), 200, "reading goes on");
    disk.resize("64m");
    let heard = declare(&agent, &server.base_url, site.bearer(), "With room again", "").unwrap();
    assert_eq!(heard.status, 201, "it recovers without a restart: {}", heard.body);
    assert_eq!(server.stop(), 0);
    look_for(&Target::Sqlite(file), &history);
}

#[test]
fn two_that_start_at_once_migrate_once() {
    let folder = Folder::new();
    let file = folder.file("debrief.db");
    let mut places = vec![(file.clone(), Target::Sqlite(file))];
    let database = Database::postgres();
    if let Some(Target::Postgres(address)) = database.as_ref().map(Database::target) {
        let mut c = PgConnection::establish(address).unwrap();
        c.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").unwrap();
        places.push((PathBuf::from(address), Target::Postgres(address.clone())));
    }
    for (place, target) in places {
        let starting: Vec<_> = (0..2)
            .map(|_| {
                let place = place.clone();
                std::thread::spawn(move || {
                    let server = Server::start(debrief(&place).arg("serve"));
                    let status = agent().get(format!("{}/readyz", server.base_url)).call().unwrap().status();
                    (status.as_u16(), server.stop())
                })
            })
            .collect();
        for node in starting {
            assert_eq!(node.join().unwrap(), (200, 0), "{target:?}");
        }
        look_for(&target, &History::default());
    }
}
