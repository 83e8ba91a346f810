//! The reads of the page; each goes along one lane's index and has a limit.

use diesel::prelude::*;

use super::model::{Rows, Shipped, Verdict};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{deploy_marks, deploy_people, deploys, incident_deploys, incidents};
use crate::deploys::model::{DEFAULT_ENVIRONMENT, DeployKind, EnvironmentTier, Part};
use crate::error::Error;
use crate::links::model::Relation;

/// The figures look at so many deploys, the last first.
pub const WINDOW: i64 = 4_000;
/// So many of a service's last deploys are looked at to find where it is in production.
const RECENT: i64 = 50;
/// Of those, so many at first.
const FIRST: i64 = 5;

/// What counts as a deploy here.
const COUNTED: [DeployKind; 2] = [DeployKind::Deploy, DeployKind::Rollback];

/// The service's environment of production: that of its last deploy there.
///
/// # Errors
/// The database's.
pub fn production_of(c: &mut Conn, service_id: i64) -> Result<String, Error> {
    // Nearly always it is among the first few.
    for limit in [FIRST, RECENT] {
        let recent: Vec<(String, Option<EnvironmentTier>)> = deploys::table
            .filter(deploys::service_id.eq(service_id))
            .order((deploys::happened_at.desc(), deploys::id.desc()))
            .limit(limit)
            .select((deploys::environment, deploys::environment_tier))
            .load(c)?;
        let is_production = |(name, said): &(String, Option<EnvironmentTier>)| {
            EnvironmentTier::of(*said, name) == EnvironmentTier::Production
        };
        if let Some((environment, _)) = recent.into_iter().find(is_production) {
            return Ok(environment);
        }
    }
    Ok(DEFAULT_ENVIRONMENT.to_owned())
}

/// The rows of one service and environment from `from` to `to`.
///
/// # Errors
/// The database's.
pub fn rows(c: &mut Conn, service_id: i64, environment: &str, from: Moment, to: Moment) -> Result<Rows, Error> {
    let lane = || deploys::service_id.eq(service_id).and(deploys::environment.eq(environment.to_owned()));
    let mut shipped: Vec<Shipped> = deploys::table
        .filter(lane())
        .filter(deploys::happened_at.ge(from))
        .filter(deploys::happened_at.lt(to))
        .filter(deploys::kind.eq_any(COUNTED))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .limit(WINDOW)
        .select((deploys::id, deploys::kind, deploys::status, deploys::finished_at, deploys::happened_at))
        .load::<(i64, DeployKind, _, _, _)>(c)?
        .into_iter()
        .map(|(id, kind, status, finished_at, happened_at)| Shipped { id, kind, status, finished_at, happened_at })
        .collect();
    shipped.reverse();
    let Some(oldest) = shipped.first().map(|one| one.happened_at) else { return Ok(Rows::default()) };
    let within = || lane().and(deploys::happened_at.ge(oldest)).and(deploys::happened_at.lt(to));
    let first_ever: Option<i64> = deploys::table
        .filter(lane())
        .order((deploys::happened_at.asc(), deploys::id.asc()))
        .select(deploys::id)
        .first(c)
        .optional()?;
    let authored: Vec<(i64, Option<Moment>)> = deploy_people::table
        .inner_join(deploys::table)
        .filter(within())
        .filter(deploy_people::part.eq(Part::Author))
        .filter(deploy_people::stood_at.is_not_null())
        .order(deploy_people::id.desc())
        .limit(WINDOW)
        .select((deploy_people::deploy_id, deploy_people::stood_at))
        .load(c)?;
    let verdicts: Vec<Verdict> = incident_deploys::table
        .inner_join(deploys::table)
        .inner_join(incidents::table)
        .filter(within())
        .order(incident_deploys::id.desc())
        .limit(WINDOW)
        .select((
            incident_deploys::deploy_id,
            incident_deploys::incident_id,
            incident_deploys::relation,
            incidents::mitigated_at,
            incidents::resolved_at,
        ))
        .load::<(i64, i64, Relation, Option<Moment>, Option<Moment>)>(c)?
        .into_iter()
        .map(|(deploy_id, incident_id, relation, mitigated_at, resolved_at)| Verdict {
            deploy_id,
            incident_id,
            relation,
            over_at: mitigated_at.or(resolved_at),
        })
        .collect();
    let hurt: Vec<i64> =
        verdicts.iter().filter(|one| one.relation == Relation::Caused).map(|one| one.incident_id).collect();
    let fixes: Vec<(i64, Option<Moment>)> = incident_deploys::table
        .inner_join(deploys::table)
        .filter(incident_deploys::incident_id.eq_any(hurt))
        .filter(incident_deploys::relation.eq(Relation::Fixed))
        .select((incident_deploys::incident_id, deploys::finished_at))
        .load(c)?;
    let marks = deploy_marks::table
        .inner_join(deploys::table.on(deploys::id.eq(deploy_marks::marked_id)))
        .filter(within())
        .filter(deploy_marks::taken_back_at.is_null())
        .order(deploy_marks::id.desc())
        .limit(WINDOW)
        .select((deploy_marks::deploy_id, deploy_marks::marked_id, deploy_marks::mark))
        .load(c)?;
    let known = |(id, at): (i64, Option<Moment>)| at.map(|at| (id, at));
    Ok(Rows {
        shipped,
        first_ever,
        authored: authored.into_iter().filter_map(known).collect(),
        verdicts,
        fixes: fixes.into_iter().filter_map(known).collect(),
        marks,
    })
}

/// Incidents of the service that began in the period: how many, and their seconds from start to mitigation, as far as
/// they are over.
///
/// # Errors
/// The database's.
pub fn incidents_of(c: &mut Conn, service_id: i64, from: Moment, to: Moment) -> Result<(usize, i64), Error> {
    use crate::db::schema::incident_services;
    let times: Vec<(Moment, Option<Moment>, Option<Moment>)> = incident_services::table
        .inner_join(incidents::table)
        .filter(incident_services::service_id.eq(service_id))
        .filter(incident_services::struck_at.ge(from))
        .filter(incident_services::struck_at.lt(to))
        .order((incident_services::struck_at.desc(), incident_services::incident_id.desc()))
        .limit(WINDOW)
        .select((incidents::started_at, incidents::mitigated_at, incidents::resolved_at))
        .load(c)?;
    let hurt_s = times
        .iter()
        .map(|(start, mitigated, resolved)| mitigated.or(*resolved).unwrap_or(to).seconds_since(*start).max(0))
        .sum();
    Ok((times.len(), hurt_s))
}
