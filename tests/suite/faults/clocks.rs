//! Clocks that jump, hours that come twice or not at all, and a day that comes every fourth year.

use debrief::auth::model::{Role, Scope};
use debrief::clock::Moment;
use debrief::incidents::model::{Incident, IncidentStatus};
use debrief::incidents::queries;
use debrief::timeline::queries as timeline;
use serde_json::json;

use crate::both;
use crate::support::TestApp;

fn incident(app: &TestApp, number: i64) -> Incident {
    app.read(|c| queries::by_number(c, number))
}

/// Every page that shows a duration, without a negative one.
async fn no_page_runs_backwards(app: &TestApp, who: &mut crate::support::browser::Http) {
    for path in ["/", "/incidents", "/incidents/INC-1", "/action-items", "/insights/actions", "/changes", "/deploys"] {
        let page = who.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let text = page.text();
        let is_negative = |word: &str| {
            let Some(rest) = word.strip_prefix(['-', '\u{2212}']) else { return false };
            let unit = rest.trim_start_matches(|sign: char| sign.is_ascii_digit());
            unit.len() < rest.len() && ["s", "min", "h", "d"].contains(&unit)
        };
        let negative: Vec<&str> = text
            .split(|sign: char| sign.is_whitespace() || matches!(sign, '<' | '>' | '"'))
            .filter(|word| is_negative(word))
            .collect();
        assert_eq!(negative, Vec::<&str>::new(), "{path}");
    }
    assert_eq!(app.read(debrief::db::check::faults), Vec::<String>::new());
}

both!(
    async fn a_clock_that_is_set_back_turns_no_duration_negative(app: TestApp) {
        let mut ada = app.signed_in("Ada", Role::Admin);
        ada.post_and_follow("/incidents", &[("title", "x"), ("severity", "SEV2"), ("services", "checkout")]).await;
        let mut robot = app.program(Scope::Write);
        let deploy = json!({"service": "checkout", "environment": "production", "status": "started"});
        assert_eq!(robot.json(actix_web::http::Method::POST, "/api/v1/deploys", &deploy).await.status, 201);
        for (status, jump_s) in [
            ("identified", -3600),
            ("mitigated", 7200),
            ("investigating", -90_000),
            ("mitigated", 60),
            ("resolved", -5),
        ] {
            app.app.clock.advance_s(jump_s);
            let answer = ada.post("/incidents/INC-1/status", &[("status", status)]).await;
            assert_eq!(answer.status, 303, "{status}: {}", answer.text());
            let now = incident(&app, 1);
            assert!(now.duration_s(app.now()) >= 0, "{status}");
            let times = [now.identified_at, now.mitigated_at, now.resolved_at];
            let known: Vec<Moment> = std::iter::once(now.started_at).chain(times.into_iter().flatten()).collect();
            assert!(known.is_sorted(), "{status}: {known:?}");
            no_page_runs_backwards(&app, &mut ada).await;
        }
        assert_eq!(incident(&app, 1).status, IncidentStatus::Resolved);
        // What is said at one and the same instant stays in the order in which it was said.
        for n in 0..5 {
            let path = "/incidents/INC-1/events";
            let answer = ada.post(path, &[("text", format!("Word {n}").as_str())]).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
        }
        let id = incident(&app, 1).id;
        let said: Vec<String> = app
            .read(|c| timeline::of_incident(c, id))
            .into_iter()
            .map(|row| row.event.text)
            .filter(|text| text.starts_with("Word"))
            .collect();
        assert_eq!(said, ["Word 0", "Word 1", "Word 2", "Word 3", "Word 4"]);
    }
);

both!(
    async fn work_at_a_set_time_goes_on_after_a_clock_had_run_ahead(app: TestApp) {
        use debrief::jobs::worker::run_schedules;
        use debrief::server::SCHEDULES;
        // Every schedule has its first turn while the clock is a year ahead, and a minute after it is right again each is due.
        app.app.clock.advance_s(365 * 86_400);
        assert_eq!(run_schedules(&app.app, SCHEDULES, &[]).await.unwrap(), SCHEDULES.len());
        app.app.clock.advance_s(-365 * 86_400);
        assert_eq!(run_schedules(&app.app, SCHEDULES, &[]).await.unwrap(), SCHEDULES.len());
        assert_eq!(run_schedules(&app.app, SCHEDULES, &[]).await.unwrap(), 0);
    }
);

both!(
    async fn an_hour_that_comes_twice_or_never_has_its_right_length(app: TestApp) {
        let berlin = app.signed_in("Ada", Role::Member);
        app.write(|c| {
            use debrief::db::schema::users;
            use diesel::prelude::*;
            diesel::update(users::table.filter(users::handle.eq("ada")))
                .set(users::zone.eq("Europe/Berlin"))
                .execute(c)?;
            Ok(())
        });
        let mut ada = berlin;
        // 25 October 2026, 03:00 summer time is 02:00 winter time: from 01:30 to 03:30 on the wall are three hours.
        for (number, from, to, hours) in [
            (1, "2026-10-25T01:30", "2026-10-25T03:30", 3),
            (2, "2026-03-29T01:30", "2026-03-29T03:30", 1),
            (3, "2024-02-28T23:00", "2024-03-01T01:00", 26),
        ] {
            let fields =
                [("title", "x"), ("severity", "SEV3"), ("started_at", from), ("mitigated_at", to), ("resolved_at", to)];
            let answer = ada.post("/incidents", &fields).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
            assert_eq!(incident(&app, number).duration_s(app.now()), hours * 3600, "{from}");
        }
        // An hour that does not exist is told, not guessed; nothing typed is lost.
        let answer = ada.post("/incidents", &[("title", "Kept"), ("started_at", "2026-03-29T02:30")]).await;
        match answer.status.as_u16() {
            422 => assert_eq!(answer.typed("started_at"), "2026-03-29T02:30"),
            status => {
                assert_eq!(status, 303);
                let at = incident(&app, 4).started_at;
                assert_eq!(at, Moment::parse("2026-03-29T01:30:00Z").unwrap());
            }
        }
    }
);

both!(
    async fn the_day_that_comes_every_fourth_year_is_a_day(app: TestApp) {
        let mut robot = app.program(Scope::Write);
        let item = |due: &str| json!({"title": "Renew the certificate", "due_on": due});
        let post = actix_web::http::Method::POST;
        assert_eq!(robot.json(post.clone(), "/api/v1/action-items", &item("2028-02-29")).await.status, 201);
        assert_eq!(robot.json(post, "/api/v1/action-items", &item("2027-02-29")).await.status, 422);
        let leap = Moment::parse("2028-02-29T12:00:00Z").unwrap();
        app.app.clock.advance_s(leap.seconds_since(app.now()));
        let mut ada = app.signed_in("Ada", Role::Admin);
        for path in ["/", "/action-items", "/action-items/ACT-1", "/insights/actions", "/changes"] {
            assert_eq!(ada.get(path).await.status, 200, "{path}");
        }
        let due = robot.get("/api/v1/action-items/ACT-1").await.json();
        assert_eq!(due["due_on"], "2028-02-29");
        app.app.clock.advance_s(86_400);
        assert!(ada.get("/action-items/ACT-1").await.text().contains("1 day late"));
    }
);
