//! Writers that note what they were told, and the look afterwards for every word of it.
//!
//! A writer goes round: it declares an incident, mitigates it, adds an action item, records a deploy, delivers a hook.
//! What was acknowledged must be there; what was tried again with the same key must be there once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use debrief::app::App;
use debrief::clock::Clock;
use debrief::db::{Conn, Db, Target};
use debrief::error::Error;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::program::{Server, debrief, run};

/// How many writers press at once.
pub const WRITERS: usize = 6;
/// How long a writer that does not give up goes on trying one thing.
const PERSISTENCE: Duration = Duration::from_secs(60);

/// A database, and programs that may write to it.
#[derive(Clone)]
pub struct Site {
    pub database: PathBuf,
    bearer: String,
    hook_path: String,
    secret: String,
}

impl Site {
    pub fn new(database: &Path) -> Self {
        let program = || debrief(database);
        assert_eq!(run(program().args(["user", "add", "ada@example.org", "--name", "Ada"])).0, 0);
        let (code, token, told) =
            run(program().args(["token", "create", "--user", "ada", "--name", "t", "--scope", "write"]));
        assert_eq!(code, 0, "{told}");
        let (code, source, told) = run(program().args(["source", "add", "github", "--name", "acme"]));
        assert_eq!(code, 0, "{told}");
        let source: Value = serde_json::from_str(&source).unwrap();
        Site {
            database: database.to_owned(),
            bearer: format!("Bearer {}", token.trim()),
            hook_path: format!("/hooks/github/{}", source["slug"].as_str().unwrap()),
            secret: source["secret"].as_str().unwrap().to_owned(),
        }
    }

    pub fn start(&self) -> Server {
        Server::start(debrief(&self.database).arg("serve"))
    }

    pub fn bearer(&self) -> &str {
        &self.bearer
    }
}

pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(40)))
        .build()
        .new_agent()
}

/// What came back.
pub struct Heard {
    pub status: u16,
    pub may_retry: bool,
    pub etag: Option<String>,
    pub body: Value,
}

fn heard(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Heard> {
    let mut answer = answer.ok()?;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (may_retry, etag) = (header("retry-after").is_some(), header("etag"));
    let text = answer.body_mut().read_to_string().ok()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Some(Heard { status: answer.status().as_u16(), may_retry, etag, body })
}

/// One declaration; nothing when the connection broke.
pub fn declare(agent: &ureq::Agent, url: &str, bearer: &str, title: &str, summary: &str) -> Option<Heard> {
    heard(
        agent
            .post(format!("{url}/api/v1/incidents"))
            .header("authorization", bearer)
            .send_json(json!({"title": title, "severity": "SEV3", "summary": summary, "services": ["checkout"]})),
    )
}

/// What writers were told.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Key and title of what was made: `INC-1`, `DEP-1`, `ACT-1`.
    pub made: Vec<(String, String)>,
    /// Incidents that were mitigated.
    pub mitigated: Vec<String>,
    /// Deliveries by their id.
    pub delivered: Vec<String>,
    /// When each word came.
    pub heard_at: Vec<Instant>,
    /// Answers other than a success, by status; 0 stands for a broken connection.
    pub refused: BTreeMap<u16, usize>,
}

impl History {
    pub fn add(&mut self, other: History) {
        self.made.extend(other.made);
        self.mitigated.extend(other.mitigated);
        self.delivered.extend(other.delivered);
        self.heard_at.extend(other.heard_at);
        for (status, count) in other.refused {
            *self.refused.entry(status).or_default() += count;
        }
    }

    /// The longest time in which nobody was told anything.
    pub fn longest_silence(&self) -> Duration {
        let mut times = self.heard_at.clone();
        times.sort_unstable();
        times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }

    /// The longest such time that touches what happened between two moments.
    pub fn longest_silence_between(&self, from: Instant, until: Instant) -> Duration {
        let mut times = self.heard_at.clone();
        times.sort_unstable();
        let touching = times.windows(2).filter(|pair| pair[1] >= from && pair[0] <= until);
        touching.map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }

    /// The first word after `moment`, as time from it.
    pub fn back_after(&self, moment: Instant) -> Option<Duration> {
        self.heard_at.iter().filter(|at| **at > moment).map(|at| *at - moment).min()
    }
}

/// What a writer does when it is refused or nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Anything but a success ends it: of a broken connection it knows nothing; a refusal is a fault.
    GivesUp,
    /// It tries the same again, with the same key, at whatever node is there; only 503 is borne.
    Persists,
    /// The same behind a proxy, which tells in words of its own that a node or all of them are gone.
    PersistsBehindProxy,
}

/// Writers at work.
pub struct Writers {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
    threads: Vec<std::thread::JoinHandle<History>>,
}

impl Writers {
    /// Sets them to work on the nodes at `urls`, which the test may exchange meanwhile.
    pub fn start(site: &Site, urls: &Arc<Mutex<Vec<String>>>, round: usize, manner: Manner) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let threads = (0..WRITERS)
            .map(|number| {
                let writer = Writer {
                    site: site.clone(),
                    urls: urls.clone(),
                    stop: stop.clone(),
                    acknowledged: acknowledged.clone(),
                    manner,
                    agent: agent(),
                    turn: AtomicUsize::new(number),
                };
                std::thread::spawn(move || writer.work(&format!("Round {round}, writer {number}")))
            })
            .collect();
        Writers { stop, acknowledged, threads }
    }

    /// Waits until somebody was told of a success: on a busy machine the first one takes its time.
    pub fn until_something_is_written(&self) {
        let began = Instant::now();
        while self.acknowledged.load(Ordering::Relaxed) == 0 {
            assert!(began.elapsed() < Duration::from_secs(30), "nothing is written");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until nobody answers any more (of those who give up), or lets them end what they are at.
    pub fn history(self) -> History {
        let mut history = History::default();
        for thread in self.threads {
            history.add(thread.join().unwrap());
        }
        history
    }

    pub fn stop(self) -> History {
        self.stop.store(true, Ordering::Relaxed);
        self.history()
    }
}

struct Writer {
    acknowledged: Arc<AtomicUsize>,
    site: Site,
    urls: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    manner: Manner,
    agent: ureq::Agent,
    turn: AtomicUsize,
}

impl Writer {
    fn work(&self, name: &str) -> History {
        let mut history = History::default();
        for n in 0.. {
            if self.stop.load(Ordering::Relaxed)
                || self.go_round(&format!("{name}, number {n}"), &mut history).is_none()
            {
                break;
            }
        }
        history
    }

    fn go_round(&self, title: &str, history: &mut History) -> Option<()> {
        let incident = json!({"title": title, "severity": "SEV3", "services": ["checkout"]});
        let declared = self.post("/api/v1/incidents", title, &incident, history)?;
        let key = declared.body["key"].as_str().unwrap().to_owned();
        history.made.push((key.clone(), title.to_owned()));
        self.mitigate(&key, declared.etag.as_deref().unwrap(), history)?;
        history.mitigated.push(key.clone());
        let item = json!({"title": title, "incident": key});
        let item = self.post("/api/v1/action-items", title, &item, history)?;
        history.made.push((item.body["key"].as_str().unwrap().to_owned(), title.to_owned()));
        let deploy =
            json!({"service": "checkout", "environment": "production", "version": title, "status": "succeeded"});
        let deploy = self.post("/api/v1/deploys", title, &deploy, history)?;
        history.made.push((deploy.body["key"].as_str().unwrap().to_owned(), title.to_owned()));
        self.deliver(title, history)?;
        history.delivered.push(title.to_owned());
        Some(())
    }

    /// Does one thing until it is done, or gives up.
    fn until_done(&self, history: &mut History, attempt: impl Fn(&str, usize) -> Option<Heard>) -> Option<Heard> {
        let began = Instant::now();
        for tries in 0.. {
            let url = {
                let urls = self.urls.lock().unwrap();
                urls[self.turn.fetch_add(1, Ordering::Relaxed) % urls.len()].clone()
            };
            let heard = attempt(&url, tries);
            let status = heard.as_ref().map_or(0, |heard| heard.status);
            if (200..300).contains(&status) {
                history.heard_at.push(Instant::now());
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
                return heard;
            }
            *history.refused.entry(status).or_default() += 1;
            if self.manner == Manner::GivesUp {
                let told = heard.map(|heard| heard.body);
                assert_eq!(status, 0, "{told:?}");
                return None;
            }
            if let Some(heard) = &heard {
                let is_borne = match self.manner {
                    Manner::PersistsBehindProxy => (502..=504).contains(&status),
                    _ => status == 503 && heard.may_retry,
                };
                assert!(is_borne, "{status} {}", heard.body);
            }
            assert!(began.elapsed() < PERSISTENCE, "no success within {PERSISTENCE:?}; the last status was {status}");
            std::thread::sleep(Duration::from_millis(50));
        }
        unreachable!("it tries until it is done or the time is over")
    }

    fn post(&self, path: &str, key: &str, body: &Value, history: &mut History) -> Option<Heard> {
        self.until_done(history, |url, _| {
            heard(
                self.agent
                    .post(format!("{url}{path}"))
                    .header("authorization", &self.site.bearer)
                    .header("idempotency-key", format!("{path}/{key}").replace(' ', "-"))
                    .send_json(body),
            )
        })
    }

    fn mitigate(&self, key: &str, etag: &str, history: &mut History) -> Option<Heard> {
        self.until_done(history, |url, tries| {
            let path = format!("{url}/api/v1/incidents/{key}");
            let answer = self
                .agent
                .patch(&path)
                .header("authorization", &self.site.bearer)
                .header("if-match", etag)
                .send_json(json!({"status": "mitigated"}));
            let heard = heard(answer)?;
            if heard.status != 412 {
                return Some(heard);
            }
            // Changed since: by the try before, whose answer was lost.
            assert!(tries > 0, "nobody else changes {key}");
            let now = self::heard(self.agent.get(&path).header("authorization", &self.site.bearer).call())?;
            assert!(now.status != 200 || now.body["status"] == "mitigated", "{}", now.body);
            Some(now)
        })
    }

    fn deliver(&self, id: &str, history: &mut History) -> Option<Heard> {
        let body = json!({
            "action": "created",
            "deployment_status": {"state": "success", "environment": "production",
                "created_at": "2026-11-23T13:50:00Z", "target_url": "https://ci.example/1", "description": ""},
            "deployment": {"id": external_id(id), "sha": "f95f852bd8fca8fcc58a9a2d6c842781e32a215e", "ref": "v1",
                "task": "deploy", "creator": {"login": "ada"}},
            "repository": {"name": "hooked", "full_name": "acme/hooked", "html_url": "https://git.example/acme/hooked"}
        })
        .to_string();
        let signature = format!("sha256={}", crate::senders::hmac_hex(&self.site.secret, body.as_bytes()));
        self.until_done(history, |url, _| {
            heard(
                self.agent
                    .post(format!("{url}{}", self.site.hook_path))
                    .header("content-type", "application/json")
                    .header("x-github-event", "deployment_status")
                    .header("x-github-delivery", id)
                    .header("x-hub-signature-256", &signature)
                    .send(body.as_bytes()),
            )
        })
    }
}

/// A number for a delivery, the same at each try.
fn external_id(id: &str) -> u64 {
    id.bytes().fold(7, |sum: u64, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)) % 1_000_000_007)
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    title: String,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// What must not be there: a record without its audit entry, a status without its event, a delivery that was read
/// twice.
const NONE_OF: &[(&str, &str)] = &[
    (
        "incidents without exactly one entry of their declaration",
        "SELECT count(*) AS count FROM incidents i WHERE 1 <> (SELECT count(*) FROM audit_entries a
             WHERE a.action = 'incident.declare' AND a.subject = 'INC-' || i.number)",
    ),
    (
        "action items without exactly one entry of their making",
        "SELECT count(*) AS count FROM action_items i WHERE 1 <> (SELECT count(*) FROM audit_entries a
             WHERE a.action = 'action_item.add' AND a.subject = 'ACT-' || i.number)",
    ),
    (
        "audit entries of incidents that are not there",
        "SELECT count(*) AS count FROM audit_entries a WHERE a.action LIKE 'incident.%'
             AND NOT EXISTS (SELECT 1 FROM incidents i WHERE a.subject = 'INC-' || i.number)",
    ),
    (
        "mitigated incidents without exactly one event and one entry of it",
        "SELECT count(*) AS count FROM incidents i WHERE i.status = 'mitigated' AND (
             i.mitigated_at IS NULL
             OR 1 <> (SELECT count(*) FROM audit_entries a
                 WHERE a.action = 'incident.change' AND a.subject = 'INC-' || i.number)
             OR 1 > (SELECT count(*) FROM timeline_events e WHERE e.incident_id = i.id AND e.kind = 'status'))",
    ),
    (
        "incidents that were changed without a new revision",
        "SELECT count(*) AS count FROM incidents WHERE status = 'mitigated' AND revision < 2",
    ),
    (
        "deploys that are there twice",
        "SELECT count(*) AS count FROM (SELECT external_id FROM deploys WHERE external_id IS NOT NULL
             GROUP BY source, external_id HAVING count(*) > 1) twice",
    ),
];

fn pairs(c: &mut Conn, query: &str) -> Result<Vec<Pair>, Error> {
    Ok(diesel::sql_query(query).load(c)?)
}

/// Looks for every acknowledged word, for whatever is half-made, and for what was made twice.
pub fn look_for(target: &Target, history: &History) {
    let db = Db::open(target).unwrap();
    let (made, delivered) = db
        .read_blocking(|c| {
            let mut faults = debrief::db::check::faults(c)?;
            for (what, query) in NONE_OF {
                let Count { count } = diesel::sql_query(*query).get_result(c)?;
                if count > 0 {
                    faults.push(format!("{count} {what}"));
                }
            }
            assert_eq!(faults, Vec::<String>::new());
            let mut made: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
            for (prefix, query) in [
                ("INC", "SELECT number, title FROM incidents ORDER BY number"),
                ("ACT", "SELECT number, title FROM action_items ORDER BY number"),
                ("DEP", "SELECT number, version AS title FROM deploys WHERE source = 'api' ORDER BY number"),
            ] {
                for Pair { number, title } in pairs(c, query)? {
                    made.entry((prefix, title)).or_default().push(format!("{prefix}-{number}"));
                }
            }
            let delivered = pairs(c, "SELECT id AS number, delivery_key AS title FROM deliveries ORDER BY id")?;
            Ok::<_, Error>((made, delivered))
        })
        .unwrap();
    for ((_, title), keys) in &made {
        assert_eq!(keys.len(), 1, "'{title}' was made more than once: {keys:?}");
    }
    for (key, title) in &history.made {
        let prefix = key.split('-').next().unwrap();
        assert_eq!(made.get(&(prefix, title.clone())), Some(&vec![key.clone()]), "{key} was acknowledged");
    }
    let keys: BTreeSet<&String> = history.made.iter().map(|(key, _)| key).collect();
    assert_eq!(keys.len(), history.made.len(), "no number is given twice");
    let delivered: BTreeSet<String> = delivered.into_iter().map(|pair| pair.title).collect();
    for id in &history.delivered {
        assert!(delivered.contains(id), "delivery '{id}' was acknowledged");
    }
    db.read_blocking(|c| {
        for key in &history.mitigated {
            let number = key.strip_prefix("INC-").unwrap();
            let Count { count } = diesel::sql_query(format!(
                "SELECT count(*) AS count FROM incidents WHERE number = {number} AND status = 'mitigated'"
            ))
            .get_result(c)?;
            assert_eq!(count, 1, "{key} was mitigated");
        }
        Ok::<_, Error>(())
    })
    .unwrap();
}

/// Works off what dead nodes left behind, once their leases are over, and looks whether each delivery became one deploy.
pub fn work_off(target: &Target, history: &History) {
    let later = Clock::System.now().plus_s(3 * debrief::jobs::model::LEASE_S);
    let app: App = TestApp::on(target, Clock::fixed(later)).app;
    actix_web::rt::System::new()
        .block_on(async { while debrief::jobs::worker::work_one(&app, debrief::server::JOBS).await.unwrap() {} });
    let (left, recorded) = app
        .db
        .read_blocking(|c| {
            let count =
                |c: &mut Conn, query: &str| diesel::sql_query(query).get_result::<Count>(c).map(|row| row.count);
            let left = count(c, "SELECT count(*) AS count FROM deliveries WHERE verdict <> 'recorded'")?;
            let recorded = count(c, "SELECT count(DISTINCT deploy_id) AS count FROM deliveries")?;
            Ok::<_, Error>((left, recorded))
        })
        .unwrap();
    assert_eq!(left, 0, "every delivery was read");
    assert!(recorded >= i64::try_from(history.delivered.len()).unwrap());
    drop(app);
    look_for(target, history);
}
