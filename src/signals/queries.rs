//! Signals in the database: heeding what senders say, and finding what was said.

use diesel::prelude::*;

use super::model::{AlertDraft, AlertState};
use super::model_signal::{Alert, Signal, labels_hash, span, told_by};
use super::{queries_attach, queries_rules};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{signal_alerts, signals};
use crate::error::Error;
use crate::services::model::Service;
use crate::web::fields::slugify;

/// Most alerts of a group that its page shows.
pub const SHOWN_ALERTS: i64 = 50;

/// The signal with this id.
///
/// # Errors
/// 404
pub fn by_id(c: &mut Conn, id: i64) -> Result<Signal, Error> {
    signals::table.find(id).select(Signal::as_select()).first(c).optional()?.ok_or_else(|| Error::no("signal", id))
}

/// The service of a signal, when it is on record.
///
/// # Errors
/// The database's.
pub fn service_of(c: &mut Conn, signal: &Signal) -> Result<Option<Service>, Error> {
    use crate::db::schema::services;
    let Some(id) = signal.service_id else { return Ok(None) };
    Ok(services::table.find(id).select(Service::as_select()).first(c).optional()?)
}

/// The last times that alerts of a signal fired.
///
/// # Errors
/// The database's.
pub fn alerts(c: &mut Conn, signal_id: i64) -> Result<Vec<Alert>, Error> {
    Ok(signal_alerts::table
        .filter(signal_alerts::signal_id.eq(signal_id))
        .order((signal_alerts::started_at.desc(), signal_alerts::id.desc()))
        .limit(SHOWN_ALERTS)
        .select(Alert::as_select())
        .load(c)?)
}

/// Signals of a service that fired within a window, the first first, at most `limit`.
///
/// # Errors
/// The database's.
pub fn of_service_between(
    c: &mut Conn,
    service_id: i64,
    (from, to): (Moment, Moment),
    limit: i64,
) -> Result<Vec<Signal>, Error> {
    Ok(signals::table
        .filter(signals::service_id.eq(service_id))
        .filter(signals::last_started_at.ge(from))
        .filter(signals::last_started_at.lt(to))
        .order((signals::last_started_at.asc(), signals::id.asc()))
        .limit(limit)
        .select(Signal::as_select())
        .load(c)?)
}

/// Takes in what a sender says of an alert: the signal of its group is made or brought up to date, rules are applied
/// to what has newly fired, and the timelines of incidents that it is attached to follow. The same messages in any
/// order and number end in the same signal.
///
/// # Errors
/// The database's.
pub fn heed(c: &mut Conn, actor: &Actor, source: &str, draft: &AlertDraft, now: Moment) -> Result<Signal, Error> {
    let (started_at, ended_at) = span(draft, now);
    let before = hold(c, source, draft, started_at, now)?;
    let (alert, news) = note_alert(c, before.id, draft, (started_at, ended_at))?;
    if news == News::Nothing {
        return Ok(before);
    }
    settle_openness(c, &alert)?;
    let is_firing: bool = diesel::select(diesel::dsl::exists(
        signal_alerts::table.filter(signal_alerts::signal_id.eq(before.id)).filter(signal_alerts::is_open.eq(true)),
    ))
    .get_result(c)?;
    let state = if is_firing { AlertState::Firing } else { AlertState::Resolved };
    let rank = told_by(draft, started_at);
    if rank > before.told_by {
        tell(c, before.id, draft, &rank)?;
    }
    diesel::update(signals::table.find(before.id))
        .set((
            signals::state.eq(state),
            signals::firing_count.eq(signals::firing_count + i64::from(news == News::Fired)),
            signals::first_started_at.eq(before.first_started_at.min(started_at)),
            signals::last_started_at.eq(before.last_started_at.max(started_at)),
            signals::last_ended_at.eq(before.last_ended_at.max(ended_at)),
            signals::updated_at.eq(now),
        ))
        .execute(c)?;
    let signal = by_id(c, before.id)?;
    if news == News::Fired {
        queries_rules::apply(c, actor, &signal, started_at, now)?;
    }
    queries_attach::follow(c, &signal, now)?;
    Ok(signal)
}

/// The signal of a group, made when it is new, kept from other writers until the transaction ends.
fn hold(c: &mut Conn, source: &str, draft: &AlertDraft, started_at: Moment, now: Moment) -> Result<Signal, Error> {
    let known = |c: &mut Conn| -> Result<Option<Signal>, Error> {
        let one = signals::table
            .filter(signals::source.eq(source))
            .filter(signals::group_key.eq(&draft.group_key))
            .select(signals::id);
        // SQLite's writers are one at a time.
        let id: Option<i64> = match c {
            Conn::Sqlite(c) => one.first(c).optional()?,
            Conn::Postgres(c) => one.for_update().first(c).optional()?,
        };
        id.map(|id| by_id(c, id)).transpose()
    };
    if let Some(signal) = known(c)? {
        return Ok(signal);
    }
    let row = (
        signals::source.eq(source),
        signals::group_key.eq(&draft.group_key),
        signals::title.eq(&draft.title),
        signals::summary.eq(""),
        signals::state.eq(AlertState::Resolved),
        signals::labels.eq("[]"),
        signals::firing_count.eq(0),
        signals::first_started_at.eq(started_at),
        signals::last_started_at.eq(started_at),
        signals::told_by.eq(""),
        signals::created_at.eq(now),
        signals::updated_at.eq(now),
    );
    // Two alerts may open a group at once: one makes it, the other waits here and then finds it.
    match c {
        Conn::Sqlite(c) => diesel::insert_into(signals::table).values(row).on_conflict_do_nothing().execute(c)?,
        Conn::Postgres(c) => diesel::insert_into(signals::table).values(row).on_conflict_do_nothing().execute(c)?,
    };
    known(c)?.ok_or_else(|| Error::Fault("the signal that was just written is gone".to_owned()))
}

/// What a message brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    /// It was known.
    Nothing,
    /// An end, or a later one.
    Ended,
    /// A firing that was not heard of.
    Fired,
}

fn note_alert(
    c: &mut Conn,
    signal_id: i64,
    draft: &AlertDraft,
    (started_at, ended_at): (Moment, Option<Moment>),
) -> Result<(Alert, News), Error> {
    let labels_hash = labels_hash(draft);
    let fires = draft.state == AlertState::Firing;
    let known: Option<Alert> = signal_alerts::table
        .filter(signal_alerts::signal_id.eq(signal_id))
        .filter(signal_alerts::labels_hash.eq(&labels_hash))
        .filter(signal_alerts::started_at.eq(started_at))
        .select(Alert::as_select())
        .first(c)
        .optional()?;
    let Some(alert) = known else {
        let id: i64 = diesel::insert_into(signal_alerts::table)
            .values((
                signal_alerts::signal_id.eq(signal_id),
                signal_alerts::labels_hash.eq(&labels_hash),
                signal_alerts::started_at.eq(started_at),
                signal_alerts::ended_at.eq(ended_at),
                signal_alerts::heard_firing.eq(fires),
                signal_alerts::is_open.eq(false),
            ))
            .returning(signal_alerts::id)
            .get_result(c)?;
        let alert = signal_alerts::table.find(id).select(Alert::as_select()).first(c)?;
        return Ok((alert, if fires { News::Fired } else { News::Ended }));
    };
    let news = match (fires && !alert.heard_firing, ended_at > alert.ended_at) {
        (true, _) => News::Fired,
        (false, true) => News::Ended,
        (false, false) => return Ok((alert, News::Nothing)),
    };
    let alert = Alert { ended_at: alert.ended_at.max(ended_at), heard_firing: alert.heard_firing || fires, ..alert };
    diesel::update(signal_alerts::table.find(alert.id))
        .set((signal_alerts::ended_at.eq(alert.ended_at), signal_alerts::heard_firing.eq(alert.heard_firing)))
        .execute(c)?;
    Ok((alert, news))
}

/// Of the times that one alert fired only the last can still be open; the end of an earlier one may have been lost.
fn settle_openness(c: &mut Conn, alert: &Alert) -> Result<(), Error> {
    let last: Alert = signal_alerts::table
        .filter(signal_alerts::signal_id.eq(alert.signal_id))
        .filter(signal_alerts::labels_hash.eq(&alert.labels_hash))
        .order(signal_alerts::started_at.desc())
        .select(Alert::as_select())
        .first(c)?;
    let earlier = signal_alerts::table
        .filter(signal_alerts::signal_id.eq(alert.signal_id))
        .filter(signal_alerts::labels_hash.eq(&alert.labels_hash))
        .filter(signal_alerts::is_open.eq(true))
        .filter(signal_alerts::id.ne(last.id));
    diesel::update(earlier).set(signal_alerts::is_open.eq(false)).execute(c)?;
    let is_open = last.ended_at.is_none();
    if last.is_open != is_open {
        diesel::update(signal_alerts::table.find(last.id)).set(signal_alerts::is_open.eq(is_open)).execute(c)?;
    }
    Ok(())
}

/// Writes a signal's words.
fn tell(c: &mut Conn, id: i64, draft: &AlertDraft, rank: &str) -> Result<(), Error> {
    let service = match draft.service.as_deref().map(slugify).filter(|slug| !slug.is_empty()) {
        Some(slug) => crate::services::queries::find(c, &slug)?,
        None => None,
    };
    let labels = serde_json::to_string(&draft.labels).map_err(|error| Error::Fault(error.to_string()))?;
    diesel::update(signals::table.find(id))
        .set((
            signals::title.eq(&draft.title),
            signals::summary.eq(&draft.summary),
            signals::severity.eq(&draft.severity),
            signals::service_name.eq(&draft.service),
            signals::service_id.eq(service.map(|service| service.id)),
            signals::environment.eq(&draft.environment),
            signals::labels.eq(labels),
            signals::url.eq(&draft.url),
            signals::release.eq(&draft.release),
            signals::told_by.eq(rank),
        ))
        .execute(c)?;
    Ok(())
}
