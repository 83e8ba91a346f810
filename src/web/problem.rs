//! Errors of the API: problem+json (RFC 9457).

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;

/// One field of the body that needs another look.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProblemField {
    /// JSON pointer (RFC 6901) to the field, such as `/title` or `/deploys/0/relation`.
    pub pointer: String,
    /// What to do about it.
    pub detail: String,
}

/// An error as the API tells it (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the status says what kind it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// A few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What to do.
    pub detail: String,
    /// This request's number in the server's log.
    pub instance: String,
    /// Every field that needs another look.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemField>,
}

impl Problem {
    /// The wire form of `error`.
    pub fn from_error(error: &Error, request_id: &str) -> Self {
        let errors = match error {
            Error::Invalid(fields) => fields
                .iter()
                .map(|field| ProblemField {
                    pointer: if field.field.is_empty() { String::new() } else { format!("/{}", field.field) },
                    detail: field.message.clone(),
                })
                .collect(),
            _ => Vec::new(),
        };
        Problem {
            kind: "about:blank",
            title: error.title(),
            status: error.status(),
            detail: error.detail(),
            instance: format!("urn:debrief:request:{request_id}"),
            errors,
        }
    }
}
