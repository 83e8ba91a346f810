//! Many small writes in one commit: each as if it were alone.

use debrief::db::schema::settings;
use debrief::error::Error;
use diesel::prelude::*;
use futures_util::future::join_all;

use crate::both;

both!(
    async fn work_that_shares_a_commit_is_kept_or_refused_piece_by_piece(app: TestApp) {
        let pieces = (0..200).map(|number| {
            let db = app.app.db.clone();
            async move {
                let outcome = db
                    .write_together(move |c| {
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
                                Ok(number)
                            }
                            _ => Ok(number),
                        }
                    })
                    .await;
                (number, outcome)
            }
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
    async fn a_piece_that_panics_takes_nobody_with_it_for_good(app: TestApp) {
        let broken = app.app.db.write_together(|_| -> Result<(), Error> { panic!("a fault of this piece") }).await;
        assert!(broken.is_err());
        let after = app.app.db.write_together(|c| {
            let row = (settings::name.eq("after"), settings::value.eq("kept"));
            diesel::insert_into(settings::table).values(row).execute(c)?;
            Ok::<_, Error>(())
        });
        after.await.unwrap();
        let value: String = app.read(|c| Ok(settings::table.find("after").select(settings::value).first(c)?));
        assert_eq!(value, "kept");
    }
);
