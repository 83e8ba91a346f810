//! Mail against a real SMTP server that is killed, hangs and refuses, and with senders that are killed.

use std::time::{Duration, Instant};

use debrief::auth::model::Role;
use debrief::clock::Clock;
use debrief::db::{Db, Target};
use debrief::jobs::queries::claim;
use debrief::notify::model::{Audience, Notice, NoticeKind, Thing};
use debrief::notify::{jobs, queries};

use crate::both;
use crate::support::TestApp;
use crate::support::program::{Folder, Server, debrief};
use crate::support::smtp::SmtpServer;

fn notice(title: &str, user_id: i64) -> Notice {
    Notice {
        kind: NoticeKind::RetroMinutes,
        thing: Thing::new("retro", "RET-1", "/retros/RET-1"),
        title: title.to_owned(),
        body: "What *we* decided.".to_owned(),
        why: "you were there".to_owned(),
        audience: Audience::people([user_id]),
        actor_id: None,
        dedup_key: None,
    }
}

fn tell(app: &TestApp, title: &str, user_id: i64) {
    let now = app.now();
    assert!(app.write(|c| queries::tell(c, &notice(title, user_id), now)));
}

both!(
    async fn a_letter_says_why_it_came_and_how_to_stop_it(app: TestApp) {
        let Some(server) = SmtpServer::start() else { return };
        let app = app.with_mail(server.config());
        let ada = app.user("Ada", Role::Member);
        tell(&app, "Minutes: Größe \r\nBcc: all@example.org", ada);
        app.work_queue().await;
        let taken = server.taken();
        assert_eq!(taken.len(), 1);
        let letter = &taken[0];
        assert_eq!(letter["to"], serde_json::json!(["ada@example.org"]), "nobody else gets it");
        let header = |name: &str| letter["headers"][name].as_str().unwrap_or_default().to_owned();
        assert!(header("subject").starts_with("Minutes: Größe"), "{}", header("subject"));
        assert!(header("list-unsubscribe").contains("/notifications/stop/"), "{}", header("list-unsubscribe"));
        assert_eq!(header("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
        for text in ["text", "html"] {
            let text = letter[text].as_str().unwrap();
            assert!(
                text.contains("because you were there") && text.contains("http://debrief.test/retros/RET-1"),
                "{text}"
            );
        }
        // One click, without a cookie: nothing of this kind comes any more, not even what was written already.
        tell(&app, "Minutes of another day", ada);
        let stop = header("list-unsubscribe").trim_matches(['<', '>']).replace("http://debrief.test", "");
        let mut mail_program = app.anonymous();
        assert_eq!(mail_program.get(&stop).await.status, 200);
        assert_eq!(mail_program.post(&stop, &[("List-Unsubscribe", "One-Click")]).await.status, 200);
        app.work_queue().await;
        assert_eq!(server.taken().len(), 1);
        assert_eq!(mail_program.post("/notifications/stop/other/mention", &[]).await.status, 404);
    }
);

both!(
    async fn letters_arrive_in_order_when_the_server_comes_back(app: TestApp) {
        let Some(mut server) = SmtpServer::prepare() else { return };
        let app = app.with_mail(server.config());
        let ada = app.user("Ada", Role::Member);
        for title in ["one", "two", "three"] {
            tell(&app, title, ada);
        }
        // Nobody listens.
        app.work_queue().await;
        app.app.clock.advance_s(60);
        app.work_queue().await;
        server.run();
        for mode in ["later", "refused"] {
            server.mode(mode);
            app.app.clock.advance_s(3_600);
            app.work_queue().await;
        }
        assert_eq!(server.taken().len(), 0);
        server.kill();
        app.app.clock.advance_s(3_600);
        app.work_queue().await;
        server.mode("ok");
        server.run();
        app.app.clock.advance_s(3_600);
        app.work_queue().await;
        let subjects: Vec<String> =
            server.taken().iter().map(|letter| letter["headers"]["subject"].as_str().unwrap().to_owned()).collect();
        assert_eq!(subjects, ["one", "two", "three"]);
        let mut ids = server.ids();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 3);
        assert_eq!(app.work_queue().await, 0);
    }
);

both!(
    async fn what_was_handed_over_and_not_written_down_comes_again_as_the_same_letter(app: TestApp) {
        let Some(server) = SmtpServer::start() else { return };
        let app = app.with_mail(server.config());
        let ada = app.user("Ada", Role::Member);
        tell(&app, "one", ada);
        let now = app.now();
        let job = app.write(|c| claim(c, "a node that dies", now)).unwrap();
        // It is sent, and the node dies before it can say so.
        let (node, lost) = (app.app.clone(), job.clone());
        let record = std::thread::spawn(move || jobs::send(&node, &lost).map(|_| ())).join().unwrap();
        record.unwrap();
        assert_eq!(app.work_queue().await, 0, "the lease holds");
        app.app.clock.advance_s(61);
        app.work_queue().await;
        let ids = server.ids();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0], ids[1]);
        assert_eq!(app.work_queue().await, 0);
    }
);

both!(
    async fn nobody_who_may_not_know_is_told(app: TestApp) {
        let Some(server) = SmtpServer::start() else { return };
        let app = app.with_mail(server.config());
        let (ada, bo) = (app.user("Ada", Role::Member), app.user("Bo", Role::Member));
        let mut admin = app.signed_in("Root", Role::Admin);
        for user in [ada, bo] {
            tell(&app, "one", user);
        }
        // The thing is not there (any more), so nobody may see it.
        let now = app.now();
        let mut gone = notice("INC-9 is resolved", ada);
        gone.thing = Thing::new("incident", "INC-9", "/incidents/INC-9");
        app.write(|c| queries::tell(c, &gone, now));
        assert_eq!(admin.post(&format!("/admin/people/{bo}/disabling"), &[]).await.status, 303);
        tell(&app, "two", bo);
        app.work_queue().await;
        let to: Vec<String> =
            server.taken().iter().map(|letter| letter["to"][0].as_str().unwrap().to_owned()).collect();
        assert_eq!(to, ["ada@example.org"]);
        let log = admin.get("/admin/messages?state=skipped").await;
        assert!(log.text().contains("the person may not see it"), "{}", log.one("main"));
        assert!(log.text().contains("the person was disabled"), "{}", log.one("main"));
    }
);

/// Waits for something that another process does.
fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_sender_that_is_killed_at_any_step_loses_no_letter() {
    let Some(server) = SmtpServer::start() else { return };
    let folder = Folder::new();
    let file = folder.file("kill.db");
    let db = Db::open(&Target::Sqlite(file.clone())).unwrap();
    let clock = Clock::System;
    let ada = db
        .write_blocking(|c| {
            let new = debrief::auth::queries::NewUser {
                email: "ada@example.org".to_owned(),
                name: "Ada".to_owned(),
                role: Role::Member,
                password_hash: None,
                zone: "UTC".to_owned(),
            };
            debrief::auth::queries::add_user(c, &debrief::auth::actor::Actor::program("test"), &new, clock.now())
        })
        .unwrap();
    let start = || {
        let mut command = debrief(&file);
        command
            .env("DEBRIEF_SMTP_HOST", "127.0.0.1")
            .env("DEBRIEF_SMTP_PORT", server.port.to_string())
            .env("DEBRIEF_SMTP_SECURITY", "none")
            .env("DEBRIEF_SMTP_FROM", "Debrief <debrief@debrief.test>");
        Server::start(&mut command)
    };
    let mut seen = 0;
    for (round, step) in ["mail", "rcpt", "data", "taken"].iter().enumerate() {
        server.mode(&format!("hang {step}"));
        let steps_before = server.steps().iter().filter(|seen| seen == step).count();
        let node = start();
        let title = format!("killed at {step}");
        db.write_blocking(|c| queries::tell(c, &notice(&title, ada), clock.now())).unwrap();
        wait_for(step, || server.steps().iter().filter(|seen| seen == step).count() > steps_before);
        node.kill();
        server.mode("ok");
        // As if the lease's minute had passed.
        db.write_blocking(|c| {
            use debrief::db::schema::jobs;
            use diesel::prelude::*;
            diesel::update(jobs::table.filter(jobs::leased_until.is_not_null()))
                .set(jobs::leased_until.eq(Some(debrief::clock::Moment::from_millis(0))))
                .execute(c)?;
            Ok::<_, debrief::error::Error>(())
        })
        .unwrap();
        let node = start();
        let count_of = |title: &str| {
            let taken = server.taken();
            let same: Vec<_> = taken.iter().filter(|letter| letter["headers"]["subject"] == title).collect();
            let mut ids: Vec<_> = same.iter().map(|letter| letter["headers"]["message-id"].to_string()).collect();
            ids.dedup();
            assert!(ids.len() <= 1, "one letter, one id: {ids:?}");
            same.len()
        };
        let wanted = if *step == "data" || *step == "taken" { 2 } else { 1 };
        wait_for("the letter", || {
            let is_settled = db
                .read_blocking(|c| {
                    use debrief::db::schema::messages;
                    use diesel::prelude::*;
                    Ok::<i64, debrief::error::Error>(
                        messages::table.filter(messages::state.eq("sent")).count().get_result(c)?,
                    )
                })
                .unwrap();
            is_settled == i64::try_from(round).unwrap() + 1
        });
        // Killed before the server kept it: once. After that: a second time, with the same id.
        let count = count_of(&title);
        assert!(count >= 1 && count <= wanted, "{title}: {count}");
        seen += 1;
        assert_eq!(node.stop(), 0);
    }
    assert_eq!(seen, 4);
}
