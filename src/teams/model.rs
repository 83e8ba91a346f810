//! A team.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::teams;

/// People who own something together.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = teams)]
pub struct Team {
    /// Row id.
    pub id: i64,
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// When it was added.
    pub created_at: Moment,
}

impl Team {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/teams/{}", self.slug)
    }
}
