//! Calendars and feeds, as other programs read them.

use std::io::Write;
use std::process::{Command, Stdio};

use debrief::auth::model::Role;

use crate::both;
use crate::support::browser::Http;
use crate::support::smtp::python_with;
use crate::support::start_of_tests;

/// Makes an address and gives its path.
async fn address(http: &mut Http, typed: &[(&str, &str)]) -> String {
    let page = http.post("/settings/feeds", typed).await;
    assert_eq!(page.status, 201, "{}", page.one("main"));
    page.one("code.key").replace("http://debrief.test", "")
}

/// What a Python program prints that is given `input`; nothing where this machine lacks its module.
fn python(module: &str, program: &str, input: &str) -> Option<String> {
    let python = python_with(module)?;
    let mut child = Command::new(python)
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

both!(
    async fn a_calendar_holds_what_is_due_and_ends_with_its_owner(app: TestApp) {
        let mut ada = app.ada();
        ada.post("/teams", &[("name", "Payments")]).await;
        let long = "Größe; of, the pool \\ and more 🧯".repeat(4);
        let typed = [("title", long.as_str()), ("owner", "ada"), ("due_on", "2026-12-31")];
        assert_eq!(ada.post("/action-items", &typed).await.status, 303);
        let typed = [("title", "The team's"), ("team", "payments"), ("due_on", "2027-01-04")];
        assert_eq!(ada.post("/action-items", &typed).await.status, 303);
        let own = address(&mut ada, &[("kind", "calendar")]).await;
        let team = address(&mut ada, &[("kind", "calendar"), ("team", "payments")]).await;
        assert!(own.ends_with(".ics"));
        let mut program = app.anonymous();
        let calendar = program.get(&own).await;
        assert_eq!(calendar.header("content-type"), Some("text/calendar; charset=utf-8"));
        let text = calendar.text();
        assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
        let read = python(
            "icalendar",
            "import icalendar, sys\n\
             calendar = icalendar.Calendar.from_ical(sys.stdin.buffer.read())\n\
             for event in calendar.walk('VEVENT'):\n    \
                 print(event['UID'], event.decoded('DTSTART'), event.decoded('DTSTAMP').isoformat(), event['SUMMARY'])",
            &text,
        );
        if let Some(read) = read {
            assert_eq!(
                read,
                format!("act-1-due@debrief.test 2026-12-31 2026-11-23T14:00:00+00:00 ACT-1 due: {}", long.trim())
            );
        }
        let of_team = program.get(&team).await.text();
        assert!(of_team.contains("UID:act-2-due@debrief.test") && !of_team.contains("act-1-due"), "{of_team}");
        // Asked again with its mark, it is not sent again.
        let etag = calendar.header("etag").unwrap().to_owned();
        assert_eq!(program.with("if-none-match", &etag).get(&own).await.status, 304);
        // A reader's own list shows no secret; revoked means gone.
        let page = ada.get("/settings/feeds").await;
        assert!(!page.text().contains(own.trim_start_matches("/feeds/")), "shown once");
        assert_eq!(ada.post("/settings/feeds/1/revocation", &[]).await.status, 303);
        assert_eq!(program.get(&own).await.status, 404);
        let mut other = app.signed_in("Bo", Role::Member);
        assert_eq!(other.post("/settings/feeds/2/revocation", &[]).await.status, 404);
        assert_eq!(program.get(&team).await.status, 200);
        assert_eq!(program.get(&team.replace(".ics", ".atom")).await.status, 404);
        let mut root = app.signed_in("Root", Role::Admin);
        let id = app.read(|c| debrief::auth::queries::by_email(c, "ada@example.org")).unwrap().id;
        assert_eq!(root.post(&format!("/admin/people/{id}/disabling"), &[]).await.status, 303);
        assert_eq!(program.get(&team).await.status, 404);
        assert_eq!(root.post(&format!("/admin/people/{id}/enabling"), &[]).await.status, 303);
        assert_eq!(program.get(&team).await.status, 404, "it stays revoked");
    }
);

both!(
    async fn feeds_hold_incidents_and_published_postmortems(app: TestApp) {
        let mut ada = app.ada();
        let typed =
            [("title", "Checkout & <payments> are down"), ("severity", "SEV1"), ("summary", "*Nobody* can pay")];
        assert_eq!(ada.post("/incidents", &typed).await.status, 303);
        assert_eq!(ada.post("/incidents/INC-1/postmortem", &[]).await.status, 303);
        let incidents = address(&mut ada, &[("kind", "incidents")]).await;
        let postmortems = address(&mut ada, &[("kind", "postmortems")]).await;
        let mut program = app.anonymous();
        let draft = program.get(&postmortems).await.text();
        assert!(!draft.contains("<entry>"), "a draft is not published: {draft}");
        assert_eq!(ada.post("/incidents/INC-1/postmortem/publication", &[]).await.status, 303);
        for (path, title, id) in [
            (&incidents, "INC-1 Checkout & <payments> are down (SEV1, investigating)", "incident/1"),
            (&postmortems, "Postmortem of INC-1 Checkout & <payments> are down", "postmortem/1"),
        ] {
            let answer = program.get(path).await;
            assert_eq!(answer.header("content-type"), Some("application/atom+xml; charset=utf-8"));
            let text = answer.text();
            let document = roxmltree::Document::parse(&text).unwrap();
            let atom = "http://www.w3.org/2005/Atom";
            let child = |node: roxmltree::Node<'_, '_>, name: &str| {
                let found = node.children().find(|node| node.has_tag_name((atom, name)));
                found.and_then(|node| node.text().map(str::to_owned)).unwrap_or_else(|| panic!("no {name} in {text}"))
            };
            // What RFC 4287 asks of a feed and of an entry.
            let feed = document.root_element();
            assert!(feed.has_tag_name((atom, "feed")));
            for name in ["id", "title", "updated"] {
                child(feed, name);
            }
            assert!(feed.children().any(|node| node.has_tag_name((atom, "author"))));
            let entry = feed.children().find(|node| node.has_tag_name((atom, "entry"))).unwrap();
            assert_eq!(child(entry, "title"), title);
            assert_eq!(child(entry, "id"), format!("tag:debrief.test,2026:{id}"));
            assert!(chrono::DateTime::parse_from_rfc3339(&child(entry, "updated")).is_ok());
            let read = python(
                "feedparser",
                "import feedparser, sys\n\
                 feed = feedparser.parse(sys.stdin.buffer.read())\n\
                 assert not feed.bozo and feed.version == 'atom10', feed.bozo_exception\n\
                 print(feed.entries[0].id, feed.entries[0].link)",
                &text,
            );
            if let Some(read) = read {
                assert!(read.starts_with("tag:debrief.test,2026:") && read.contains("http://debrief.test/"), "{read}");
            }
        }
    }
);

both!(
    async fn a_calendar_holds_effect_checks_reviews_and_retros(app: TestApp) {
        let mut ada = app.ada();
        ada.post("/teams", &[("name", "Payments")]).await;
        let typed = [("title", "Cap the pool"), ("owner", "ada"), ("team", "payments"), ("priority", "P3")];
        ada.post("/action-items", &typed).await;
        ada.post("/action-items/ACT-1/completion", &[("evidence", "See CI")]).await;
        let series = [("every_weeks", "2"), ("weekday", "2"), ("at", "14:30"), ("zone", "Europe/Berlin")];
        ada.post("/teams/payments/retro-series", &series).await;
        ada.post("/services", &[("name", "Checkout"), ("team", "payments")]).await;
        let incident =
            [("title", "Pool runs dry"), ("severity", "SEV2"), ("services", "checkout"), ("kind", "incident")];
        assert_eq!(ada.post("/incidents", &incident).await.status, 303);
        ada.post("/incidents/INC-1/postmortem", &[]).await;
        let grace = app.user("Grace", Role::Member);
        let asked = app.write(|c| {
            let incident = debrief::incidents::queries::by_number(c, 1)?;
            let actor = debrief::auth::actor::Actor::program("test");
            let due = "2026-11-30".parse().unwrap();
            debrief::reviews::queries::ask(c, &actor, &incident, (&[grace], due), start_of_tests())
        });
        assert_eq!(asked, ["Grace"]);
        let team = address(&mut ada, &[("kind", "calendar"), ("team", "payments")]).await;
        let mut program = app.anonymous();
        let text = program.get(&team).await.text();
        assert!(text.contains("UID:act-1-check@debrief.test"), "{text}");
        assert!(
            text.contains("UID:inc-1-review@debrief.test\r\n") && text.contains("DTSTART;VALUE=DATE:20261130"),
            "{text}"
        );
        assert_eq!(text.matches("SUMMARY:Retro of Payments").count(), 6, "{text}");
        assert!(text.contains("DTSTART:20261125T133000Z"), "{text}");
        // Prepared, the same meeting keeps its id and is there once.
        app.app.clock.advance_s(86_400);
        let now = app.now();
        assert_eq!(app.write(|c| debrief::retros::queries_series::prepare_due(c, now)).len(), 1);
        let text = program.get(&team).await.text();
        assert_eq!(text.matches("UID:retro-1-20261125T1330Z@debrief.test").count(), 1, "{text}");
        let read = python(
            "icalendar",
            "import icalendar, sys\nprint(len(icalendar.Calendar.from_ical(sys.stdin.buffer.read()).walk('VEVENT')))",
            &text,
        );
        assert!(read.is_none_or(|count| count == text.matches("BEGIN:VEVENT").count().to_string()));
        // The reviewer was told, and is reminded once when nothing came.
        let late = app.now().plus_s(10 * 86_400);
        for _ in 0..2 {
            app.write(|c| debrief::reviews::queries::remind(c, ("2026-11-27".parse().unwrap(), late.date()), late));
        }
        let told: Vec<String> = app.read(|c| {
            use debrief::db::schema::notices;
            use diesel::prelude::*;
            Ok(notices::table
                .filter(notices::thing_kind.eq("postmortem"))
                .order(notices::id)
                .select(notices::kind)
                .load(c)?)
        });
        assert_eq!(told, ["review_asked", "review_late"]);
    }
);

both!(
    async fn a_teams_reviews_are_found_behind_those_of_all_others(app: TestApp) {
        use debrief::db::schema::{postmortems, review_requests, users};
        use diesel::prelude::*;
        let mut ada = app.ada();
        for (team, service) in [("Payments", "Checkout"), ("Search", "Index")] {
            ada.post("/teams", &[("name", team)]).await;
            ada.post("/services", &[("name", service), ("team", &team.to_lowercase())]).await;
        }
        for (title, service) in [("Index is stale", "index"), ("Pool runs dry", "checkout")] {
            let incident = [("title", title), ("severity", "SEV2"), ("services", service), ("kind", "incident")];
            assert_eq!(ada.post("/incidents", &incident).await.status, 303);
        }
        for number in 1..=2 {
            ada.post(&format!("/incidents/INC-{number}/postmortem"), &[]).await;
        }
        let grace = app.user("Grace", Role::Member);
        app.write(|c| {
            let actor = debrief::auth::actor::Actor::program("test");
            for (number, due) in [(1, "2026-11-25"), (2, "2026-11-30")] {
                let incident = debrief::incidents::queries::by_number(c, number)?;
                let due = due.parse().unwrap();
                debrief::reviews::queries::ask(c, &actor, &incident, (&[grace], due), start_of_tests())?;
            }
            Ok(())
        });
        // More reviews of the other team, due sooner, than a calendar holds.
        app.write(|c| {
            let other: i64 = postmortems::table.order(postmortems::id).select(postmortems::id).first(c)?;
            let now = start_of_tests();
            for number in 0..debrief::feeds::model::CALENDAR_LIMIT {
                let id: i64 = diesel::insert_into(users::table)
                    .values((
                        users::email.eq(format!("r{number}@example.org")),
                        users::handle.eq(format!("r{number}")),
                        users::name.eq("R"),
                        users::role.eq(Role::Member),
                        users::zone.eq("UTC"),
                        users::theme.eq(debrief::auth::model::Theme::System),
                        users::keys_on.eq(true),
                        users::created_at.eq(now),
                    ))
                    .returning(users::id)
                    .get_result(c)?;
                diesel::insert_into(review_requests::table)
                    .values((
                        review_requests::postmortem_id.eq(other),
                        review_requests::user_id.eq(id),
                        review_requests::due_on.eq("2026-11-24".parse::<chrono::NaiveDate>().unwrap()),
                        review_requests::asked_at.eq(now),
                    ))
                    .execute(c)?;
            }
            Ok(())
        });
        let team = address(&mut ada, &[("kind", "calendar"), ("team", "payments")]).await;
        let text = app.anonymous().get(&team).await.text();
        assert!(text.contains("UID:inc-2-review@debrief.test") && !text.contains("inc-1-review"), "{text}");
    }
);
