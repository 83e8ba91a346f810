//! The changes page: strips of time, bounded whatever the size of the database.

use debrief::auth::actor::Actor;
use debrief::changes::model::{BUCKET_LIMIT, EACH_LIMIT, Filter, Period};
use debrief::changes::queries;
use debrief::deploys::model::{BY_API, DeployDraft, DeployKind, DeployStatus};

use crate::both;
use crate::support::TestApp;

fn record(app: &TestApp, service: &str, minutes_ago: i64, status: DeployStatus) {
    let mut draft = DeployDraft::of(service, BY_API);
    draft.version = Some(format!("{minutes_ago}"));
    draft.status = status;
    draft.finished_at = Some(app.now().plus_s(-60 * minutes_ago));
    let now = app.now();
    app.write(|c| debrief::deploys::queries::record(c, &Actor::program("test"), &draft, now));
}

fn filter(app: &TestApp) -> Filter {
    Filter {
        period: Period::Week,
        until: app.now(),
        service: None,
        team: None,
        environment: None,
        kind: None,
        after: None,
    }
}

both!(
    async fn quiet_services_show_each_deploy_and_busy_ones_are_counted(app: TestApp) {
        let mut ada = app.ada();
        assert!(ada.get("/changes").await.one("main").contains("No service yet"));
        for number in 0..3 {
            record(&app, "quiet", 100 + number, DeployStatus::Succeeded);
        }
        record(&app, "quiet", 90, DeployStatus::Failed);
        let busy = EACH_LIMIT as i64 + 14;
        for number in 0..busy {
            record(&app, "busy", 60 + number * 120, DeployStatus::Succeeded);
        }
        record(&app, "old", 60 * 24 * 20, DeployStatus::Succeeded);
        let page = ada.get("/changes").await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert_eq!(
            page.one("figcaption"),
            format!("{} deploys of 2 services in 7 days, 1 failed or rolled back; no incident.", busy + 4)
        );
        assert_eq!(page.all(".lane").len(), 3);
        assert_eq!(page.all(".lane use").len(), 4);
        assert_eq!(page.all(".lane path.ok").len(), 1);
        assert_eq!(page.all("tbody tr").len(), 3);
        assert_eq!(page.all("tbody tr")[2], "quiet41none");
        // The filters are in the address.
        assert_eq!(ada.get("/changes?period=30d").await.all("tbody tr")[1], "old10none");
        assert_eq!(ada.get("/changes?service=quiet").await.all(".lane").len(), 1);
        assert_eq!(ada.get("/changes?team=nobody").await.all(".lane").len(), 0);
        let narrowed = ada.get("/changes?kind=deploy&environment=production").await;
        assert_eq!((narrowed.all(".lane use").len(), narrowed.all(".lane path.ok").len()), (4, 1));
        assert_eq!(ada.get("/changes?kind=flag").await.all(".lane use").len(), 0);
        assert!(ada.get("/changes?kind=flag&environment=staging").await.one("figcaption").starts_with("0 deploys"));
        assert!(
            ada.get("/changes?until=2026-11-03&period=24h")
                .await
                .one("figcaption")
                .starts_with("1 deploy of 1 service")
        );
        let odd = ada.get("/changes?period=century").await;
        assert_eq!((odd.status.as_u16(), odd.all(".errors li").len()), (422, 1));
        let earlier = page.attribute("a[rel=prev]", "href").unwrap();
        let page = ada.get(&earlier).await;
        assert_eq!(page.status, 200);
        assert!(page.attribute("a[rel=next]", "href").is_some());
    }
);

both!(
    async fn incidents_are_laid_over_the_services_that_they_hit(app: TestApp) {
        record(&app, "shop", 300, DeployStatus::Succeeded);
        record(&app, "till", 300, DeployStatus::Succeeded);
        let mut ada = app.ada();
        let fields = [
            ("title", "Carts are empty"),
            ("severity", "SEV2"),
            ("services", "shop"),
            ("other_services", ""),
            ("started_at", "2026-11-22T10:00"),
        ];
        ada.post_and_follow("/incidents", &fields).await;
        let page = ada.get("/changes").await;
        assert_eq!(page.one("figcaption"), "2 deploys of 2 services in 7 days; 1 incident, and it is live.");
        assert_eq!(page.all("rect.hit").len(), 2, "one on the strip and one in the legend");
        assert!(page.all("tbody tr")[0].contains("INC-1") && !page.all("tbody tr")[1].contains("INC-1"));
    }
);

both!(
    async fn a_page_is_bounded_whatever_is_on_record(app: TestApp) {
        for service in 0..45 {
            record(&app, &format!("s{service:02}"), 60, DeployStatus::Succeeded);
        }
        for _ in 0..(BUCKET_LIMIT + 40) {
            record(&app, "s00", 30, DeployStatus::Succeeded);
        }
        let mut ada = app.ada();
        let page = ada.get("/changes").await;
        assert_eq!(page.all(".lane").len(), 40);
        assert!(page.all("tbody tr")[0].starts_with("s00at least 25"), "{}", page.all("tbody tr")[0]);
        let next = page.all(".pager a");
        assert_eq!(next, ["More services"]);
        let page = ada.get(&page.attribute(".pager a[rel=next]", "href").unwrap()).await;
        assert_eq!(page.all(".lane").len(), 5);
        // The counts are those of the table.
        let lanes = app.read(|c| queries::lanes(c, &Filter { service: Some("s01".to_owned()), ..filter(&app) }));
        assert_eq!(lanes.0[0].sum().count, 1);
    }
);

/// Which deploys are drawn, and the counts of a busy strip, are short walks in an index, for every filter.
#[test]
fn strips_are_walks_in_an_index() {
    let run = |app: TestApp| async move {
        for (environment, kind) in
            [("", None), ("'production'", None), ("", Some(DeployKind::Flag)), ("'production'", Some(DeployKind::Flag))]
        {
            let filter = Filter { kind, ..filter(&app) };
            for sql in [queries::few_sql, queries::bucket_sql] {
                let plan = crate::support::plans::plan(&app, &sql(&[1, 2], &filter, filter.window(), environment));
                let walks: Vec<_> = plan.iter().filter(|step| step.contains("deploys_by_")).collect();
                assert_eq!(walks.len(), 1, "{environment} {kind:?}: {plan:#?}");
                assert!(
                    !plan.iter().any(|step| step.contains("SCAN d") || step.contains("Seq Scan on deploys")),
                    "{plan:#?}"
                );
            }
        }
    };
    crate::support::on_sqlite(run);
    crate::support::on_postgres(run);
}
