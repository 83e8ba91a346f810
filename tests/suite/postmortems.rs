//! Postmortems: started, written, compared, published, put down; by page and by API.

use actix_web::http::Method;
use debrief::action_items::model::ActionDraft;
use debrief::auth::actor::Actor;
use debrief::auth::model::{Role, Scope};
use debrief::deploys::model::DeployDraft;
use debrief::incidents::around::model::{Basis, FigureDraft};
use debrief::incidents::model::{Incident, IncidentDraft, IncidentKind, IncidentStatus, Severity, Times};
use debrief::links::model::Relation;
use debrief::postmortems::model::{MARKDOWN_LIMIT_BYTES, PostmortemStatus};
use debrief::postmortems::queries;
use serde_json::json;

use crate::both;
use crate::support::TestApp;

/// INC-1: resolved, with a figure, a deploy that caused it, a factor and an action item.
fn outage(app: &TestApp) -> Incident {
    let writer =
        Actor { user_id: Some(app.user("Wanda", Role::Member)), name: "Wanda".to_owned(), request_id: "t".to_owned() };
    let now = app.now();
    app.write(|c| {
        let mut times = Times::from_start(now.plus_s(-7200));
        (times.detected_at, times.resolved_at) = (Some(now.plus_s(-7020)), Some(now.plus_s(-3600)));
        let draft = IncidentDraft {
            title: "Checkout returns 502".to_owned(),
            kind: IncidentKind::Incident,
            severity: Severity::Sev2,
            status: IncidentStatus::Resolved,
            summary: "A third of payments failed.".to_owned(),
            times,
            services: vec!["checkout".to_owned()],
            tags: Vec::new(),
        };
        let incident = debrief::incidents::queries::declare(c, &writer, &draft, now)?;
        let figure = FigureDraft {
            label: "Payments failed".to_owned(),
            amount: 1204.0,
            unit: "requests".to_owned(),
            source: "ledger".to_owned(),
            basis: Basis::Measured,
        };
        debrief::incidents::around::queries::add_figure(c, &writer, &incident, &figure, now)?;
        let mut deploy = DeployDraft::of("checkout", "test");
        deploy.version = Some("2.4.1".to_owned());
        deploy.finished_at = Some(now.plus_s(-7500));
        let deploy = debrief::deploys::queries::record(c, &writer, &deploy, now)?;
        debrief::links::queries::say(c, &writer, &incident, &deploy, Relation::Caused, "halves the pool", now)?;
        let factor =
            debrief::factors::forms::FactorDraft { name: "Defaults in a library".to_owned(), note: String::new() };
        debrief::factors::queries::attach(c, &writer, &incident, &factor, now)?;
        let mut item = ActionDraft::titled("Set the pool size");
        item.incident = Some(incident.number);
        debrief::action_items::queries::add(c, &writer, &item, now)?;
        Ok(incident)
    })
}

fn audited(app: &TestApp, action: &str) -> usize {
    let log = app.read(|c| debrief::auth::audit::list(c, Some("INC-1"), Default::default()));
    log.rows.iter().filter(|entry| entry.action == action).count()
}

fn on_timeline(app: &TestApp, incident: &Incident, words: &str) -> usize {
    let events = app.read(|c| debrief::timeline::queries::of_incident(c, incident.id));
    events.iter().filter(|row| row.event.text.starts_with(words)).count()
}

both!(
    async fn one_click_opens_a_text_that_holds_what_is_known(app: TestApp) {
        let incident = outage(&app);
        let mut ada = app.ada();
        let none_yet = ada.get("/incidents/INC-1/postmortem").await;
        assert_eq!(none_yet.status, 200);
        assert!(none_yet.text().contains("Start the postmortem"));

        let editor = ada.post_and_follow("/incidents/INC-1/postmortem", &[]).await;
        let text = editor.typed("markdown");
        for part in [
            "A third of payments failed.",
            "INC-1 was a SEV2 in checkout, from 23 Nov 2026 12:00 to 13:00 UTC (1 h).",
            "Payments failed: 1,204 requests (measured, ledger)",
            "Time to detect: 3 min",
            "DEP-1 checkout 2.4.1 to production",
            "caused it, halves the pool",
            "Defaults in a library",
            "ACT-1 Set the pool size",
            "## What went well",
            "## What went badly",
            "## Where we got lucky",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        let preview = editor.one("#f-markdown-preview");
        assert!(preview.contains("What went badly") && !preview.contains("Filled in from the record"), "{preview}");
        assert!(text.contains("11:55 (T\u{2212}5m) DEP-1") && !text.contains("Contributing factor named"), "{text}");
        assert_eq!(
            editor.attribute("#f-markdown-preview a[href='/deploys/DEP-1']", "title").as_deref(),
            Some("checkout 2.4.1 in production")
        );
        assert_eq!(editor.attribute("#f-markdown", "data-preview").as_deref(), Some("/preview?incident=INC-1"));
        assert_eq!(audited(&app, "postmortem.start"), 1);
        assert_eq!(on_timeline(&app, &incident, "Postmortem started"), 1);
        assert_eq!(app.signed_in("Vera", Role::Viewer).post("/incidents/INC-1/postmortem", &[]).await.status, 403);
    }
);

both!(
    async fn raced_starts_give_one_postmortem(app: TestApp) {
        let incident = outage(&app);
        let ada = app.ada();
        let starts = (0..12).map(|_| {
            let mut ada = ada.clone();
            async move { ada.post("/incidents/INC-1/postmortem", &[]).await }
        });
        for answer in futures_util::future::join_all(starts).await {
            assert_eq!(answer.status, 303, "{}", answer.text());
            assert_eq!(answer.header("location"), Some("/incidents/INC-1/postmortem/edit"));
        }
        let postmortem = app.read(|c| queries::of_incident(c, incident.id)).unwrap();
        assert_eq!((postmortem.status, postmortem.current_revision), (PostmortemStatus::Draft, 1));
        assert_eq!(app.read(|c| queries::steps(c, &postmortem)).len(), 1);
        assert_eq!(on_timeline(&app, &incident, "Postmortem started"), 1);
    }
);

both!(
    async fn of_fifty_saves_from_one_base_one_wins_and_none_is_lost(app: TestApp) {
        let incident = outage(&app);
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/postmortem", &[]).await;
        let saves = (0..50).map(|n| {
            let mut ada = ada.clone();
            async move {
                let text = format!("# Mine\n\nWords of number {n}.");
                let fields = [("markdown", text.as_str()), ("base_revision", "1")];
                (text.clone(), ada.post("/incidents/INC-1/postmortem/revisions", &fields).await)
            }
        });
        let answers = futures_util::future::join_all(saves).await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.status == 303);
        assert_eq!((won.len(), lost.len()), (1, 49));
        let postmortem = app.read(|c| queries::of_incident(c, incident.id)).unwrap();
        assert_eq!(postmortem.current_revision, 2);
        assert_eq!(app.read(|c| queries::revision(c, &postmortem, 2)).markdown, won[0].0);
        for (text, answer) in &lost {
            assert_eq!(answer.status, 409);
            assert!(answer.text().contains(text.as_str()), "the conflict page lost {text}");
            assert_eq!(answer.typed("base_revision"), "2");
            assert!(answer.one(".conflict").contains(&won[0].0.split_whitespace().collect::<Vec<_>>().join(" ")));
            assert!(!answer.all(".diff ins").is_empty() && !answer.all(".diff del").is_empty());
        }
        // Saved deliberately, on the base that the conflict page gave.
        let (mine, _) = &lost[0];
        let saved =
            ada.post("/incidents/INC-1/postmortem/revisions", &[("markdown", mine), ("base_revision", "2")]).await;
        assert_eq!(saved.status, 303);
        assert_eq!(app.read(|c| queries::revision(c, &postmortem, 3)).markdown, *mine);
    }
);

both!(
    async fn a_save_that_changes_nothing_makes_no_revision(app: TestApp) {
        let incident = outage(&app);
        let mut ada = app.ada();
        let text = {
            ada.post("/incidents/INC-1/postmortem", &[]).await;
            let postmortem = app.read(|c| queries::of_incident(c, incident.id)).unwrap();
            app.read(|c| queries::revision(c, &postmortem, 1)).markdown
        };
        // As a browser sends it.
        let typed = text.replace('\n', "\r\n");
        let again =
            ada.post("/incidents/INC-1/postmortem/revisions", &[("markdown", &typed), ("base_revision", "1")]).await;
        assert_eq!(again.status, 303);
        assert_eq!(app.read(|c| queries::of_incident(c, incident.id)).unwrap().current_revision, 1);
    }
);

both!(
    async fn a_text_that_is_too_long_is_kept_in_the_form(app: TestApp) {
        let incident = outage(&app);
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/postmortem", &[]).await;
        let long = "x".repeat(MARKDOWN_LIMIT_BYTES + 1);
        let refused =
            ada.post("/incidents/INC-1/postmortem/revisions", &[("markdown", &long), ("base_revision", "1")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.one("#f-markdown-error").contains("Shorten this to 1 MB"));
        assert_eq!(refused.typed("markdown").len(), long.len());
        assert_eq!(refused.typed("base_revision"), "1");
        let fits = "y".repeat(MARKDOWN_LIMIT_BYTES);
        let saved =
            ada.post("/incidents/INC-1/postmortem/revisions", &[("markdown", &fits), ("base_revision", "1")]).await;
        assert_eq!(saved.status, 303);
        assert_eq!(app.read(|c| queries::of_incident(c, incident.id)).unwrap().current_revision, 2);
    }
);

both!(
    async fn publishing_shows_one_revision_until_it_is_published_again(app: TestApp) {
        let incident = outage(&app);
        let mut ada = app.ada();
        let mut vera = app.signed_in("Vera", Role::Viewer);
        ada.post("/incidents/INC-1/postmortem", &[]).await;
        assert!(vera.get("/incidents/INC-1/postmortem").await.text().contains("This is a draft"));
        ada.post("/incidents/INC-1/postmortem/revisions", &[("markdown", "## Told\n\nFirst."), ("base_revision", "1")])
            .await;
        let stale = ada.post("/incidents/INC-1/postmortem/publication", &[("revision", "1")]).await;
        assert_eq!(stale.status, 409);
        let page = ada.post_and_follow("/incidents/INC-1/postmortem/publication", &[("revision", "2")]).await;
        assert_eq!(page.one("article.doc"), "Told First.");
        assert!(page.one(".flash").contains("Revision 2 is published."));
        // Again: nothing more on record.
        ada.post("/incidents/INC-1/postmortem/publication", &[]).await;
        assert_eq!((audited(&app, "postmortem.publish"), on_timeline(&app, &incident, "Postmortem published")), (1, 1));

        ada.post(
            "/incidents/INC-1/postmortem/revisions",
            &[("markdown", "## Told\n\nSecond."), ("base_revision", "2")],
        )
        .await;
        assert_eq!(vera.get("/incidents/INC-1/postmortem").await.one("article.doc"), "Told First.");
        assert_eq!(vera.get("/incidents/INC-1/postmortem.md").await.body, b"## Told\n\nFirst.");
        assert!(ada.get("/incidents/INC-1/postmortem").await.text().contains("Revision 3 is not published yet"));
        let fields = [("markdown", "## Told\n\nThird."), ("base_revision", "3"), ("then", "publish")];
        assert_eq!(
            ada.post_and_follow("/incidents/INC-1/postmortem/revisions", &fields).await.one("article.doc"),
            "Told Third."
        );

        let refused = ada.post("/incidents/INC-1/postmortem/draft", &[("reason", " ")]).await;
        assert_eq!(refused.status, 422);
        assert!(refused.one("#f-reason-error").contains("Say why"));
        let back = ada.post_and_follow("/incidents/INC-1/postmortem/draft", &[("reason", "a figure is wrong")]).await;
        assert!(back.text().contains("This is a draft"));
        let postmortem = app.read(|c| queries::of_incident(c, incident.id)).unwrap();
        let steps = app.read(|c| queries::steps(c, &postmortem));
        let told: Vec<_> = steps.iter().map(|(step, _)| (step.status.as_str(), step.revision)).collect();
        assert_eq!(told, [("draft", 1), ("published", 2), ("published", 4), ("draft", 4)]);
        assert_eq!(steps[3].0.reason, "a figure is wrong");
        assert_eq!(on_timeline(&app, &incident, "Postmortem taken back to draft: a figure is wrong"), 1);
    }
);

both!(
    async fn not_needed_wants_a_reason_and_can_be_taken_back(app: TestApp) {
        let incident = outage(&app);
        let mut ada = app.ada();
        assert!(ada.get("/postmortems?status=to_write").await.text().contains("Checkout returns 502"));
        let refused = ada.post("/incidents/INC-1/postmortem/not-needed", &[("reason", "")]).await;
        assert_eq!(refused.status, 422);
        let done =
            ada.post_and_follow("/incidents/INC-1/postmortem/not-needed", &[("reason", "Known <b>noise</b>")]).await;
        assert!(done.one(".note").contains("Known <b>noise</b>"));
        assert_eq!(ada.get("/incidents/INC-1/postmortem.md").await.status, 404);
        assert_eq!(ada.get("/incidents/INC-1/postmortem/edit").await.status, 303);
        assert!(ada.get("/postmortems?status=not_needed").await.text().contains("Checkout returns 502"));
        let undo = done.attribute(".flash form", "action").unwrap();
        ada.post_and_follow(&undo, &[]).await;
        assert_eq!(app.read(|c| queries::of_incident(c, incident.id)), None);
        assert!(ada.get("/postmortems?status=to_write").await.text().contains("Checkout returns 502"));
        assert_eq!((audited(&app, "postmortem.not_needed"), audited(&app, "postmortem.needed")), (1, 1));

        // Written after all, put down, and taken up by writing on.
        ada.post("/incidents/INC-1/postmortem/not-needed", &[("reason", "noise")]).await;
        ada.post("/incidents/INC-1/postmortem", &[]).await;
        ada.post("/incidents/INC-1/postmortem/not-needed", &[("reason", "noise")]).await;
        ada.post("/incidents/INC-1/postmortem/revisions", &[("markdown", "More."), ("base_revision", "1")]).await;
        let postmortem = app.read(|c| queries::of_incident(c, incident.id)).unwrap();
        assert_eq!((postmortem.status, postmortem.current_revision), (PostmortemStatus::Draft, 2));
        ada.post("/incidents/INC-1/postmortem/publication", &[]).await;
        let published = ada.post("/incidents/INC-1/postmortem/not-needed", &[("reason", "noise")]).await;
        assert_eq!(published.status, 409);
    }
);

both!(
    async fn revisions_are_listed_compared_and_brought_back(app: TestApp) {
        let incident = outage(&app);
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/postmortem", &[]).await;
        let texts = ["The disk was full.\n", "The queue was full.\n"];
        for (base, text) in ["1", "2"].into_iter().zip(texts) {
            ada.post("/incidents/INC-1/postmortem/revisions", &[("markdown", text), ("base_revision", base)]).await;
        }
        let history = ada.get("/incidents/INC-1/postmortem/revisions").await;
        assert_eq!(history.all("tbody th a"), ["Revision 3", "Revision 2", "Revision 1"]);
        let changes = ada.get("/incidents/INC-1/postmortem/comparison?from=3&to=2").await;
        assert_eq!((changes.one("ins ins"), changes.one("del del")), ("queue".to_owned(), "disk".to_owned()));
        assert_eq!(changes.one("tr.del .code"), "The disk was full.");
        assert_eq!(ada.get("/incidents/INC-1/postmortem/comparison?from=1&to=9").await.status, 404);
        assert_eq!(ada.get("/incidents/INC-1/postmortem/revisions/2").await.one("article.doc"), "The disk was full.");

        let late = ada.post("/incidents/INC-1/postmortem/revisions/2/return", &[("base_revision", "2")]).await;
        assert_eq!(late.status, 409);
        ada.post_and_follow("/incidents/INC-1/postmortem/revisions/2/return", &[("base_revision", "3")]).await;
        let postmortem = app.read(|c| queries::of_incident(c, incident.id)).unwrap();
        let newest = app.read(|c| queries::revision(c, &postmortem, 4));
        assert_eq!((newest.markdown.as_str(), newest.note.as_str()), (texts[0], "Brought back from revision 2"));
    }
);

both!(
    async fn hostile_text_is_shown_and_does_nothing(app: TestApp) {
        outage(&app);
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/postmortem", &[]).await;
        let hostile = "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1))\n\n\
            </textarea><form action=/sign-out><button>go</button></form>\n\n<!-- a prompt -->\n\nINC-1 and INC-99 and @ada";
        ada.post("/incidents/INC-1/postmortem/revisions", &[("markdown", hostile), ("base_revision", "1")]).await;
        let page = ada.get("/incidents/INC-1/postmortem").await;
        for nothing in
            ["article script", "article form", "article button", "article [onerror]", "article [href^=javascript]"]
        {
            assert!(page.all(nothing).is_empty(), "{nothing}: {}", page.text());
        }
        assert!(!page.text().contains("a prompt"));
        assert_eq!(page.all("article a"), ["INC-1", "@ada"]);
        let fragment = ada.post("/preview", &[("markdown", hostile)]).await;
        assert!(!fragment.text().contains("<script") && !fragment.text().contains("onerror"));
        let deep = ada.post("/preview", &[("markdown", &">".repeat(500))]).await;
        assert_eq!(deep.status, 200);
        assert!(deep.text().contains("levels deep"));
        let editor = ada.get("/incidents/INC-1/postmortem/edit").await;
        assert_eq!(editor.all("#writing textarea").len(), 1);
        assert!(editor.typed("markdown").contains("</textarea><form action=/sign-out>"));
        // Without script: the editor again, with the text as typed, nothing saved.
        let typed = [("markdown", "## Not saved"), ("base_revision", "2")];
        let preview = ada.post("/incidents/INC-1/postmortem/preview", &typed).await;
        assert_eq!((preview.status.as_u16(), preview.one(".editor-preview h2")), (200, "Not saved".to_owned()));
        assert_eq!(
            (preview.typed("markdown"), preview.typed("base_revision")),
            ("## Not saved".to_owned(), "2".to_owned())
        );
    }
);

both!(
    async fn programs_write_and_publish(app: TestApp) {
        outage(&app);
        let mut robot = app.program(Scope::Write);
        let at = "/api/v1/incidents/INC-1/postmortem";
        assert_eq!(robot.get(at).await.status, 404);
        let bytes = "---\r\ntitle: x\r\n---\r\n\r\n  Tab\there, \u{1F600}\r\nno newline";
        let started = robot.json(Method::PUT, at, &json!({ "markdown": bytes })).await;
        assert_eq!((started.status.as_u16(), started.header("etag")), (201, Some("\"1\"")), "{}", started.text());
        assert_eq!(started.json()["markdown"], bytes);

        let missing = robot.json(Method::PUT, at, &json!({ "markdown": "two" })).await;
        assert_eq!(
            (missing.status.as_u16(), missing.json()["errors"][0]["pointer"].clone()),
            (422, json!("/base_revision"))
        );
        let saved = robot.json(Method::PUT, at, &json!({ "markdown": "two", "base_revision": 1 })).await;
        assert_eq!((saved.status.as_u16(), saved.json()["revision"].clone()), (200, json!(2)));
        let same = robot.json(Method::PUT, at, &json!({ "markdown": "two", "base_revision": 2 })).await;
        assert_eq!((same.status.as_u16(), same.json()["revision"].clone()), (200, json!(2)));
        let late = robot.json(Method::PUT, at, &json!({ "markdown": "three", "base_revision": 1 })).await;
        assert_eq!((late.status.as_u16(), late.json()["current_revision"].clone()), (409, json!(2)));
        assert_eq!(
            (late.header("content-type"), late.json()["status"].clone()),
            (Some("application/problem+json"), json!(409))
        );
        let unmatched = robot.with("if-match", "\"1\"").json(Method::PUT, at, &json!({ "markdown": "three" })).await;
        assert_eq!((unmatched.status.as_u16(), unmatched.json()["current_revision"].clone()), (412, json!(2)));
        let matched = robot.with("if-match", "\"2\"").json(Method::PUT, at, &json!({ "markdown": bytes })).await;
        assert_eq!((matched.status.as_u16(), matched.header("etag")), (200, Some("\"3\"")));
        let nothing = robot.json(Method::PUT, at, &json!({ "base_revision": 3 })).await;
        assert_eq!(nothing.json()["errors"][0]["pointer"], "/markdown");

        let publication = format!("{at}/publication");
        let broken = robot.send(Method::POST, &publication, "application/json", "{").await;
        assert_eq!(broken.status, 400);
        let stale = robot.json(Method::POST, &publication, &json!({ "revision": 2 })).await;
        assert_eq!(stale.status, 409);
        let published = robot.send(Method::POST, &publication, "", "").await;
        assert_eq!(
            (published.status.as_u16(), published.json()["published_revision"].clone()),
            (201, json!(3)),
            "{}",
            published.text()
        );
        let mut ada = app.ada();
        assert_eq!(ada.get("/incidents/INC-1/postmortem.md").await.body, bytes.as_bytes());
        assert_eq!(ada.get("/incidents/INC-1/postmortem.json").await.json()["status"], "published");
        assert_eq!(app.program(Scope::Read).json(Method::PUT, at, &json!({ "markdown": "x" })).await.status, 403);
        assert_eq!(robot.get("/api/v1/incidents/INC-7/postmortem").await.status, 404);
    }
);

both!(
    async fn the_shelf_is_filtered(app: TestApp) {
        outage(&app);
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/postmortem", &[]).await;
        for (query, found) in [
            ("status=draft", true),
            ("status=draft&service=checkout&q=RETURNS", true),
            ("status=draft&service=search", false),
            ("status=draft&q=100%25", false),
            ("status=draft&q=returns+50", true),
            ("status=draft&q=checkout+502", false),
            ("status=draft&q=turns", false),
            ("status=draft&q=%21%21", false),
            ("status=draft&q=it%27s+%22a%22+OR+x%3Ay", false),
            ("status=to_write&q=checkout", false),
            ("status=published", false),
            ("status=to_write", false),
        ] {
            let page = ada.get(&format!("/postmortems?{query}")).await;
            assert_eq!(page.status, 200);
            assert_eq!(page.text().contains("Checkout returns 502"), found, "{query}");
        }
        assert_eq!(ada.get("/postmortems?status=lost").await.status, 422);
        assert_eq!(ada.get("/postmortems?after=x").await.status, 400);
    }
);

both!(
    async fn words_of_a_title_are_found_however_many_titles_have_them(app: TestApp) {
        crate::reviews::written(&app, "Ferry payments wait", "## What\n\nThe pool.\n");
        crate::reviews::written(&app, "Lighthouse goes dark", "## What\n\nThe lamp.\n");
        // More than the list looks up one by one.
        let (writer, now) = (Actor::program("test"), app.now());
        app.write(|c| {
            for number in 0..501 {
                let draft = IncidentDraft {
                    title: format!("Ferry {number} is late"),
                    kind: IncidentKind::Incident,
                    severity: Severity::Sev3,
                    status: IncidentStatus::Investigating,
                    summary: String::new(),
                    times: Times::from_start(now),
                    services: Vec::new(),
                    tags: Vec::new(),
                };
                debrief::incidents::queries::declare(c, &writer, &draft, now)?;
            }
            Ok::<_, debrief::error::Error>(())
        });
        let mut ada = app.ada();
        for (words, found) in [("ferry", vec!["INC-1"]), ("ferr", vec!["INC-1"]), ("lighthouse", vec!["INC-2"])] {
            assert_eq!(
                ada.get(&format!("/postmortems?status=draft&q={words}")).await.all("tbody th"),
                found,
                "{words}"
            );
        }
    }
);
