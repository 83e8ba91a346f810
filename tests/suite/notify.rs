//! Who is told what, when, and how they choose.

use debrief::auth::actor::Actor;
use debrief::auth::model::Role;
use debrief::clock::Moment;
use debrief::db::Conn;
use debrief::error::Error;
use debrief::jobs::worker;
use debrief::notify::model::{Audience, Choice, Message, MessageState, Notice, NoticeKind, Thing};
use debrief::notify::queries;
use debrief::server;
use diesel::prelude::*;

use crate::both;
use crate::support::TestApp;
use crate::support::smtp::SmtpServer;

fn notice(kind: NoticeKind, title: &str, user_ids: &[i64]) -> Notice {
    Notice {
        kind,
        thing: Thing::new("retro", "RET-1", "/retros/RET-1"),
        title: title.to_owned(),
        body: String::new(),
        why: "you were there".to_owned(),
        audience: Audience::people(user_ids.iter().copied()),
        actor_id: None,
        dedup_key: None,
    }
}

fn messages(c: &mut Conn) -> Result<Vec<Message>, Error> {
    use debrief::db::schema::messages;
    Ok(messages::table.order(messages::id).select(Message::as_select()).load(c)?)
}

fn states(app: &TestApp) -> Vec<(Option<i64>, MessageState)> {
    app.read(messages).into_iter().map(|message| (message.user_id, message.state)).collect()
}

/// Lets the schedules put their jobs into the queue, and works it off.
async fn let_time_work(app: &TestApp) {
    worker::run_schedules(&app.app, server::SCHEDULES, &server::unable(&app.app.config)).await.unwrap();
    app.work_queue().await;
}

both!(
    async fn everybody_is_told_as_they_chose(app: TestApp) {
        let (ada, bo, cy) = (app.user("Ada", Role::Member), app.user("Bo", Role::Member), app.user("Cy", Role::Viewer));
        let now = app.now();
        app.write(|c| queries::choose(c, bo, NoticeKind::RetroMinutes, Choice::Daily));
        app.write(|c| queries::choose(c, cy, NoticeKind::RetroMinutes, Choice::Never));
        let mut minutes = notice(NoticeKind::RetroMinutes, "Minutes", &[ada, bo, cy, ada]);
        minutes.dedup_key = Some("minutes 1".to_owned());
        assert!(app.write(|c| queries::tell(c, &minutes, now)));
        assert_eq!(states(&app), [(Some(ada), MessageState::Waiting), (Some(bo), MessageState::Gathered)]);
        assert!(!app.write(|c| queries::tell(c, &minutes, now)), "told once");
        assert_eq!(states(&app).len(), 2);
        // Whoever did it knows.
        let mut own = notice(NoticeKind::RetroMinutes, "Minutes", &[ada]);
        own.actor_id = Some(ada);
        app.write(|c| queries::tell(c, &own, now));
        assert_eq!(states(&app).len(), 2);
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

both!(
    async fn the_settings_keep_what_is_chosen_and_show_again_what_is_wrong(app: TestApp) {
        let mut ada = app.ada();
        let page = ada.get("/settings/notifications").await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("ada@example.org"));
        assert_eq!(page.attribute("input[name=choice_mention][checked]", "value").as_deref(), Some("at_once"));
        let refused = ada
            .post("/settings/notifications", &[("digest_hour", "9"), ("quiet_from", "22"), ("choice_mention", "never")])
            .await;
        assert_eq!(refused.status, 422);
        assert!(refused.one("#f-quiet_until-error").contains("Pick the hour"), "{}", refused.one("main"));
        assert_eq!(refused.attribute("input[name=choice_mention][checked]", "value").as_deref(), Some("never"));
        let typed =
            [("digest_hour", "9"), ("quiet_from", "13"), ("quiet_until", "16"), ("choice_retro_minutes", "at_once")];
        let page = ada.post_and_follow("/settings/notifications", &typed).await;
        assert_eq!(page.attribute("#f-digest_hour option[selected]", "value").as_deref(), Some("9"));
        // It is 14:00: what is written now comes at 16:00.
        let (id, now) = (app.read(|c| debrief::auth::queries::by_email(c, "ada@example.org")).unwrap().id, app.now());
        app.write(|c| queries::tell(c, &notice(NoticeKind::RetroMinutes, "Minutes", &[id]), now));
        let due = app.read(messages)[0].due_at;
        assert_eq!(due, Moment::parse("2026-11-23T16:00:00Z").unwrap());
        assert_eq!(app.work_queue().await, 0);
        app.app.clock.advance_s(2 * 3_600);
        app.work_queue().await;
        let sent = app.read(messages).remove(0);
        assert_eq!((sent.state, sent.attempts), (MessageState::Skipped, 1), "no mail server: {}", sent.last_error);
    }
);

both!(
    async fn teams_hear_of_their_incidents_and_people_of_their_items(app: TestApp) {
        let mut ada = app.ada();
        let mut bo = app.signed_in("Bo", Role::Member);
        bo.post("/teams", &[("name", "Payments")]).await;
        let typed = [("name", "Checkout"), ("slug", "checkout"), ("team", "payments"), ("tier", "1")];
        assert_eq!(bo.post("/services", &typed).await.status, 303);
        let typed = [
            ("title", "Checkout is down"),
            ("severity", "SEV1"),
            ("services", "checkout"),
            ("other_services", ""),
            ("summary", "Nobody can pay. @cy looks"),
        ];
        app.user("Cy", Role::Viewer);
        assert_eq!(ada.post("/incidents", &typed).await.status, 303);
        let told: Vec<String> = app.read(messages).into_iter().map(|message| message.kind).collect();
        assert!(told.contains(&"incident_declared".to_owned()) && told.contains(&"mention".to_owned()), "{told:?}");
        ada.post("/action-items", &[("title", "Alert sooner"), ("owner", "bo"), ("incident", "INC-1")]).await;
        ada.post("/action-items", &[("title", "My own"), ("owner", "ada")]).await;
        let told: Vec<String> = app.read(messages).into_iter().map(|message| message.kind).collect();
        assert_eq!(told.iter().filter(|kind| *kind == "action_assigned").count(), 1, "{told:?}");
        assert_eq!(ada.post("/incidents/INC-1/updates", &[("update", "Half of it is back")]).await.status, 303);
        let told: Vec<String> = app.read(messages).into_iter().map(|message| message.kind).collect();
        assert!(told.contains(&"incident_updated".to_owned()), "{told:?}");
    }
);

/// Items of `owner_id`, due on the days that are so many days away.
fn items(app: &TestApp, owner_id: i64, days: &[i64]) {
    use debrief::db::schema::action_items;
    let (now, today) = (app.now(), app.now().date());
    app.write(|c| {
        let first: i64 = action_items::table.count().get_result(c)?;
        for (number, days) in (first + 1..).zip(days) {
            diesel::insert_into(action_items::table)
                .values((
                    action_items::number.eq(number),
                    action_items::title.eq(format!("Item {number}")),
                    action_items::details.eq(""),
                    action_items::kind.eq("prevent"),
                    action_items::status.eq("open"),
                    action_items::priority.eq("P3"),
                    action_items::owner_id.eq(owner_id),
                    action_items::due_on.eq(today + chrono::TimeDelta::days(*days)),
                    action_items::revision.eq(1),
                    action_items::created_at.eq(now),
                    action_items::updated_at.eq(now),
                ))
                .execute(c)?;
        }
        use debrief::db::schema::counters;
        diesel::update(counters::table.filter(counters::name.eq("action_item")))
            .set(counters::value.eq(first + i64::try_from(days.len()).unwrap()))
            .execute(c)?;
        Ok(())
    });
}

both!(
    async fn what_is_due_and_what_is_new_comes_once_a_day_in_one_letter(app: TestApp) {
        let Some(smtp) = SmtpServer::start() else { return };
        let app = app.with_mail(smtp.config());
        let (ada, bo, cy) = (app.user("Ada", Role::Member), app.user("Bo", Role::Member), app.user("Cy", Role::Member));
        let_time_work(&app).await;
        // Tomorrow at eight: one was due the day before, one is due, one in three days, and many others are not.
        items(&app, ada, &[0, 1, 4, 30, 60]);
        // Bo wants reminders as letters of their own; Cy wants none, and has news.
        items(&app, bo, &[1]);
        items(&app, cy, &[1]);
        let now = app.now();
        app.write(|c| {
            queries::choose(c, bo, NoticeKind::ActionDueToday, Choice::AtOnce)?;
            queries::choose(c, cy, NoticeKind::ActionDueToday, Choice::Never)?;
            queries::tell(c, &notice(NoticeKind::ReviewLate, "A review is late", &[cy]), now)
        });
        let_time_work(&app).await;
        assert_eq!(smtp.taken().len(), 0, "not before the hour");
        app.app.clock.advance_s(18 * 3_600);
        for _ in 0..4 {
            let_time_work(&app).await;
            app.app.clock.advance_s(300);
        }
        let letter_to = |name: &str| {
            let all: Vec<_> = smtp.taken().into_iter().filter(|letter| letter["to"][0] == name).collect();
            assert_eq!(all.len(), 1, "{name}");
            all[0].clone()
        };
        let (to_ada, to_bo, to_cy) =
            (letter_to("ada@example.org"), letter_to("bo@example.org"), letter_to("cy@example.org"));
        assert_eq!(to_ada["headers"]["subject"], "Your day in Debrief: 1 late, 1 due today, 1 due soon");
        assert!(to_ada["text"].as_str().unwrap().contains("1 day late"), "{}", to_ada["text"]);
        assert_eq!(to_bo["headers"]["subject"], "ACT-6 is due today: Item 6");
        assert_eq!(to_cy["headers"]["subject"], "Your day in Debrief: 1 new");
        assert!(to_cy["html"].as_str().unwrap().contains("because you were there"), "{}", to_cy["html"]);
        // The next day each has an item that is late since yesterday; the day after that there is nothing new.
        for count in [6, 6] {
            app.app.clock.advance_s(86_400);
            let_time_work(&app).await;
            assert_eq!(smtp.taken().len(), count);
        }
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

/// How many people the test of many digests has; by hand with more: `DEBRIEF_TEST_PEOPLE=10000`.
fn people_count() -> i64 {
    std::env::var("DEBRIEF_TEST_PEOPLE").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// So many people, past the forms.
fn crowd(app: &TestApp, count: i64) -> Vec<i64> {
    use debrief::db::schema::users;
    let now = app.now();
    app.write(|c| {
        (0..count)
            .map(|n| {
                Ok(diesel::insert_into(users::table)
                    .values((
                        users::email.eq(format!("p{n}@example.org")),
                        users::handle.eq(format!("p{n}")),
                        users::name.eq(format!("P{n}")),
                        users::role.eq(Role::Member),
                        users::zone.eq("UTC"),
                        users::theme.eq("system"),
                        users::keys_on.eq(true),
                        users::created_at.eq(now),
                    ))
                    .returning(users::id)
                    .get_result(c)?)
            })
            .collect()
    })
}

both!(
    async fn many_due_items_make_one_bounded_letter_each(app: TestApp) {
        let Some(smtp) = SmtpServer::start() else { return };
        let app = app.with_mail(smtp.config());
        let people = crowd(&app, people_count());
        let each: i64 = (2_000 / people_count()).max(1);
        let_time_work(&app).await;
        for person in &people {
            items(&app, *person, &vec![1; usize::try_from(each).unwrap()]);
        }
        app.app.clock.advance_s(18 * 3_600);
        // Two nodes at once, and again and again.
        let began = std::time::Instant::now();
        let other = app.second_node();
        for _ in 0..3 {
            futures_util::future::join(let_time_work(&app), let_time_work(&other)).await;
            app.app.clock.advance_s(300);
        }
        println!("{} digests in {:?}", people.len(), began.elapsed());
        let taken = smtp.taken();
        let mut to: Vec<String> = taken.iter().map(|letter| letter["to"][0].to_string()).collect();
        to.sort();
        to.dedup();
        assert_eq!((taken.len(), to.len()), (people.len(), people.len()), "one each");
        for letter in &taken {
            assert_eq!(letter["headers"]["subject"], format!("Your day in Debrief: {each} due today"));
            if each > 50 {
                let rest = format!("and {} more", each - 50);
                assert!(letter["text"].as_str().unwrap().contains(&rest), "{}", letter["text"]);
            }
        }
    }
);

both!(
    async fn old_messages_go_and_a_restored_person_starts_anew(app: TestApp) {
        let ada = app.user("Ada", Role::Member);
        let now = app.now();
        app.write(|c| queries::tell(c, &notice(NoticeKind::RetroMinutes, "Minutes", &[ada]), now));
        let_time_work(&app).await;
        assert_eq!(app.read(messages).len(), 1);
        app.app.clock.advance_s(91 * 86_400);
        let_time_work(&app).await;
        assert_eq!(app.read(messages).len(), 0);
        let actor = Actor::program("test");
        let now = app.now();
        app.write(|c| {
            queries::tell(c, &notice(NoticeKind::RetroMinutes, "Minutes", &[ada]), now)?;
            debrief::admin::queries::disable(c, &actor, ada, now)
        });
        assert_eq!(states(&app), [(Some(ada), MessageState::Skipped)]);
    }
);

both!(
    async fn what_nobody_took_and_nobody_wrote_is_told_to_the_team_once(app: TestApp) {
        let mut ada = app.ada();
        ada.post("/teams", &[("name", "Payments")]).await;
        ada.post("/services", &[("name", "Checkout"), ("tier", "1"), ("team", "payments")]).await;
        let incident =
            [("title", "Pool runs dry"), ("severity", "SEV1"), ("services", "checkout"), ("kind", "incident")];
        assert_eq!(ada.post("/incidents", &incident).await.status, 303);
        let typed = [("title", "Alert sooner"), ("team", "payments"), ("incident", "INC-1"), ("priority", "P1")];
        assert_eq!(ada.post("/action-items", &typed).await.status, 303);
        let resolved = [("status", "resolved"), ("from", "investigating")];
        assert_eq!(ada.post("/incidents/INC-1/status", &resolved).await.status, 303);
        let told = |app: &TestApp, kind: &'static str| {
            app.read(|c| {
                use debrief::db::schema::notices;
                let of_kind = notices::table.filter(notices::kind.eq(kind));
                Ok(of_kind.order(notices::id).select(notices::title).load::<String>(c)?)
            })
        };
        let_time_work(&app).await;
        assert_eq!(told(&app, "postmortem_due").len(), 0);
        app.app.clock.advance_s(4 * 86_400);
        for _ in 0..2 {
            let_time_work(&app).await;
            app.app.clock.advance_s(2 * 3_600);
        }
        assert_eq!(told(&app, "postmortem_due"), ["Postmortem due: INC-1 Pool runs dry"]);
        let item = app.read(|c| debrief::action_items::queries::by_number(c, 1));
        assert!(item.assign_by.is_some(), "the policy asks for an owner");
        app.app.clock.advance_s(7 * 86_400);
        for _ in 0..2 {
            let_time_work(&app).await;
            app.app.clock.advance_s(2 * 3_600);
        }
        let late = told(&app, "action_late");
        assert_eq!(late.iter().filter(|title| *title == "Needs an owner: ACT-1 Alert sooner").count(), 1, "{late:?}");
    }
);
