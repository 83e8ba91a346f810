//! A team's page of channels.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::model::CHANNEL_ADDRESS;
use super::{forms, queries, views};
use crate::app::App;
use crate::auth::who::{Member, SignedIn};
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::notify::model::{Audience, Notice, NoticeKind, Thing};
use crate::teams::model::Team;
use crate::teams::queries as teams;
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

/// The team, when this person may change what is its.
fn own_team(c: &mut Conn, who: &SignedIn, slug: &str) -> Result<Team, Error> {
    let team = teams::by_slug(c, slug)?;
    teams::check_may_change(c, &who.user, &team)?;
    Ok(team)
}

/// `GET /teams/{slug}/channels`
///
/// # Errors
/// 404; 403 for strangers to the team.
pub async fn index(who: Member, app: web::Data<App>, slug: web::Path<String>) -> Result<HttpResponse, Error> {
    list(&who, &app, slug.into_inner(), (Fields::default(), FieldErrors::new())).await
}

async fn list(
    who: &SignedIn,
    app: &App,
    slug: String,
    (mut fields, errors): (Fields, FieldErrors),
) -> Result<HttpResponse, Error> {
    let asker = who.clone();
    let (team, channels) = app
        .db
        .read(move |c| {
            let team = own_team(c, &asker, &slug)?;
            let channels = queries::of_team(c, team.id)?;
            Ok::<_, Error>((team, channels))
        })
        .await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let ticked: Vec<NoticeKind> = if errors.is_empty() {
        NoticeKind::FOR_CHANNELS.to_vec()
    } else {
        fields.all("kinds").filter_map(|word| word.parse().ok()).collect()
    };
    // An address is a secret: it is asked for again.
    fields.set("url", "");
    let rows = channels
        .into_iter()
        .map(|channel| views::Row { off_since: channel.disabled_at.map(|at| who.stamp(at)), channel })
        .collect();
    let layout = who.layout("Channels", Section::Teams);
    page_with(status, &views::Index { layout, team, rows, ticked, fields, errors })
}

/// `POST /teams/{slug}/channels`
///
/// # Errors
/// 404; 403 for strangers to the team; 422 with the form as typed.
pub async fn create(
    who: Member,
    app: web::Data<App>,
    slug: web::Path<String>,
    typed: Form,
) -> Result<HttpResponse, Error> {
    let outcome = match forms::channel(&typed.0) {
        Ok(draft) => match app.seal.seal(CHANNEL_ADDRESS, &draft.url) {
            Ok(sealed) => {
                let (asker, now, slug) = (who.0.clone(), who.now, slug.clone());
                app.db
                    .write(move |c| {
                        let team = own_team(c, &asker, &slug)?;
                        let id = queries::add(c, &asker.actor(), &team, (&draft, &sealed), now)?;
                        let welcome = welcome(&team, &draft.name);
                        queries::try_out(c, id, &welcome, now)
                    })
                    .await
            }
            Err(Error::Invalid(errors)) => Err(Error::field("url", errors.of("secret").unwrap_or_default().to_owned())),
            Err(other) => Err(other),
        },
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(see_other_with(
            format!("/teams/{slug}/channels"),
            &Flash::ok("The channel is added, and a first message is on its way to it."),
        )),
        Err(Error::Invalid(errors)) => list(&who, &app, slug.into_inner(), (typed.0, errors)).await,
        Err(other) => Err(other),
    }
}

fn welcome(team: &Team, name: &str) -> Notice {
    Notice {
        kind: NoticeKind::IncidentUpdated,
        thing: Thing::new("team", team.name.clone(), team.path()),
        title: format!("Debrief tells {name} what concerns {}", team.name),
        body: "This is the first message. Incidents, minutes and what else was ticked follow as they come.".to_owned(),
        why: format!("{} added it as a channel", team.name),
        audience: Audience::default(),
        actor_id: None,
        dedup_key: None,
    }
}

/// `POST /teams/{slug}/channels/{id}/removal`
///
/// # Errors
/// 404; 403 for strangers to the team.
pub async fn remove(who: Member, app: web::Data<App>, path: web::Path<(String, i64)>) -> Result<HttpResponse, Error> {
    let ((slug, id), asker, now) = (path.into_inner(), who.0.clone(), who.now);
    let place = format!("/teams/{slug}/channels");
    let gone = app
        .db
        .write(move |c| {
            let team = own_team(c, &asker, &slug)?;
            queries::remove(c, &asker.actor(), &team, id, now)
        })
        .await?;
    Ok(see_other_with(place, &Flash::ok(format!("{} is removed.", gone.name))))
}

/// `POST /teams/{slug}/channels/{id}/switch-on`
///
/// # Errors
/// 404; 403 for strangers to the team.
pub async fn switch_on(
    who: Member,
    app: web::Data<App>,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Error> {
    switch(who, app, path.into_inner(), None).await
}

/// `POST /teams/{slug}/channels/{id}/switch-off`
///
/// # Errors
/// 404; 403 for strangers to the team.
pub async fn switch_off(
    who: Member,
    app: web::Data<App>,
    path: web::Path<(String, i64)>,
) -> Result<HttpResponse, Error> {
    let reason = format!("{} switched it off.", who.user.name);
    switch(who, app, path.into_inner(), Some(reason)).await
}

async fn switch(
    who: Member,
    app: web::Data<App>,
    (slug, id): (String, i64),
    off_because: Option<String>,
) -> Result<HttpResponse, Error> {
    let (asker, now) = (who.0.clone(), who.now);
    let place = format!("/teams/{slug}/channels");
    let said = if off_because.is_some() { "off: nothing more is sent to it" } else { "on; what waits is sent now" };
    let channel = app
        .db
        .write(move |c| {
            let team = own_team(c, &asker, &slug)?;
            queries::switch(c, &asker.actor(), (&team, id), off_because.as_deref(), now)
        })
        .await?;
    Ok(see_other_with(place, &Flash::ok(format!("{} is {said}.", channel.name))))
}
