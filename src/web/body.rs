//! Reading request bodies with a limit, a deadline and no surprises.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::fields::Fields;
use crate::error::{Error, FieldErrors};

/// Longest body of a form, JSON document or hook, in bytes.
pub const DOCUMENT_LIMIT_BYTES: usize = 1024 * 1024;
/// Longest body that carries a postmortem's text, in bytes. The text itself has a lower limit; a form writes a byte
/// with up to three, and one that is a little too long must arrive, so that it can be shown again.
pub const WRITING_LIMIT_BYTES: usize = 8 * 1024 * 1024;
/// Longest body of a sign-in or other small form, in bytes.
pub const SMALL_LIMIT_BYTES: usize = 16 * 1024;
/// A body must be there whole within this time, however slowly it drips.
const DEADLINE: Duration = Duration::from_secs(20);
/// Deepest nesting of a JSON body.
const JSON_DEPTH_LIMIT: usize = 32;

/// Reads a whole body.
///
/// # Errors
/// Too large, too slow, or broken off.
pub async fn read(request: &HttpRequest, payload: &mut Payload, limit_bytes: usize) -> Result<Bytes, Error> {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit_bytes) {
        return Err(Error::TooLarge(limit_bytes));
    }
    let collect = async {
        let mut body = BytesMut::with_capacity(declared.unwrap_or(0));
        while let Some(chunk) = next_chunk(payload).await {
            let chunk = chunk.map_err(|_| Error::Malformed("The body broke off. Send it again.".to_owned()))?;
            if body.len() + chunk.len() > limit_bytes {
                return Err(Error::TooLarge(limit_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(DEADLINE, collect).await.unwrap_or(Err(Error::TooSlow))
}

async fn next_chunk(payload: &mut Payload) -> Option<Result<Bytes, actix_web::error::PayloadError>> {
    use futures_core::Stream;
    std::future::poll_fn(|context| std::pin::Pin::new(&mut *payload).poll_next(context)).await
}

/// A header's text; empty where it is missing or is no text.
pub fn header<'a>(request: &'a HttpRequest, name: &str) -> &'a str {
    request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn content_type(request: &HttpRequest) -> String {
    let value = header(request, CONTENT_TYPE.as_str());
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A submitted HTML form.
pub struct Form(pub Fields);

impl FromRequest for Form {
    type Error = Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move { read_form(&request, &mut payload, DOCUMENT_LIMIT_BYTES).await.map(Form) })
    }
}

/// A submitted HTML form of a few lines, which anybody may send.
pub struct SmallForm(pub Fields);

impl FromRequest for SmallForm {
    type Error = Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move { read_form(&request, &mut payload, SMALL_LIMIT_BYTES).await.map(SmallForm) })
    }
}

async fn read_form(request: &HttpRequest, payload: &mut Payload, limit_bytes: usize) -> Result<Fields, Error> {
    let kind = content_type(request);
    if !kind.is_empty() && kind != "application/x-www-form-urlencoded" {
        return Err(Error::Unsupported("Send this form as application/x-www-form-urlencoded.".to_owned()));
    }
    Ok(Fields::parse(&read(request, payload, limit_bytes).await?))
}

/// A submitted HTML form that carries a whole document.
pub struct WritingForm(pub Fields);

impl FromRequest for WritingForm {
    type Error = Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move { read_form(&request, &mut payload, WRITING_LIMIT_BYTES).await.map(WritingForm) })
    }
}

/// The query string of an address.
pub struct Query(pub Fields);

impl FromRequest for Query {
    type Error = Error;
    type Future = std::future::Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // A NUL is in nothing that is kept, so that nothing is found by it.
        let query = request.query_string().replace("%00", "");
        std::future::ready(Ok(Query(Fields::parse(query.as_bytes()))))
    }
}

/// A JSON body, kept beside what it parsed to for fingerprints.
pub struct Json<T> {
    /// What it says.
    pub value: T,
    /// The bytes as sent.
    pub bytes: Bytes,
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = read_json(&request, &mut payload, DOCUMENT_LIMIT_BYTES).await?;
            Ok(Json { value: parse_json(&bytes)?, bytes })
        })
    }
}

async fn read_json(request: &HttpRequest, payload: &mut Payload, limit_bytes: usize) -> Result<Bytes, Error> {
    let kind = content_type(request);
    if kind != "application/json" && !kind.ends_with("+json") {
        return Err(Error::Unsupported("Send JSON, with Content-Type: application/json.".to_owned()));
    }
    read(request, payload, limit_bytes).await
}

/// A JSON body that may be left out: an empty one stands for the default.
pub struct OptionalJson<T>(pub Json<T>);

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalJson<T> {
    type Error = Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            if content_type(&request).is_empty() {
                let bytes = read(&request, &mut payload, SMALL_LIMIT_BYTES).await?;
                if bytes.is_empty() {
                    return Ok(OptionalJson(Json { value: T::default(), bytes }));
                }
                return Err(Error::Unsupported("Send JSON, with Content-Type: application/json.".to_owned()));
            }
            let bytes = read_json(&request, &mut payload, DOCUMENT_LIMIT_BYTES).await?;
            let value = if bytes.is_empty() { T::default() } else { parse_json(&bytes)? };
            Ok(OptionalJson(Json { value, bytes }))
        })
    }
}

/// A JSON body that carries a whole document.
pub struct WritingJson<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for WritingJson<T> {
    type Error = Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let bytes = read_json(&request, &mut payload, WRITING_LIMIT_BYTES).await?;
            parse_json(&bytes).map(WritingJson)
        })
    }
}

/// Parses JSON; a wrong type is told with the pointer to its field.
///
/// # Errors
/// 400 for what is no JSON or nested too deeply, 422 for wrong types.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| Error::Malformed(format!("The body is not JSON: {error}.")))?;
    if depth(&value) > JSON_DEPTH_LIMIT {
        return Err(Error::Malformed(format!("The JSON is nested more than {JSON_DEPTH_LIMIT} levels deep.")));
    }
    whole_numbers(&mut value);
    serde_path_to_error::deserialize(value).map_err(|error| {
        let field = pointer(error.path());
        Error::Invalid(FieldErrors::one(field, format!("{}.", sentence(&error.inner().to_string()))))
    })
}

fn depth(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        serde_json::Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// `4.0` is the number 4 to JSON, and programs without whole numbers write it so.
fn whole_numbers(value: &mut serde_json::Value) {
    /// Beyond it a float has no room for every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        serde_json::Value::Number(number) if number.is_f64() => {
            if let Some(float) = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT) {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and within what both can hold")]
                let whole = float as i64;
                *number = whole.into();
            }
        }
        _ => {}
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let parts: Vec<String> = path
        .iter()
        .map(|segment| match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.clone(),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => "?".to_owned(),
        })
        .collect();
    parts.join("/")
}

fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
