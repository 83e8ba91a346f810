//! The administration's pages of deliveries: what came, what became of it, and reading it again.

use actix_web::{HttpResponse, web};

use super::model::{Sender, Verdict};
use super::queries_deliveries::{self, Filter, REPLAY_LIMIT};
use super::{masks, queries, views};
use crate::app::App;
use crate::auth::who::Admin;
use crate::db::paging::{Cursor, Turn};
use crate::error::Error;
use crate::web::body::{Form, Query};
use crate::web::fields::{Check, Fields};
use crate::web::flash::Flash;
use crate::web::layout::Section;
use crate::web::respond::{page, see_other_with};

fn filter_of(fields: &Fields) -> Result<Filter, Error> {
    let mut check = Check::new();
    let sender = fields.some("sender").and_then(|word| check.word::<Sender>("sender", Some(word), ""));
    let verdict = fields.some("verdict").and_then(|word| check.word::<Verdict>("verdict", Some(word), ""));
    check.finish()?;
    Ok(Filter { source: fields.some("source").map(|slug| slug.trim().to_owned()), sender, verdict })
}

/// The filter as a query string, without the sign in front.
fn query_of(filter: &Filter) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(source) = &filter.source {
        query.append_pair("source", source);
    }
    if let Some(sender) = filter.sender {
        query.append_pair("sender", sender.as_str());
    }
    if let Some(verdict) = filter.verdict {
        query.append_pair("verdict", verdict.as_str());
    }
    query.finish()
}

/// `GET /admin/deliveries`
///
/// # Errors
/// 400 or 422 for filters that cannot be.
pub async fn index(who: Admin, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let filter = filter_of(&query.0)?;
    let turn = Turn::from_query(query.0.some("after"), query.0.some("before")).map_err(Error::Malformed)?;
    let wanted = filter.clone();
    let (found, sources) =
        app.db.read(move |c| Ok::<_, Error>((queries_deliveries::list(c, &wanted, turn)?, queries::all(c)?))).await?;
    let said = query_of(&filter);
    let link = |turn: &str, cursor: Option<Cursor>| {
        let and = if said.is_empty() { String::new() } else { format!("&{said}") };
        cursor.map(|cursor| format!("/admin/deliveries?{turn}={}{and}", cursor.encode())).unwrap_or_default()
    };
    let (newer, older) = (link("before", found.before), link("after", found.after));
    page(&views::Deliveries {
        layout: who.layout("Deliveries", Section::Admin),
        rows: found.rows.into_iter().map(|row| views::Row::new(row, &who)).collect(),
        newer,
        older,
        is_filtered: filter != Filter::default(),
        filter,
        sources,
    })
}

/// `POST /admin/deliveries/replay`: what the filter shows is read again, the newest few hundred at most.
///
/// # Errors
/// 422 for filters that cannot be.
pub async fn replay_many(who: Admin, app: web::Data<App>, typed: Form) -> Result<HttpResponse, Error> {
    let filter = filter_of(&typed.0)?;
    let (actor, now, wanted) = (who.actor(), who.now, filter.clone());
    let count = app.db.write(move |c| queries_deliveries::replay(c, &actor, &wanted, now)).await?;
    let said = match i64::try_from(count) {
        Ok(0) => "There was nothing to read again.".to_owned(),
        Ok(REPLAY_LIMIT) => {
            format!("The newest {count} are being read again. Reload in a moment to see what became of them.")
        }
        _ => format!("{count} are being read again. Reload in a moment to see what became of them."),
    };
    Ok(see_other_with(format!("/admin/deliveries?{}", query_of(&filter)), &Flash::ok(said)))
}

/// `GET /admin/deliveries/{id}`
///
/// # Errors
/// 404
pub async fn delivery(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let whole = app.db.read(move |c| queries::delivery(c, *id)).await?;
    let can_have_rule = matches!(whole.read(), super::model_reading::Reading::Change(_));
    page(&views::DeliveryPage {
        layout: who.layout(format!("Delivery {}", whole.delivery.id), Section::Admin),
        received: who.stamp(whole.delivery.received_at),
        processed: whole.delivery.processed_at.map(|at| who.stamp(at)),
        body: masks::shown(&whole.body),
        body_bytes: whole.body.len(),
        delivery: whole.delivery,
        can_have_rule,
        source: whole.source,
        headers: whole.headers,
        deploy: whole.deploy,
    })
}

/// `POST /admin/deliveries/{id}/replay`: the delivery is read again.
///
/// # Errors
/// 404
pub async fn replay(who: Admin, app: web::Data<App>, id: web::Path<i64>) -> Result<HttpResponse, Error> {
    let (actor, now, id) = (who.actor(), who.now, *id);
    app.db.write(move |c| queries::replay(c, &actor, id, now)).await?;
    let said = Flash::ok("It is being read again. Reload in a moment to see what became of it.");
    Ok(see_other_with(format!("/admin/deliveries/{id}"), &said))
}
