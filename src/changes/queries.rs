//! The reads of the changes page. Every one is bounded by the page, not by what is on record.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::model::{BUCKET_LIMIT, Bucket, EACH_LIMIT, Filter, INCIDENT_LIMIT, LANE_LIMIT, Lane, Marks};
use crate::charts::time_strip::Window;
use crate::clock::Moment;
use crate::db::schema::{deploys, incident_services, incidents, services};
use crate::db::{Conn, listed};
use crate::deploys::model::Deploy;
use crate::error::Error;
use crate::incidents::model::{Incident, IncidentStatus};
use crate::services::model::Service;

/// How long before the window an incident may have begun to be laid over it, in seconds: a week. One that is live is
/// laid over it however old it is.
const LEAD_S: i64 = 7 * 86_400;

/// The lanes of one page, and whether there are more services.
///
/// # Errors
/// The database's.
pub fn lanes(c: &mut Conn, filter: &Filter) -> Result<(Vec<Lane>, bool), Error> {
    let (shown, there_is_more) = shown_services(c, filter)?;
    let window = filter.window();
    let ids: Vec<i64> = shown.iter().map(|service| service.id).collect();
    let (busy, quiet) = busy_and_quiet(c, &ids, filter, window)?;
    let counts = buckets(c, &busy, filter, window)?;
    let mut deploys = each(c, &quiet)?;
    let hits = incidents_over(c, &ids, window)?;
    let mut lanes = Vec::new();
    for service in shown {
        let marks = if busy.contains(&service.id) {
            let mine = counts.iter().filter(|(service_id, _)| *service_id == service.id);
            Marks::Buckets(mine.map(|(_, bucket)| *bucket).collect())
        } else {
            Marks::Each(deploys.extract_if(.., |deploy| deploy.service_id == service.id).collect())
        };
        let mine = hits.iter().filter(|(service_id, _)| *service_id == service.id);
        let incidents = mine.map(|(_, incident)| incident.clone()).collect();
        lanes.push(Lane { service, marks, incidents });
    }
    Ok((lanes, there_is_more))
}

fn shown_services(c: &mut Conn, filter: &Filter) -> Result<(Vec<Service>, bool), Error> {
    let mut query = services::table
        .select(Service::as_select())
        .order(services::slug.asc())
        .limit(LANE_LIMIT as i64 + 1)
        .into_boxed();
    if let Some(slug) = &filter.service {
        query = query.filter(services::slug.eq(slug.clone()));
    }
    if let Some(team) = &filter.team {
        let id = crate::teams::queries::find(c, team)?.map_or(0, |team| team.id);
        query = query.filter(services::team_id.eq(id));
    }
    if let Some(after) = &filter.after {
        query = query.filter(services::slug.gt(after.clone()));
    }
    let mut rows: Vec<Service> = query.load(c)?;
    let there_is_more = rows.len() > LANE_LIMIT;
    rows.truncate(LANE_LIMIT);
    Ok((rows, there_is_more))
}

/// Deploys by their ids, the last first.
fn each(c: &mut Conn, ids: &[i64]) -> Result<Vec<Deploy>, Error> {
    Ok(deploys::table
        .filter(deploys::id.eq_any(ids))
        .order((deploys::happened_at.desc(), deploys::id.desc()))
        .select(Deploy::as_select())
        .load(c)?)
}

#[derive(QueryableByName)]
struct Few {
    #[diesel(sql_type = BigInt)]
    service_id: i64,
    /// Of some deploys, one more than are drawn one by one where there are so many; with a comma between them.
    #[diesel(sql_type = Nullable<Text>)]
    ids: Option<String>,
}

/// Those of these services that have more deploys in the window than are drawn one by one, and the ids of all deploys
/// of the others.
fn busy_and_quiet(
    c: &mut Conn,
    service_ids: &[i64],
    filter: &Filter,
    window: Window,
) -> Result<(Vec<i64>, Vec<i64>), Error> {
    let (mut busy, mut quiet) = (Vec::new(), Vec::new());
    if service_ids.is_empty() {
        return Ok((busy, quiet));
    }
    let rows: Vec<Few> = with_environment(c, filter, |place| few_sql(service_ids, filter, window, place))?;
    for row in rows {
        let ids: Vec<i64> = row.ids.iter().flat_map(|ids| ids.split(',')).filter_map(|id| id.parse().ok()).collect();
        if ids.len() > EACH_LIMIT {
            busy.push(row.service_id);
        } else {
            quiet.extend(ids);
        }
    }
    Ok((busy, quiet))
}

/// Runs a statement that may hold a placeholder for the environment, which it is told.
fn with_environment<T>(c: &mut Conn, filter: &Filter, sql: impl Fn(&str) -> String) -> Result<Vec<T>, Error>
where
    T: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
{
    Ok(match (c, &filter.environment) {
        (Conn::Sqlite(c), Some(environment)) => diesel::sql_query(sql("?")).bind::<Text, _>(environment).load(c)?,
        (Conn::Postgres(c), Some(environment)) => diesel::sql_query(sql("$1")).bind::<Text, _>(environment).load(c)?,
        (Conn::Sqlite(c), None) => diesel::sql_query(sql("")).load(c)?,
        (Conn::Postgres(c), None) => diesel::sql_query(sql("")).load(c)?,
    })
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    service_id: i64,
    #[diesel(sql_type = BigInt)]
    place: i64,
    /// All of them, and [`BUCKET_LIMIT`] + 1 times those that did not stay: one number, so that one walk counts both.
    #[diesel(sql_type = BigInt)]
    both: i64,
}

/// Counts of busy services: a short walk in the index for each bucket, which stops at [`BUCKET_LIMIT`].
fn buckets(c: &mut Conn, service_ids: &[i64], filter: &Filter, window: Window) -> Result<Vec<(i64, Bucket)>, Error> {
    if service_ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Counted> = with_environment(c, filter, |place| bucket_sql(service_ids, filter, window, place))?;
    Ok(rows
        .into_iter()
        .filter(|row| row.both > 0)
        .map(|row| {
            let base = BUCKET_LIMIT + 1;
            (row.service_id, Bucket { place: row.place, count: row.both % base, bad_count: row.both / base })
        })
        .collect())
}

fn narrowed(filter: &Filter, environment: &str) -> String {
    let in_place = if environment.is_empty() { String::new() } else { format!("AND d.environment = {environment}") };
    let of_kind = filter.kind.map(|kind| format!(" AND d.kind = '{kind}'")).unwrap_or_default();
    in_place + &of_kind
}

/// Holds numbers of our own and one placeholder; nothing that was typed.
pub fn few_sql(service_ids: &[i64], filter: &Filter, window: Window, environment: &str) -> String {
    let (ids, narrowed) = (listed(service_ids), narrowed(filter, environment));
    format!(
        "SELECT s.id AS service_id,
            (SELECT string_agg(CAST(few.id AS TEXT), ',') FROM (SELECT d.id AS id FROM deploys d
                WHERE d.service_id = s.id AND d.happened_at >= {from} AND d.happened_at < {to} {narrowed}
                LIMIT {EACH_LIMIT} + 1) AS few) AS ids
         FROM services s WHERE s.id IN ({ids})",
        from = window.from.millis(),
        to = window.to.millis(),
    )
}

/// Holds numbers of our own and one placeholder; nothing that was typed.
pub fn bucket_sql(service_ids: &[i64], filter: &Filter, window: Window, environment: &str) -> String {
    let count = filter.period.buckets();
    let (from, width) = (window.from.millis(), window.length_ms() / count);
    let (ids, narrowed) = (listed(service_ids), narrowed(filter, environment));
    format!(
        "WITH RECURSIVE b(place) AS (
            SELECT CAST(0 AS BIGINT) UNION ALL SELECT place + 1 FROM b WHERE place + 1 < {count})
         SELECT s.id AS service_id, b.place AS place,
            (SELECT CAST(coalesce(sum(CASE WHEN few.status IN ('failed', 'rolled_back') THEN {bad} ELSE 1 END), 0)
                AS BIGINT)
             FROM (SELECT d.status AS status FROM deploys d
                WHERE d.service_id = s.id AND d.happened_at >= {from} + b.place * {width}
                  AND d.happened_at < {from} + (b.place + 1) * {width} {narrowed}
                LIMIT {BUCKET_LIMIT}) AS few) AS \"both\"
         FROM services s CROSS JOIN b WHERE s.id IN ({ids}) ORDER BY s.id, b.place",
        bad = BUCKET_LIMIT + 2,
    )
}

/// Incidents that touch the window, with each of these services that they hit, the last first.
fn incidents_over(c: &mut Conn, service_ids: &[i64], window: Window) -> Result<Vec<(i64, Incident)>, Error> {
    let live: Vec<IncidentStatus> = IncidentStatus::ALL.iter().copied().filter(|status| status.is_live()).collect();
    let recent: Vec<Incident> = incidents::table
        .filter(incidents::started_at.ge(window.from.plus_s(-LEAD_S)))
        .filter(incidents::started_at.lt(window.to))
        .filter(incidents::resolved_at.is_null().or(incidents::resolved_at.ge(window.from)))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(INCIDENT_LIMIT)
        .select(Incident::as_select())
        .load(c)?;
    let old: Vec<Incident> = incidents::table
        .filter(incidents::status.eq_any(live))
        .filter(incidents::started_at.lt(window.from.plus_s(-LEAD_S)))
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(50)
        .select(Incident::as_select())
        .load(c)?;
    let found: Vec<Incident> = recent.into_iter().chain(old).collect();
    let ids: Vec<i64> = found.iter().map(|incident| incident.id).collect();
    // Those of other services are left out below: asked for both, SQLite would look for each incident with each.
    let mut pairs: Vec<(i64, i64)> = incident_services::table
        .filter(incident_services::incident_id.eq_any(ids))
        .order((incident_services::incident_id, incident_services::service_id))
        .select((incident_services::incident_id, incident_services::service_id))
        .load(c)?;
    pairs.retain(|(_, service_id)| service_ids.contains(service_id));
    Ok(found
        .into_iter()
        .flat_map(|incident| {
            let hit: Vec<i64> =
                pairs.iter().filter(|(id, _)| *id == incident.id).map(|(_, service_id)| *service_id).collect();
            hit.into_iter().map(move |service_id| (service_id, incident.clone()))
        })
        .collect())
}

/// The incidents that began while something of a service was live, the first first, at most `limit`.
///
/// # Errors
/// The database's.
pub fn incidents_of_service(
    c: &mut Conn,
    service_id: i64,
    (from, to): (Moment, Moment),
    limit: i64,
) -> Result<Vec<Incident>, Error> {
    Ok(incident_services::table
        .inner_join(incidents::table)
        .filter(incident_services::service_id.eq(service_id))
        .filter(incident_services::struck_at.ge(from))
        .filter(incident_services::struck_at.lt(to))
        .order((incident_services::struck_at.asc(), incident_services::incident_id.asc()))
        .limit(limit)
        .select(Incident::as_select())
        .load(c)?)
}
