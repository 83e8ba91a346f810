//! A retro that three browsers watch, on two nodes, as processes of their own, with one PostgreSQL.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use debrief::action_items::model::{ActionDraft, ActionStatus, Due};
use debrief::action_items::queries as items;
use debrief::auth::actor::Actor;
use debrief::auth::model::Role;
use debrief::auth::queries::{Browser, NewUser, add_user, open_session};
use debrief::clock::Clock;
use debrief::db::{Db, Target};
use debrief::error::Error;
use debrief::retros::queries;
use debrief::retros::queries_stage::board;

use crate::support::databases::Database;
use crate::support::program::{Server, debrief};

/// How long a decision may take until everybody knows of it; far more than it should.
const PATIENCE: Duration = Duration::from_secs(20);
const ITEM_COUNT: usize = 8;

/// Follows a retro as a browser does; sends on each revision that it is told.
fn watch(base_url: &str, cookie: &str, who: usize, told: mpsc::Sender<(usize, i64)>) -> TcpStream {
    let address = base_url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /retros/1/events HTTP/1.1\r\nhost: {address}\r\ncookie: debrief={cookie}\r\n\r\n").unwrap();
    let reader = BufReader::new(stream.try_clone().unwrap());
    std::thread::spawn(move || {
        for line in reader.lines().map_while(Result::ok) {
            if let Some(revision) = line.strip_prefix("data: ")
                && told.send((who, revision.trim().parse().unwrap())).is_err()
            {
                return;
            }
        }
    });
    stream
}

struct People {
    agent: ureq::Agent,
}

impl People {
    fn post(&self, base_url: &str, cookie: &str, path: &str, fields: &[(&str, &str)]) {
        let answer = self
            .agent
            .post(format!("{base_url}{path}"))
            .header("cookie", format!("debrief={cookie}"))
            .send_form(fields.iter().copied())
            .unwrap();
        assert_eq!(answer.status(), 303, "{path}");
    }

    fn get(&self, base_url: &str, cookie: &str, path: &str) -> String {
        let mut answer =
            self.agent.get(format!("{base_url}{path}")).header("cookie", format!("debrief={cookie}")).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }
}

#[test]
fn three_browsers_on_two_nodes_see_each_decision_and_a_dead_one_loses_nothing() {
    let Some(database) = Database::postgres() else {
        println!("skipped: DEBRIEF_TEST_PG is unset; bin/test starts a PostgreSQL and sets it");
        return;
    };
    let Target::Postgres(address) = database.target() else { unreachable!("asked for PostgreSQL") };
    let db = Db::open(database.target()).unwrap();
    let (now, actor) = (Clock::System.now(), Actor::program("test"));
    let cookies: Vec<String> = ["Ada", "Grace"]
        .into_iter()
        .map(|name| {
            db.write_blocking(|c| {
                let new = NewUser {
                    email: format!("{}@example.org", name.to_lowercase()),
                    name: name.to_owned(),
                    role: Role::Member,
                    password_hash: None,
                    zone: "UTC".to_owned(),
                };
                let id = add_user(c, &actor, &new, now)?;
                let browser = Browser { user_agent: "test".to_owned(), address: "127.0.0.1".to_owned() };
                open_session(c, id, &browser, now)
            })
            .unwrap()
        })
        .collect();
    let (ada, grace) = (&cookies[0], &cookies[1]);
    db.write_blocking(|c| {
        let team = debrief::teams::queries::add(c, &actor, "Payments", now)?;
        for n in 0..ITEM_COUNT {
            let draft = ActionDraft {
                team: Some(team.slug.clone()),
                due: Due::On("2020-01-06".parse().unwrap()),
                ..ActionDraft::titled(format!("Item {n}"))
            };
            items::add(c, &actor, &draft, now)?;
        }
        Ok::<_, Error>(())
    })
    .unwrap();

    let start = || Server::start(&mut debrief(std::path::Path::new(address)));
    let (first, second) = (start(), start());
    let agent = ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().into();
    let people = People { agent };
    people.post(&first.base_url, ada, "/retros", &[("team", "payments")]);
    let (sender, told) = mpsc::channel();
    let mut streams = vec![
        watch(&first.base_url, ada, 0, sender.clone()),
        watch(&second.base_url, grace, 1, sender.clone()),
        watch(&second.base_url, ada, 2, sender),
    ];

    let read = || db.read_blocking(|c| board(c, 1)).unwrap();
    let mut slowest = Duration::ZERO;
    for (n, line) in read().lines.iter().enumerate().take(ITEM_COUNT - 2) {
        let (node, who) = if n % 2 == 0 { (&first, ada) } else { (&second, grace) };
        let path = format!("/retros/1/entries/{}/decisions", line.entry.id);
        let began = Instant::now();
        people.post(&node.base_url, who, &path, &[("verb", "done"), ("text", "DEP-1"), ("seen", "0")]);
        let revision = read().retro.revision;
        let mut knows = [false; 3];
        while knows.contains(&false) {
            let (watcher, seen) = told.recv_timeout(PATIENCE).expect("everybody is told");
            knows[watcher] |= seen >= revision;
        }
        slowest = slowest.max(began.elapsed());
    }
    println!("slowest decision until all three knew: {} ms", slowest.as_millis());
    assert_eq!(read().handled_count(), ITEM_COUNT - 2);

    // Ada's browser dies, and her node with it; Grace goes on where they were.
    drop(streams.remove(0));
    drop(first);
    let page = people.get(&second.base_url, grace, "/retros/1");
    assert!(page.contains(&format!("Item {}", ITEM_COUNT - 2)) && page.contains("Ada leads"), "{page}");
    people.post(&second.base_url, grace, "/retros/1/lead", &[("lead", "")]);
    people.post(&second.base_url, grace, "/retros/1/undo", &[]);
    let number = i64::try_from(ITEM_COUNT - 2).unwrap();
    let item = db.read_blocking(|c| items::by_number(c, number)).unwrap();
    assert_eq!(item.status, ActionStatus::Open, "the last decision, Ada's or not, can still be taken back");
    people.post(&second.base_url, grace, "/retros/1/closing", &[]);
    let closed = db.read_blocking(|c| queries::by_id(c, 1)).unwrap();
    assert!(closed.minutes.unwrap().contains("- ACT-1 Item 0: done: DEP-1"));
    // Pages that are still open hold nobody up.
    assert_eq!(second.stop(), 0);
    drop(streams);
}
