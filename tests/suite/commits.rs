//! Many small writes in one commit: each as if it were alone.

use std::time::{Duration, Instant};

use debrief::db::schema::settings;
use debrief::db::together::{Piece, Together};
use debrief::db::{Conn, Target};
use debrief::error::Error;
use diesel::prelude::*;
use futures_util::future::join_all;

use crate::both;
use crate::support::{TestApp, on_sqlite};

/// Keeps a setting, if its number lets it.
struct Numbered(usize);

impl Piece for Numbered {
    type Outcome = usize;

    fn run(c: &mut Conn, pieces: &[&Self]) -> Result<Vec<usize>, Error> {
        let keep = |Numbered(number): &Numbered| {
            diesel::insert_into(settings::table)
                .values((settings::name.eq(format!("piece {number}")), settings::value.eq("kept")))
                .execute(c)?;
            match number % 8 {
                // Refused by us, after something was written.
                3 => Err(Error::Conflict("not this one".to_owned())),
                // Refused by the database.
                5 => {
                    for _ in 0..2 {
                        let taken = (settings::name.eq("piece 0"), settings::value.eq("twice"));
                        diesel::insert_into(settings::table).values(taken).execute(c)?;
                    }
                    Ok(*number)
                }
                6 if *number == PANICS => panic!("a fault of this piece"),
                _ => Ok(*number),
            }
        };
        pieces.iter().copied().map(keep).collect()
    }
}

/// The piece that does.
const PANICS: usize = 1_006;

both!(
    async fn work_that_shares_a_commit_is_kept_or_refused_piece_by_piece(app: TestApp) {
        let together = Together::new(app.app.db.clone());
        let pieces = (0..200).map(|number| {
            let together = together.clone();
            async move { (number, together.run(Numbered(number)).await) }
        });
        for (number, outcome) in join_all(pieces).await {
            match number % 8 {
                3 => assert!(matches!(outcome, Err(Error::Conflict(_))), "{number}"),
                5 => assert!(outcome.is_err(), "{number}"),
                _ => assert_eq!(outcome.unwrap(), number),
            }
        }
        let kept: Vec<String> = app.read(|c| {
            Ok(settings::table
                .filter(settings::name.like("piece %"))
                .filter(settings::value.eq("kept"))
                .select(settings::name)
                .load(c)?)
        });
        assert_eq!(kept.len(), 150);
        assert!(kept.iter().all(|name| !matches!(name[6..].parse::<i64>().unwrap() % 8, 3 | 5)));
    }
);

both!(
    async fn many_at_once_are_a_crowd_until_they_are_gone(app: TestApp) {
        let together = Together::new(app.app.db.clone());
        together.run(Numbered(0)).await.unwrap();
        assert!(!together.is_crowded(), "one is no crowd");
        // On a machine that is very busy a crowd may be over before anybody looks.
        let since = Instant::now();
        for round in 1.. {
            join_all((0..64).map(|number| together.run(Numbered(round * 8_000 + number * 8)))).await;
            if together.is_crowded() {
                break;
            }
            assert!(since.elapsed() < Duration::from_secs(60), "no crowd was ever seen");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!together.is_crowded(), "nobody is there any more");
    }
);

both!(
    async fn a_piece_that_panics_takes_nobody_with_it_for_good(app: TestApp) {
        let together = Together::new(app.app.db.clone());
        assert!(together.run(Numbered(PANICS)).await.is_err());
        assert_eq!(together.run(Numbered(0)).await.unwrap(), 0);
        let kept: Vec<String> =
            app.read(|c| Ok(settings::table.filter(settings::name.like("piece %")).select(settings::name).load(c)?));
        assert_eq!(kept, ["piece 0"]);
    }
);

/// The file without its log, as it is now.
fn is_in_the_file(app: &TestApp, name: &str) -> bool {
    let Target::Sqlite(path) = app.app.db.target() else { panic!("this is about SQLite") };
    let copy = path.with_extension("without-log");
    std::fs::copy(path, &copy).unwrap();
    let Ok(mut c) = diesel::SqliteConnection::establish(&copy.display().to_string()) else { return false };
    // A copy that was taken while the log was being copied may be anything.
    settings::table.find(name).select(settings::value).first::<String>(&mut c).is_ok()
}

#[test]
fn what_the_log_holds_comes_into_the_file_beside_the_writer() {
    on_sqlite(async |app: TestApp| {
        let since = Instant::now();
        for number in 0..3 {
            let name = format!("setting {number}");
            app.write(|c| {
                let row = (settings::name.eq(&name), settings::value.eq("kept"));
                diesel::insert_into(settings::table).values(row).execute(c)?;
                Ok(())
            });
            while !is_in_the_file(&app, &name) {
                assert!(since.elapsed() < Duration::from_secs(60), "{name} is still in the log alone");
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    });
}
