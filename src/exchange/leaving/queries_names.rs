//! What stands for row ids outside: handles, slugs, keys.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::{
    contributing_factors, deploys, incident_deploy_verdicts, incident_deploys, services, teams, timeline_events, users,
};
use crate::error::Error;

/// What stands for row ids outside.
pub struct Names {
    people: HashMap<i64, String>,
    teams: HashMap<i64, String>,
    services: HashMap<i64, String>,
    factors: HashMap<i64, (String, String)>,
    deploys: HashMap<i64, i64>,
}

impl Names {
    /// Reads those that one incident may name: of the deploys, which are very many, its own.
    ///
    /// # Errors
    /// The database's.
    pub fn around(c: &mut Conn, incident_id: i64) -> Result<Self, Error> {
        let linked = incident_deploys::table
            .inner_join(deploys::table)
            .filter(incident_deploys::incident_id.eq(incident_id))
            .select((deploys::id, deploys::number));
        let mut own: HashMap<i64, i64> = linked.load::<(i64, i64)>(c)?.into_iter().collect();
        let said = incident_deploy_verdicts::table
            .inner_join(deploys::table)
            .filter(incident_deploy_verdicts::incident_id.eq(incident_id))
            .select((deploys::id, deploys::number));
        own.extend(said.load::<(i64, i64)>(c)?);
        let told: Vec<Option<i64>> = timeline_events::table
            .filter(timeline_events::incident_id.eq(incident_id))
            .filter(timeline_events::deploy_id.is_not_null())
            .select(timeline_events::deploy_id)
            .load(c)?;
        let told: Vec<i64> = told.into_iter().flatten().collect();
        own.extend(deploys::table.filter(deploys::id.eq_any(&told)).select((deploys::id, deploys::number)).load::<(
            i64,
            i64,
        )>(
            c
        )?);
        Self::with_deploys(c, own)
    }

    /// Reads all of them.
    ///
    /// # Errors
    /// The database's.
    pub fn read(c: &mut Conn) -> Result<Self, Error> {
        let all = deploys::table.select((deploys::id, deploys::number)).load::<(i64, i64)>(c)?.into_iter().collect();
        Self::with_deploys(c, all)
    }

    fn with_deploys(c: &mut Conn, deploys: HashMap<i64, i64>) -> Result<Self, Error> {
        let factors: Vec<(i64, String, String)> = contributing_factors::table
            .select((contributing_factors::id, contributing_factors::slug, contributing_factors::name))
            .load(c)?;
        Ok(Names {
            people: users::table.select((users::id, users::handle)).load::<(i64, String)>(c)?.into_iter().collect(),
            teams: teams::table.select((teams::id, teams::slug)).load::<(i64, String)>(c)?.into_iter().collect(),
            services: services::table
                .select((services::id, services::slug))
                .load::<(i64, String)>(c)?
                .into_iter()
                .collect(),
            factors: factors.into_iter().map(|(id, slug, name)| (id, (slug, name))).collect(),
            deploys,
        })
    }

    pub(super) fn person(&self, id: Option<i64>) -> Option<String> {
        self.people.get(&id?).cloned()
    }

    pub(super) fn team(&self, id: Option<i64>) -> Option<String> {
        self.teams.get(&id?).cloned()
    }

    pub(super) fn service(&self, id: i64) -> String {
        self.services.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn factor(&self, id: i64) -> (String, String) {
        self.factors.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn deploy(&self, id: Option<i64>) -> Option<String> {
        self.deploys.get(&id?).map(|number| format!("DEP-{number}"))
    }
}
