//! Faults survived, on processes of their own: killed, stopped, locked out, out of space, started twice.
//!
//! `bin/faults` runs the same tests with many more rounds (`DEBRIEF_FAULT_ROUNDS`, `DEBRIEF_FAULT_ROUNDS_PG`).

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use debrief::db::{Db, Target};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::{Value, json};

use crate::support::databases::Database;
use crate::support::program::{Folder, Server, debrief, run};

/// How many writers press at once.
const WRITERS: usize = 6;

/// A database, and a token that may write to it.
struct Site {
    database: PathBuf,
    bearer: String,
}

impl Site {
    fn new(database: &Path) -> Self {
        let program = || debrief(database);
        assert_eq!(run(program().args(["user", "add", "ada@example.org", "--name", "Ada"])).0, 0);
        let (code, token, told) =
            run(program().args(["token", "create", "--user", "ada", "--name", "t", "--scope", "write"]));
        assert_eq!(code, 0, "{told}");
        Site { database: database.to_owned(), bearer: format!("Bearer {}", token.trim()) }
    }

    fn start(&self) -> Server {
        Server::start(debrief(&self.database).arg("serve"))
    }
}

fn rounds(variable: &str, otherwise: usize) -> usize {
    std::env::var(variable).ok().and_then(|count| count.parse().ok()).unwrap_or(otherwise)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(40)))
        .build()
        .new_agent()
}

/// Status, `Retry-After` and body of one declaration; nothing when the connection broke.
fn declare(agent: &ureq::Agent, url: &str, bearer: &str, title: &str, summary: &str) -> Option<(u16, bool, Value)> {
    let mut answer = agent
        .post(format!("{url}/api/v1/incidents"))
        .header("authorization", bearer)
        .send_json(json!({"title": title, "severity": "SEV3", "summary": summary, "services": ["checkout"]}))
        .ok()?;
    let may_retry = answer.headers().contains_key("retry-after");
    Some((answer.status().as_u16(), may_retry, answer.body_mut().read_json().ok()?))
}

/// Writers that declare incidents until they are told to stop or nobody answers. Each gives the keys and titles
/// that were acknowledged.
fn press(
    site: &Site,
    url: &str,
    round: usize,
    stop: &Arc<AtomicBool>,
) -> Vec<std::thread::JoinHandle<Vec<(String, String)>>> {
    (0..WRITERS)
        .map(|writer| {
            let (url, bearer, stop) = (url.to_owned(), site.bearer.clone(), stop.clone());
            std::thread::spawn(move || {
                let agent = agent();
                let mut acknowledged = Vec::new();
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let title = format!("Round {round}, writer {writer}, number {n}");
                    match declare(&agent, &url, &bearer, &title, "") {
                        Some((201, _, body)) => acknowledged.push((body["key"].as_str().unwrap().to_owned(), title)),
                        Some((status, _, body)) => panic!("{status} {body}"),
                        None => break,
                    }
                }
                acknowledged
            })
        })
        .collect()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Looks for every acknowledged incident and for whatever is half-made.
fn look_for(target: &Target, acknowledged: &[(String, String)]) {
    use debrief::db::schema::incidents;
    let db = Db::open(target).unwrap();
    let (stored, faults, declared, audited) = db
        .read_blocking(|c| {
            let stored: Vec<(i64, String)> =
                incidents::table.order(incidents::id).select((incidents::number, incidents::title)).load(c)?;
            let faults = debrief::db::check::faults(c)?;
            let declared: i64 = incidents::table.count().get_result(c)?;
            let Count { count: audited } = diesel::sql_query(
                "SELECT count(DISTINCT subject) AS count FROM audit_entries WHERE action = 'incident.declare'",
            )
            .get_result(c)?;
            Ok::<_, debrief::error::Error>((stored, faults, declared, audited))
        })
        .unwrap();
    assert_eq!(faults, Vec::<String>::new());
    assert_eq!(declared, audited, "each declaration has its entry in the audit log");
    let stored: std::collections::HashMap<String, String> =
        stored.into_iter().map(|(number, title)| (format!("INC-{number}"), title)).collect();
    for (key, title) in acknowledged {
        assert_eq!(stored.get(key), Some(title), "{key} was acknowledged");
    }
}

fn killed_while_writing(database: &Path, target: &Target, round_count: usize) {
    let site = Site::new(database);
    let mut acknowledged = Vec::new();
    for round in 0..round_count {
        let began = Instant::now();
        let server = site.start();
        let ready = began.elapsed();
        let stop = Arc::new(AtomicBool::new(false));
        let writers = press(&site, &server.base_url, round, &stop);
        // Killed at another moment in each round.
        std::thread::sleep(Duration::from_millis(120 + (round as u64 * 37) % 200));
        server.kill();
        let before = acknowledged.len();
        for writer in writers {
            acknowledged.extend(writer.join().unwrap());
        }
        println!("round {round}: ready in {ready:?}, {} acknowledged", acknowledged.len() - before);
        look_for(target, &acknowledged);
    }
    assert!(acknowledged.len() >= round_count, "something was written in each round");
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
    let Target::Postgres(address) = database.target() else { unreachable!("asked for PostgreSQL") };
    killed_while_writing(Path::new(address), database.target(), rounds("DEBRIEF_FAULT_ROUNDS_PG", 2));
}

#[test]
fn stopped_under_load_it_finishes_what_it_took() {
    let folder = Folder::new();
    let file = folder.file("debrief.db");
    let site = Site::new(&file);
    let server = site.start();
    let stop = Arc::new(AtomicBool::new(false));
    let writers = press(&site, &server.base_url, 0, &stop);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.stop(), 0);
    let acknowledged: Vec<_> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
    assert!(!acknowledged.is_empty());
    look_for(&Target::Sqlite(file), &acknowledged);
}

#[test]
fn a_held_lock_is_waited_for_and_a_long_one_is_told() {
    let folder = Folder::new();
    let file = folder.file("debrief.db");
    let site = Site::new(&file);
    let server = site.start();
    let mut other = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    other.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    let write_four = |round: usize| -> Vec<std::thread::JoinHandle<(u16, bool)>> {
        (0..4)
            .map(|writer| {
                let (url, bearer) = (server.base_url.clone(), site.bearer.clone());
                std::thread::spawn(move || {
                    let answer = declare(&agent(), &url, &bearer, &format!("Locked {round}.{writer}"), "");
                    answer.map(|(status, may_retry, _)| (status, may_retry)).unwrap()
                })
            })
            .collect()
    };
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let writers = write_four(1);
    std::thread::sleep(Duration::from_secs(3));
    // Reading goes on all the while.
    assert_eq!(agent().get(format!("{}/readyz", server.base_url)).call().unwrap().status(), 200);
    other.batch_execute("COMMIT").unwrap();
    for writer in writers {
        assert_eq!(writer.join().unwrap(), (201, false), "three seconds are waited for");
    }
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let told: Vec<_> = write_four(2).into_iter().map(|writer| writer.join().unwrap()).collect();
    assert_eq!(told, [(503, true); 4], "a writer is told to come back");
    other.batch_execute("COMMIT").unwrap();
    for writer in write_four(3) {
        assert_eq!(writer.join().unwrap().0, 201, "no worker is stuck");
    }
    assert_eq!(server.stop(), 0);
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
    let mut acknowledged = Vec::new();
    let refused = (0..20_000).find_map(|n| {
        let title = format!("Filling {n}");
        let (status, _, body) = declare(&agent, &server.base_url, &site.bearer, &title, &long).unwrap();
        if status == 201 {
            acknowledged.push((body["key"].as_str().unwrap().to_owned(), title));
            return None;
        }
        Some((status, body))
    });
    let (status, body) = refused.expect("eight megabytes are full at some time");
    assert_eq!(status, 507, "{body}");
    assert!(body["detail"].as_str().unwrap().contains("disk is full"), "{body}");
    let read = agent
        .get(format!("{}/api/v1/incidents/{}", server.base_url, acknowledged[0].0))
        .header("authorization", &site.bearer)
        .call()
        .unwrap();
    assert_eq!(read.status(), 200, "reading goes on");
    disk.resize("64m");
    let (status, _, body) = declare(&agent, &server.base_url, &site.bearer, "With room again", "").unwrap();
    assert_eq!(status, 201, "it recovers without a restart: {body}");
    assert_eq!(server.stop(), 0);
    look_for(&Target::Sqlite(file), &acknowledged);
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
        look_for(&target, &[]);
    }
}
