//! Backups by schedule: taken when due, checked, thinned out, told of when they fail; by one of several nodes.

use std::path::Path;

use debrief::auth::model::Role;
use debrief::backups::model::{Backup, BackupState, is_file_name};
use debrief::backups::queries;
use debrief::config::BackupPlan;
use debrief::db::backup;
use debrief::db::{Db, check};
use debrief::error::Error;
use debrief::jobs::worker;
use debrief::server;
use diesel::prelude::*;

use crate::both;
use crate::support::TestApp;
use crate::support::databases::Database;
use crate::support::program::Folder;

fn plan(folder: &Path) -> BackupPlan {
    BackupPlan { folder: folder.to_owned(), every_h: 24, keep_count: 2 }
}

/// What the schedule does in the next minutes.
async fn look(app: &TestApp) {
    let unable = server::unable(&app.app.config);
    worker::run_schedules(&app.app, server::SCHEDULES, &unable).await.unwrap();
    app.work_queue().await;
}

/// Outcomes and details, oldest first.
fn taken(app: &TestApp) -> Vec<Backup> {
    let mut rows = app.read(|c| queries::list(c, i64::MAX, 50)).0;
    rows.reverse();
    rows.into_iter().map(|(backup, _)| backup).collect()
}

fn states(app: &TestApp) -> Vec<BackupState> {
    taken(app).into_iter().map(|backup| backup.state).collect()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn told_count(app: &TestApp) -> i64 {
    use debrief::db::schema::notices;
    app.read(|c| Ok(notices::table.filter(notices::thing_kind.eq("backup")).count().get_result(c)?))
}

both!(
    async fn they_are_taken_daily_checked_and_thinned_out(app: TestApp) {
        let folder = Folder::new();
        let app = app.with_backups(plan(&folder.0));
        let mut ada = app.signed_in("Ada", Role::Admin);
        assert_eq!(ada.post("/services", &[("name", "Checkout"), ("tier", "1")]).await.status, 303);
        std::fs::write(folder.file("notes.txt"), "not ours").unwrap();
        std::fs::write(folder.file("debrief-by-hand.db"), "not ours either").unwrap();
        for day in 0..4 {
            app.app.clock.advance_s(310);
            look(&app).await;
            app.app.clock.advance_s(3600);
            look(&app).await;
            assert_eq!(taken(&app).len(), day + 1, "one a day");
            app.app.clock.advance_s(86_400 - 3910);
        }
        use BackupState::{Kept, Removed};
        assert_eq!(states(&app), [Removed, Removed, Kept, Kept]);
        let names = files(&folder.0);
        assert_eq!(names.iter().filter(|name| is_file_name(name)).count(), 2, "{names:?}");
        assert_eq!(names.len(), 4, "what is not ours stays, and nothing half-made is left: {names:?}");
        assert_eq!(told_count(&app), 0);

        // The newest is what it says: it fills an empty database.
        let newest = taken(&app).pop().unwrap();
        let fresh = Database::sqlite();
        let db = Db::open(fresh.target()).unwrap();
        let rows = backup::restore(&db, &folder.file(&newest.file)).unwrap();
        assert_eq!(Some(rows), newest.row_count);
        let (service, faults, running) = db
            .read_blocking(|c| {
                let service = debrief::services::queries::by_slug(c, "checkout")?;
                let list = queries::list(c, i64::MAX, 50)?.0;
                let running = list.iter().filter(|(one, _)| one.state == BackupState::Running).count();
                Ok::<_, Error>((service, check::faults(c)?, running))
            })
            .unwrap();
        assert_eq!((service.name.as_str(), running), ("Checkout", 0));
        assert_eq!(faults, Vec::<String>::new());

        let page = ada.get("/admin/backups").await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(&newest.file) && page.text().contains("Every day into"), "{}", page.text());
        assert!(!page.text().contains("older than it should be"));
        app.app.clock.advance_s(2 * 86_400);
        assert!(ada.get("/admin/backups").await.text().contains("older than it should be"));
    }
);

both!(
    async fn a_failure_is_told_once_a_day_and_tried_again_within_the_hour(app: TestApp) {
        let folder = Folder::new();
        let wall = folder.file("wall");
        let app = app.with_backups(plan(&wall));
        app.signed_in("Ada", Role::Admin);
        app.signed_in("Grace", Role::Member);
        // A file stands where the folder should be.
        std::fs::write(&wall, "").unwrap();
        for _ in 0..4 {
            app.app.clock.advance_s(1500);
            look(&app).await;
        }
        assert_eq!(states(&app), [BackupState::Failed; 2], "once, and again an hour later");
        assert!(taken(&app)[0].detail.contains("cannot be made"), "{}", taken(&app)[0].detail);
        assert_eq!(told_count(&app), 1);
        let readers: Vec<Option<i64>> = app.read(|c| {
            use debrief::db::schema::messages;
            Ok(messages::table.filter(messages::kind.eq("backup_failed")).select(messages::user_id).load(c)?)
        });
        assert_eq!(readers.len(), 1, "admins are told, and nobody else");
        app.app.clock.advance_s(86_400);
        look(&app).await;
        assert_eq!(told_count(&app), 2, "the day after once more");
        std::fs::remove_file(&wall).unwrap();
        app.app.clock.advance_s(4000);
        look(&app).await;
        assert_eq!(states(&app).last(), Some(&BackupState::Kept));
        assert_eq!(told_count(&app), 2);
    }
);

both!(
    async fn of_two_nodes_one_takes_it_and_one_without_a_folder_never_does(app: TestApp) {
        let folder = Folder::new();
        let keeper = app.with_backups(plan(&folder.0));
        let other = keeper.second_node();
        app.app.clock.advance_s(310);
        look(&app).await;
        assert!(taken(&app).is_empty(), "a node without a folder takes none");
        look(&keeper).await;
        look(&other).await;
        assert_eq!(states(&app), [BackupState::Kept]);

        // A node that is at one keeps the others off it, until it has been silent for long.
        let mut ada = keeper.signed_in("Ada", Role::Admin);
        app.app.clock.advance_s(86_400);
        let (node, now) = ("n-1", app.now());
        let plan = plan(&folder.0);
        let taker = queries::Taker { node, plan: &plan, asked_by: None };
        let begun = app.write(|c| queries::begin(c, &taker, now)).unwrap();
        look(&other).await;
        assert_eq!(ada.post("/admin/backups", &[]).await.status, 303);
        keeper.work_queue().await;
        assert_eq!(states(&app), [BackupState::Kept, BackupState::Running]);
        app.app.clock.advance_s(60);
        let now = app.now();
        app.write(|c| queries::seen(c, begun.id, now));
        app.app.clock.advance_s(119);
        assert_eq!(ada.post("/admin/backups", &[]).await.status, 303);
        keeper.work_queue().await;
        assert_eq!(taken(&app).len(), 2);
        app.app.clock.advance_s(301);
        look(&other).await;
        assert_eq!(states(&app), [BackupState::Kept, BackupState::Failed]);
        assert!(taken(&app)[1].detail.contains("stopped in the middle"));
        app.app.clock.advance_s(3700);
        look(&other).await;
        assert_eq!(states(&app), [BackupState::Kept, BackupState::Failed, BackupState::Kept]);
    }
);

both!(
    async fn an_admin_asks_for_one_and_others_may_not(app: TestApp) {
        let mut admin = app.signed_in("Root", Role::Admin);
        let page = admin.get("/admin/backups").await;
        assert!(page.text().contains("--backup-dir"), "how it is set up stands on the page: {}", page.text());
        assert_eq!(admin.post("/admin/backups", &[]).await.status, 409);
        let folder = Folder::new();
        let app = app.with_backups(plan(&folder.0));
        let mut ada = app.ada();
        assert_eq!(ada.get("/admin/backups").await.status, 403);
        assert_eq!(ada.post("/admin/backups", &[]).await.status, 403);
        let mut eve = app.signed_in("Eve", Role::Admin);
        assert_eq!(eve.post("/admin/backups", &[]).await.status, 303);
        assert_eq!(eve.post("/admin/backups", &[]).await.status, 303);
        app.work_queue().await;
        assert_eq!(states(&app), [BackupState::Kept], "asked for twice before it began, taken once");
        let text = eve.get("/admin/backups").await.text();
        assert!(text.contains("asked for by Eve"), "{text}");
    }
);
