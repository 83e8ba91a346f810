//! Paste or choose, look at what comes of it, bring it in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::forms::{Arrived, INCIDENT_LIMIT, TOTAL_LIMIT_BYTES, Wanted, is_foreign};
use super::views::{Done, Fate, Lines, New, Preview, Proposal};
use crate::app::App;
use crate::auth::who::{Member, SignedIn};
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::exchange::arriving::plan::Plan;
use crate::exchange::arriving::restore::{Arrival, Book};
use crate::exchange::arriving::whole::queries::{self, Bringing};
use crate::exchange::standing::Standing;
use crate::incidents::model::parse_key;
use crate::postmortems;
use crate::web::body::{self, WRITING_LIMIT_BYTES, WritingForm};
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::multipart;
use crate::web::respond::{page, page_with, see_other_with};

/// `GET /postmortems/import`
///
/// # Errors
/// A template that fails.
pub async fn new(who: Member) -> Result<HttpResponse, Error> {
    refused(&who, String::new(), FieldErrors::new())
}

fn refused(who: &SignedIn, text: String, errors: FieldErrors) -> Result<HttpResponse, Error> {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    page_with(status, &New { layout: who.layout("Bring in postmortems", Section::Postmortems), text, errors })
}

/// `POST /postmortems/import`: shows what each text becomes, and stores nothing.
///
/// # Errors
/// 422 is the form again.
pub async fn preview(
    who: Member,
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let kind = body::header(&request, "content-type").to_owned();
    let bytes = body::read(&request, &mut payload.into_inner(), WRITING_LIMIT_BYTES).await?;
    let (arrived, typed) = match multipart::boundary(&kind) {
        Some(boundary) => {
            let parts = multipart::parts(&bytes, &boundary).ok_or_else(|| {
                Error::Malformed("The form broke off, or holds more than 500 files. Send fewer at a time.".to_owned())
            })?;
            let typed = parts.iter().find(|part| part.name == "text" && part.file_name.is_none());
            let typed = typed.map(|part| String::from_utf8_lossy(&part.content).into_owned()).unwrap_or_default();
            (Arrived::of_parts(parts), typed)
        }
        None => {
            let fields = Fields::parse(&bytes);
            (Arrived::pasted(fields.get("text")).into_iter().collect(), fields.get("text").to_owned())
        }
    };
    let wrong = |sentence: &str| FieldErrors::one("text".to_owned(), sentence.to_owned());
    if arrived.is_empty() {
        return refused(&who, typed, wrong("Paste a postmortem, or choose files."));
    }
    if arrived.iter().map(|one| one.content.len()).sum::<usize>() > TOTAL_LIMIT_BYTES {
        let sentence =
            "These are more than 4 MB together. Send fewer at a time, or use `debrief import` on the server.";
        return refused(&who, typed, wrong(sentence));
    }
    match look(&who, &app, arrived, None).await? {
        Look::Page(preview) => page(&*preview),
        Look::Refused(sentence) => refused(&who, typed, wrong(&sentence)),
    }
}

/// What comes of files that were looked at.
enum Look {
    Page(Box<Preview>),
    Refused(String),
}

/// Looks at files again; with what was `typed`, the page shows that.
async fn look(
    who: &SignedIn,
    app: &App,
    arrived: Vec<Arrived>,
    typed: Option<(Fields, FieldErrors)>,
) -> Result<Look, Error> {
    let now = who.now;
    let (files, unread, proposals) = app
        .db
        .read(move |c| {
            let (mut unread, mut proposals) = (Vec::new(), Vec::new());
            for (index, one) in arrived.iter().enumerate() {
                match one.plans(now) {
                    Ok(plans) => {
                        for (number, plan) in plans.into_iter().enumerate() {
                            let known = queries::known(c, &plan.incident, now)?;
                            proposals.push((format!("{index}-{number}"), one.name.clone(), plan, known));
                        }
                    }
                    Err(why) => unread.push((one.name.clone(), why)),
                }
            }
            Ok::<_, Error>((arrived, unread, proposals))
        })
        .await?;
    if proposals.is_empty() {
        let sentences: Vec<String> = unread.iter().map(|(name, why)| format!("{name}: {why}")).collect();
        return Ok(Look::Refused(sentences.join(" ")));
    }
    if proposals.len() > INCIDENT_LIMIT {
        return Ok(Look::Refused(format!(
            "These are {} incidents, and 500 are the most of one page. Use `debrief import`.",
            proposals.len()
        )));
    }
    let proposals: Vec<Proposal> = proposals
        .into_iter()
        .map(|(place, name, plan, known)| {
            let proposal = proposal(who, place, name, plan, known);
            match &typed {
                Some((fields, _)) => proposal.as_typed(fields),
                None => proposal,
            }
        })
        .collect();
    let files = files.into_iter().map(|one| (one.name.clone(), one.carry())).collect();
    let layout = who.layout("What comes of it", Section::Postmortems);
    let errors = typed.map(|(_, errors)| errors).unwrap_or_default();
    Ok(Look::Page(Box::new(Preview { layout, files, unread, proposals, zone: who.zone().name(), errors })))
}

fn proposal(who: &SignedIn, place: String, file: String, plan: Plan, known: Option<i64>) -> Proposal {
    let is_foreign = is_foreign(&plan);
    let standing = plan.standing();
    let incident = plan.incident;
    let input = |at| who.zone().input(at);
    Proposal {
        place,
        file,
        is_taken: known.is_none(),
        is_foreign,
        began: incident.started_at.map(input).unwrap_or_default(),
        over: incident.resolved_at.filter(|end| Some(*end) != incident.started_at).map(input).unwrap_or_default(),
        standing: standing.map_or("", Standing::as_str).to_owned(),
        severity: incident.severity,
        services: incident.services.join(", "),
        event_count: incident.timeline.len(),
        action_count: incident.action_items.len(),
        remarks: Lines(plan.remarks),
        known: known.map(|number| format!("INC-{number}")),
        title: incident.title,
    }
}

/// `POST /postmortems/import/incidents`: brings in what was ticked, one transaction each.
///
/// # Errors
/// 422 when nothing was; 422 is what comes of it again when a time was not understood.
pub async fn create(who: Member, app: web::Data<App>, typed: WritingForm) -> Result<HttpResponse, Error> {
    let (actor, now) = (who.actor(), who.now);
    let arrived = Arrived::carried(&typed.0);
    let wanted = Wanted::new(&typed.0, who.zone(), now);
    let (mut chosen, mut errors) = (Vec::new(), FieldErrors::new());
    for (index, one) in arrived.iter().enumerate() {
        // What cannot be read was told of before.
        for (number, plan) in one.plans(now).unwrap_or_default().into_iter().enumerate() {
            let place = format!("{index}-{number}");
            if wanted.takes(&place) {
                chosen.push(wanted.correct(&place, plan, &mut errors));
            }
        }
    }
    if !errors.is_empty() {
        return match look(&who, &app, arrived, Some((typed.0, errors))).await? {
            Look::Page(preview) => page_with(StatusCode::UNPROCESSABLE_ENTITY, &*preview),
            Look::Refused(sentence) => refused(&who, String::new(), FieldErrors::one("text", sentence)),
        };
    }
    if chosen.is_empty() {
        let sentence = "Nothing was ticked. Paste or choose again, and tick what you want to bring in.";
        return refused(&who, String::new(), FieldErrors::one("text".to_owned(), sentence.to_owned()));
    }
    let mut fates = Vec::new();
    for plan in chosen.into_iter().take(INCIDENT_LIMIT) {
        let (actor, title) = (actor.clone(), plan.incident.title.clone());
        let arrival = app.db.write(move |c: &mut Conn| {
            let book = Book::default();
            queries::incident(c, &Bringing { actor: &actor, book: &book, now }, &plan.incident)
        });
        fates.push(match arrival.await {
            Ok(Arrival::Added { key, title, .. }) => Fate::Here { path: path_of(&key), key, title },
            Ok(Arrival::Known { key }) => Fate::Known { path: path_of(&key), key, title },
            Err(error @ (Error::Fault(_) | Error::Busy)) => return Err(error),
            Err(error) => Fate::Refused { title, why: error.detail() },
        });
    }
    if let [Fate::Here { path, key, .. }] = fates.as_slice() {
        let told = format!("{key} is here with its postmortem. Correct on the incident's page what was not found.");
        return Ok(see_other_with(path.clone(), &Flash::ok(told)));
    }
    page(&Done { layout: who.layout("Brought in", Section::Postmortems), fates })
}

fn path_of(key: &str) -> String {
    parse_key(key).map_or_else(|| "/postmortems".to_owned(), postmortems::model::path)
}
