//! The doors: each checks, stores, answers. What a delivery says is read afterwards.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::known;
use super::model::{Envelope, Headers, Sender, Source};
use super::proof::{Knock, is_same};
use super::queries;
use super::queries_arrivals::{Arrival, Arrivals, Stored};
use super::reading::{self, Said};
use super::senders::{honeybadger, pagerduty_changes};
use crate::app::App;
use crate::error::Error;
use crate::web::body::{self, DOCUMENT_LIMIT_BYTES};

/// Most events of one CloudEvents batch.
const BATCH_LIMIT: usize = 500;
/// How many deliveries a minute the CloudEvents handshake allows.
const RATE_A_MINUTE: &str = "6000";

fn headers_of(request: &HttpRequest) -> Headers {
    Headers(
        request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
    )
}

async fn body_of(request: &HttpRequest, payload: web::Payload) -> Result<web::Bytes, Error> {
    body::read(request, &mut payload.into_inner(), DOCUMENT_LIMIT_BYTES).await
}

fn is_open(source: &Source) -> Result<(), Error> {
    if source.disabled_at.is_some() {
        return Err(Error::Forbidden("This source is switched off. An admin can switch it on again.".to_owned()));
    }
    Ok(())
}

/// `POST /hooks/{sender}/{slug}`
///
/// # Errors
/// 401 for a signature that is missing, wrong, cut or late, and for an unknown source; nothing is stored then.
pub async fn receive(
    request: HttpRequest,
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let (sender, slug) = path.into_inner();
    let bytes = body_of(&request, payload).await?;
    let headers = headers_of(&request);
    let address = known::Address { sender: &sender, slug: &slug };
    let knock = Knock { headers: &headers, query: request.query_string(), body: &bytes, now: app.clock.now() };
    let source = match known::recent(&app, address, knock) {
        Some(source) => source,
        None => proven(&app, address, knock).await?,
    };
    let arrival =
        |headers: &Headers, body: Vec<u8>| Arrival::new(source.sender.envelope(headers, &body), headers, body);
    let arrivals: Arc<[Arrival]> = match batch(&headers, &bytes)? {
        Some(events) => {
            events.into_iter().map(|(headers, body)| arrival(&headers, body)).collect::<Result<_, Error>>()?
        }
        None => Arc::new([arrival(&headers, bytes.to_vec())?]),
    };
    let new_count = match store(&app, source, arrivals.clone()).await? {
        Stored::New(count) => count,
        // It was changed since it was kept: the delivery has to prove itself again.
        Stored::Changed => match store(&app, proven(&app, address, knock).await?, arrivals).await? {
            Stored::New(count) => count,
            Stored::Changed => return Err(is_changing()),
        },
    };
    Ok(if new_count > 0 {
        HttpResponse::Accepted().json(json!({"status": "stored"}))
    } else {
        HttpResponse::Ok().json(json!({"status": "already here"}))
    })
}

/// The source that a delivery proves to come from, as it stands in the database.
///
/// # Errors
/// 401 when it proves nothing, 403 when the source is switched off.
async fn proven(app: &App, address: known::Address<'_>, knock: Knock<'_>) -> Result<Arc<Source>, Error> {
    // An address that nobody has is told like a wrong signature: which sources there are is not for everybody.
    let source = known::current(app, address, knock).await?.ok_or_else(|| {
        Error::SignedOut(
            "The signature does not fit. Check the address, and that the sender has the secret of this source."
                .to_owned(),
        )
    })?;
    is_open(&source)?;
    Ok(source)
}

/// Stores what came, all or nothing. Deliveries that come at once share a commit.
async fn store(app: &App, source: Arc<Source>, deliveries: Arc<[Arrival]>) -> Result<Stored, Error> {
    app.arrivals.run(Arrivals { source, deliveries, now: app.clock.now() }).await
}

fn is_changing() -> Error {
    Error::Conflict("This source was changed at the same moment. Send the delivery again.".to_owned())
}

/// [`store`] for a source that was read just now.
async fn store_now(app: &App, source: Source, arrival: Arrival) -> Result<usize, Error> {
    match store(app, Arc::new(source), Arc::new([arrival])).await? {
        Stored::New(count) => Ok(count),
        Stored::Changed => Err(is_changing()),
    }
}

/// One delivery of a batch.
type Part = (Headers, Vec<u8>);

/// The events of a CloudEvents batch, each as a delivery of its own; nothing when it is none.
fn batch(headers: &Headers, body: &[u8]) -> Result<Option<Vec<Part>>, Error> {
    let kind = headers.get("content-type").unwrap_or_default().trim().to_ascii_lowercase();
    if !kind.starts_with("application/cloudevents-batch") {
        return Ok(None);
    }
    let value = reading::parse(body).map_err(Error::Malformed)?;
    let serde_json::Value::Array(events) = value else {
        return Err(Error::Malformed("A batch is a list of events. Send it as a JSON array.".to_owned()));
    };
    if events.len() > BATCH_LIMIT {
        return Err(Error::Malformed(format!("Send at most {BATCH_LIMIT} events in one batch.")));
    }
    let mut each = headers.clone();
    for (name, value) in &mut each.0 {
        if name == "content-type" {
            "application/cloudevents+json; charset=utf-8".clone_into(value);
        }
    }
    Ok(Some(events.into_iter().map(|event| (each.clone(), event.to_string().into_bytes())).collect()))
}

/// `OPTIONS /hooks/{sender}/{slug}`: the handshake of CloudEvents over HTTP. It says nothing about which sources there
/// are.
pub async fn handshake(request: HttpRequest) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("allow", "POST, OPTIONS"));
    if let Some(origin) = request.headers().get("webhook-request-origin") {
        answer.insert_header(("webhook-allowed-origin", origin.clone()));
        answer.insert_header(("webhook-allowed-rate", RATE_A_MINUTE));
    }
    answer.finish()
}

/// The source whose secret a key is.
async fn by_key(app: &App, key: Option<String>) -> Result<Source, Error> {
    let now = app.clock.now();
    let sources = app.db.read(queries::all).await?;
    let source =
        key.and_then(|key| sources.into_iter().find(|source| source.secrets(now).any(|secret| is_same(&key, secret))));
    let source = source.ok_or_else(|| {
        Error::SignedOut("That key is of no source. Take the one that was shown when the source was added.".to_owned())
    })?;
    is_open(&source)?;
    Ok(source)
}

fn spoken(event: &str, sender: Sender, headers: &Headers, body: &[u8]) -> Result<Arrival, Error> {
    let envelope = Envelope { event: event.to_owned(), ..sender.envelope(headers, body) };
    Arrival::new(envelope, headers, body.to_vec())
}

/// `POST /v2/change/enqueue`: PagerDuty's change events. The routing key is a source's secret.
///
/// # Errors
/// 401 for a key of no source.
pub async fn enqueue_change(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let bytes = body_of(&request, payload).await?;
    let headers = headers_of(&request);
    let value = reading::parse(&bytes).unwrap_or_default();
    let said = Said(&value);
    let key = said.line("/routing_key").or_else(|| headers.get("x-routing-key").map(str::to_owned));
    let source = by_key(&app, key).await?;
    if said.line("/payload/summary").is_none() {
        return Ok(HttpResponse::BadRequest().json(json!({
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": ["'payload.summary' is missing or blank"],
        })));
    }
    let arrival = spoken(pagerduty_changes::EVENT, Sender::PagerDutyChanges, &headers, &bytes)?;
    store_now(&app, source, arrival).await?;
    Ok(HttpResponse::Accepted().json(json!({"status": "success", "message": "Change event processed"})))
}

/// `POST /v1/deploys`: Honeybadger's deploys, as a form or as JSON. The API key is a source's secret.
///
/// # Errors
/// 401 for a key of no source, 422 for a deploy that says nothing.
pub async fn deploy_as_honeybadger(
    request: HttpRequest,
    app: web::Data<App>,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    let bytes = body_of(&request, payload).await?;
    let headers = headers_of(&request);
    let in_form = |pairs: &[u8]| {
        form_urlencoded::parse(pairs).find(|(name, _)| name == "api_key").map(|(_, value)| value.into_owned())
    };
    let key = headers
        .get("x-api-key")
        .map(str::to_owned)
        .or_else(|| in_form(request.query_string().as_bytes()))
        .or_else(|| Said(&reading::parse(&bytes).ok()?).line("/api_key"))
        .or_else(|| in_form(&bytes));
    let source = by_key(&app, key).await?;
    if let super::model_reading::Reading::Nothing(why) = source.sender.read(honeybadger::EVENT, &headers, &bytes) {
        return Err(Error::field("deploy", why));
    }
    let arrival = spoken(honeybadger::EVENT, Sender::Honeybadger, &headers, &bytes)?;
    store_now(&app, source, arrival).await?;
    Ok(HttpResponse::Created().json(json!({"status": "OK"})))
}
