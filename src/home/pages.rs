//! The handler.

use actix_web::{HttpResponse, web};

use super::model::{Desk, PART_LIMIT};
use super::queries;
use super::views::{Home, ItemLine, LiveLine, NewsLine, PostmortemLine, ReadLine, RetroLine, due_words};
use crate::action_items::model::ActionRow;
use crate::app::App;
use crate::auth::who::{SignedIn, Viewer};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::reading;
use crate::reviews;
use crate::reviews::register::queries::{Listed, Viewpoint};
use crate::web::layout::Section;
use crate::web::respond::page;
use crate::web::times::duration;

/// `GET /`
///
/// # Errors
/// The database's.
pub async fn show(who: Viewer, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let (user_id, today) = (who.user.id, who.zone().date(who.now));
    let zone = who.zone();
    let (desk, shelf) = app
        .db
        .read(move |c| {
            let desk = queries::desk(c, user_id, today)?;
            let shelf = Shelf {
                reviews: reviews::register::queries::mine(c, Viewpoint { user_id, today }, PART_LIMIT)?,
                pick: reading::queries::pick_of_month(c, today)?,
                this_day: reading::queries::on_this_day(c, today, &zone)?,
            };
            Ok::<_, Error>((desk, shelf))
        })
        .await?;
    page(&laid_out(&who, desk, shelf, &app.config.base_url))
}

/// What there is to read and to review.
struct Shelf {
    reviews: Vec<Listed>,
    pick: Option<Incident>,
    this_day: Option<Incident>,
}

fn to_read(incident: Incident) -> ReadLine {
    let year = incident.started_at.utc().format("%Y").to_string();
    ReadLine {
        href: crate::postmortems::model::path(incident.number),
        key: incident.key(),
        title: incident.title,
        year,
    }
}

fn laid_out(who: &SignedIn, desk: Desk, shelf: Shelf, base_url: &str) -> Home {
    let (zone, now) = (who.zone(), who.now);
    let today = zone.date(now);
    let mut due: Vec<_> = desk
        .unpublished
        .into_iter()
        .filter_map(|incident| Some((incident.postmortem_due_on(&zone)?, incident)))
        .collect();
    due.sort_by_key(|(due_on, incident)| (*due_on, incident.id));
    let more_due = due.len().saturating_sub(PART_LIMIT);
    let postmortem = |incident: Incident, due_on: Option<chrono::NaiveDate>, href: String| {
        let (due, late) = due_on.map(|due_on| due_words(due_on, today)).unwrap_or_default();
        PostmortemLine { incident, href, due, late }
    };
    Home {
        layout: who.layout("Home", Section::Home),
        is_blank: desk.is_blank,
        curl: curl_line(base_url),
        live: desk
            .live
            .into_iter()
            .map(|(incident, hit)| {
                let names: Vec<String> = hit.into_iter().map(|service| service.name).collect();
                let lasted = duration(incident.duration_s(now));
                let note = if names.is_empty() { lasted } else { format!("{lasted} · {}", names.join(", ")) };
                LiveLine { incident, note }
            })
            .collect(),
        my_items: desk.my_items.into_iter().map(|row| item(row, today)).collect(),
        checks: desk.checks.into_iter().map(|row| item(row, today)).collect(),
        retros: desk
            .retros
            .into_iter()
            .map(|(retro, team)| RetroLine { meets: who.stamp(retro.meets_at), team: team.name, retro })
            .collect(),
        due: due
            .into_iter()
            .take(PART_LIMIT)
            .map(|(due_on, incident)| {
                let href = incident.path();
                postmortem(incident, Some(due_on), href)
            })
            .collect(),
        more_due,
        pick: shelf.pick.map(to_read),
        this_day: shelf.this_day.map(to_read),
        reviews: shelf
            .reviews
            .into_iter()
            .filter_map(|listed| {
                let (request, _) = listed.request?;
                let href = format!("{}/review", crate::postmortems::model::path(listed.incident.number));
                Some(postmortem(listed.incident, Some(request.due_on), href))
            })
            .collect(),
        my_drafts: desk
            .my_drafts
            .into_iter()
            .map(|incident| {
                let href = crate::postmortems::model::path(incident.number);
                postmortem(incident, None, href)
            })
            .collect(),
        deploys: desk
            .deploys
            .into_iter()
            .map(|(deploy, service)| NewsLine {
                key: deploy.key(),
                href: deploy.path(),
                title: format!("{} {}", service.name, deploy.version_or_commit()).trim_end().to_owned(),
                stamp: who.stamp(deploy.happened_at),
            })
            .collect(),
        published: desk
            .published
            .into_iter()
            .map(|(incident, at)| NewsLine {
                key: incident.key(),
                href: crate::postmortems::model::path(incident.number),
                stamp: who.stamp(at),
                title: incident.title,
            })
            .collect(),
        closed: desk
            .closed
            .into_iter()
            .filter_map(|row| {
                Some(NewsLine {
                    key: row.item.key(),
                    href: row.item.path(),
                    stamp: who.stamp(row.item.closed_at?),
                    title: row.item.title,
                })
            })
            .collect(),
    }
}

fn item(row: ActionRow, today: chrono::NaiveDate) -> ItemLine {
    ItemLine {
        key: row.item.key(),
        href: row.item.path(),
        note: row.origin.as_ref().map(|origin| format!("INC-{}", origin.number)).unwrap_or_default(),
        status: row.item.status.as_str(),
        due: row.item.due_words(today),
        late: if row.item.is_late(today) { "late" } else { "" },
        title: row.item.title,
    }
}

fn curl_line(base_url: &str) -> String {
    format!(
        "curl -X POST {base_url}/api/v1/deploys -H \"Authorization: Bearer $DEBRIEF_TOKEN\" \
         -H \"Content-Type: application/json\" \
         -d '{{\"service\":\"checkout\",\"version\":\"2.4.1\",\"status\":\"succeeded\"}}'"
    )
}
