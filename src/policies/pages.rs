//! The page on which admins edit the policy.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::views::Show;
use super::{forms, queries};
use crate::action_items::queries::{owner, owner_choices};
use crate::app::App;
use crate::auth::who::{Admin, SignedIn};
use crate::db::Conn;
use crate::error::{Error, FieldErrors};
use crate::web::body::Form;
use crate::web::fields::Fields;
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page_with, see_other_with};

/// `GET /admin/policy`
///
/// # Errors
/// The database's.
pub async fn show(who: Admin, app: web::Data<App>) -> Result<HttpResponse, Error> {
    let fields = app
        .db
        .read(|c| {
            let policy = queries::current(c)?;
            let people = owner_choices(c)?;
            let handle = |id: Option<i64>| {
                people.iter().find(|person| Some(person.id) == id).map(|person| person.handle.clone())
            };
            Ok::<_, Error>(forms::prefilled(&policy, handle(policy.late_person_id), handle(policy.put_off_person_id)))
        })
        .await?;
    form(&who, &app, (StatusCode::OK, fields, FieldErrors::new())).await
}

async fn form(
    who: &SignedIn,
    app: &App,
    (status, fields, errors): (StatusCode, Fields, FieldErrors),
) -> Result<HttpResponse, Error> {
    let people = app.db.read(owner_choices).await?;
    page_with(status, &Show { layout: who.layout("Action item policy", Section::Admin), fields, errors, people })
}

/// The person in a field of the form.
fn person(c: &mut Conn, field: &str, wanted: Option<&str>) -> Result<Option<i64>, Error> {
    let Some(wanted) = wanted else { return Ok(None) };
    let found = owner(c, wanted)?.filter(|person| person.disabled_at.is_none());
    found.map(|person| Some(person.id)).ok_or_else(|| Error::field(field, "Pick one of the people who may sign in."))
}

/// `POST /admin/policy`
///
/// # Errors
/// 422 with the form as typed; 409 with it when somebody else saved meanwhile.
pub async fn change(who: Admin, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let (actor, now, fields) = (who.actor(), who.now, typed.0.clone());
    let outcome = match forms::read(&typed.0) {
        Ok(policy) => {
            app.db
                .write(move |c| {
                    let mut policy = policy.clone();
                    policy.late_person_id = person(c, "late_person", fields.some("late_person"))?;
                    policy.put_off_person_id = person(c, "put_off_person", fields.some("put_off_person"))?;
                    queries::set(c, &actor, policy, now)
                })
                .await
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(_) => {
            Ok(see_other_with("/admin/policy", &Flash::ok("Saved. New items follow it; dates that are set stay.")))
        }
        Err(Error::Invalid(errors)) => form(&who, &app, (StatusCode::UNPROCESSABLE_ENTITY, typed.0, errors)).await,
        Err(Error::Outdated(_)) => {
            let present = app.db.read(queries::current).await?;
            let mut fields = typed.0;
            // Saved once more, it is put on top of what is there now.
            fields.set("revision", present.revision.to_string());
            let sentence = "Somebody else saved the policy while you were writing. Below is yours; save once more to put it on top.";
            form(&who, &app, (StatusCode::CONFLICT, fields, FieldErrors::one("", sentence))).await
        }
        Err(other) => Err(other),
    }
}
