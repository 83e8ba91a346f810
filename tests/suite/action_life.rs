//! The life of an action item: blocked, put off, declined, split, merged, verified, checked for its effect; and that
//! many clients at once never break its rules.

use actix_web::http::Method;
use debrief::action_items::life::model::{Refusal, Step};
use debrief::action_items::model::{ActionDraft, ActionStatus, Due, Priority};
use debrief::action_items::{effects, history, queries};
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::db::Db;
use debrief::error::Error;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

use crate::both;
use crate::support::TestApp;

/// An item with this title, P3 and due on 1 December, of whoever the test acts for.
fn item(app: &TestApp, title: &str, priority: Priority) -> i64 {
    let now = app.now();
    let due = Due::On("2026-12-01".parse().unwrap());
    let draft = ActionDraft { priority, due, ..ActionDraft::titled(title) };
    app.write(|c| queries::add(c, &Actor::program("test"), &draft, now)).number
}

fn fields_of(app: &TestApp, number: i64) -> Vec<(String, Option<String>, String)> {
    app.read(|c| {
        let item = queries::by_number(c, number)?;
        let changes = history::queries::of_item(c, item.id)?;
        Ok(changes.into_iter().rev().map(|(change, _)| (change.field, change.new_value, change.reason)).collect())
    })
}

both!(
    async fn what_stands_in_the_way_is_said_and_cleared(app: TestApp) {
        let mut ada = app.ada();
        item(&app, "Alert on pool use", Priority::P3);
        let refused = ada.post("/action-items/ACT-1/block", &[("reason", " ")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("Say what stands in the way"));
        let page = ada.post_and_follow("/action-items/ACT-1/block", &[("reason", "Waits for the vendor")]).await;
        assert!(page.one(".note").contains("Waits for the vendor"), "{}", page.text());
        assert_eq!(ada.get("/action-items?view=blocked").await.all("tbody tr").len(), 1);
        assert_eq!(ada.post("/action-items/ACT-1/start", &[]).await.status, 422);
        assert_eq!(ada.post("/action-items/ACT-1/block/removal", &[]).await.status, 303);
        assert_eq!(app.read(|c| queries::by_number(c, 1)).blocked_reason, None);
        let undo = format!("/action-items/ACT-1/undo?revision={}", app.read(|c| queries::by_number(c, 1)).revision);
        assert_eq!(ada.post(&undo, &[]).await.status, 303);
        assert_eq!(app.read(|c| queries::by_number(c, 1)).blocked_reason.as_deref(), Some("Waits for the vendor"));
        // Closing it clears the way.
        assert_eq!(ada.post("/action-items/ACT-1/completion", &[("evidence", "See CI")]).await.status, 303);
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

both!(
    async fn putting_off_is_counted_whichever_way_it_is_done(app: TestApp) {
        let mut ada = app.ada();
        let max = app.user("Max", Role::Member);
        item(&app, "Alert on pool use", Priority::P3);
        let now = app.now();
        app.write(|c| {
            let mut policy = debrief::policies::queries::current(c)?;
            policy.put_off_person_id = Some(max);
            debrief::policies::queries::set(c, &Actor::program("test"), policy, now)
        });
        let delay = "/action-items/ACT-1/delay";
        let refused = ada.post(delay, &[("due_on", "2026-11-30"), ("reason", "")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains("Choose a later day") && refused.text().contains("Say why"));
        let page = ada.post_and_follow(delay, &[("due_on", "2026-12-08"), ("reason", "Waits for Bo")]).await;
        assert!(page.text().contains("put off once") && page.text().contains("Waits for Bo"), "{}", page.text());
        // By the edit form.
        let edit = [("title", "Alert"), ("due_on", "2026-12-09"), ("revision", "2"), ("priority", "P3")];
        assert_eq!(ada.post("/action-items/ACT-1", &edit).await.status, 303);
        // Nearer again is no putting off.
        let mut program = app.program(Scope::Write);
        let sooner = json!({"due_on": "2026-12-04"});
        let body = program.json(Method::PATCH, "/api/v1/action-items/ACT-1", &sooner).await.json();
        assert_eq!((&body["put_off_count"], &body["owner"]), (&json!(2), &json!(null)));
        // The third time it goes to the person of the policy.
        assert_eq!(ada.post(delay, &[("due_on", "2026-12-20"), ("reason", "Again")]).await.status, 303);
        let row = app.read(|c| queries::row(c, 1));
        assert_eq!((row.item.put_off_count, row.owner.unwrap().id), (3, max));
        let counted: Vec<_> = fields_of(&app, 1).into_iter().filter(|(field, ..)| field == "put_off").collect();
        assert_eq!(counted.iter().map(|(_, new, _)| new.as_deref().unwrap()).collect::<Vec<_>>(), ["1", "2", "3"]);
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

both!(
    async fn what_matters_is_verified_by_somebody_else(app: TestApp) {
        let (mut ada, mut bo) = (app.ada(), app.signed_in("Bo", Role::Member));
        item(&app, "Cap the pool", Priority::P1);
        ada.post("/action-items/ACT-1/completion", &[("evidence", "DEP-99")]).await;
        let page = ada.get("/action-items/ACT-1").await;
        assert!(page.text().contains("somebody else looks"), "{}", page.text());
        assert_eq!(ada.post("/action-items/ACT-1/verification", &[]).await.status, 422);
        assert_eq!(bo.post("/action-items/ACT-1/verification", &[]).await.status, 303);
        assert_eq!(app.read(|c| queries::by_number(c, 1)).status, ActionStatus::Verified);
        // A deploy that is not on record is a sentence, and no link.
        let evidence = app.read(|c| {
            let item = queries::by_number(c, 1)?;
            queries::evidence(c, item.id)
        });
        assert_eq!((evidence[0].text.as_str(), evidence[0].url.as_deref()), ("DEP-99", None));
    }
);

both!(
    async fn an_item_is_split_and_merged_and_each_knows_the_other(app: TestApp) {
        let mut ada = app.ada();
        item(&app, "Everything", Priority::P2);
        item(&app, "Same again", Priority::P2);
        let refused = ada.post("/action-items/ACT-1/parts", &[("titles", "Only one")]).await;
        assert_eq!(refused.status, 422);
        let page = ada.post_and_follow("/action-items/ACT-1/parts", &[("titles", "Alert\r\n\r\nCap the pool")]).await;
        assert_eq!(page.all("#related li").len(), 2, "{}", page.text());
        let part = app.read(|c| queries::row(c, 3));
        assert_eq!((part.item.title.as_str(), part.item.due_on), ("Alert", Some("2026-12-01".parse().unwrap())));
        assert!(ada.get("/action-items?view=declined").await.all("tbody tr").is_empty(), "replaced is not declined");
        let parent = app.read(|c| queries::by_number(c, 1));
        // Undone, the parts are closed and the whole goes on.
        let undo = format!("/action-items/ACT-1/undo?revision={}", parent.revision);
        assert_eq!(ada.post(&undo, &[]).await.status, 303);
        assert_eq!(app.read(|c| queries::by_number(c, 1)).status, ActionStatus::Open);
        assert!(app.read(|c| queries::by_number(c, 3)).replaced_at.is_some());

        assert_eq!(ada.post("/action-items/ACT-2/merge", &[("into", "ACT-2")]).await.status, 422);
        assert_eq!(ada.post("/action-items/ACT-2/merge", &[("into", "ACT-77")]).await.status, 422);
        let page = ada.post_and_follow("/action-items/ACT-2/merge", &[("into", "act-1")]).await;
        assert!(page.one("#related").contains("merged into"), "{}", page.text());
        assert!(ada.get("/action-items/ACT-1").await.one("#related").contains("merged in"));
        let mut program = app.program(Scope::Write);
        let split = json!({"titles": ["One", "Two", "Three"]});
        let parts = program.json(Method::POST, "/api/v1/action-items/ACT-1/parts", &split).await;
        assert_eq!(parts.status, 200);
        assert_eq!(parts.json()["items"][2]["related"][0], json!({"key": "ACT-1", "relation": "split from"}));
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

both!(
    async fn a_declined_item_stands_in_the_register_until_a_day(app: TestApp) {
        let mut ada = app.ada();
        item(&app, "Buy a second region", Priority::P3);
        let page = ada.post_and_follow("/action-items/ACT-1/decline", &[("reason", "Too dear this year")]).await;
        assert!(page.one("#declined").contains("Looked at again on 2027-05-24"), "{}", page.one("#declined"));
        let register = ada.get("/action-items?view=declined").await;
        assert!(register.one("tbody tr").contains("Too dear this year"));
        ada.post("/action-items/ACT-1/reopening", &[("reason", "There is money now")]).await;
        let day = [("reason", "Not yet"), ("look_again_on", "2027-01-10")];
        ada.post("/action-items/ACT-1/decline", &day).await;
        let item = app.read(|c| queries::by_number(c, 1));
        assert_eq!(item.look_again_on, Some("2027-01-10".parse().unwrap()));
    }
);

both!(
    async fn a_finished_item_is_asked_whether_it_works(app: TestApp) {
        let mut ada = app.ada();
        ada.post("/incidents", &[("title", "Down"), ("severity", "SEV2"), ("services", "checkout")]).await;
        let own = [("title", "Alert on pool use"), ("owner", "ada"), ("priority", "P3")];
        ada.post("/action-items", &own).await;
        ada.post("/action-items/ACT-1/completion", &[("evidence", "See CI")]).await;
        assert_eq!(app.read(|c| queries::by_number(c, 1)).check_on, Some("2026-12-23".parse().unwrap()));
        assert!(ada.get("/action-items?view=checks").await.all("tbody tr").is_empty());
        assert!(!ada.get("/").await.text().contains("Does it work?"));
        app.app.clock.advance_s(31 * 86_400);
        let mut ada = app.session_of(1);
        assert_eq!(ada.get("/action-items?view=checks").await.all("tbody tr").len(), 1);
        assert!(ada.get("/").await.text().contains("Does it work?"));
        // Its owner is told, once.
        for _ in 0..2 {
            app.app.clock.advance_s(3_601);
            debrief::jobs::worker::run_schedules(
                &app.app,
                debrief::server::SCHEDULES,
                &debrief::server::unable(&app.app.config),
            )
            .await
            .unwrap();
            app.work_queue().await;
        }
        let told = app.read(|c| {
            use debrief::db::schema::notices;
            use debrief::notify::model::NoticeKind;
            use diesel::prelude::*;
            let told = notices::table.filter(notices::kind.eq(NoticeKind::EffectCheckDue));
            Ok(told.count().get_result::<i64>(c)?)
        });
        assert_eq!(told, 1);
        let page = ada.get("/action-items/ACT-1").await;
        assert!(page.one("#effect").contains("It works"), "{}", page.text());
        ada.post("/action-items/ACT-1/effect", &[("effect", "works")]).await;
        let item = app.read(|c| queries::by_number(c, 1));
        assert_eq!((item.check_on, item.effect), (None, Some(effects_works())));
        assert!(ada.get("/action-items?view=checks").await.all("tbody tr").is_empty());
    }
);

fn effects_works() -> debrief::action_items::life::model::Effect {
    debrief::action_items::life::model::Effect::Works
}

both!(
    async fn an_item_whose_factor_strikes_again_is_shown_and_reopened_with_one_click(app: TestApp) {
        let mut ada = app.ada();
        let declare = |title: &'static str| {
            [("title", title), ("severity", "SEV2"), ("services", "checkout"), ("kind", "incident")]
        };
        ada.post("/incidents", &declare("Pool runs dry")).await;
        ada.post("/incidents/INC-1/factors", &[("name", "No alert on pool use")]).await;
        let own = [
            ("title", "Alert on pool use"),
            ("owner", "ada"),
            ("incident", "INC-1"),
            ("factor", "no-alert-on-pool-use"),
            ("priority", "P3"),
        ];
        for _ in 0..2 {
            ada.post("/action-items", &own).await;
        }
        ada.post("/action-items/ACT-1/completion", &[("evidence", "See CI")]).await;
        ada.post("/action-items/ACT-2/decline", &[("reason", "The first one is enough")]).await;
        app.app.clock.advance_s(86_400);
        ada.post("/incidents", &declare("Pool runs dry again")).await;
        ada.post("/incidents/INC-2/factors", &[("name", "No alert on pool use")]).await;
        let page = ada.get("/incidents/INC-2").await;
        let shown = page.one("#echoes");
        assert!(shown.contains("ACT-1") && shown.contains("its factor struck again"), "{}", page.text());
        assert!(shown.contains("ACT-2") && shown.contains("The first one is enough"), "{shown}");
        assert!(page.all("#echoes li").len() == 2);
        let insight = ada.get("/insights/actions").await;
        assert!(insight.one("tbody").contains("ACT-1") && insight.one("tbody").contains("INC-2"), "{}", insight.text());

        let click = [("effect", "came_back"), ("incident", "INC-2"), ("back", "/incidents/INC-2")];
        let page = ada.post_and_follow("/action-items/ACT-1/effect", &click).await;
        assert_eq!(page.one("h1"), "Pool runs dry again");
        assert!(page.one("#echoes").contains("reopened"), "{}", page.one("#echoes"));
        let item = app.read(|c| queries::by_number(c, 1));
        assert_eq!((item.status, item.check_on), (ActionStatus::Open, None));
        let history = fields_of(&app, 1);
        assert!(
            history.iter().any(|(field, _, why)| field == "status" && why == "It came back in INC-2"),
            "{history:?}"
        );
        // A third incident of the same kind on the same service asks about the service.
        let again = ada.post("/action-items/ACT-1/completion", &[("evidence", "See CI again")]).await;
        assert_eq!(again.status, 303, "{}", again.text());
        app.app.clock.advance_s(86_400);
        let third = ada.post("/incidents", &declare("Slow checkout")).await;
        assert_eq!(third.header("location"), Some("/incidents/INC-3"));
        let echoes = || {
            app.read(|c| {
                let incident = debrief::incidents::queries::by_number(c, 3)?;
                effects::queries::echoes(c, &incident)
            })
        };
        assert_eq!(echoes().len(), 1);
        assert!(echoes()[0].why().contains("of the same kind on checkout"), "{}", echoes()[0].why());
        // It was of another kind after all, and then it was not.
        let mut program = app.program(Scope::Write);
        for (kind, expected) in [("near_miss", 0), ("incident", 1)] {
            let changed = program.json(Method::PATCH, "/api/v1/incidents/INC-1", &json!({"kind": kind})).await;
            assert_eq!(changed.status, 200, "{}", changed.text());
            assert_eq!(echoes().len(), expected, "{kind}");
            assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
        }
        ada.post("/action-items/ACT-1/effect", &[("effect", "works"), ("incident", "INC-3")]).await;
        assert!(ada.get("/incidents/INC-3").await.one("#echoes").contains("it works"));
        // An answer that is taken back is none any more.
        let revision = app.read(|c| queries::by_number(c, 1)).revision;
        ada.post(&format!("/action-items/ACT-1/undo?revision={revision}"), &[]).await;
        assert!(!ada.get("/incidents/INC-3").await.one("#echoes").contains("it works"));
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

/// One operation of one client, read from random numbers.
fn operate(db: &Db, (client, choice, detail): (usize, u8, u8), number: i64, other: i64) -> Result<(), Error> {
    let actor = Actor { user_id: Some(client as i64 + 1), name: format!("client {client}"), request_id: String::new() };
    let now = super::support::start_of_tests();
    db.write_blocking(|c| {
        let present = queries::by_number(c, number)?;
        let later = present.due_on.map_or(now.date(), |day| day + chrono::Days::new(u64::from(detail % 20)));
        let step = |c: &mut _, step: Step| queries::step(c, &actor, number, &step, now).map(|_| ());
        match choice % 15 {
            0 => step(c, Step::Start),
            1 => step(c, Step::Stop),
            2 => step(c, Step::Complete(vec![format!("evidence {detail}")])),
            3 => step(c, Step::Verify),
            4 => step(c, Step::Decline(Refusal::because("no"))),
            5 | 6 => step(c, Step::Reopen("again".to_owned())),
            7 => step(c, Step::Block("vendor".to_owned())),
            8 => step(c, Step::Unblock),
            9 => queries::put_off(c, &actor, number, (later, "waits"), now).map(|_| ()),
            10 => {
                let wanted = format!("client-{}", detail % 8);
                queries::reassign(c, &actor, number, (Some(&wanted), ""), now).map(|_| ())
            }
            11 => queries::split(c, &actor, number, &["a".to_owned(), "b".to_owned()], now).map(|_| ()),
            12 => queries::merge(c, &actor, number, other, now).map(|_| ()),
            13 => {
                let effect = if detail.is_multiple_of(2) { "works" } else { "came_back" }.parse().unwrap();
                let answer = effects::model::Answer { effect, incident: None, reason: String::new() };
                effects::queries::answer(c, &actor, number, &answer, now).map(|_| ())
            }
            _ => queries::take_back(c, &actor, number, present.revision - i64::from(detail % 2), now).map(|_| ()),
        }
    })
}

/// Whether each word of the history follows from the one before, and the last is what is true now.
fn chained(
    history: &[(String, Option<String>, Option<String>)],
    field: &str,
    present: Option<String>,
) -> Result<(), String> {
    let mut last: Option<String> = None;
    for (_, old, new) in history.iter().filter(|(name, ..)| name == field) {
        // An answer that only repeats what is known is a fact as well.
        if *old != last && old != new {
            return Err(format!("{field}: {old:?} after {last:?}"));
        }
        last.clone_from(new);
    }
    if last == present { Ok(()) } else { Err(format!("{field}: {present:?}, but the history ends with {last:?}")) }
}

both!(
    async fn eight_clients_never_break_the_rules_of_one_item(app: TestApp) {
        for client in 0..8 {
            app.user(&format!("Client {client}"), Role::Member);
        }
        let other = item(&app, "The other one", Priority::P3);
        let mut runner =
            TestRunner::new(Config { cases: 4, failure_persistence: None, max_shrink_iters: 0, ..Config::default() });
        let operations = proptest::collection::vec((0..8_usize, any::<u8>(), any::<u8>()), 200);
        let outcome = runner.run(&operations, |operations| {
            let number = item(&app, "The one", Priority::P1);
            let done = std::thread::scope(|scope| {
                let clients: Vec<_> = (0..8)
                    .map(|client| {
                        let mine: Vec<_> = operations.iter().copied().filter(|(who, ..)| *who == client).collect();
                        let db = app.app.db.clone();
                        scope.spawn(move || {
                            let mut done = 0;
                            for operation in mine {
                                match operate(&db, operation, number, other) {
                                    Ok(()) => done += 1,
                                    Err(Error::Invalid(_) | Error::Conflict(_)) => {}
                                    Err(odd) => return Err(format!("{operation:?}: {odd:?}")),
                                }
                            }
                            Ok(done)
                        })
                    })
                    .collect();
                clients.into_iter().map(|client| client.join().unwrap()).sum::<Result<i64, String>>()
            });
            let done = done.map_err(TestCaseError::fail)?;
            let fail = |why: String| TestCaseError::fail(why);
            let (item, history, audits) = app.read(|c| {
                let item = queries::by_number(c, number)?;
                let history: Vec<_> = {
                    use debrief::db::schema::action_item_changes as changes;
                    use diesel::prelude::*;
                    changes::table
                        .filter(changes::action_item_id.eq(item.id))
                        .order(changes::id)
                        .select((changes::field, changes::old_value, changes::new_value))
                        .load::<(String, Option<String>, Option<String>)>(c)?
                };
                let audits: i64 = {
                    use debrief::db::schema::audit_entries as audit;
                    use diesel::prelude::*;
                    audit::table.filter(audit::subject.eq(item.key())).count().get_result(c)?
                };
                Ok((item, history, audits))
            });
            prop_assert!(done > 20, "only {done} operations went well");
            // Reassigning to the same person changes nothing, so it has neither a fact nor a revision.
            prop_assert_eq!(item.revision, audits, "every change has its entry, and none has two");
            prop_assert!(item.revision <= done + 1, "{} changes of {} operations", item.revision - 1, done);
            chained(&history, "status", Some(item.status.words().to_owned())).map_err(fail)?;
            chained(&history, "blocked", item.blocked_reason.clone()).map_err(fail)?;
            chained(&history, "due_on", item.due_on.map(|day| day.to_string())).map_err(fail)?;
            let count = Some(item.put_off_count.to_string()).filter(|_| item.put_off_count > 0);
            chained(&history, "put_off", count).map_err(fail)?;
            // By a connection of its own: SQLite's check of the search index may speak of a state that one remembers.
            let faults = app.second_node().read(debrief::db::check::faults);
            prop_assert!(faults.is_empty(), "{:?}", faults);
            Ok(())
        });
        outcome.unwrap();
    }
);
