//! Backup and restore, within a database and across.

use debrief::auth::model::Role;
use debrief::db::{Db, backup, check};
use debrief::error::Error;
use debrief::services::queries;
use diesel::prelude::*;

use crate::both;
use crate::support::databases::Database;

both!(
    async fn a_backup_fills_either_database(app: TestApp) {
        let mut ada = app.signed_in("Ada", Role::Admin);
        for name in ["Checkout", "Search with 'quotes' and \u{1F525}"] {
            assert_eq!(ada.post("/services", &[("name", name), ("tier", "1")]).await.status, 303);
        }
        app.write(|c| {
            use debrief::db::schema::{deliveries, sources};
            let now = app.now();
            let source: i64 = diesel::insert_into(sources::table)
                .values((
                    sources::slug.eq("s"),
                    sources::sender.eq("github"),
                    sources::name.eq("s"),
                    sources::secret.eq("x"),
                    sources::created_at.eq(now),
                ))
                .returning(sources::id)
                .get_result(c)?;
            diesel::insert_into(deliveries::table)
                .values((
                    deliveries::source_id.eq(source),
                    deliveries::delivery_key.eq("1"),
                    deliveries::event.eq("ping"),
                    deliveries::headers.eq("{}"),
                    deliveries::body.eq(vec![0_u8, 255, 128, 10]),
                    deliveries::verdict.eq("ignored"),
                    deliveries::reason.eq("a test"),
                    deliveries::received_at.eq(now),
                ))
                .execute(c)?;
            Ok::<_, Error>(())
        });
        let folder = std::env::temp_dir().join(format!("debrief-backup-{}", debrief::auth::secrets::random_hex(6)));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("backup.db");
        let rows = backup::write(&app.app.db, &file).unwrap();
        assert!(rows > 5);
        assert!(backup::write(&app.app.db, &file).unwrap_err().contains("never overwrites"));

        for database in [Some(Database::sqlite()), Database::postgres()].into_iter().flatten() {
            let db = Db::open(database.target()).unwrap();
            assert_eq!(backup::restore(&db, &file), Ok(rows));
            assert!(backup::restore(&db, &file).unwrap_err().contains("in use already"));
            let (service, bodies, faults) = db
                .read_blocking(|c| {
                    let body: Vec<u8> = debrief::db::schema::deliveries::table
                        .select(debrief::db::schema::deliveries::body)
                        .first(c)?;
                    Ok::<_, Error>((queries::by_slug(c, "checkout")?, body, check::faults(c)?))
                })
                .unwrap();
            assert_eq!((service.name.as_str(), bodies), ("Checkout", vec![0_u8, 255, 128, 10]));
            assert_eq!(faults, Vec::<String>::new());
            // New rows get new ids after the restored ones.
            let now = app.now();
            db.write_blocking(|c| {
                queries::find_or_add(c, &debrief::auth::actor::Actor::program("test"), "Another", now)
            })
            .unwrap();
        }
        std::fs::write(folder.join("wrong.db"), "not a database at all, but long enough").unwrap();
        let fresh = Database::sqlite();
        let db = Db::open(fresh.target()).unwrap();
        let told = backup::restore(&db, &folder.join("wrong.db")).unwrap_err();
        assert!(told.contains("is not a Debrief database") && told.contains("wrong.db"), "{told}");
        std::fs::remove_dir_all(folder).unwrap();
    }
);
