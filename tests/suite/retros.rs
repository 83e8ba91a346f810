//! Retros: from the frozen agenda to the minutes.

use actix_web::http::Method;
use debrief::action_items::model::{ActionDraft, ActionStatus, Due};
use debrief::action_items::{history, queries as items};
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::retros::model::RetroStatus;
use debrief::retros::queries_stage::board;
use debrief::retros::{queries, queries_series};
use serde_json::json;

use crate::both;
use crate::support::{Http, TestApp};

/// The first person of a test.
const ADA: i64 = 1;

/// Payments with Ada in it, who owns one service.
async fn payments(app: &TestApp) -> Http {
    let mut ada = app.ada();
    ada.post("/teams", &[("name", "Payments")]).await;
    ada.post("/services", &[("name", "Checkout"), ("tier", "1"), ("team", "payments")]).await;
    ada
}

/// An item of the team; the day of the tests is 23 November 2026.
fn item(app: &TestApp, title: &str, owner: Option<&str>, due_on: Option<&str>) -> i64 {
    let draft = ActionDraft {
        team: Some("payments".to_owned()),
        owner: owner.map(str::to_owned),
        due: due_on.map_or(Due::Never, |day| Due::On(day.parse().unwrap())),
        ..ActionDraft::titled(title)
    };
    let now = app.now();
    app.write(|c| items::add(c, &Actor::program("test"), &draft, now)).number
}

/// The present entry's decisions are sent here.
fn decisions(page: &crate::support::browser::Answer) -> String {
    page.attribute("form[data-say]", "action").unwrap()
}

both!(
    async fn a_retro_is_walked_decided_undone_and_closed_without_script(app: TestApp) {
        let mut ada = payments(&app).await;
        app.user("Grace", Role::Member);
        item(&app, "Late one", Some("ada"), Some("2026-11-20"));
        item(&app, "Due soon", Some("ada"), Some("2026-12-01"));
        item(&app, "Nobody's", None, Some("2027-03-01"));
        item(&app, "Undated", Some("ada"), None);
        item(&app, "All is well", Some("ada"), Some("2027-03-01"));
        let mut program = app.program(Scope::Write);
        let incident = json!({"title": "Pool exhausted", "severity": "SEV2", "services": ["checkout"]});
        assert_eq!(program.json(Method::POST, "/api/v1/incidents", &incident).await.status, 201);
        let deploy = json!({"service": "checkout", "version": "2.4.1", "status": "failed"});
        assert_eq!(program.json(Method::POST, "/api/v1/deploys", &deploy).await.status, 201);

        let page = ada.post_and_follow("/retros", &[("team", "payments")]).await;
        assert_eq!(page.one("h1"), "Late one");
        assert_eq!(
            page.all("#agenda .agenda-reason"),
            [
                "late",
                "due before the next retro",
                "without an owner",
                "without a date",
                "new incident",
                "deploy that failed"
            ]
        );
        assert!(page.one(".retro-bar").contains("1 of 6"), "{}", page.one(".retro-bar"));
        assert!(!page.text().contains("All is well"));
        // Whoever starts again joins.
        assert_eq!(ada.post("/retros", &[("team", "payments")]).await.header("location"), Some("/retros/1"));

        let refused = ada.post(&decisions(&page), &[("verb", "done"), ("text", "")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.one("#f-text-error").contains("Give the evidence"), "{}", refused.text());
        let refused = ada.post(&decisions(&page), &[("verb", ""), ("text", "DEP-1")]).await;
        assert_eq!((refused.status.as_u16(), refused.typed("text").as_str()), (422, "DEP-1"));
        let page = ada.post_and_follow(&decisions(&page), &[("verb", "done"), ("text", "DEP-1")]).await;
        assert_eq!(page.one("h1"), "Due soon");
        assert!(page.one("#decided").contains("done: DEP-1"));
        assert_eq!(app.read(|c| items::by_number(c, 1)).status, ActionStatus::Done);

        let page = ada.post_and_follow("/retros/1/undo", &[]).await;
        assert_eq!(page.one("h1"), "Late one");
        assert_eq!(app.read(|c| items::by_number(c, 1)).status, ActionStatus::Open);
        let page = ada.post_and_follow(&decisions(&page), &[("verb", "done"), ("text", "DEP-1")]).await;

        let refused = ada.post(&decisions(&page), &[("verb", "put_off"), ("text", "24 Nov no")]).await;
        assert_eq!(refused.status, 422, "not later than it is due");
        let page =
            ada.post_and_follow(&decisions(&page), &[("verb", "put_off"), ("text", "10 Dec storage first")]).await;
        let due = app.read(|c| items::by_number(c, 2)).due_on.unwrap();
        assert_eq!(due.to_string(), "2026-12-10");
        let page = ada.post_and_follow(&decisions(&page), &[("verb", "assigned"), ("text", "@grace")]).await;
        assert_eq!(app.read(|c| items::row(c, 3)).owner.unwrap().name, "Grace");
        let page =
            ada.post_and_follow(&decisions(&page), &[("verb", "split"), ("text", "First half; Second half")]).await;
        assert_eq!(page.one("h1"), "Pool exhausted");
        assert_eq!(app.read(|c| items::row(c, 6)).item.title, "First half");
        let page =
            ada.post_and_follow(&decisions(&page), &[("verb", "item_added"), ("text", "Alert on the pool")]).await;
        let added = app.read(|c| items::row(c, 8));
        assert_eq!((added.item.title.as_str(), added.origin.unwrap().number), ("Alert on the pool", 1));
        let page = ada.post_and_follow(&decisions(&page), &[("verb", "passed"), ("text", "")]).await;
        assert_eq!(page.one("h1"), "That was the agenda");

        app.app.clock.advance_s(600);
        let page = ada.post_and_follow("/retros/1/closing", &[]).await;
        assert!(page.one("h1").contains("Retro of Payments"), "{}", page.text());
        let minutes = ada.get("/retros/1.md").await.text();
        for line in [
            "- People: Ada",
            "- Looked at 6 of 6",
            "- ACT-1 Late one: done: DEP-1",
            "- ACT-2 Due soon: put off to 10 Dec 2026: storage first",
            "- ACT-2 Due soon: to 10 Dec 2026, for the 1st time",
            "- ACT-3 Nobody's: assigned to Grace",
            "- ACT-4 Undated: split into ACT-6, ACT-7",
            "- ACT-8 Alert on the pool",
            "- DEP-1 Checkout 2.4.1: deploy that failed, looked at",
        ] {
            assert!(minutes.contains(line), "{line} is not in\n{minutes}");
        }
        let (id, told) = app.read(|c| {
            let item = items::by_number(c, 2)?;
            Ok((item.id, history::queries::of_item(c, item.id)?))
        });
        assert!(
            told.iter().any(|(change, _)| change.field == "retro"
                && change.new_value.as_deref() == Some("put off to 10 Dec 2026: storage first")
                && change.reason.contains("Retro of Payments")),
            "{id}: {told:?}"
        );
        assert_eq!(ada.post(&format!("/retros/1/entries/{}/decisions", 1), &[("verb", "passed")]).await.status, 303);
        assert_eq!(app.read(|c| queries::by_id(c, 1)).status, RetroStatus::Closed);
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());

        let listed = program.get("/api/v1/retros?team=payments").await.json();
        assert_eq!(listed["items"][0]["status"], "closed");
        let one = program.get("/api/v1/retros/1").await.json();
        assert_eq!(one["agenda"][0]["decisions"][0]["verb"], "done");
        assert_eq!(one["minutes"].as_str().unwrap(), minutes);
        let mut viewer = app.signed_in("Vera", Role::Viewer);
        assert_eq!(viewer.get("/retros/1").await.status, 200);
        assert_eq!(viewer.get("/retros/1.json").await.json()["id"], 1);
    }
);

both!(
    async fn two_who_decide_at_once_do_not_decide_twice(app: TestApp) {
        let mut ada = payments(&app).await;
        let mut grace = app.signed_in("Grace", Role::Member);
        item(&app, "Late one", Some("ada"), Some("2026-11-20"));
        item(&app, "Later one", Some("ada"), Some("2026-11-21"));
        let page = ada.post_and_follow("/retros", &[("team", "payments")]).await;
        let action = decisions(&page);
        assert_eq!(grace.get("/retros/1").await.one("h1"), "Late one");
        ada.post_and_follow(&action, &[("verb", "done"), ("text", "DEP-1"), ("seen", "0")]).await;
        let late =
            grace.post_and_follow(&action, &[("verb", "put_off"), ("text", "10 Dec because"), ("seen", "0")]).await;
        assert!(late.one(".flash").contains("Ada was faster: done: DEP-1"), "{}", late.one(".flash"));
        assert!(late.one(".flash").contains("You had typed: 10 Dec because"));
        assert_eq!(app.read(|c| items::by_number(c, 1)).status, ActionStatus::Done);

        // The lead: Grace cannot close before she takes over; Ada's browser is not asked.
        let refused = grace.post_and_follow("/retros/1/closing", &[]).await;
        assert!(refused.one(".flash").contains("Take over the lead first"));
        let page = grace.post_and_follow("/retros/1/lead", &[("lead", "")]).await;
        assert!(page.one(".retro-bar").contains("You lead · 2 here"), "{}", page.one(".retro-bar"));
        let refused = grace.post("/retros/1/lead", &[("lead", "@nobody")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.one("#f-lead-error"), "Nobody who can lead is called @nobody. Check the handle.");
        assert_eq!(refused.attribute("#f-lead", "value").as_deref(), Some("@nobody"));
        assert!(refused.all("form[data-say] .field-error").is_empty());
        let refused = grace.post("/retros/1/time-box", &[("minutes", "900")]).await;
        assert_eq!(
            (refused.status.as_u16(), refused.one("#f-minutes-error")),
            (422, "Give 1 to 60 minutes.".to_owned())
        );
        let page = grace.post_and_follow("/retros/1/position", &[("position", "1")]).await;
        assert_eq!(page.one("h1"), "Late one");
        assert!(page.one("form[data-say]").contains("Verified"));
        let page = grace.post_and_follow(&decisions(&page), &[("verb", "verified"), ("text", "")]).await;
        assert_eq!(app.read(|c| items::by_number(c, 1)).status, ActionStatus::Verified);
        assert_eq!(page.one("h1"), "Later one");
        // An item that was changed since is not turned back.
        ada.post("/action-items/ACT-1/reopening", &[("reason", "It is not")]).await;
        let page = grace.post_and_follow("/retros/1/undo", &[]).await;
        assert!(page.one(".flash").contains("ACT-1 was changed since"), "{}", page.one(".flash"));
        let minutes = grace.post_and_follow("/retros/1/closing", &[]).await;
        assert!(minutes.text().contains("not reached"), "{}", minutes.text());
        // What was not reached comes back, and says so.
        let page = ada.post_and_follow("/retros", &[("team", "payments")]).await;
        assert_eq!(page.one("h1"), "Late one");
        let page = ada.post_and_follow("/retros/2/position", &[("position", "2")]).await;
        assert!(page.one(".retro-entry").contains("left over from the last retro"), "{}", page.one(".retro-entry"));
    }
);

both!(
    async fn cards_are_written_quietly_grouped_voted_on_and_become_items(app: TestApp) {
        let mut ada = payments(&app).await;
        let mut grace = app.signed_in("Grace", Role::Member);
        ada.post("/retros", &[("team", "payments")]).await;
        assert!(
            ada.post_and_follow("/retros/1/cards", &[("mood", "puzzled"), ("text", "x")])
                .await
                .one(".flash")
                .contains("No round")
        );
        ada.post("/retros/1/cards/phase", &[("phase", "writing"), ("anonymous", "on")]).await;
        assert_eq!(ada.post("/retros/1/cards", &[("mood", "sad"), ("text", "")]).await.status, 422);
        for (mut http, mood, text) in [
            (ada.clone(), "went_badly", "The pager was silent"),
            (grace.clone(), "went_badly", "Nobody was paged"),
            (grace.clone(), "went_well", "The <b>rollback</b> was quick"),
        ] {
            assert_eq!(http.post("/retros/1/cards", &[("mood", mood), ("text", text)]).await.status, 303);
        }
        let hidden = ada.get("/retros/1/cards").await;
        assert!(hidden.one(".note").contains("3 cards wait face down"), "{}", hidden.one(".note"));
        assert!(!hidden.text().contains("silent") && !hidden.text().contains("paged"));
        let authors: Vec<Option<i64>> = app.read(|c| {
            use debrief::db::schema::retro_cards;
            use diesel::prelude::*;
            Ok(retro_cards::table.select(retro_cards::author_id).load(c)?)
        });
        assert_eq!(authors, [None, None, None], "nobody stores who wrote an anonymous card");
        let log = app.read(|c| debrief::auth::audit::list(c, Some("retro 1"), Default::default()));
        assert!(log.rows.iter().filter(|entry| entry.action == "retro.card").all(|entry| entry.user_id.is_none()));

        ada.post("/retros/1/cards/phase", &[("phase", "revealed")]).await;
        let table = grace.get("/retros/1/cards").await;
        assert!(table.text().contains("The &#60;b&#62;rollback") || table.text().contains("The &lt;b&gt;rollback"));
        ada.post("/retros/1/cards/2/group", &[("under", "1")]).await;
        for _ in 0..2 {
            grace.post("/retros/1/cards/1/vote", &[]).await;
        }
        ada.post("/retros/1/cards/1/vote", &[]).await;
        ada.post("/retros/1/cards/3/vote", &[]).await;
        ada.post("/retros/1/cards/3/vote/removal", &[]).await;
        let table = ada.get("/retros/1/cards").await;
        assert!(table.one(".card-column:nth-of-type(2) .card").contains("2 votes"), "{}", table.text());
        ada.post("/retros/1/cards/1/action-item", &[]).await;
        assert_eq!(app.read(|c| items::row(c, 1)).item.title, "The pager was silent");
        ada.post("/retros/1/closing", &[]).await;
        let minutes = ada.get("/retros/1.md").await.text();
        assert!(
            minutes.contains("### Went badly\n\n- The pager was silent \u{2192} ACT-1, 2 votes\n  - Nobody was paged"),
            "{minutes}"
        );
        let votes: i64 = app.read(|c| {
            use debrief::db::schema::retro_votes;
            use diesel::prelude::*;
            Ok(retro_votes::table.count().get_result(c)?)
        });
        assert_eq!(votes, 0, "who voted is forgotten, the counts stay");
    }
);

both!(
    async fn notes_of_several_are_put_together_word_by_word(app: TestApp) {
        let mut ada = payments(&app).await;
        let mut grace = app.signed_in("Grace", Role::Member);
        ada.post("/retros", &[("team", "payments")]).await;
        let program = |http: &Http| http.with("accept", "application/json");
        let first = program(&ada).post("/retros/1/notes", &[("base", "0"), ("notes", "one\ntwo")]).await.json();
        assert_eq!(first, json!({"base": 1, "revision": 1, "text": "one\ntwo"}));
        program(&grace).post("/retros/1/notes", &[("base", "1"), ("notes", "one\ntwo\nof Grace")]).await;
        let merged =
            program(&ada).post("/retros/1/notes", &[("base", "1"), ("notes", "of Ada\none\ntwo")]).await.json();
        assert_eq!(merged, json!({"base": 3, "revision": 4, "text": "of Ada\none\ntwo\nof Grace"}));
        // Typing went on while that was saved: its base is what was sent.
        let on =
            program(&ada).post("/retros/1/notes", &[("base", "3"), ("notes", "of Ada, more\none\ntwo")]).await.json();
        assert_eq!(on["text"], "of Ada, more\none\ntwo\nof Grace");
        let page = grace.post_and_follow("/retros/1/notes", &[("base", "99"), ("notes", "all new")]).await;
        assert_eq!(page.typed("notes"), "all new");
        assert_eq!(app.read(|c| queries::by_id(c, 1)).notes, "all new");
        let long = "x".repeat(100_001);
        assert_eq!(program(&ada).post("/retros/1/notes", &[("base", "1"), ("notes", &long)]).await.status, 422);
    }
);

both!(
    async fn a_series_prepares_itself_a_day_ahead(app: TestApp) {
        let mut ada = payments(&app).await;
        item(&app, "Late one", Some("ada"), Some("2026-11-20"));
        ada.post("/deploys", &[("service", "checkout"), ("version", "1"), ("status", "succeeded")]).await;
        let wrong = [("every_weeks", "0"), ("weekday", "9"), ("at", "half two"), ("zone", "Mars/Base")];
        let refused = ada.post("/teams/payments/retro-series", &wrong).await;
        assert_eq!((refused.status.as_u16(), refused.all(".field-error").len()), (422, 4));
        // The tests begin on Monday the 23rd at 14:00; the team meets on Wednesdays.
        let right = [("every_weeks", "2"), ("weekday", "2"), ("at", "14:30"), ("zone", "Europe/Berlin")];
        let page = ada.post_and_follow("/teams/payments/retro-series", &right).await;
        assert!(page.text().contains("every 2 weeks on Wednesday at 14:30, Europe/Berlin"));
        let due = |at: debrief::clock::Moment| app.write(|c| queries_series::prepare_due(c, at)).len();
        assert_eq!(due(app.now()), 0, "two days ahead is too early");
        app.app.clock.advance_s(86_400);
        assert_eq!((due(app.now()), due(app.now())), (1, 0), "once, however often it is asked");
        let page = ada.get("/retros/1").await;
        assert!(page.one("main").contains("Prepared") && page.text().contains("Late one"), "{}", page.text());
        assert!(ada.get("/").await.text().contains("/retros/1"), "home shows the next one");
        assert!(ada.get("/teams/payments").await.text().contains("/retros/1"));

        // Its time comes: one click starts it, with what is so then.
        app.app.clock.advance_s(85_000);
        item(&app, "Late, too", Some("ada"), Some("2026-11-19"));
        let page = ada.post_and_follow("/retros", &[("team", "payments")]).await;
        assert_eq!(page.one("h1"), "Late, too");
        assert_eq!(app.read(|c| queries::by_id(c, 1)).status, RetroStatus::Running);
        ada.post("/retros/1/closing", &[]).await;

        // Nothing ran for two months: what was missed is not made up for, the next one is prepared in its time.
        app.app.clock.advance_s(60 * 86_400);
        let mut ada = app.session_of(ADA);
        assert_eq!(due(app.now()), 0);
        let next = app.read(|c| queries_series::of_team(c, 1)).remove(0).next_at;
        assert_eq!(next.to_string(), "2027-02-03T13:30:00Z");
        assert_eq!(due(next.plus_s(-3600)), 1);
        assert_eq!(due(next.plus_s(13 * 86_400)), 1);
        assert_eq!(app.read(|c| queries::by_id(c, 2)).status, RetroStatus::Skipped, "it never began");
        ada.post("/teams/payments/retro-series/1/ending", &[]).await;
        assert_eq!(app.read(|c| queries::by_id(c, 3)).status, RetroStatus::Skipped);
        assert_eq!(due(next.plus_s(90 * 86_400)), 0);
    }
);

both!(
    async fn only_what_has_a_reason_is_on_the_agenda_and_each_thing_once(app: TestApp) {
        payments(&app).await;
        let neglected = item(&app, "Neglected", None, None);
        item(&app, "Of nobody's team", None, None);
        app.app.clock.advance_s(40 * 86_400);
        let mut ada = app.session_of(ADA);
        ada.post("/retros", &[("team", "payments")]).await;
        let board = app.read(|c| board(c, 1));
        assert_eq!(board.lines.len(), 2);
        assert_eq!(board.lines[0].key, format!("ACT-{neglected}"));
        let reasons: Vec<&str> = board.lines[0].entry.reasons().iter().map(|reason| reason.as_str()).collect();
        assert_eq!(reasons, ["without_owner", "without_date", "untouched"]);
        // The period is what was asked for.
        ada.post("/retros/1/closing", &[]).await;
        let refused = ada.post("/retros", &[("team", "payments"), ("from", "2027-01-02"), ("to", "2027-01-01")]).await;
        assert_eq!((refused.status.as_u16(), refused.typed("from").as_str()), (422, "2027-01-02"));
        assert_eq!(ada.post("/retros", &[("team", "nobody")]).await.status, 422);
        let page =
            ada.post_and_follow("/retros", &[("team", "payments"), ("from", "2026-11-01"), ("to", "2026-11-30")]).await;
        assert!(page.one(".crumbs").contains("1 to 30 November 2026"), "{}", page.one(".crumbs"));
    }
);

both!(
    async fn items_are_blocked_unblocked_judged_and_declined_again_in_a_retro(app: TestApp) {
        let mut ada = payments(&app).await;
        for title in ["Stuck", "Works", "Came back", "Never"] {
            item(&app, title, Some("ada"), Some("2026-12-01"));
        }
        for key in ["ACT-2", "ACT-3"] {
            ada.post(&format!("/action-items/{key}/completion"), &[("evidence", "See CI")]).await;
            ada.post(&format!("/action-items/{key}/verification"), &[]).await;
        }
        ada.post("/action-items/ACT-4/decline", &[("reason", "too dear"), ("look_again_on", "2026-12-20")]).await;
        app.app.clock.advance_s(31 * 86_400);
        let mut ada = app.session_of(ADA);
        let page = ada.post_and_follow("/retros", &[("team", "payments")]).await;
        assert_eq!(
            page.all("#agenda .agenda-reason"),
            ["late", "effect check due", "declined; its date to look again has come"]
        );
        // Blocked with a reason, taken back, blocked again.
        let refused = ada.post(&decisions(&page), &[("verb", "blocked"), ("text", "")]).await;
        assert_eq!(refused.status, 422);
        let page = ada.post_and_follow(&decisions(&page), &[("verb", "blocked"), ("text", "waits for Legal")]).await;
        assert_eq!(page.one("h1"), "Works");
        assert_eq!(app.read(|c| items::by_number(c, 1)).blocked_reason.as_deref(), Some("waits for Legal"));
        let page = ada.post_and_follow("/retros/1/undo", &[]).await;
        assert_eq!((page.one("h1").as_str(), app.read(|c| items::by_number(c, 1)).blocked_at), ("Stuck", None));
        ada.post_and_follow(&decisions(&page), &[("verb", "blocked"), ("text", "waits for Legal")]).await;
        let page = ada.post_and_follow("/retros/1/position", &[("position", "1")]).await;
        assert!(page.one("form[data-say]").contains("Unblock"), "{}", page.one("form[data-say]"));
        let page = ada.post_and_follow(&decisions(&page), &[("verb", "unblocked"), ("text", "")]).await;
        assert_eq!((page.one("h1").as_str(), app.read(|c| items::by_number(c, 1)).blocked_at), ("Works", None));
        // The question whether it works is answered here.
        let page = ada.post_and_follow(&decisions(&page), &[("verb", "verified"), ("text", "")]).await;
        let judged = app.read(|c| items::by_number(c, 2));
        assert_eq!((judged.effect.map(|effect| effect.to_string()), judged.check_on), (Some("works".to_owned()), None));
        let page = ada.post_and_follow(&decisions(&page), &[("verb", "reopened"), ("text", "again")]).await;
        let judged = app.read(|c| items::by_number(c, 3));
        assert_eq!(
            (judged.status, judged.effect.map(|effect| effect.to_string())),
            (ActionStatus::Open, Some("came_back".to_owned()))
        );
        // Declined still, until another day.
        assert_eq!(page.one("h1"), "Never");
        let page =
            ada.post_and_follow(&decisions(&page), &[("verb", "declined"), ("text", "1 Mar still too dear")]).await;
        assert_eq!(page.one("h1"), "That was the agenda");
        let declined = app.read(|c| items::by_number(c, 4));
        assert_eq!(
            (declined.status, declined.look_again_on.map(|day| day.to_string()), declined.declined_reason.as_deref()),
            (ActionStatus::Declined, Some("2027-03-01".to_owned()), Some("still too dear"))
        );
        assert!(page.one("#decided").contains("look again on 1 Mar 2027"), "{}", page.one("#decided"));
        assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
    }
);

both!(
    async fn a_team_hears_that_its_retro_starts_and_gets_the_minutes(app: TestApp) {
        let mut ada = payments(&app).await;
        app.user("Grace", Role::Member);
        item(&app, "Late one", Some("ada"), Some("2026-11-20"));
        ada.post("/retros", &[("team", "payments")]).await;
        ada.post("/retros/1/closing", &[]).await;
        let told: Vec<String> = app.read(|c| {
            use debrief::db::schema::notices;
            use diesel::prelude::*;
            Ok(notices::table
                .filter(notices::thing_kind.eq("retro"))
                .order(notices::id)
                .select(notices::kind)
                .load(c)?)
        });
        assert_eq!(told, ["retro_started", "retro_minutes"]);
    }
);
