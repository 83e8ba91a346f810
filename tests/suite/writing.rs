//! The desk: nothing typed is lost, texts come together, the record is added to beside the text.

use actix_web::http::Method;
use debrief::auth::actor::Actor;
use debrief::auth::model::{ENDED_SESSION_S, Role, SESSION_S, Scope};
use debrief::incidents::model::{Incident, IncidentDraft, IncidentKind, IncidentStatus, Severity, Times};
use debrief::postmortems::{drafts, queries};
use serde_json::json;

use crate::both;
use crate::support::{Http, TestApp};

const AT: &str = "/incidents/INC-1/postmortem";

/// INC-1, begun an hour ago and still going on, with a postmortem begun by `who`.
async fn begun(app: &TestApp, who: &mut Http) -> Incident {
    let incident = live(app, "Checkout returns 502");
    assert_eq!(who.post(AT, &[]).await.status, 303);
    incident
}

fn live(app: &TestApp, title: &str) -> Incident {
    let now = app.now();
    app.write(|c| {
        let mut times = Times::from_start(now.plus_s(-3600));
        times.detected_at = Some(now.plus_s(-3300));
        let draft = IncidentDraft {
            title: title.to_owned(),
            kind: IncidentKind::Incident,
            severity: Severity::Sev1,
            status: IncidentStatus::Investigating,
            summary: "A third of payments failed.".to_owned(),
            times,
            services: vec!["checkout".to_owned()],
            tags: Vec::new(),
        };
        debrief::incidents::queries::declare(c, &Actor::program("test"), &draft, now)
    })
}

fn newest(app: &TestApp, incident: &Incident) -> (i64, String) {
    app.read(|c| {
        let postmortem = queries::existing(c, incident)?;
        let revision = queries::revision(c, &postmortem, postmortem.current_revision)?;
        Ok((revision.number, revision.markdown))
    })
}

async fn save(who: &mut Http, base: i64, text: &str) -> crate::support::browser::Answer {
    let fields = [("markdown", text), ("base_revision", &base.to_string())];
    who.post(&format!("{AT}/revisions"), &fields).await
}

both!(
    async fn fifty_saves_from_one_base_lose_no_line(app: TestApp) {
        let mut ada = app.ada();
        let incident = begun(&app, &mut ada).await;
        let lines: Vec<String> = (0..60).map(|n| format!("Paragraph {n} says something.")).collect();
        assert_eq!(save(&mut ada, 1, &lines.join("\n\n")).await.status, 303);
        let saves = (0..50).map(|n| {
            let (mut ada, mut mine) = (ada.clone(), lines.clone());
            // Every tenth meets its neighbour at the same place; the others write at places of their own.
            let place = if n % 10 == 9 { n - 1 } else { n };
            mine[place] = format!("Written by number {n}, over paragraph {place}.");
            let typed = mine[place].clone();
            async move { (typed, save(&mut ada, 2, &mine.join("\n\n")).await) }
        });
        let answers = futures_util::future::join_all(saves).await;
        let (number, text) = newest(&app, &incident);
        let mut conflict_count = 0;
        for (typed, answer) in &answers {
            match answer.status.as_u16() {
                303 => assert!(text.contains(typed.as_str()), "{typed} was saved and is gone"),
                409 => {
                    conflict_count += 1;
                    assert!(answer.text().contains(typed.as_str()), "the conflict page lost {typed}");
                    assert!(answer.typed("markdown").contains(typed.as_str()));
                    assert!(!answer.all("fieldset .diff ins").is_empty());
                }
                other => panic!("{other}: {}", answer.text()),
            }
        }
        assert_eq!(conflict_count, 5);
        assert_eq!(number, 2 + 45);
        // The history says what each was put together from.
        let history = app.read(|c| {
            let postmortem = queries::existing(c, &incident)?;
            Ok(queries::history(c, &postmortem, None)?.0)
        });
        assert!(history.iter().filter(|row| row.note.starts_with("Put together with revision")).count() >= 44);
        assert!(history.iter().filter(|row| row.number > 2).all(|row| row.base_number == Some(2)));
    }
);

both!(
    async fn of_one_place_both_are_shown_and_chosen_from(app: TestApp) {
        let mut ada = app.ada();
        let mut linus = app.signed_in("Linus", Role::Member);
        let incident = begun(&app, &mut ada).await;
        save(&mut ada, 1, "# One\n\nThe disk was full.\n\nTwo.\n").await;
        save(&mut linus, 2, "# One\n\nThe queue was full.\n\nTwo.\n").await;
        let late = save(&mut ada, 2, "# Mine\n\nThe pool was full.\n\nTwo.\n").await;
        assert_eq!(late.status, 409);
        assert!(late.text().contains("Somebody was faster") && late.text().contains("Linus"));
        // The merge so far: my heading, and mine where both changed.
        assert_eq!(late.typed("markdown"), "# Mine The pool was full. Two.");
        assert_eq!(late.attribute("#writing input[name=base_revision]", "value").as_deref(), Some("3"));
        let chosen = [
            ("yours", "# Mine\n\nThe pool was full.\n\nTwo.\n"),
            ("started_from", "2"),
            ("against", "3"),
            ("place-0", "both"),
        ];
        assert_eq!(ada.post(&format!("{AT}/revisions"), &chosen).await.status, 303);
        let (number, text) = newest(&app, &incident);
        assert_eq!((number, text.as_str()), (4, "# Mine\n\nThe queue was full.\nThe pool was full.\n\nTwo.\n"));

        let mut robot = app.program(Scope::Write);
        let api = "/api/v1/incidents/INC-1/postmortem";
        let other = json!({ "markdown": "# One\n\nThe disk was full.\n\nTwo, and three.\n", "base_revision": 2 });
        let merged = robot.json(Method::PUT, api, &other).await;
        assert_eq!((merged.status.as_u16(), merged.json()["revision"].clone()), (200, json!(5)), "{}", merged.text());
        assert!(merged.json()["markdown"].as_str().unwrap().ends_with("Two, and three.\n"));
        let same = json!({ "markdown": "# One\n\nThe cache was full.\n\nTwo.\n", "base_revision": 2 });
        let refused = robot.json(Method::PUT, api, &same).await;
        assert_eq!((refused.status.as_u16(), refused.json()["current_revision"].clone()), (409, json!(5)));
        assert_eq!(refused.json()["conflicts"][0]["mine"], "The cache was full.\n");
        assert!(refused.json()["merged_markdown"].as_str().unwrap().starts_with("# Mine\n\nThe cache was full."));
    }
);

both!(
    async fn what_is_typed_is_kept_until_it_is_saved(app: TestApp) {
        let mut ada = app.ada();
        let incident = begun(&app, &mut ada).await;
        let mut linus = app.signed_in("Linus", Role::Member);
        linus.get(&format!("{AT}/edit")).await;
        let kept = ada.post(&format!("{AT}/drafts"), &[("markdown", "## Half a\n"), ("base_revision", "1")]).await;
        assert_eq!((kept.status.as_u16(), kept.json()["at"].clone()), (200, json!("14:00:00")), "{}", kept.text());
        assert_eq!((kept.json()["others"].clone(), kept.json()["newest"].clone()), (json!(["Linus"]), json!(1)));
        assert_eq!(newest(&app, &incident).0, 1);

        // Back in the editor, in any browser; nobody else sees it.
        let editor = ada.get(&format!("{AT}/edit")).await;
        assert_eq!(editor.typed("markdown"), "## Half a");
        assert!(editor.text().contains("did not save") && editor.one("#others").contains("Linus"));
        assert!(!linus.get(&format!("{AT}/edit")).await.typed("markdown").contains("Half a"));

        let dropped = ada.post_and_follow(&format!("{AT}/drafts/removal"), &[]).await;
        assert!(!dropped.typed("markdown").contains("Half a"));
        let undo = dropped.attribute(".flash form", "action").unwrap();
        assert_eq!(ada.post_and_follow(&undo, &[]).await.typed("markdown"), "## Half a");

        // Saved: the draft has done its work. What came in between is put together with it.
        save(&mut linus, 1, &format!("{}\nOne line more.\n", newest(&app, &incident).1)).await;
        let behind = ada.get(&format!("{AT}/edit")).await;
        assert!(behind.text().contains("came in between"));
        assert_eq!(behind.typed("base_revision"), "1");
        assert_eq!(save(&mut ada, 2, "## Whole\n").await.status, 303);
        let postmortem = app.read(|c| queries::existing(c, &incident));
        let user = app.read(|c| debrief::auth::queries::by_email(c, "ada@example.org")).unwrap();
        assert_eq!(app.read(|c| drafts::queries::of(c, &postmortem, user.id)), None);
        // A text that is on record needs no keeping.
        ada.post(&format!("{AT}/drafts"), &[("markdown", "## Whole\n"), ("base_revision", "3")]).await;
        assert_eq!(app.read(|c| drafts::queries::of(c, &postmortem, user.id)), None);
        assert_eq!(ada.post(&format!("{AT}/drafts"), &[("markdown", "a\0b")]).await.status, 422);
    }
);

both!(
    async fn an_ended_session_leads_through_sign_in_back_to_the_text(app: TestApp) {
        let mut ada = app.ada();
        begun(&app, &mut ada).await;
        let user = app.read(|c| debrief::auth::queries::by_email(c, "ada@example.org")).unwrap();
        app.app.clock.advance_s(SESSION_S + 60);
        let refused = save(&mut ada, 1, "## Written late at night\n").await;
        assert_eq!(refused.status, 303);
        let to = refused.header("location").unwrap().to_owned();
        assert!(to.starts_with("/sign-in?next=%2Fincidents%2FINC-1%2Fpostmortem%2Fedit"), "{to}");
        let mut again = app.session_of(user.id);
        let editor = again.get(&format!("{AT}/edit")).await;
        assert_eq!(editor.typed("markdown"), "## Written late at night");
        assert!(editor.text().contains("did not save"));

        // The script is told, and the text is kept all the same.
        let mut ended = ada.clone();
        let told = ended.post(&format!("{AT}/drafts"), &[("markdown", "## More\n"), ("base_revision", "1")]).await;
        assert_eq!(told.status, 401);
        assert_eq!(again.get(&format!("{AT}/edit")).await.typed("markdown"), "## More");

        // Nobody knows whose it is: the page itself holds it, ready to be saved after signing in elsewhere.
        let mut nobody = app.anonymous();
        let page = save(&mut nobody, 1, "## Nobody's\n").await;
        assert_eq!(page.status, 401);
        assert_eq!((page.typed("markdown"), page.typed("base_revision")), ("## Nobody's".to_owned(), "1".to_owned()));
        assert!(page.text().contains("Sign in in another tab"));
        // Long ended: not kept for anybody.
        app.app.clock.advance_s(ENDED_SESSION_S);
        assert_eq!(save(&mut ended, 1, "## Too late\n").await.status, 401);
    }
);

both!(
    async fn live_blocks_follow_the_record_until_publication(app: TestApp) {
        let mut ada = app.ada();
        let incident = begun(&app, &mut ada).await;
        let line = |text: &'static str| [("line", text)];
        for text in ["13:10 pager | fired https://graphs.example/1", "impact: 1200 requests failed (measured)"] {
            assert_eq!(ada.post(&format!("{AT}/additions"), &line(text)).await.status, 303);
        }
        let text = "## Timeline\n\n[[timeline from=13:06 to=13:30]]\n\n[[impact]]\n\n[[actions]]\n\n[[nothing]]\n\n\
            [[timeline from=soon]]\n\n<!--? A prompt -->\n```\n[[impact]]\n```\n";
        assert_eq!(save(&mut ada, 1, text).await.status, 303);
        let page = ada.get(AT).await;
        assert_eq!(page.all("article td")[2], "pager | fired graphs.example");
        assert!(page.text().contains("No action item is like that."));
        assert!(page.one("article").contains("[[nothing]] is no block that Debrief knows"));
        assert!(page.one("article").contains("[[timeline from=soon]] has a from that is no time"));
        let preview = ada.post("/preview?incident=INC-1", &[("markdown", "[[impact]]")]).await;
        assert!(preview.text().contains("<td>1,200</td>"), "{}", preview.text());

        assert_eq!(ada.post(&format!("{AT}/publication"), &[]).await.status, 303);
        let published = ada.get(&format!("{AT}.md")).await.text();
        assert!(published.contains("| Requests failed | 1,200 | measured |"), "{published}");
        assert!(published.contains("[[nothing]]\n") && published.contains("```\n[[impact]]\n```"));
        assert!(!published.contains("prompt") && !published.contains("is no block"));
        // The record goes on; what was published stays.
        ada.post(&format!("{AT}/additions"), &line("impact: 30 users gone")).await;
        assert_eq!(ada.get(&format!("{AT}.md")).await.text(), published);
        assert!(!ada.get(AT).await.one("article").contains("Users gone"));
        assert_eq!(newest(&app, &incident).1, text);
        let api = ada.get(&format!("{AT}.json")).await.json();
        assert_eq!((api["markdown"].clone(), api["readable_markdown"].clone()), (json!(text), json!(published)));
        // Published again with the record as it is now: a revision of its own.
        ada.post(&format!("{AT}/draft"), &[("reason", "a figure came")]).await;
        assert!(ada.get(AT).await.one("article").contains("Users gone"));
        ada.post(&format!("{AT}/publication"), &[]).await;
        assert!(ada.get(&format!("{AT}.md")).await.text().contains("| Users gone | 30 | estimated |"));
        assert_eq!(newest(&app, &incident), (3, text.to_owned()));
        let old = app.read(|c| {
            let postmortem = queries::existing(c, &incident)?;
            queries::revision(c, &postmortem, 2)
        });
        assert_eq!(old.frozen_markdown.as_deref(), Some(published.as_str()));
    }
);

both!(
    async fn one_line_adds_to_the_record_and_the_text_stays(app: TestApp) {
        let mut ada = app.ada();
        let incident = begun(&app, &mut ada).await;
        let gaps = |page: &crate::support::browser::Answer| page.all(".gaps li").join(", ");
        let editor = ada.get(&format!("{AT}/edit")).await;
        for gap in ["No impact figure", "What went well is empty", "No contributing factor", "No action item"] {
            assert!(gaps(&editor).contains(gap), "{gap}: {}", gaps(&editor));
        }
        assert!(editor.text().contains("with the template Debrief, as no rule speaks of this incident"));
        // Without script: the text as typed comes along and is kept.
        for (line, told) in [
            ("yesterday 23:10 CET disk alarm", "On the timeline at 22 Nov 2026 22:10"),
            ("+12m rolled back", "On the timeline at 23 Nov 2026 13:12"),
            ("factor: Retries without a limit - all clients at once", "Contributing factor named"),
            ("action: Limit the retries @ada 2026-12-01 P1", "ACT-1 added: Limit the retries"),
            ("impact: 1200 requests failed (measured, ledger)", "Impact noted: Requests failed: 1,200"),
        ] {
            let fields = [("line", line), ("markdown", "## Typed so far\n"), ("base_revision", "1")];
            let page = ada.post_and_follow(&format!("{AT}/additions"), &fields).await;
            assert!(page.one(".flash").contains(told), "{line}: {}", page.one(".flash"));
            assert_eq!(page.typed("markdown"), "## Typed so far");
        }
        let item = app.read(|c| debrief::action_items::queries::of_incident(c, incident.id)).remove(0);
        assert_eq!(item.owner.map(|owner| owner.handle).as_deref(), Some("ada"));
        let editor = ada.get(&format!("{AT}/edit")).await;
        assert!(gaps(&editor).contains("No action on “Retries without a limit”"), "{}", gaps(&editor));
        assert!(gaps(&editor).contains("2 unsourced events"), "{}", gaps(&editor));
        // Whatever button sends the form: a line that is filled in is added first. A wrong one loses nothing.
        let fields = [("line", "action: nobody @nobody"), ("markdown", "## Kept\n"), ("base_revision", "1")];
        for path in ["revisions", "preview", "additions"] {
            let refused = ada.post(&format!("{AT}/{path}"), &fields).await;
            assert_eq!(refused.status, 422, "{path}");
            assert_eq!(
                (refused.typed("line"), refused.typed("markdown")),
                ("action: nobody @nobody".into(), "## Kept".into())
            );
            assert!(!refused.one("#f-line-error").is_empty());
        }
        // With script: what lies beside the text, alone.
        let fields = [("line", "14:00 all quiet"), ("markdown", "## A\n"), ("base_revision", "1"), ("answer", "aside")];
        let fragment = ada.post(&format!("{AT}/additions"), &fields).await;
        assert_eq!(fragment.status, 200);
        assert!(fragment.one("#added").contains("On the timeline") && !fragment.text().contains("<html"));
        assert_eq!(newest(&app, &incident).0, 1);
    }
);

both!(
    async fn a_chat_is_pasted_and_its_lines_are_chosen(app: TestApp) {
        let mut ada = app.ada();
        let incident = begun(&app, &mut ada).await;
        let fields = [("markdown", "## Mine\n"), ("base_revision", "1")];
        let page = ada.post_and_follow(&format!("{AT}/chat"), &fields).await;
        assert_eq!(page.one("h1"), "Paste a chat's log");
        let log = "[13:02] Linus: the pool is full\n[13:05] Ada: restarting\nit works\nsomething else";
        let read = ada.post("/incidents/INC-1/chat", &[("log", log), ("zone", "UTC"), ("then", "read")]).await;
        assert_eq!(read.status, 200);
        assert_eq!(read.all("tbody tr").len(), 2);
        assert_eq!(read.attribute("input[name=at-0]", "value").as_deref(), Some("2026-11-23T13:02"));
        let chosen = [
            ("log", log),
            ("zone", "UTC"),
            ("take", "1"),
            ("at-0", "2026-11-23T13:02"),
            ("text-0", "Linus: the pool is full"),
            ("at-1", "2026-11-23T13:06"),
            ("text-1", "Ada: restarting"),
            ("then", "add"),
        ];
        let back = ada.post_and_follow("/incidents/INC-1/chat", &chosen).await;
        assert!(back.one(".flash").contains("1 event from the chat"));
        assert_eq!(back.typed("markdown"), "## Mine");
        let events = app.read(|c| debrief::timeline::queries::of_incident(c, incident.id));
        let chat: Vec<_> = events.iter().filter(|row| row.event.source.as_str() == "chat").collect();
        assert_eq!((chat.len(), chat[0].event.text.as_str()), (1, "Ada: restarting"));
        let none = ada.post("/incidents/INC-1/chat", &[("log", log), ("zone", "UTC"), ("then", "add")]).await;
        assert_eq!(none.status, 422);
        assert!(none.one("textarea[name=log]").contains("the pool is full"));
    }
);

both!(
    async fn pictures_are_kept_and_served_as_pictures(app: TestApp) {
        let mut ada = app.ada();
        let incident = begun(&app, &mut ada).await;
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        let to = "/incidents/INC-1/attachments";
        let stored = ada.send(Method::POST, to, "image/png", png.clone()).await;
        assert_eq!(stored.status, 201, "{}", stored.text());
        let href = stored.json()["href"].as_str().unwrap().to_owned();
        let shown = ada.get(&href).await;
        assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, Some("image/png")));
        assert_eq!(shown.body, png);
        assert_eq!(shown.header("content-security-policy"), Some("default-src 'none'; sandbox"));
        assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(app.anonymous().get(&href).await.status, 303);
        // By its bytes, whatever it calls itself.
        for (kind, bytes) in [("image/svg+xml", b"<svg xmlns='x'/>".to_vec()), ("image/png", b"<html>".to_vec())] {
            assert_eq!(ada.send(Method::POST, to, kind, bytes).await.status, 422);
        }
        assert_eq!(ada.send(Method::POST, to, "text/html", "x").await.status, 415);
        // Without script: the text comes along in the same form.
        let form = |alt: &str| {
            let mut body = Vec::new();
            for (name, value) in [("markdown", "## Typed\r\n"), ("base_revision", "1"), ("alt", alt)] {
                body.extend(
                    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
                );
            }
            body.extend(b"--b\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"g.png\"\r\n\r\n");
            body.extend(&png);
            body.extend(b"\r\n--b--\r\n");
            body
        };
        let kind = "multipart/form-data; boundary=b";
        let unnamed = ada.send(Method::POST, to, kind, form(" ")).await;
        assert_eq!(unnamed.status, 422);
        assert_eq!(unnamed.typed("markdown"), "## Typed");
        assert!(unnamed.text().contains("Describe what the picture shows"));
        let added = ada.send(Method::POST, to, kind, form("A [graph] of the pool")).await;
        assert_eq!(added.status, 303, "{}", added.text());
        let editor = ada.get(&format!("{AT}/edit")).await;
        assert_eq!(editor.typed("markdown"), format!("## Typed ![A graph of the pool]({href})"));
        assert_eq!(editor.attribute("#f-markdown-preview img", "src"), Some(href.clone()));
        // It leaves with an export and comes back under its address.
        let folder = std::env::temp_dir().join(format!("debrief-pictures-{}", debrief::auth::secrets::random_hex(8)));
        debrief::exchange::leaving::export(&app.app.db, &folder).unwrap();
        let list = std::fs::read_to_string(folder.join("pictures.json")).unwrap();
        assert!(list.contains("\"incident\": \"INC-1\""), "{list}");
        assert_eq!(std::fs::read_dir(folder.join("pictures")).unwrap().count(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
        // The same bytes again are the same picture.
        let again = ada.send(Method::POST, to, "image/png", png.clone()).await;
        assert_eq!(again.json()["href"].as_str(), Some(href.as_str()));
        assert_eq!(newest(&app, &incident).0, 1);
    }
);

both!(
    async fn the_rule_that_says_most_chooses_the_template(app: TestApp) {
        let mut admin = app.signed_in("Alma", Role::Admin);
        live(&app, "First");
        let list = "/admin/postmortem-templates";
        assert_eq!(app.ada().get(list).await.status, 403);
        let page = admin.get(list).await;
        for name in ["Debrief", "Google SRE", "PagerDuty", "Etsy debrief", "Atlassian", "Howie"] {
            assert!(page.all("tbody th").contains(&name.to_owned()), "{name}");
        }
        for rule in [
            [("severity", "SEV1"), ("kind", ""), ("service", ""), ("template", "google-sre")],
            [("severity", ""), ("kind", ""), ("service", "checkout"), ("template", "howie")],
            [("severity", ""), ("kind", ""), ("service", ""), ("template", "etsy")],
        ] {
            assert_eq!(admin.post(&format!("{list}/rules"), &rule).await.status, 303);
        }
        let bad = [("severity", "SEV9"), ("template", "google-sre")];
        assert_eq!(admin.post(&format!("{list}/rules"), &bad).await.status, 422);
        let editor = admin.post_and_follow(AT, &[]).await;
        assert!(editor.typed("markdown").contains("## Why we look into this one"));
        assert!(editor.text().contains("with the template Howie, by the rule for incidents in checkout"));
        let plain = admin.get(&format!("{AT}.md")).await.text();
        assert!(plain.contains("## Themes") && !plain.contains("<!--") && !plain.contains("What made it worth"));

        // A template of our own, with a preview before it is saved.
        let text = "# {{title}}\n\n<!-- Be brief. -->\n\n[[timeline]]\n";
        let fields = [("name", "Short"), ("markdown", text), ("then", "preview")];
        let preview = admin.post(list, &fields).await;
        assert_eq!((preview.status.as_u16(), preview.one(".editor-preview h2")), (200, "First".to_owned()));
        assert!(!preview.one(".editor-preview").contains("Be brief"));
        assert_eq!(admin.post(list, &fields[..2]).await.status, 303);
        assert_eq!(admin.post(list, &fields[..2]).await.status, 422);
        assert_eq!(admin.post(list, &[("name", ""), ("markdown", "")]).await.status, 422);
        let rule = [("severity", "SEV1"), ("kind", ""), ("service", "checkout"), ("template", "short")];
        admin.post(&format!("{list}/rules"), &rule).await;
        live(&app, "Second");
        let editor = admin.post_and_follow("/incidents/INC-2/postmortem", &[]).await;
        assert_eq!(editor.typed("markdown"), "# Second <!--? Be brief. --> [[timeline]]");
        assert!(editor.text().contains("SEV1 incidents in checkout"));

        // A shipped one is changed and taken back.
        let path = format!("{list}/howie");
        let fields = [("name", "Howie"), ("markdown", "Ours\n"), ("revision", "0")];
        assert_eq!(admin.post(&path, &fields).await.status, 303);
        assert_eq!(admin.post(&path, &fields).await.status, 409);
        assert_eq!(admin.get(&path).await.typed("markdown"), "Ours");
        assert_eq!(admin.post(&format!("{path}/removal"), &[]).await.status, 303);
        assert!(admin.get(&path).await.typed("markdown").contains("Why we look into this one"));
        let id = app.read(|c| Ok(debrief::postmortem_templates::queries::rules(c)?[0].0.id));
        assert_eq!(admin.post(&format!("{list}/rules/{id}/removal"), &[]).await.status, 303);
    }
);

/// A request as it goes over the wire; gives the whole answer.
fn talk(base_url: &str, method: &str, path: &str, cookie: &str, form: &str) -> String {
    use std::io::{Read, Write};
    let host = base_url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_killed_server_has_every_text_that_it_said_it_kept() {
    use crate::support::program::{Folder, Server, debrief as program, run};
    let folder = Folder::new();
    let database = folder.file("killed.db");
    let cookie = {
        use debrief::auth::queries::{Browser, NewUser, add_user, open_session};
        let db = debrief::db::Db::open(&debrief::db::Target::Sqlite(database.clone())).unwrap();
        let now = debrief::clock::Clock::System.now();
        let new = NewUser {
            email: "ada@example.org".to_owned(),
            name: "Ada".to_owned(),
            role: Role::Member,
            password_hash: None,
            zone: "UTC".to_owned(),
        };
        let browser = Browser { user_agent: "test".to_owned(), address: "127.0.0.1".to_owned() };
        let token = db.write_blocking(|c| {
            let id = add_user(c, &Actor::program("test"), &new, now)?;
            open_session(c, id, &browser, now)
        });
        format!("debrief={}", token.unwrap())
    };
    let server = Server::start(&mut program(&database));
    let declared = talk(&server.base_url, "POST", "/incidents", &cookie, "title=Down&severity=SEV2&kind=incident");
    assert!(declared.contains("/incidents/INC-1"), "{declared}");
    talk(&server.base_url, "POST", AT, &cookie, "");
    for n in 0..20 {
        let kept = format!("markdown=Typed+until+{n}&base_revision=1");
        let answer = talk(&server.base_url, "POST", &format!("{AT}/drafts"), &cookie, &kept);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    // Dropping it is a kill -9.
    drop(server);
    let server = Server::start(&mut program(&database));
    let editor = talk(&server.base_url, "GET", &format!("{AT}/edit"), &cookie, "");
    assert!(editor.contains("Typed until 19"), "{editor}");
    assert_eq!(run(program(&database).arg("check")).0, 0);
}
