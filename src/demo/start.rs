//! What `debrief demo` does before it serves: fills an empty database once, and makes the link that signs in.

use diesel::prelude::*;

use super::{World, cast, load};
use crate::auth::queries::{add_sign_in_link, by_email_or_handle};
use crate::auth::{passwords, secrets};
use crate::clock::Moment;
use crate::db::schema::{incidents, services, settings, users};
use crate::db::{Conn, Db};
use crate::error::Error;

/// How long the printed link can be used, in seconds.
const LINK_LIFE_S: i64 = 86_400;
/// The row of `settings` that says that the records are invented; its value is the seed.
const MARK: &str = "demo";

/// A demo that can be served.
#[derive(Debug)]
pub struct Welcome {
    /// One-time token of the person who is signed in by the printed link.
    pub token: String,
    /// That person's address.
    pub email: String,
    /// Their password; known only when the demo was filled just now.
    pub password: Option<String>,
    /// The seed from which the demo was told, as it was written down.
    pub seed: String,
}

enum Found {
    Nothing,
    Demo(String),
    RealRecords,
}

/// Fills an empty database with the year that ends `now`, or takes the demo that is there as it is.
///
/// # Errors
/// 409 when the database holds records that are no demo; the database's.
pub fn welcome(db: &Db, seed: u64, now: Moment) -> Result<Welcome, Error> {
    let (seed, password) = match db.read_blocking(look)? {
        Found::Demo(seed) => (seed, None),
        Found::RealRecords => {
            return Err(Error::Conflict(
                "This database holds records that are no demo, so nothing was added. Name another one with --database-url."
                    .to_owned(),
            ));
        }
        Found::Nothing => (seed.to_string(), Some(fill(db, seed, now)?)),
    };
    let (token, email) = db.write_blocking(|c| {
        let guest = by_email_or_handle(c, cast::SIGNED_IN)?.ok_or_else(|| Error::no("person", cast::SIGNED_IN))?;
        Ok::<_, Error>((add_sign_in_link(c, guest.id, now.plus_s(LINK_LIFE_S))?, guest.email))
    })?;
    Ok(Welcome { token, email, password, seed })
}

fn look(c: &mut Conn) -> Result<Found, Error> {
    if let Some(seed) = settings::table.find(MARK).select(settings::value).first(c).optional()? {
        return Ok(Found::Demo(seed));
    }
    let ids: [Option<i64>; 3] = [
        users::table.select(users::id).first(c).optional()?,
        services::table.select(services::id).first(c).optional()?,
        incidents::table.select(incidents::id).first(c).optional()?,
    ];
    Ok(if ids.iter().any(Option::is_some) { Found::RealRecords } else { Found::Nothing })
}

/// Writes the year down and gives the password of the person who is signed in.
fn fill(db: &Db, seed: u64, now: Moment) -> Result<String, Error> {
    let world = World::generate(seed, now.utc());
    let password = secrets::random_hex(8);
    let hash = passwords::hash(&password)?;
    db.write_blocking(|c| {
        load(c, &world)?;
        super::retros::add(c, now)?;
        diesel::update(users::table.filter(users::handle.eq(world.signed_in)))
            .set(users::password_hash.eq(&hash))
            .execute(c)?;
        diesel::insert_into(settings::table)
            .values((settings::name.eq(MARK), settings::value.eq(seed.to_string())))
            .execute(c)?;
        Ok::<_, Error>(())
    })?;
    Ok(password)
}
