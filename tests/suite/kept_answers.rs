//! Answers of a moment ago are given again only while they are still true: whoever wrote, on whichever node.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use debrief::auth::model::{Role, SESSION_S, Scope};
use debrief::db::schema::{sessions, users};
use debrief::db::{Target, Version};
use diesel::prelude::*;
use serde_json::json;

use crate::both;
use crate::support::{Http, TestApp};

async fn given_again(app: &TestApp) -> u64 {
    let figures = app.anonymous().get("/metrics").await.text();
    let line = figures.lines().find(|line| line.starts_with("debrief_http_answers_given_again_total "));
    line.expect("the figure is there").rsplit(' ').next().unwrap().parse().unwrap()
}

both!(
    async fn what_any_node_writes_shows_at_once_on_every_node(app: TestApp) {
        let other = app.second_node();
        let ada_id = app.user("Ada", Role::Member);
        let (mut here, mut there) = (app.session_of(ada_id), other.session_of(ada_id));
        let mut programs = [app.program(Scope::Write), other.anonymous()];
        programs[1].bearer = programs[0].bearer.clone();
        let made = json!({"title": "Title 0", "severity": "SEV3"});
        assert_eq!(programs[0].json(actix_web::http::Method::POST, "/api/v1/incidents", &made).await.status, 201);
        for n in 1..=30 {
            let body = json!({ "title": format!("Title {n}") });
            let answer = programs[n % 2].json(actix_web::http::Method::PATCH, "/api/v1/incidents/INC-1", &body).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            for path in ["/incidents", "/incidents/INC-1", "/"] {
                for reader in [&mut here, &mut there] {
                    for turn in ["first", "again"] {
                        let text = reader.get(path).await.text();
                        assert!(text.contains(&format!("Title {n}<")), "{path} {turn} after {n} writes: {text}");
                    }
                }
            }
        }
        for node in [&app, &other] {
            let count = given_again(node).await;
            assert!(count >= 60, "only {count} answers were kept");
        }
    }
);

both!(
    async fn a_kept_answer_opens_to_nobody_who_may_not_come_in_any_more(app: TestApp) {
        let other = app.second_node();
        let (bob_id, cleo_id) = (app.user("Bob", Role::Member), app.user("Cleo", Role::Member));
        let (mut bob, mut cleo) = (app.session_of(bob_id), app.session_of(cleo_id));
        for person in [&mut bob, &mut cleo] {
            for _ in 0..2 {
                assert_eq!(person.get("/incidents").await.status, 200);
            }
        }
        // Two writes of another node that end a session and a membership, and time that ends a session by itself.
        other.write(|c| Ok(diesel::delete(sessions::table.filter(sessions::user_id.eq(bob_id))).execute(c)?));
        assert_eq!(bob.get("/incidents").await.status, 303);
        let now = app.now();
        other.write(|c| Ok(diesel::update(users::table.find(cleo_id)).set(users::disabled_at.eq(now)).execute(c)?));
        assert_eq!(cleo.get("/incidents").await.status, 303);
        let mut ada = app.ada();
        assert_eq!(ada.get("/incidents").await.status, 200);
        app.app.clock.advance_s(SESSION_S);
        assert_eq!(ada.get("/incidents").await.status, 303);
    }
);

both!(
    async fn a_kept_answer_belongs_to_one_session_one_address_and_one_moment(app: TestApp) {
        let (mut ada, mut vic) = (app.ada(), app.signed_in("Vic", Role::Viewer));
        async fn page(http: &mut Http, path: &str) -> String {
            http.get(path).await.text()
        }
        for _ in 0..2 {
            let (of_ada, of_vic) = (page(&mut ada, "/incidents").await, page(&mut vic, "/incidents").await);
            assert!(of_ada.contains("Declare it while it lasts") && !of_ada.contains("Members declare them"));
            assert!(of_vic.contains("Members declare them") && !of_vic.contains("Declare it while it lasts"));
            assert!(page(&mut ada, "/incidents?severity=SEV1").await.contains("No incident is like that"));
        }
        let made = json!({"title": "Pool is empty", "severity": "SEV3"});
        let answer = app.program(Scope::Write).json(actix_web::http::Method::POST, "/api/v1/incidents", &made).await;
        assert_eq!(answer.status, 201);
        assert!(page(&mut ada, "/incidents").await.contains("just now"));
        let before = given_again(&app).await;
        assert!(page(&mut ada, "/incidents").await.contains("just now"));
        assert_eq!(given_again(&app).await, before + 1);
        app.app.clock.advance_s(120);
        assert!(page(&mut ada, "/incidents").await.contains("2 min ago"), "how long ago things were goes on");
    }
);

/// What writers count up, and what a reader found between two equal versions.
type Seen = Mutex<HashMap<(usize, String), i64>>;

both!(
    async fn equal_versions_are_equal_states(app: TestApp) {
        use debrief::db::schema::counters;
        app.write(|c| {
            diesel::insert_into(counters::table)
                .values((counters::name.eq("test"), counters::value.eq(0_i64)))
                .execute(c)?;
            Ok(())
        });
        let nodes = [app.clone(), app.second_node()];
        let is_server = matches!(app.app.db.target(), Target::Postgres(_));
        let (seen, is_over): (Arc<Seen>, _) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (node, is_over) = (nodes[writer % 2].clone(), is_over.clone());
                std::thread::spawn(move || {
                    for _ in 0..150 {
                        node.write(|c| {
                            diesel::update(counters::table.find("test"))
                                .set(counters::value.eq(counters::value + 1))
                                .execute(c)?;
                            Ok(())
                        });
                        std::thread::sleep(std::time::Duration::from_millis(2));
                    }
                    is_over.store(true, Ordering::Relaxed);
                })
            })
            .collect();
        let mut agreed = 0;
        while !is_over.load(Ordering::Relaxed) {
            for (place, node) in nodes.iter().enumerate() {
                let Some(before) = node.app.db.version().await else { continue };
                let value: i64 = node.read(|c| Ok(counters::table.find("test").select(counters::value).first(c)?));
                let after: Option<Version> = node.app.db.version().await;
                if after.as_ref() != Some(&before) {
                    continue;
                }
                agreed += 1;
                // A server's versions mean the same on every node, a file's only where they were taken.
                let key = (if is_server { 0 } else { place }, format!("{before:?}"));
                let first = *seen.lock().unwrap().entry(key).or_insert(value);
                assert_eq!(first, value, "{before:?} was two states");
            }
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert!(agreed > 20, "only {agreed} looks fell between two writes");
        let total: i64 = app.read(|c| Ok(counters::table.find("test").select(counters::value).first(c)?));
        assert_eq!(total, 600);
    }
);
