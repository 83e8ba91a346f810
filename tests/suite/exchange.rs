//! Import and export: postmortems of other tools, and Debrief's own folder there and back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use debrief::app::App;
use debrief::auth::model::Role;
use debrief::db::schema::{counters, incidents, postmortem_revisions, search_documents};
use debrief::db::{Db, Target};
use debrief::exchange::arriving::{self, Outcome, Report};
use debrief::exchange::leaving;
use debrief::exchange::wire::*;
use debrief::incidents::queries::by_number;
use debrief::postmortems::queries::of_incident;
use diesel::prelude::*;

use crate::both;
use crate::support::databases::Database;
use crate::support::program::{Folder, debrief, run};
use crate::support::samples;

fn import(db: &Db, path: &Path) -> Vec<Report> {
    let mut reports = Vec::new();
    let now = crate::support::start_of_tests();
    arriving::import(db, &[path.to_owned()], now, &mut |report| reports.push(report.clone()));
    reports
}

/// An empty database of the same sort as the test's.
fn fresh(like: &App) -> (Database, Db) {
    let database = match like.db.target() {
        Target::Sqlite(_) => Database::sqlite(),
        Target::Postgres(_) => Database::postgres().unwrap(),
    };
    let db = Db::open(database.target()).unwrap();
    (database, db)
}

fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    fn walk(root: &Path, folder: &Path, into: &mut BTreeMap<PathBuf, String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, into);
            } else {
                let name = path.strip_prefix(root).unwrap().to_owned();
                into.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

fn write(folder: &Folder, name: &str, text: impl AsRef<[u8]>) {
    let path = folder.file(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn remarks(report: &Report) -> String {
    match &report.outcome {
        Outcome::Imported { remarks, .. } => remarks.join("\n"),
        other => panic!("{}: {other:?}", report.path),
    }
}

const WITH_FRONT_MATTER: &str = "---\ntitle: Checkout slow\nseverity: SEV2\nservices: [Checkout, Payments API]\ntags: [latency]\n\
started_at: 2025-03-04T10:00:00Z\nresolved_at: 2025-03-04T11:30:00Z\n---\r\n# Checkout slow\r\n\r\n## Summary\r\n\r\n\
Pages took *twelve* seconds.\r\n\r\n## Action items\r\n\r\n- [x] Add an index (https://tracker.example.org/7)\r\n- [ ] Watch p99\r\n";
const WITH_TABLE: &str = "# Mail stuck\n\n| | |\n|---|---|\n| Date | 2024-02-29 |\n| Duration | 45 minutes |\n\n## Timeline\n\n- 09:15 UTC first report\n- 10:00 UTC resolved\n";

both!(
    async fn postmortems_of_other_tools_become_incidents(app: TestApp) {
        let folder = Folder::new();
        write(&folder, "2025/checkout.md", WITH_FRONT_MATTER);
        write(&folder, "mail.markdown", WITH_TABLE);
        write(&folder, "nothing-known.md", "It broke.\n");
        write(&folder, "latin1.md", b"# Caf\xe9 closed\n\n2024-05-06\n");
        write(&folder, "huge.md", "x".repeat(1024 * 1024 + 1));
        write(&folder, "package.json", "{\"name\": \"other\"}");
        write(&folder, "picture.png", "no text");
        let reports = import(&app.app.db, &folder.0);
        let by_path: BTreeMap<&str, &Report> = reports.iter().map(|report| (report.path.as_str(), report)).collect();
        assert_eq!(reports.len(), 6, "{reports:?}");
        assert!(matches!(&by_path["huge.md"].outcome, Outcome::Failed(why) if why.contains("1 MB")));
        assert!(matches!(by_path["package.json"].outcome, Outcome::Skipped(_)));
        assert!(remarks(by_path["latin1.md"]).contains("not UTF-8"));
        let unknown = remarks(by_path["nothing-known.md"]);
        assert!(unknown.contains("time of the import stands in") && unknown.contains("SEV3"), "{unknown}");

        let checkout = app.read(|c| by_number(c, 1));
        assert_eq!(checkout.title, "Checkout slow");
        assert_eq!(checkout.imported_from.as_deref(), Some("2025/checkout.md"));
        assert_eq!(checkout.started_at.to_string(), "2025-03-04T10:00:00Z");
        assert_eq!(checkout.resolved_at.unwrap().to_string(), "2025-03-04T11:30:00Z");
        assert_eq!(checkout.summary, "Pages took twelve seconds.");
        let written = app.read(|c| of_incident(c, checkout.id)).unwrap();
        assert_eq!((written.status.as_str(), written.published_revision), ("published", Some(1)));
        let text: String = app.read(|c| {
            Ok(postmortem_revisions::table
                .filter(postmortem_revisions::postmortem_id.eq(written.id))
                .select(postmortem_revisions::markdown)
                .first(c)?)
        });
        assert_eq!(text, WITH_FRONT_MATTER);
        let items = app.read(|c| debrief::action_items::queries::of_incident(c, checkout.id));
        assert_eq!(items.iter().map(|row| row.item.status.as_str()).collect::<Vec<_>>(), ["done", "open"]);
        let events = app.read(|c| debrief::timeline::queries::of_incident(c, checkout.id));
        assert_eq!(events.len(), 3);

        let again = import(&app.app.db, &folder.0);
        assert!(again.iter().all(|report| !matches!(report.outcome, Outcome::Imported { .. })), "{again:?}");
        let count: i64 = app.read(|c| Ok(incidents::table.count().get_result(c)?));
        assert_eq!(count, 4);

        let mut ada = app.session_of(app.user("Ada", Role::Member));
        for number in 1..=4 {
            assert_eq!(ada.get(&format!("/incidents/INC-{number}")).await.status, 200);
            assert_eq!(ada.get(&format!("/incidents/INC-{number}/postmortem")).await.status, 200);
        }
    }
);

both!(
    async fn the_real_postmortems_come_in_whole(app: TestApp) {
        let Some(samples) = samples() else { return };
        let folder = samples.join("postmortems/mybinder");
        let reports = import(&app.app.db, &folder);
        assert!(reports.iter().all(|report| matches!(report.outcome, Outcome::Imported { .. })), "{reports:?}");
        let mut ada = app.session_of(app.user("Ada", Role::Member));
        let mut dated = 0;
        for report in &reports {
            let Outcome::Imported { what, .. } = &report.outcome else { unreachable!() };
            let page = ada.get(&format!("/incidents/{what}/postmortem")).await;
            assert_eq!(page.status, 200, "{}", report.path);
            let number: i64 = what.strip_prefix("INC-").unwrap().parse().unwrap();
            let (text, found): (String, String) = app.read(|c| {
                let incident = by_number(c, number)?;
                let written = of_incident(c, incident.id)?.unwrap();
                Ok((
                    postmortem_revisions::table
                        .filter(postmortem_revisions::postmortem_id.eq(written.id))
                        .select(postmortem_revisions::markdown)
                        .first(c)?,
                    search_documents::table
                        .filter(search_documents::kind.eq("postmortem"))
                        .filter(search_documents::thing_id.eq(incident.id))
                        .select(search_documents::body)
                        .first(c)?,
                ))
            });
            assert_eq!(text, std::fs::read_to_string(folder.join(&report.path)).unwrap(), "{}", report.path);
            assert_eq!(found, text);
            if report.path.starts_with("20") {
                dated += 1;
                let incident = app.read(|c| by_number(c, number));
                let told = incident.started_at.date();
                let named: chrono::NaiveDate = report.path[..10].parse().unwrap();
                assert!((told - named).num_days().abs() <= 31, "{}: {told}", report.path);
            }
        }
        assert_eq!(dated, 23);
    }
);

/// An export with every field in use.
fn whole_export(folder: &Folder) {
    let at = |text: &str| Some(debrief::clock::Moment::parse(text).unwrap());
    let day = at("2026-03-04T10:00:00.250Z");
    let later = at("2026-03-04T12:00:00Z");
    let ada = || Some("ada".to_owned());
    let people = [("ada", "Ada L"), ("bo", "Bo Ö")].map(|(handle, name)| ExportedPerson {
        handle: handle.to_owned(),
        name: name.to_owned(),
        email: format!("{handle}.x@example.org"),
    });
    let teams = [ExportedTeam {
        slug: "shop".into(),
        name: "Shop".into(),
        created_at: day,
        members: vec!["ada".into(), "bo".into()],
    }];
    let service = |slug: &str, depends_on: Vec<String>| ExportedService {
        slug: slug.into(),
        name: slug.to_uppercase(),
        team: Some("shop".into()),
        tier: 2,
        description: "*It* sells".into(),
        repository_url: Some("https://example.org/shop".into()),
        revision: 4,
        created_at: day,
        updated_at: later,
        depends_on,
        links: vec![ExportedServiceLink {
            kind: "runbook".into(),
            label: "Book".into(),
            url: "https://example.org/r".into(),
        }],
    };
    let services = [service("basket", vec!["checkout".into()]), service("checkout", vec![])];
    let factors = [ExportedFactor {
        slug: "old-habit".into(),
        name: "Old habit".into(),
        description: "x".into(),
        created_at: day,
    }];
    let deploy = |number: i64, external_id: Option<String>| ExportedDeploy {
        key: format!("DEP-{number}"),
        service: "checkout".into(),
        environment: "production".into(),
        kind: "config".into(),
        status: "rolled_back".into(),
        version: Some("v1".into()),
        commit_sha: Some("abc".into()),
        previous_version: Some("v0".into()),
        previous_commit_sha: Some("abb".into()),
        summary: "Line\nline".into(),
        url: Some("https://example.org/1".into()),
        compare_url: Some("https://example.org/c".into()),
        deployed_by: Some("Ada L".into()),
        source: "api".into(),
        external_id,
        started_at: day,
        finished_at: later,
        happened_at: later,
        revision: 2,
        created_at: day,
        updated_at: later,
        people: vec![ExportedDeployPerson {
            part: "author".into(),
            name: "Ada L".into(),
            person: ada(),
            stood_at: day,
        }],
        references: vec![ExportedReference { kind: "ticket".into(), label: "S-1".into(), url: None }],
    };
    let deploys = [deploy(3, Some("e1".into())), deploy(9, None), deploy(10, None)];
    let item = |key: &str| ExportedActionItem {
        key: key.into(),
        title: "Mend".into(),
        details: "Well".into(),
        kind: "detect".into(),
        status: "declined".into(),
        priority: "P1".into(),
        owner: ada(),
        team: Some("shop".into()),
        factor: Some("old-habit".into()),
        due_on: "2026-04-01".parse().ok(),
        tracker_url: Some("https://example.org/t".into()),
        declined_reason: Some("No".into()),
        look_again_on: "2026-09-01".parse().ok(),
        done_by: ada(),
        blocked_at: None,
        blocked_reason: None,
        put_off_count: 2,
        assign_by: "2026-03-20".parse().ok(),
        check_on: "2026-05-01".parse().ok(),
        effect: Some("came_back".into()),
        replaced_at: later,
        closed_at: later,
        created_by: Some("bo".into()),
        revision: 7,
        created_at: day,
        updated_at: later,
        evidence: vec![ExportedEvidence { text: "DEP-9".into(), url: None, person: ada(), given_at: day }],
        history: vec![ExportedChange {
            field: "status".into(),
            old_value: None,
            new_value: Some("open".into()),
            reason: "r".into(),
            person: None,
            changed_at: day,
        }],
    };
    let said = |relation: &str| ExportedVerdict {
        deploy: "DEP-9".into(),
        relation: relation.into(),
        reason: "It began with it".into(),
        said_by: "Ada L".into(),
        person: ada(),
        said_at: day,
    };
    let event = |n: usize, deleted_at| ExportedTimelineEvent {
        id: format!("INC-42-E{n}"),
        happened_at: day,
        kind: "action".into(),
        source: "person".into(),
        text: format!("Event {n}"),
        author: ada(),
        deploy: Some("DEP-9".into()),
        pinned: n == 1,
        revision: 3,
        created_at: day,
        updated_at: later,
        deleted_at,
        deleted_by: deleted_at.and(Some("bo".to_owned())),
        evidence: vec![ExportedLink { url: "https://example.org/g".into(), label: "Graph".into() }],
    };
    let revision = |number: i64, markdown: &str| ExportedRevision {
        number,
        base_number: (number > 1).then_some(number - 1),
        markdown: markdown.into(),
        note: "n".into(),
        person: ada(),
        created_at: day,
        ..ExportedRevision::default()
    };
    let incident = ExportedIncident {
        schema_version: SCHEMA_VERSION,
        key: "INC-42".into(),
        title: "Disk: \"full\" – ja".into(),
        kind: "near_miss".into(),
        severity: "SEV1".into(),
        status: "resolved".into(),
        summary: "Two\n\nparagraphs".into(),
        started_at: day,
        detected_at: day,
        acknowledged_at: day,
        identified_at: later,
        mitigated_at: later,
        resolved_at: later,
        declared_at: later,
        declared_by: ada(),
        imported_from: None,
        revision: 5,
        updated_at: later,
        services: vec!["basket".into(), "checkout".into()],
        tags: vec!["a".into(), "b".into()],
        roles: vec![ExportedRole { role: "lead".into(), person: "bo".into(), assigned_at: day }],
        impact_figures: vec![ExportedImpactFigure {
            label: "Lost".into(),
            amount: "0.30000000000000004".into(),
            unit: "EUR".into(),
            source: "books".into(),
            basis: "measured".into(),
            created_by: ada(),
            created_at: day,
        }],
        time_corrections: vec![ExportedCorrection {
            field: "started_at".into(),
            old_at: later,
            new_at: day,
            reason: "log".into(),
            corrected_by: ada(),
            corrected_at: later,
        }],
        deploys: vec![said("caused")],
        deploy_verdicts: vec![said("suspected"), said("unlinked"), said("caused")],
        timeline: vec![event(1, None), event(2, later)],
        contributing_factors: vec![ExportedIncidentFactor {
            factor: "old-habit".into(),
            name: "Old habit".into(),
            note: "again".into(),
            person: ada(),
            added_at: day,
        }],
        action_items: vec![item("ACT-7")],
        postmortem: Some(ExportedPostmortem {
            status: "published".into(),
            current_revision: 2,
            published_revision: Some(1),
            published_at: later,
            published_by: ada(),
            not_needed_reason: None,
            started_by: ada(),
            created_at: day,
            updated_at: later,
            revisions: vec![revision(1, "---\nx: y\n---\r\n# One"), revision(2, "# Two\n")],
            steps: vec![ExportedStep {
                status: "draft".into(),
                reason: String::new(),
                revision: 1,
                person: ada(),
                happened_at: day,
            }],
        }),
    };
    let bare = ExportedIncident {
        schema_version: SCHEMA_VERSION,
        key: "INC-43".into(),
        title: "Bare".into(),
        kind: "incident".into(),
        severity: "SEV4".into(),
        status: "investigating".into(),
        started_at: day,
        declared_at: day,
        imported_from: Some("old/bare.md".into()),
        revision: 1,
        updated_at: day,
        ..ExportedIncident::default()
    };
    let json = |value: &dyn erased::Json| format!("{}\n", value.pretty());
    write(folder, "people.json", json(&people.to_vec()));
    write(folder, "teams.json", json(&teams.to_vec()));
    write(folder, "services.json", json(&services.to_vec()));
    write(folder, "factors.json", json(&factors.to_vec()));
    let lines: String = deploys.iter().map(|deploy| format!("{}\n", serde_json::to_string(deploy).unwrap())).collect();
    write(folder, "deploys.ndjson", lines);
    for whole in [&incident, &bare] {
        write(folder, &format!("incidents/{}.json", whole.key), json(whole));
        write(folder, &format!("incidents/{}.md", whole.key), debrief::exchange::export::write_markdown(whole));
    }
    write(folder, "action_items.json", json(&vec![item("ACT-2")]));
    let index = ExportedIndex { debrief: 1, incidents: vec!["INC-42".into(), "INC-43".into()], deploy_count: 3 };
    write(folder, "index.json", json(&index));
}

/// Values that can be written as JSON, whatever their type.
mod erased {
    pub trait Json {
        fn pretty(&self) -> String;
    }

    impl<T: serde::Serialize> Json for T {
        fn pretty(&self) -> String {
            serde_json::to_string_pretty(self).unwrap()
        }
    }
}

both!(
    async fn an_export_comes_in_and_goes_out_the_same(app: TestApp) {
        let given = Folder::new();
        whole_export(&given);
        let reports = import(&app.app.db, &given.0);
        assert!(reports.iter().all(|report| matches!(report.outcome, Outcome::Imported { .. })), "{reports:#?}");
        let out = Folder::new();
        leaving::export(&app.app.db, &out.0).unwrap();
        assert_eq!(files(&out.0), files(&given.0));

        let again = import(&app.app.db, &given.0);
        assert!(again.iter().all(|report| matches!(report.outcome, Outcome::Skipped(_))), "{again:#?}");
        let (_database, second) = fresh(&app.app);
        import(&second, &out.0);
        let third = Folder::new();
        leaving::export(&second, &third.0).unwrap();
        assert_eq!(files(&third.0), files(&given.0));

        let numbers: Vec<(String, i64)> = app.read(|c| Ok(counters::table.order(counters::name).load(c)?));
        assert_eq!(
            numbers,
            [("action_item".into(), 7), ("backup".into(), 0), ("deploy".into(), 10), ("incident".into(), 43)]
        );
        let mut reader = app.session_of(app.user("Vera", Role::Viewer));
        for page in ["/incidents/INC-42", "/incidents/INC-42/postmortem", "/deploys/DEP-9"] {
            assert_eq!(reader.get(page).await.status, 200, "{page}");
        }
    }
);

both!(
    async fn taken_numbers_give_way_and_say_so(app: TestApp) {
        let other = Folder::new();
        write(&other, "x.md", "# X\n\n2024-01-01\n");
        import(&app.app.db, &other.0);
        app.write(|c| {
            diesel::update(incidents::table).set(incidents::number.eq(42)).execute(c)?;
            debrief::db::counters::lift(c, "incident", 42)
        });
        let given = Folder::new();
        whole_export(&given);
        let reports = import(&app.app.db, &given.0);
        let report = reports.iter().find(|report| report.path == "incidents/INC-42.json").unwrap();
        assert!(remarks(report).contains("INC-42 is another incident here; this one became INC-43"), "{report:?}");
        let again = import(&app.app.db, &given.0);
        assert!(again.iter().all(|report| matches!(report.outcome, Outcome::Skipped(_))), "{again:#?}");
    }
);

both!(
    async fn one_file_of_an_export_comes_in_alone(app: TestApp) {
        let given = Folder::new();
        whole_export(&given);
        let markdown = import(&app.app.db, &given.file("incidents/INC-42.md"));
        assert!(remarks(&markdown[0]).contains("INC-42.json"), "{markdown:?}");
        let incident = app.read(|c| by_number(c, 42));
        assert_eq!(incident.severity.as_str(), "SEV1");
        let json = import(&app.app.db, &given.file("incidents/INC-42.json"));
        assert_eq!(json[0].outcome, Outcome::Skipped("already here as INC-42".to_owned()));

        let (_database, second) = fresh(&app.app);
        let json = import(&second, &given.file("incidents/INC-42.json"));
        assert!(remarks(&json[0]).contains("DEP-9 (caused) is not part of this import"), "{json:?}");
        let newer = Folder::new();
        write(&newer, "n.json", "{\"schema_version\": 99, \"key\": \"INC-1\"}");
        write(&newer, "odd.json", "{\"schema_version\": 1, \"key\": \"INC-5\", \"kind\": \"party\"}");
        let reports = import(&second, &newer.0);
        assert!(matches!(&reports[0].outcome, Outcome::Failed(why) if why.contains("Upgrade Debrief")), "{reports:?}");
        assert!(matches!(&reports[1].outcome, Outcome::Failed(why) if why.contains("party")), "{reports:?}");
    }
);

#[test]
fn the_command_line_imports_and_exports() {
    let folder = Folder::new();
    let database = folder.file("debrief.db");
    write(&folder, "in/checkout.md", WITH_FRONT_MATTER);
    let (code, told, _) = run(debrief(&database).arg("import").arg(folder.file("in")));
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("imported INC-1  checkout.md  Checkout slow"), "{told}");
    let (code, told, _) = run(debrief(&database).arg("import").arg(folder.file("in")));
    assert_eq!(code, 0);
    assert!(told.contains("skipped  checkout.md  (already here as INC-1)"), "{told}");
    let (code, told, error) = run(debrief(&database).arg("import").arg(folder.file("nowhere")));
    assert_eq!(code, 1, "{told}{error}");
    assert!(told.contains("cannot be read"), "{told}");

    let (code, _, error) = run(debrief(&database).arg("export").arg(folder.file("in")));
    assert_eq!(code, 1);
    assert!(error.contains("is not empty and holds no earlier export"), "{error}");
    for _ in 0..2 {
        let (code, told, error) = run(debrief(&database).arg("export").arg(folder.file("out")));
        assert_eq!(code, 0, "{told}{error}");
    }
    let written = std::fs::read_to_string(folder.file("out/incidents/INC-1.md")).unwrap();
    assert!(written.ends_with(WITH_FRONT_MATTER), "{written}");
    let (code, told, _) = run(debrief(&folder.file("second.db")).arg("import").arg(folder.file("out")));
    assert_eq!(code, 0, "{told}");
    let (code, _, _) = run(debrief(&folder.file("second.db")).arg("export").arg(folder.file("out2")));
    assert_eq!(code, 0);
    assert_eq!(files(&folder.file("out")), files(&folder.file("out2")));
}
