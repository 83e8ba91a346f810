//! Contributing factors, as records that come back.

use debrief::action_items::life::model::Refusal;
use debrief::action_items::model::ActionDraft;
use debrief::action_items::queries as action_items;
use debrief::auth::actor::Actor;
use debrief::factors::queries;
use debrief::incidents::model::{Incident, IncidentDraft, IncidentKind, IncidentStatus, Severity, Times};

use crate::both;
use crate::support::TestApp;

fn incident(app: &TestApp, hours_ago: i64) -> Incident {
    let (writer, now) = (Actor::program("test"), app.now());
    let draft = IncidentDraft {
        title: format!("Slow {hours_ago}"),
        kind: IncidentKind::Incident,
        severity: Severity::Sev3,
        status: IncidentStatus::Investigating,
        summary: String::new(),
        times: Times::from_start(now.plus_s(-3600 * hours_ago)),
        services: Vec::new(),
        tags: Vec::new(),
    };
    app.write(|c| debrief::incidents::queries::declare(c, &writer, &draft, now))
}

both!(
    async fn a_factor_says_how_often_it_came_up(app: TestApp) {
        let incidents: Vec<_> = [30, 20, 10].into_iter().map(|hours| incident(&app, hours)).collect();
        let mut ada = app.ada();
        for (at, name) in ["INC-3", "INC-1", "INC-2"].into_iter().zip([
            "Alert without an owner",
            " alert  without an OWNER ",
            "Alert without an owner",
        ]) {
            let answer =
                ada.post(&format!("/incidents/{at}/factors"), &[("name", name), ("note", "paged nobody")]).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
        }
        let times: Vec<_> =
            incidents.iter().map(|incident| app.read(|c| queries::of_incident(c, incident.id))[0].occurrence).collect();
        assert_eq!(times, [1, 2, 3]);
        let list = ada.get("/factors").await;
        assert_eq!((list.one("tbody th"), list.one("tbody td")), ("Alert without an owner".to_owned(), "3".to_owned()));
        let page = ada.get("/factors/alert-without-an-owner").await;
        assert_eq!(page.all("#incidents .key"), ["INC-3", "INC-2", "INC-1"]);

        ada.post_and_follow("/incidents/INC-2/factors/alert-without-an-owner/removal", &[]).await;
        assert!(app.read(|c| queries::of_incident(c, incidents[1].id)).is_empty());
        assert_eq!(app.read(|c| queries::of_incident(c, incidents[2].id))[0].occurrence, 2);
        let log = app.read(|c| debrief::auth::audit::list(c, Some("INC-2"), Default::default()));
        assert_eq!(log.rows[0].action, "incident.factor_removed");
        let events = app.read(|c| debrief::timeline::queries::of_incident(c, incidents[1].id));
        assert!(events.iter().any(|row| row.event.text.contains("Contributing factor taken off")));
        assert_eq!(ada.post("/incidents/INC-2/factors/alert-without-an-owner/removal", &[]).await.status, 404);
    }
);

both!(
    async fn a_refused_factor_keeps_what_was_typed(app: TestApp) {
        incident(&app, 1);
        let mut ada = app.ada();
        let refused = ada.post("/incidents/INC-1/factors", &[("name", "??"), ("note", "my words")]).await;
        assert_eq!(refused.status, 422);
        assert_eq!((refused.typed("name"), refused.typed("note")), ("??".to_owned(), "my words".to_owned()));
        let long = "x".repeat(121);
        assert_eq!(ada.post("/incidents/INC-1/factors", &[("name", &long)]).await.status, 422);
        assert_eq!(ada.post("/incidents/INC-9/factors", &[("name", "x")]).await.status, 404);
        assert_eq!(ada.get("/factors/nothing").await.status, 404);
        ada.post("/incidents/INC-1/factors", &[("name", "No limit")]).await;
        let described = ada.post_and_follow("/factors/no-limit", &[("name", "No limit"), ("note", "See INC-1")]).await;
        assert_eq!(described.one(".doc a"), "INC-1");
    }
);

both!(
    async fn what_is_still_to_be_done_about_a_factor_is_seen_however_much_was_done(app: TestApp) {
        let (writer, now) = (Actor::program("test"), app.now());
        let incident = incident(&app, 1);
        let mut ada = app.ada();
        ada.post("/incidents/INC-1/factors", &[("name", "No limit")]).await;
        app.write(|c| {
            for place in 0..126 {
                let draft = ActionDraft {
                    incident: Some(incident.number),
                    factor: Some("no-limit".to_owned()),
                    ..ActionDraft::titled(format!("Limit it, part {place}"))
                };
                let item = action_items::add(c, &writer, &draft, now)?;
                if (1..23).contains(&place) {
                    action_items::decline(c, &writer, item.number, &Refusal::because("The queue is gone."), now)?;
                }
            }
            Ok(())
        });
        let list = ada.get("/factors").await;
        assert_eq!(list.all("tbody td"), ["1", "100+"]);
        let page = ada.get("/factors/no-limit").await;
        assert!(page.one(".sub").contains("100+ open action items"), "{}", page.one(".sub"));
        assert_eq!(page.all("#action-items h3"), ["Open 20+", "Declined 20+"]);
        let keys = page.all("#action-items .key");
        assert_eq!((keys.len(), keys[0].as_str(), keys[20].as_str()), (40, "ACT-126", "ACT-23"));
        let all = ada.get("/action-items?view=all&factor=no-limit").await;
        assert_eq!(all.status, 200);
        assert!(page.text().contains("/action-items?view=all&amp;factor=no-limit"));
    }
);
