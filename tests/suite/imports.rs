//! Postmortems brought in from the browser, and one taken along as a file.

use actix_web::http::Method;
use debrief::auth::model::Role;
use debrief::incidents::queries::by_number;
use debrief::postmortems::queries::{of_incident, revision};

use crate::both;
use crate::support::browser::{Answer, Http};

const ONE: &str = "---\ntitle: Checkout slow\nseverity: SEV2\ndate: 2025-03-04\n---\n# Checkout slow\n\n## Timeline\n\n\
- 10:00 UTC pages took twelve seconds\n- 11:30 UTC resolved\n\n## Action items\n\n- [ ] Add an index\n";
const MANY: &str = r#"{"incidents": [
  {"id": "a", "reference": "INC-70", "name": "Mail late", "incident_status": {"name": "Closed"}, "severity": {"name": "Minor"},
   "created_at": "2025-01-02T03:04:05Z", "resolved_at": "2025-01-02T04:04:05Z"},
  {"id": "b", "reference": "INC-71", "name": "Search down", "incident_status": {"name": "Closed"},
   "created_at": "2025-02-02T03:04:05Z"}]}"#;

/// Sends the form with files, line ends and odd bytes as they are.
async fn choose(http: &mut Http, files: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    body.extend_from_slice(b"--xx\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\r\n");
    for (name, content) in files {
        let head = format!("--xx\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xx--\r\n");
    http.send(Method::POST, "/postmortems/import", "multipart/form-data; boundary=xx", body).await
}

/// What the preview would send when everything that is ticked stays so.
fn ticked(page: &Answer) -> Vec<(String, String)> {
    let html = scraper::Html::parse_document(&page.text());
    let found = scraper::Selector::parse("form.wide input[type=hidden], form.wide input[checked]").unwrap();
    let value =
        |name: &str, element: scraper::ElementRef<'_>| element.value().attr(name).unwrap_or_default().to_owned();
    html.select(&found).map(|element| (value("name", element), value("value", element))).collect()
}

async fn confirm(http: &mut Http, fields: &[(String, String)]) -> Answer {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    http.post("/postmortems/import/incidents", &fields).await
}

both!(
    async fn a_pasted_postmortem_is_shown_then_brought_in_once(app: TestApp) {
        let mut ada = app.ada();
        assert_eq!(ada.get("/postmortems/import").await.status, 200);
        let empty = ada.post("/postmortems/import", &[("text", " ")]).await;
        assert_eq!(
            (empty.status.as_u16(), empty.one("#f-text-error")),
            (422, "Paste a postmortem, or choose files.".into())
        );
        let preview = ada.post("/postmortems/import", &[("text", ONE)]).await;
        assert_eq!(preview.status, 200);
        assert_eq!(preview.attribute("input[name=title-0-0]", "value").as_deref(), Some("Checkout slow"));
        assert_eq!(preview.attribute("select option[selected]", "value").as_deref(), Some("SEV2"));
        assert_eq!(preview.attribute("input[name=began-0-0]", "value").as_deref(), Some("2025-03-04T10:00"));
        let nothing: Vec<(i64, String)> =
            app.read(|c| Ok(by_number(c, 1).into_iter().map(|one| (one.id, one.title)).collect()));
        assert!(nothing.is_empty());

        let mut fields = ticked(&preview);
        fields.push(("title-0-0".to_owned(), "Checkout was slow".to_owned()));
        fields.push(("severity-0-0".to_owned(), "SEV3".to_owned()));
        let done = confirm(&mut ada, &fields).await;
        assert_eq!((done.status.as_u16(), done.header("location")), (303, Some("/incidents/INC-1/postmortem")));
        let incident = app.read(|c| by_number(c, 1));
        assert_eq!((incident.title.as_str(), incident.severity.as_str()), ("Checkout was slow", "SEV3"));
        assert_eq!(incident.started_at.to_string(), "2025-03-04T10:00:00Z");
        let text = app.read(|c| {
            let written = of_incident(c, incident.id)?.unwrap();
            Ok(revision(c, &written, 1)?.markdown)
        });
        assert_eq!(text, ONE);
        assert_eq!(ada.get("/incidents/INC-1/postmortem.md").await.text(), ONE);

        let again = ada.post("/postmortems/import", &[("text", ONE)]).await;
        assert!(again.text().contains("already here as") && again.all("input[checked]").is_empty());
        assert_eq!(confirm(&mut ada, &ticked(&again)).await.status, 422);
        let mut vera = app.signed_in("Vera", Role::Viewer);
        assert_eq!(vera.get("/postmortems/import").await.status, 403);
        assert!(app.read(debrief::db::check::faults).is_empty());
    }
);

both!(
    async fn files_of_other_tools_are_brought_in_together(app: TestApp) {
        let mut ada = app.ada();
        let odd = b"# Caf\xe9 closed\r\n\r\n2024-05-06\r\n";
        let preview = choose(&mut ada, &[("many.json", MANY.as_bytes()), ("cafe.md", odd), ("x.json", b"{}")]).await;
        assert_eq!(preview.status, 200);
        assert_eq!(preview.all("tbody tr").len(), 3);
        assert!(preview.text().contains("x.json") && preview.text().contains("is left out"));
        let done = confirm(&mut ada, &ticked(&preview)).await;
        assert_eq!(done.status, 200);
        assert_eq!(done.all("tbody th"), ["INC-1", "INC-2", "INC-3"]);
        let mail = app.read(|c| by_number(c, 1));
        assert_eq!((mail.title.as_str(), mail.severity.as_str()), ("Mail late", "SEV4"));
        assert_eq!(mail.imported_from.as_deref(), Some("many.json#INC-70"));
        assert_eq!(mail.resolved_at.unwrap().to_string(), "2025-01-02T04:04:05Z");
        assert_eq!(
            ada.get("/incidents/INC-3/postmortem.md").await.text(),
            "# Caf\u{fffd} closed\r\n\r\n2024-05-06\r\n"
        );
        let broken = choose(&mut ada, &[("a.sql", b"SELECT 1;")]).await;
        assert_eq!(broken.status, 422);
        assert!(broken.text().contains("no dump of Dispatch or Morgue"));
        let torn =
            ada.send(Method::POST, "/postmortems/import", "multipart/form-data; boundary=xx", "--xx\r\nbroken").await;
        assert_eq!(torn.status, 400);
        assert!(app.read(debrief::db::check::faults).is_empty());
    }
);

both!(
    async fn one_is_taken_along_as_a_file(app: TestApp) {
        let mut ada = app.ada();
        let preview = ada.post("/postmortems/import", &[("text", "# A <b>bold</b> title\n\n2024-05-06, see INC-1 and [it](/reading).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")]).await;
        assert_eq!(confirm(&mut ada, &ticked(&preview)).await.status, 303);
        let file = ada.get("/incidents/INC-1/postmortem.html").await;
        assert_eq!(file.status, 200);
        assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"INC-1-postmortem.html\""));
        let html = file.text();
        assert!(html.contains("<table>") && html.contains("http://debrief.test/reading"), "{html}");
        for outside in ["src=\"/", "href=\"/", "<script", "<link", "url("] {
            assert!(!html.contains(outside), "{outside}: {html}");
        }
        let with_facts = ada.get("/incidents/INC-1/postmortem.md?facts=on").await.text();
        assert!(with_facts.starts_with("---\ndebrief: ") && with_facts.contains("key: INC-1\n"), "{with_facts}");
        assert!(with_facts.ends_with("| 1 | 2 |\n"));
        assert_eq!(ada.get("/incidents/INC-9/postmortem.html").await.status, 404);
        let mut vera = app.signed_in("Vera", Role::Viewer);
        assert_eq!(vera.get("/incidents/INC-1/postmortem.html").await.status, 200);
    }
);

const DRAFT: &str = r#"{"data": {"postmortemId": "4e4b", "title": "Logins &amp; <b>tokens</b> failed", "severity": "P2",
  "status": "draft", "startTime": "2025-02-26T04:13:21Z", "resolveTime": "2025-02-26T05:00:00Z",
  "summary": "<p>Logins were <b>slow</b>.</p><ul><li>For all</li></ul>"}}"#;

both!(
    async fn what_a_tool_calls_a_draft_stays_one(app: TestApp) {
        let mut ada = app.ada();
        let preview = choose(&mut ada, &[("a.json", DRAFT.as_bytes())]).await;
        assert_eq!(preview.status, 200);
        let chosen = preview.attribute("select[name=standing-0-0] option[selected]", "value");
        assert_eq!(chosen.as_deref(), Some("draft"));
        assert!(preview.text().contains("It calls itself draft, so it is not published here."), "{}", preview.text());
        assert_eq!(confirm(&mut ada, &ticked(&preview)).await.status, 303);
        let incident = app.read(|c| by_number(c, 1));
        assert_eq!(incident.title, "Logins & tokens failed");
        let (status, published, text) = app.read(|c| {
            let written = of_incident(c, incident.id)?.unwrap();
            Ok((written.status, written.published_revision, revision(c, &written, 1)?.markdown))
        });
        assert_eq!((status.as_str(), published), ("draft", None));
        assert!(text.contains("## Summary\n\nLogins were **slow**.\n\n- For all\n"), "{text}");
        // Somebody knows better: the same as a finished one.
        let again = DRAFT.replace("4e4b", "4e4c").replace("tokens", "keys");
        let preview = choose(&mut ada, &[("b.json", again.as_bytes())]).await;
        let mut fields = ticked(&preview);
        fields.push(("standing-0-0".to_owned(), "published".to_owned()));
        assert_eq!(confirm(&mut ada, &fields).await.status, 303);
        let incident = app.read(|c| by_number(c, 2));
        let second = app.read(|c| Ok(of_incident(c, incident.id)?.unwrap()));
        assert_eq!((second.status.as_str(), second.published_revision), ("published", Some(1)));
        assert_eq!(second.published_at.unwrap().to_string(), "2025-02-26T05:00:00Z");
        assert!(app.read(debrief::db::check::faults).is_empty());
    }
);

both!(
    async fn times_are_corrected_before_anything_is_stored(app: TestApp) {
        let mut ada = app.ada();
        let preview = ada.post("/postmortems/import", &[("text", ONE)]).await;
        assert_eq!(preview.attribute("input[name=began-0-0]", "value").as_deref(), Some("2025-03-04T10:00"));
        assert_eq!(preview.attribute("input[name=over-0-0]", "value").as_deref(), Some("2025-03-04T11:30"));
        let with = |began: &str, over: &str| {
            let mut fields = ticked(&preview);
            fields.push(("title-0-0".to_owned(), "Checkout was slow".to_owned()));
            fields.push(("began-0-0".to_owned(), began.to_owned()));
            fields.push(("over-0-0".to_owned(), over.to_owned()));
            fields
        };
        for (began, over, place, sentence) in [
            ("2025-03-04T12:00", "2025-03-04T11:30", "over", "It was over before it began. Correct one of the two."),
            ("2031-01-01T00:00", "", "began", "Pick a time that has passed."),
            (
                "soon",
                "2025-03-04T11:30",
                "began",
                "Write the time as 2026-11-23 14:02, or with a zone as 2026-11-23T14:02:00Z.",
            ),
        ] {
            let refused = confirm(&mut ada, &with(began, over)).await;
            assert_eq!(refused.status, 422, "{began} {over}");
            assert_eq!(refused.one(&format!("#f-{place}-0-0-error")), sentence);
            let kept = |name: &str| refused.attribute(&format!("input[name={name}-0-0]"), "value").unwrap_or_default();
            assert_eq!(
                (kept("title"), kept("began"), kept("over")),
                ("Checkout was slow".into(), began.into(), over.into())
            );
            assert_eq!(refused.all("input[name=take][checked]").len(), 1);
        }
        assert_eq!(confirm(&mut ada, &with("2025-03-03 09:15", "2025-03-04T11:45")).await.status, 303);
        let incident = app.read(|c| by_number(c, 1));
        assert_eq!(incident.title, "Checkout was slow");
        assert_eq!(incident.started_at.to_string(), "2025-03-03T09:15:00Z");
        assert_eq!(incident.resolved_at.unwrap().to_string(), "2025-03-04T11:45:00Z");
        let events = app.read(|c| debrief::timeline::queries::of_incident(c, incident.id));
        let told: Vec<(String, String)> = events
            .iter()
            .map(|event| (event.event.text.clone(), event.event.happened_at.to_string()))
            .take(2)
            .collect();
        assert_eq!(told[0], ("The incident started.".into(), "2025-03-03T09:15:00Z".into()));
        assert_eq!(told[1], ("The incident was resolved.".into(), "2025-03-04T11:45:00Z".into()));
        assert_eq!(ada.get("/incidents/INC-1/postmortem.md").await.text(), ONE);
        assert!(app.read(debrief::db::check::faults).is_empty());
    }
);
