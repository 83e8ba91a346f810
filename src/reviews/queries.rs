//! Requests and verdicts in the database.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::forms::Saying;
use super::model::{Opinion, REVIEWER_LIMIT, Request, Reviewer, Verdict};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{incidents, postmortems as postmortems_table, review_requests, review_verdicts, users};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::notify::model::{Audience, Notice, NoticeKind};
use crate::notify::queries::tell;
use crate::postmortems;
use crate::postmortems::model::{Postmortem, PostmortemStatus};

/// Most verdicts of one postmortem that are read; the newest of each person is among them.
const VERDICT_LIMIT: i64 = 500;
/// Most late reviews that are told about at once.
const REMIND_LIMIT: i64 = 5_000;

/// Everybody who was asked or who spoke up, by the day that is due and then by name.
///
/// # Errors
/// The database's.
pub fn reviewers(c: &mut Conn, postmortem_id: i64) -> Result<Vec<Reviewer>, Error> {
    let asked: Vec<(Request, String)> = review_requests::table
        .inner_join(users::table)
        .filter(review_requests::postmortem_id.eq(postmortem_id))
        .filter(review_requests::withdrawn_at.is_null())
        .order((review_requests::due_on, users::name, review_requests::id))
        .limit(REVIEWER_LIMIT as i64 * 2)
        .select((Request::as_select(), users::name))
        .load(c)?;
    let said: Vec<(Opinion, String)> = review_verdicts::table
        .inner_join(users::table)
        .filter(review_verdicts::postmortem_id.eq(postmortem_id))
        .order(review_verdicts::id.desc())
        .limit(VERDICT_LIMIT)
        .select((Opinion::as_select(), users::name))
        .load(c)?;
    let mut reviewers: Vec<Reviewer> = asked
        .into_iter()
        .map(|(request, name)| Reviewer { user_id: request.user_id, name, request: Some(request), opinion: None })
        .collect();
    for (opinion, name) in said {
        match reviewers.iter_mut().find(|reviewer| reviewer.user_id == opinion.user_id) {
            // The first that comes is the newest; one from before a later request counts as said, too.
            Some(reviewer) if reviewer.opinion.is_none() => reviewer.opinion = Some(opinion),
            Some(_) => {}
            None => reviewers.push(Reviewer { user_id: opinion.user_id, name, request: None, opinion: Some(opinion) }),
        }
    }
    Ok(reviewers)
}

/// Asks people, and turns a draft into one that is in review. Asking somebody again gives them the new date.
///
/// # Errors
/// 404 when nothing is written yet, 422 for somebody who cannot be asked.
pub fn ask(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (people, due_on): (&[i64], NaiveDate),
    now: Moment,
) -> Result<Vec<String>, Error> {
    let postmortem = postmortems::queries::enter_review(c, actor, incident, now)?;
    let mut names = Vec::new();
    for id in people {
        let name: Option<String> =
            users::table.find(id).filter(users::disabled_at.is_null()).select(users::name).first(c).optional()?;
        let Some(name) = name else {
            return Err(Error::field("reviewer", "One of them is not among the people here any more. Pick again."));
        };
        let its = review_requests::table
            .filter(review_requests::postmortem_id.eq(postmortem.id))
            .filter(review_requests::user_id.eq(id));
        let asked = (
            review_requests::due_on.eq(due_on),
            review_requests::asked_by.eq(actor.user_id),
            review_requests::asked_at.eq(now),
            review_requests::answered_at.eq(None::<Moment>),
            review_requests::withdrawn_at.eq(None::<Moment>),
        );
        if diesel::update(its).set(asked).execute(c)? == 0 {
            diesel::insert_into(review_requests::table)
                .values((review_requests::postmortem_id.eq(postmortem.id), review_requests::user_id.eq(id), asked))
                .execute(c)?;
        }
        names.push(name);
        tell_asked(c, actor, incident, (*id, due_on), now)?;
    }
    let new = serde_json::json!({ "reviewers": names, "due_on": due_on.to_string() });
    audit::record(
        c,
        actor,
        now,
        &Change { action: "review.ask", subject: incident.key(), old: None::<()>, new: Some(new) },
    )?;
    Ok(names)
}

fn tell_asked(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    (user_id, due_on): (i64, NaiveDate),
    now: Moment,
) -> Result<(), Error> {
    let notice = Notice {
        kind: NoticeKind::ReviewAsked,
        thing: postmortems::model::thing(incident),
        title: format!("Please review the postmortem of {}: {}", incident.key(), incident.title),
        body: format!("{} would like to hear from you by {}.", actor.name, due_on.format("%-d %B %Y")),
        why: format!("{} asked you to review it", actor.name),
        audience: Audience::people([user_id]),
        actor_id: actor.user_id,
        dedup_key: None,
    };
    tell(c, &notice, now).map(|_| ())
}

/// Reminds everybody whose review was due between two days and has not come; each is told once.
///
/// # Errors
/// The database's.
pub fn remind(c: &mut Conn, (from, to): (NaiveDate, NaiveDate), now: Moment) -> Result<(), Error> {
    let late: Vec<(Request, Incident)> = review_requests::table
        .inner_join(postmortems_table::table.inner_join(incidents::table))
        .filter(review_requests::due_on.ge(from))
        .filter(review_requests::due_on.le(to))
        .filter(review_requests::answered_at.is_null())
        .filter(review_requests::withdrawn_at.is_null())
        .filter(postmortems_table::status.eq(PostmortemStatus::InReview))
        .order((review_requests::due_on.desc(), review_requests::id.desc()))
        .limit(REMIND_LIMIT)
        .select((Request::as_select(), Incident::as_select()))
        .load(c)?;
    for (request, incident) in late {
        let notice = Notice {
            kind: NoticeKind::ReviewLate,
            thing: postmortems::model::thing(&incident),
            title: format!("Late: review of the postmortem of {}", incident.key()),
            body: format!("It was asked for by {}. {}", request.due_on.format("%-d %B %Y"), incident.title),
            why: "you were asked to review it, and have not said anything yet".to_owned(),
            audience: Audience::people([request.user_id]),
            actor_id: None,
            dedup_key: Some(format!("review {} {}", request.id, request.due_on)),
        };
        tell(c, &notice, now)?;
    }
    Ok(())
}

/// Takes a request back.
///
/// # Errors
/// 404 when there is none.
pub fn withdraw(c: &mut Conn, actor: &Actor, incident: &Incident, id: i64, now: Moment) -> Result<(), Error> {
    let postmortem = postmortems::queries::existing(c, incident)?;
    let its = review_requests::table.find(id).filter(review_requests::postmortem_id.eq(postmortem.id));
    let request: Request =
        its.select(Request::as_select()).first(c).optional()?.ok_or_else(|| Error::no("request", id))?;
    if request.withdrawn_at.is_some() {
        return Ok(());
    }
    diesel::update(review_requests::table.find(id)).set(review_requests::withdrawn_at.eq(now)).execute(c)?;
    let old = serde_json::json!({ "reviewer": request.user_id, "due_on": request.due_on.to_string() });
    audit::record(
        c,
        actor,
        now,
        &Change { action: "review.withdraw", subject: incident.key(), old: Some(old), new: None::<()> },
    )
}

/// Writes down what a reviewer says about the revision that they read.
///
/// # Errors
/// 404 when nothing is written, 409 when a newer revision came in between.
pub fn say(
    c: &mut Conn,
    actor: &Actor,
    incident: &Incident,
    saying: &Saying,
    now: Moment,
) -> Result<Postmortem, Error> {
    let postmortem = postmortems::queries::existing(c, incident)?;
    let Some(user_id) = actor.user_id else {
        return Err(Error::Conflict("Only a person can review.".to_owned()));
    };
    if saying.revision != postmortem.current_revision {
        return Err(Error::Conflict(format!(
            "Somebody saved revision {} since you read revision {}. Read what changed, then say it again.",
            postmortem.current_revision, saying.revision
        )));
    }
    diesel::insert_into(review_verdicts::table)
        .values((
            review_verdicts::postmortem_id.eq(postmortem.id),
            review_verdicts::user_id.eq(user_id),
            review_verdicts::verdict.eq(saying.verdict),
            review_verdicts::note.eq(&saying.note),
            review_verdicts::revision.eq(saying.revision),
            review_verdicts::given_at.eq(now),
        ))
        .execute(c)?;
    let its = review_requests::table
        .filter(review_requests::postmortem_id.eq(postmortem.id))
        .filter(review_requests::user_id.eq(user_id));
    diesel::update(its).set(review_requests::answered_at.eq(now)).execute(c)?;
    let action = match saying.verdict {
        Verdict::Approved => "review.approve",
        Verdict::ChangeWanted => "review.ask_for_change",
    };
    let new = serde_json::json!({ "revision": saying.revision, "note": saying.note });
    audit::record(c, actor, now, &Change { action, subject: incident.key(), old: None::<()>, new: Some(new) })?;
    Ok(postmortem)
}
