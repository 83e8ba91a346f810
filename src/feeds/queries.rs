//! Feeds in the database: their addresses, and what stands in them.

use diesel::prelude::*;

use super::model::{ADDRESS_LIMIT, FEED_LIMIT, Feed, FeedEntry, FeedKind};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::auth::model::User;
use crate::auth::secrets::{random_token, token_hash};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{feeds, incidents, postmortem_revisions, postmortems, teams, users};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::teams::model::Team;

/// Longest summary of an entry, in characters.
const SUMMARY_LIMIT: usize = 600;

/// A person's addresses, newest first, with the team's name where it is a team's.
///
/// # Errors
/// The database's.
pub fn of_user(c: &mut Conn, user_id: i64) -> Result<Vec<(Feed, Option<String>)>, Error> {
    Ok(feeds::table
        .left_join(teams::table)
        .filter(feeds::user_id.eq(user_id))
        .filter(feeds::revoked_at.is_null())
        .order(feeds::id.desc())
        .limit(ADDRESS_LIMIT)
        .select((Feed::as_select(), teams::name.nullable()))
        .load(c)?)
}

/// Makes an address; gives its token, which is stored nowhere.
///
/// # Errors
/// 422 when there are too many, or no such team.
pub fn add(
    c: &mut Conn,
    actor: &Actor,
    user_id: i64,
    (kind, team): (FeedKind, Option<&str>),
    now: Moment,
) -> Result<String, Error> {
    let count: i64 =
        feeds::table.filter(feeds::user_id.eq(user_id)).filter(feeds::revoked_at.is_null()).count().get_result(c)?;
    if count >= ADDRESS_LIMIT {
        return Err(Error::field("kind", format!("You have {ADDRESS_LIMIT} addresses. Revoke one first.")));
    }
    let team: Option<Team> = match team.filter(|_| kind == FeedKind::Calendar) {
        Some(slug) => Some(crate::teams::queries::find(c, slug)?.ok_or_else(|| {
            Error::field("team", format!("There is no team {slug}. Pick one of the list, or yourself."))
        })?),
        None => None,
    };
    let token = random_token();
    let hint: String = token.chars().take(6).collect();
    diesel::insert_into(feeds::table)
        .values((
            feeds::token_hash.eq(token_hash(&token)),
            feeds::hint.eq(&hint),
            feeds::kind.eq(kind),
            feeds::user_id.eq(user_id),
            feeds::team_id.eq(team.as_ref().map(|team| team.id)),
            feeds::created_at.eq(now),
        ))
        .execute(c)?;
    let new = serde_json::json!({"kind": kind, "team": team.map(|team| team.slug)});
    let change = Change { action: "feed.add", subject: format!("feed {hint}"), old: None::<()>, new: Some(new) };
    audit::record(c, actor, now, &change)?;
    Ok(token)
}

/// Takes one of a person's own addresses back.
///
/// # Errors
/// 404 for somebody else's.
pub fn revoke(c: &mut Conn, actor: &Actor, (user_id, id): (i64, i64), now: Moment) -> Result<(), Error> {
    let own = feeds::table.filter(feeds::id.eq(id)).filter(feeds::user_id.eq(user_id));
    let feed: Feed = own.select(Feed::as_select()).first(c).optional()?.ok_or_else(|| Error::no("feed", id))?;
    if feed.revoked_at.is_some() {
        return Ok(());
    }
    diesel::update(feeds::table.find(id)).set(feeds::revoked_at.eq(now)).execute(c)?;
    let subject = format!("feed {}", feed.hint);
    audit::record(c, actor, now, &Change { action: "feed.revoke", subject, old: None::<()>, new: None::<()> })
}

/// Takes every address of a person back.
///
/// # Errors
/// The database's.
pub fn revoke_all(c: &mut Conn, user_id: i64, now: Moment) -> Result<(), Error> {
    let open = feeds::table.filter(feeds::user_id.eq(user_id)).filter(feeds::revoked_at.is_null());
    diesel::update(open).set(feeds::revoked_at.eq(now)).execute(c)?;
    Ok(())
}

/// The feed behind an address, its owner, and its team; nothing when it is unknown, revoked, or its owner is disabled.
///
/// # Errors
/// The database's.
pub fn open(c: &mut Conn, token: &str) -> Result<Option<(Feed, User, Option<Team>)>, Error> {
    let found: Option<(Feed, User)> = feeds::table
        .inner_join(users::table)
        .filter(feeds::token_hash.eq(token_hash(token)))
        .filter(feeds::revoked_at.is_null())
        .filter(users::disabled_at.is_null())
        .select((Feed::as_select(), User::as_select()))
        .first(c)
        .optional()?;
    let Some((feed, user)) = found else { return Ok(None) };
    let team = match feed.team_id {
        Some(id) => Some(teams::table.find(id).select(Team::as_select()).first(c)?),
        None => None,
    };
    Ok(Some((feed, user, team)))
}

/// Notes that an address was read.
///
/// # Errors
/// The database's.
pub fn touch(c: &mut Conn, id: i64, now: Moment) -> Result<(), Error> {
    diesel::update(feeds::table.find(id)).set(feeds::last_used_at.eq(now)).execute(c)?;
    Ok(())
}

/// Where this Debrief is.
#[derive(Clone, Debug)]
pub struct Site {
    /// The address that people use.
    pub base_url: String,
    /// Its host, for ids that are nobody else's.
    pub host: String,
}

impl Site {
    /// From the address that people use.
    pub fn of(base_url: &str) -> Self {
        let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
        let host = rest.split(['/', ':']).next().filter(|host| !host.is_empty()).unwrap_or("debrief");
        Site { base_url: base_url.to_owned(), host: host.to_owned() }
    }

    /// A path here, whole.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The id of a thing in Atom (RFC 4151).
    pub fn tag(&self, thing: &str) -> String {
        format!("tag:{},2026:{thing}", self.host)
    }
}

/// The newest incidents.
///
/// # Errors
/// The database's.
pub fn incidents(c: &mut Conn, site: &Site) -> Result<Vec<FeedEntry>, Error> {
    let found: Vec<Incident> = incidents::table
        .order((incidents::started_at.desc(), incidents::id.desc()))
        .limit(FEED_LIMIT)
        .select(Incident::as_select())
        .load(c)?;
    Ok(found
        .into_iter()
        .map(|incident| FeedEntry {
            id: site.tag(&format!("incident/{}", incident.number)),
            title: format!("{} {} ({}, {})", incident.key(), incident.title, incident.severity, incident.status),
            url: site.link(&incident.path()),
            published_at: incident.started_at,
            updated_at: incident.updated_at,
            summary: short(&incident.summary),
            category: incident.severity.to_string(),
        })
        .collect())
}

/// The postmortems that were published last.
///
/// # Errors
/// The database's.
pub fn postmortems(c: &mut Conn, site: &Site) -> Result<Vec<FeedEntry>, Error> {
    let found: Vec<(Incident, Option<Moment>, Moment, String)> = postmortems::table
        .inner_join(incidents::table)
        .inner_join(postmortem_revisions::table)
        .filter(postmortems::status.eq("published"))
        .filter(postmortems::published_revision.eq(postmortem_revisions::number.nullable()))
        .order((postmortems::published_at.desc(), postmortems::id.desc()))
        .limit(FEED_LIMIT)
        .select((
            Incident::as_select(),
            postmortems::published_at,
            postmortems::updated_at,
            postmortem_revisions::markdown,
        ))
        .load(c)?;
    Ok(found
        .into_iter()
        .map(|(incident, published_at, updated_at, markdown)| FeedEntry {
            id: site.tag(&format!("postmortem/{}", incident.number)),
            title: format!("Postmortem of {} {}", incident.key(), incident.title),
            url: site.link(&format!("{}/postmortem", incident.path())),
            published_at: published_at.unwrap_or(updated_at),
            updated_at: published_at.unwrap_or(updated_at),
            summary: short(&markdown),
            category: incident.severity.to_string(),
        })
        .collect())
}

fn short(markdown: &str) -> String {
    let text = crate::markdown::plain_text(markdown);
    let text = text.trim();
    if text.chars().count() <= SUMMARY_LIMIT {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(SUMMARY_LIMIT).collect();
    short.push('…');
    short
}
