//! Two nodes behind haproxy on one PostgreSQL that another follows: a node is killed, a node is replaced in order, the
//! database is restarted, the database is lost and its follower takes over, all while people write, read and watch.
//!
//! `bin/scale` runs it and prints its figures; `docs/scale.md` says what they mean. It needs haproxy and a PostgreSQL
//! server of its own, and takes a minute, so it is not a part of every run.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use debrief::auth::actor::Actor;
use debrief::clock::Clock;
use debrief::db::schema::retros;
use debrief::db::{Db, Target};
use debrief::error::Error;
use diesel::prelude::*;

use crate::faults::history::{History, Manner, Site, Writers, agent, look_for, work_off};
use crate::faults::nodes::{Reader, session};
use crate::support::cluster::Cluster;
use crate::support::ports::free_port;
use crate::support::program::{Folder, Server, debrief};

/// Longest time in which nobody is served while a follower takes over, from its promotion on.
const BACK_WITHIN: Duration = Duration::from_secs(5);

struct Proxy {
    child: Child,
    _folder: Folder,
    url: String,
}

fn haproxy() -> Option<PathBuf> {
    ["/usr/sbin/haproxy", "/usr/local/sbin/haproxy", "/usr/bin/haproxy"]
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
}

impl Proxy {
    /// The file of `docs/haproxy.cfg` with the addresses of this test.
    fn start(program: &Path, nodes: [u16; 2]) -> Self {
        let (folder, port) = (Folder::new(), free_port());
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/haproxy.cfg");
        let text = std::fs::read_to_string(file)
            .unwrap()
            .replace("bind :443 ssl crt /etc/haproxy/debrief.pem", &format!("bind 127.0.0.1:{port}"))
            .replace("10.0.0.11:8080", &format!("127.0.0.1:{}", nodes[0]))
            .replace("10.0.0.12:8080", &format!("127.0.0.1:{}", nodes[1]));
        let path = folder.file("haproxy.cfg");
        std::fs::write(&path, text).unwrap();
        let child = Command::new(program).args(["-db", "-q", "-f"]).arg(&path).stdin(Stdio::null()).spawn().unwrap();
        for _ in 0..100 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Proxy { child, _folder: folder, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An open page of a retro that comes back whenever its stream ends, as browsers do.
struct Watcher {
    seen: Arc<AtomicI64>,
    stop: Arc<AtomicBool>,
}

impl Watcher {
    fn start(url: &str, cookie: &str, retro: i64) -> Self {
        let (seen, stop) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
        let (address, cookie) = (url.strip_prefix("http://").unwrap().to_owned(), cookie.to_owned());
        let (told, stopped) = (seen.clone(), stop.clone());
        std::thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let last = told.load(Ordering::Relaxed);
                let _ = follow(&address, &cookie, (retro, last), &told, &stopped);
                std::thread::sleep(Duration::from_millis(200));
            }
        });
        Watcher { seen, stop }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn follow(
    address: &str,
    cookie: &str,
    (retro, last): (i64, i64),
    seen: &AtomicI64,
    stop: &AtomicBool,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(25)))?;
    write!(
        stream,
        "GET /retros/{retro}/events HTTP/1.1\r\nhost: {address}\r\ncookie: debrief={cookie}\r\nlast-event-id: {last}\r\n\r\n"
    )?;
    for line in BufReader::new(stream).lines() {
        if let Some(revision) = line?.strip_prefix("data: ") {
            seen.fetch_max(revision.trim().parse().unwrap_or(0), Ordering::Relaxed);
        }
        if stop.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(())
}

/// A retro that runs, and its row id.
fn running_retro(db: &Db, url: &str, cookie: &str) -> i64 {
    let (now, actor) = (Clock::System.now(), Actor::program("test"));
    db.write_blocking(|c| {
        debrief::teams::queries::add(c, &actor, "Payments", now)?;
        let draft = debrief::action_items::model::ActionDraft {
            team: Some("payments".to_owned()),
            due: debrief::action_items::model::Due::On("2020-01-06".parse().unwrap()),
            ..debrief::action_items::model::ActionDraft::titled("Look at it".to_owned())
        };
        debrief::action_items::queries::add(c, &actor, &draft, now)
    })
    .unwrap();
    let browser = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().new_agent();
    let answer = browser
        .post(format!("{url}/retros"))
        .header("cookie", format!("debrief={cookie}"))
        .send_form([("team", "payments")])
        .unwrap();
    assert_eq!(answer.status(), 303);
    db.read_blocking(|c| Ok::<_, Error>(retros::table.order(retros::id.desc()).select(retros::id).first(c)?)).unwrap()
}

/// The next revision of the retro, as any change of it makes one.
fn change(db: &Db, retro: i64) -> i64 {
    db.write_blocking(|c| {
        diesel::update(retros::table.find(retro)).set(retros::revision.eq(retros::revision + 1)).execute(c)?;
        Ok::<_, Error>(retros::table.find(retro).select(retros::revision).first(c)?)
    })
    .unwrap()
}

/// How long until every watcher knows of a change.
fn told_within(db: &Db, retro: i64, watchers: &[Watcher]) -> Duration {
    let revision = change(db, retro);
    let began = Instant::now();
    while watchers.iter().any(|watcher| watcher.seen.load(Ordering::Relaxed) < revision) {
        assert!(began.elapsed() < Duration::from_secs(20), "an open page was not told of revision {revision}");
        std::thread::sleep(Duration::from_millis(5));
    }
    began.elapsed()
}

/// Wrong passwords for one account, at one node after the other, until it is told to wait.
fn tries_until_told_to_wait(urls: &[&str], email: &str) -> usize {
    let browser = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().new_agent();
    (1..100)
        .find(|n| {
            let answer = browser
                .post(format!("{}/sign-in", urls[n % urls.len()]))
                .send_form([("email", email), ("password", "wrong by intent")])
                .unwrap();
            answer.status() == 429
        })
        .expect("there is a limit")
}

/// Seconds of processor time of a process and, of PostgreSQL, of all that belong to it.
fn cpu_s(pids: &[u32]) -> f64 {
    let ticks: u64 = pids
        .iter()
        .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok())
        .map(|stat| {
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
            fields[11..15].iter().map(|field| field.parse::<u64>().unwrap_or(0)).sum::<u64>()
        })
        .sum();
    ticks as f64 / 100.0
}

/// A process and its children.
fn family(parent: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    std::iter::once(parent).chain(children.split_whitespace().filter_map(|pid| pid.parse().ok())).collect()
}

/// Prints what one request of each kind costs a node and the database.
fn print_costs(site: &Site, node: &Server, database: &Cluster, cookie: &str) {
    let postmaster: u32 = std::fs::read_to_string(database.folder().join("data/postmaster.pid"))
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let browser = agent();
    let cookie = format!("debrief={cookie}");
    let get = |path: &str| {
        let mut answer = browser.get(format!("{}{path}", node.base_url)).header("cookie", &cookie).call().unwrap();
        assert_eq!(answer.status(), 200);
        answer.body_mut().read_to_string().unwrap();
    };
    let print = |what: &str, count: usize, work: &mut dyn FnMut(usize)| {
        work(usize::MAX);
        let (before, began) = ((cpu_s(&[node.id()]), cpu_s(&family(postmaster))), Instant::now());
        (0..count).for_each(&mut *work);
        let wall = began.elapsed().as_secs_f64();
        let per = |seconds: f64| seconds * 1000.0 / count as f64;
        println!(
            "cost of {what}: {:.2} ms of a node's processor, {:.2} ms of the database's; {:.2} ms from the first byte to the last",
            per(cpu_s(&[node.id()]) - before.0),
            per(cpu_s(&family(postmaster)) - before.1),
            per(wall)
        );
    };
    print("a page of the list of incidents", 400, &mut |_| get("/incidents"));
    print("a page of an incident", 400, &mut |_| get("/incidents/INC-1"));
    print("a declaration", 200, &mut |n| {
        let title = format!("Cost {n}");
        let heard = crate::faults::history::declare(&browser, &node.base_url, site.bearer(), &title, "").unwrap();
        assert_eq!(heard.status, 201);
    });
}

#[test]
fn two_nodes_behind_a_proxy_outlive_nodes_and_databases() {
    if std::env::var_os("DEBRIEF_SCALE").is_none() {
        println!("skipped: bin/scale runs it");
        return;
    }
    let program = haproxy().expect("bin/scale installs haproxy, or says that it is missing");
    let settings = ["wal_level=replica", "max_wal_senders=5", "hot_standby=on"];
    let primary = Cluster::start(&settings).expect("a PostgreSQL server is installed");
    primary.database("debrief");
    let follower = primary.follower(&settings);
    // What was acknowledged is on both machines; without this line the last moments are lost with the first machine.
    primary.execute("ALTER SYSTEM SET synchronous_standby_names = 'follower'");
    primary.execute("SELECT pg_reload_conf()");
    let address = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/debrief?target_session_attrs=read-write&connect_timeout=2",
        primary.port, follower.port
    );
    let site = Site::new(Path::new(&address));
    let target = Target::Postgres(address.clone());
    let (ada, db) = (session(&target), Db::open(&target).unwrap());
    let ports = [free_port(), free_port()];
    let proxy = Proxy::start(&program, ports);
    let start = |place: usize| {
        let mut command = debrief(Path::new(&address));
        command.args(["serve", "--trusted-proxies", "127.0.0.1", "--secret-key", &"07".repeat(32)]);
        Server::start_on(&mut command, ports[place])
    };
    let mut nodes = [Some(start(0)), Some(start(1))];
    let node_urls = ports.map(|port| format!("http://127.0.0.1:{port}"));

    let alone = tries_until_told_to_wait(&[&node_urls[0]], "one@example.org");
    let spread = tries_until_told_to_wait(&[&node_urls[0], &node_urls[1]], "two@example.org");
    assert_eq!(alone, spread, "the limit of tries holds for all nodes together");

    let retro = running_retro(&db, &proxy.url, &ada);
    let watchers = [&proxy.url, &node_urls[0], &node_urls[1]].map(|url| Watcher::start(url, &ada, retro));
    let urls = Arc::new(Mutex::new(vec![proxy.url.clone()]));
    let writers = Writers::start(&site, &urls, 0, Manner::PersistsBehindProxy);
    let reader = Reader::start(&urls, &ada);
    let mut phases: Vec<(&str, Instant, Instant, Duration)> = Vec::new();
    let mut phase = |what: &'static str, act: &mut dyn FnMut()| {
        let began = Instant::now();
        act();
        let acted = Instant::now();
        std::thread::sleep(Duration::from_secs(4));
        let told = told_within(&db, retro, &watchers);
        phases.push((what, began, acted, told));
    };
    phase("nothing happens", &mut || {});
    phase("a node is killed (kill -9) and comes back 2 s later", &mut || {
        nodes[0].take().unwrap().kill();
        std::thread::sleep(Duration::from_secs(2));
        nodes[0] = Some(start(0));
    });
    phase("a node is stopped in order and replaced, as by an upgrade", &mut || {
        assert_eq!(nodes[1].take().unwrap().stop(), 0);
        nodes[1] = Some(start(1));
    });
    phase("the database is restarted", &mut || primary.restart());
    phase("the database is lost, and its follower takes over 1 s later", &mut || {
        primary.crash();
        std::thread::sleep(Duration::from_secs(1));
        follower.promote();
    });
    let history: History = writers.stop();
    let (pages, gaps) = reader.stop();
    println!(
        "{} records and {} deliveries acknowledged, {} pages read and {gaps} not, refusals {:?}",
        history.made.len(),
        history.delivered.len(),
        pages,
        history.refused
    );
    println!("tries to sign in until told to wait: {alone} on one node, {spread} over two");
    for (what, began, acted, told) in &phases {
        let silence = history.longest_silence_between(*began, *acted + Duration::from_secs(3));
        let back = history.back_after(*acted).expect("it goes on");
        println!(
            "{what}: nobody was answered for {:.2} s at most; writing went on {:.2} s after it; open pages were told within {:.2} s",
            silence.as_secs_f64(),
            back.as_secs_f64(),
            told.as_secs_f64()
        );
        assert!(back < BACK_WITHIN, "{what}: {back:?}");
    }
    drop(watchers);
    drop(db);
    let promoted = Target::Postgres(follower.address("debrief"));
    look_for(&promoted, &history);
    print_costs(&site, nodes[0].as_ref().unwrap(), &follower, &ada);
    for node in nodes.into_iter().flatten() {
        assert_eq!(node.stop(), 0);
    }
    work_off(&promoted, &history);
}
