//! What the navigation shows each person, kept for as long as nothing is written: it stands on every page.

use super::queries;
use crate::db::{Db, Version};
use crate::error::Error;
use crate::kept::Kept;
use crate::web::layout::Nav;

/// Bytes of each half of the memory: a few hundred people's.
const HALF_BYTES: usize = 256 * 1024;

/// The navigation of everybody who looked at a page just now.
#[derive(Debug)]
pub struct Navs(Kept<i64, (Version, Nav)>);

impl Default for Navs {
    fn default() -> Self {
        Navs(Kept::new(HALF_BYTES))
    }
}

impl Navs {
    /// The navigation of one person in this version of the database, or a newer one.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, db: &Db, user_id: i64, version: Option<Version>) -> Result<Nav, Error> {
        let Some(version) = version else { return db.read(move |c| queries::nav(c, user_id)).await };
        if let Some((read, nav)) = self.0.find(&user_id)
            && read == version
        {
            return Ok(nav);
        }
        let nav = db.read(move |c| queries::nav(c, user_id)).await?;
        let bytes = nav.services.iter().map(|service| service.slug.len() + service.name.len() + 48).sum();
        self.0.keep(user_id, bytes, (version, nav.clone()));
        Ok(nav)
    }
}
