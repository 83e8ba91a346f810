//! Asking for a review, commenting on passages, approving, and what a later edit does to that.

use debrief::auth::actor::Actor;
use debrief::auth::model::Role;
use debrief::incidents::model::{Incident, IncidentDraft, IncidentKind, IncidentStatus, Severity, Times};
use debrief::postmortems::queries::{self, Text};

use crate::both;
use crate::support::{Http, TestApp};

const TEXT: &str =
    "## Summary\n\nThe pool ran dry. Payments failed for 40 minutes.\n\n## Timeline\n\nAt 14:02 the pager fired.\n";

pub fn written(app: &TestApp, title: &str, text: &str) -> Incident {
    let (writer, now) = (Actor::program("test"), app.now());
    let draft = IncidentDraft {
        title: title.to_owned(),
        kind: IncidentKind::Incident,
        severity: Severity::Sev1,
        status: IncidentStatus::Investigating,
        summary: String::new(),
        times: Times::from_start(now.plus_s(-3600)),
        services: Vec::new(),
        tags: Vec::new(),
    };
    app.write(|c| {
        let incident = debrief::incidents::queries::declare(c, &writer, &draft, now)?;
        queries::start_with(c, &writer, &incident, &Text { markdown: text, note: "", base: 0 }, now)?;
        Ok(incident)
    })
}

pub fn rewritten(app: &TestApp, incident: &Incident, base: i64, text: &str) {
    let (writer, now) = (Actor::program("test"), app.now());
    app.write(|c| queries::save(c, &writer, incident, &Text { markdown: text, note: "", base }, now));
}

const REVIEW: &str = "/incidents/INC-1/postmortem/review";

async fn comment(http: &mut Http, quote: &str, text: &str) -> u16 {
    http.post(&format!("{REVIEW}/comments"), &[("quote", quote), ("text", text)]).await.status.as_u16()
}

both!(
    async fn people_are_asked_by_a_date_and_answer(app: TestApp) {
        let incident = written(&app, "Pool", TEXT);
        let bea = app.user("Bea", Role::Member);
        let mut ada = app.ada();
        let refused = ada.post(&format!("{REVIEW}/requests"), &[("due_on", "2026-11-01")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.typed("due_on"), "2026-11-01");
        let asked = ada.post_and_follow(&format!("{REVIEW}/requests"), &[("reviewer", &bea.to_string())]).await;
        // A SEV1: three calendar days.
        assert!(asked.text().contains("due 26 Nov"), "{}", asked.text());
        let postmortem = app.read(|c| queries::existing(c, &incident));
        assert_eq!(postmortem.status.as_str(), "in_review");

        let mut bea = app.session_of(bea);
        assert!(bea.get("/").await.text().contains("Reviews that wait for me"));
        assert_eq!(bea.get("/reviews").await.all("tbody th"), ["INC-1"]);
        assert_eq!(bea.get("/reviews?view=unreviewed").await.all("tbody th"), ["INC-1"]);
        assert_eq!(bea.get("/reviews?view=late").await.all("tbody th"), Vec::<String>::new());
        let silent = bea.post(&format!("{REVIEW}/verdicts"), &[("verdict", "change_wanted"), ("revision", "1")]).await;
        assert_eq!(silent.status, 422);
        let said =
            bea.post_and_follow(&format!("{REVIEW}/verdicts"), &[("verdict", "approved"), ("revision", "1")]).await;
        assert!(said.text().contains("1 of 1 approved revision 1"), "{}", said.text());
        assert_eq!(bea.get("/reviews").await.all("tbody th"), Vec::<String>::new());
        assert_eq!(bea.get("/reviews?view=unreviewed").await.all("tbody th"), Vec::<String>::new());

        rewritten(&app, &incident, 1, &format!("{TEXT}\nMore.\n"));
        let page = ada.get(REVIEW).await;
        assert!(page.text().contains("approved an earlier revision"));
        assert!(page.text().contains("0 of 1 approved revision 2"));
        let late = bea.post(&format!("{REVIEW}/verdicts"), &[("verdict", "approved"), ("revision", "1")]).await;
        assert_eq!(late.status, 409);
        assert!(app.read(debrief::db::check::faults).is_empty());
    }
);

both!(
    async fn a_request_can_be_taken_back(app: TestApp) {
        written(&app, "Pool", TEXT);
        let bea = app.user("Bea", Role::Member);
        let mut ada = app.ada();
        ada.post(&format!("{REVIEW}/requests"), &[("reviewer", &bea.to_string()), ("due_on", "2026-12-01")]).await;
        assert_eq!(ada.get("/reviews?view=waiting").await.all("tbody th"), ["INC-1"]);
        ada.post_and_follow(&format!("{REVIEW}/requests/1/removal"), &[]).await;
        assert_eq!(ada.get("/reviews?view=waiting").await.all("tbody th"), Vec::<String>::new());
        assert_eq!(ada.post(&format!("{REVIEW}/requests/99/removal"), &[]).await.status, 404);
        let unknown = ada.post(&format!("{REVIEW}/requests"), &[("reviewer", "9999")]).await;
        assert_eq!(unknown.status, 422);
    }
);

both!(
    async fn comments_survive_edits(app: TestApp) {
        let incident = written(&app, "Pool", TEXT);
        let mut ada = app.ada();
        assert_eq!(comment(&mut ada, "Payments failed for 40 minutes", "Which **payments**?").await, 303);
        assert_eq!(comment(&mut ada, "the pager fired", "At whom?").await, 303);
        assert_eq!(comment(&mut ada, "", "Good to read.").await, 303);
        let refused = ada.post(&format!("{REVIEW}/comments"), &[("quote", "not there"), ("text", "my words")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!(refused.one("#add-comment textarea[name=text]"), "my words");

        let page = ada.get(REVIEW).await;
        assert_eq!(page.all(".doc .passage"), ["Payments failed for 40 minutes", "the pager fired"]);
        assert_eq!(page.all("#comments blockquote").len(), 2);

        rewritten(
            &app,
            &incident,
            1,
            "## Summary\n\nAn opening.\n\nThe pool ran dry. Card payments failed for 43 minutes.\n\n## Timeline\n\nNothing yet.\n",
        );
        let page = ada.get(REVIEW).await;
        assert_eq!(page.all(".doc .passage").len(), 1, "{}", page.text());
        assert!(page.text().contains("The passage reads differently now."));
        assert!(page.text().contains("This passage is no longer in the text."));
        assert!(page.all("#comments blockquote")[1].contains("the pager fired"));

        ada.post_and_follow(&format!("{REVIEW}/comments/1/replies"), &[("text", "The card ones.")]).await;
        let empty = ada.post(&format!("{REVIEW}/comments/1/replies"), &[("text", " ")]).await;
        assert_eq!(empty.status, 422);
        let settled = ada.post_and_follow(&format!("{REVIEW}/comments/1/resolution"), &[]).await;
        assert_eq!(settled.all(".doc .passage").len(), 0);
        assert!(settled.text().contains("The card ones."));
        ada.post_and_follow(&format!("{REVIEW}/comments/1/reopening"), &[]).await;
        assert_eq!(ada.get(REVIEW).await.all(".doc .passage").len(), 1);
        let show = ada.get("/incidents/INC-1/postmortem").await;
        assert!(show.text().contains("3 open comments"));
    }
);

both!(
    async fn hints_stand_beside_the_text_and_can_be_kept_away(app: TestApp) {
        written(&app, "Pool", "## Summary\n\nWe should have tested it. The cause was human error.\n");
        let mut ada = app.ada();
        let page = ada.get("/incidents/INC-1/postmortem/edit").await;
        assert_eq!(page.all("#wording q"), ["should have tested", "human error"]);
        assert_eq!(page.all(".editor-preview .blame"), ["should have tested", "human error"]);
        let typed = "## Summary\n\nWe should have tested it. My unsaved words.\n";
        let kept = ada
            .post(
                "/incidents/INC-1/postmortem/wording-dismissals",
                &[("markdown", typed), ("base_revision", "1"), ("phrase", "should have tested")],
            )
            .await;
        assert_eq!(kept.status, 200);
        assert!(kept.typed("markdown").contains("My unsaved words."));
        assert_eq!(kept.all("#wording q").len(), 0);
        assert_eq!(ada.get("/incidents/INC-1/postmortem/edit").await.all("#wording q"), ["human error"]);
        let shown = ada.get("/incidents/INC-1/postmortem").await;
        assert_eq!(shown.all(".blame").len(), 0);
    }
);
