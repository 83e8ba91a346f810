//! The one error that reaches the edge. Pages show it as a page, the API as problem+json (RFC 9457);
//! both say what to do and neither shows a cause that is not the reader's business.

use serde::Serialize;
use utoipa::ToSchema;

use crate::db::DbError;

/// A sentence about one field of a form or a JSON body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name, as in the form and in the JSON (`title`, `deploys/0/relation`).
    pub field: String,
    /// What to do about it.
    pub message: String,
}

/// Everything that is wrong with what was sent, all at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// No error yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One error about one field.
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        let mut errors = Self::new();
        errors.add(field, message);
        errors
    }

    /// Adds a sentence about `field`.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    /// The first sentence about `field`, if any; what a form shows below it.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them, in the order of the form.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// `Ok` when there is none.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all of them.
    pub fn into_result(self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }
}

impl<'a> IntoIterator for &'a FieldErrors {
    type Item = &'a FieldError;
    type IntoIter = std::slice::Iter<'a, FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Why a request was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// 400: the request itself is malformed.
    #[error("{0}")]
    Malformed(String),
    /// 401: nobody is signed in, or the token or signature is not right.
    #[error("{0}")]
    SignedOut(String),
    /// 403: this person may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// 404: there is no such thing, or not for this reader.
    #[error("{0}")]
    NotFound(String),
    /// 405: the address takes other methods.
    #[error("This address does not take that method.")]
    WrongMethod,
    /// 408: the body did not arrive in time.
    #[error("The request took too long to arrive. Send it again.")]
    TooSlow,
    /// 409: what is there now does not allow this.
    #[error("{0}")]
    Conflict(String),
    /// 412: the thing was changed since it was read.
    #[error("{0}")]
    Outdated(String),
    /// 413: larger than this address takes, in bytes.
    #[error("That is too large: this address takes at most {0} bytes.")]
    TooLarge(usize),
    /// 415: a content type or encoding that is not taken here.
    #[error("{0}")]
    Unsupported(String),
    /// 422: understood, but not right; says so field by field.
    #[error("Some of it needs another look.")]
    Invalid(FieldErrors),
    /// 428: an edit without saying which version it is based on.
    #[error("Send If-Match with the ETag that you read, so that nobody's change is overwritten.")]
    BaseMissing,
    /// 429: too many tries; seconds until the next one.
    #[error("Too many tries. Wait {0} seconds, then try again.")]
    TooMany(i64),
    /// 503: busy; seconds until the next try makes sense.
    #[error("Debrief is busy. Try again in a few seconds.")]
    Busy,
    /// 503: the database went away while a change was being saved, and nobody knows whether it was.
    #[error(
        "The database went away at the very moment of saving. Look whether your change is there before you send it again."
    )]
    Unsure,
    /// 507: the disk is full.
    #[error(
        "The disk is full: nothing was saved, and what is stored can still be read. Free some space, then send it again."
    )]
    DiskFull,
    /// 500: a fault of the program; holds the cause for the log alone.
    #[error("{0}")]
    Fault(String),
}

impl Error {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Error::Malformed(_) => 400,
            Error::SignedOut(_) => 401,
            Error::Forbidden(_) => 403,
            Error::NotFound(_) => 404,
            Error::WrongMethod => 405,
            Error::TooSlow => 408,
            Error::Conflict(_) => 409,
            Error::Outdated(_) => 412,
            Error::TooLarge(_) => 413,
            Error::Unsupported(_) => 415,
            Error::Invalid(_) => 422,
            Error::BaseMissing => 428,
            Error::TooMany(_) => 429,
            Error::Fault(_) => 500,
            Error::Busy | Error::Unsure => 503,
            Error::DiskFull => 507,
        }
    }

    /// A few words that name the kind of error, for a heading.
    pub fn title(&self) -> &'static str {
        match self {
            Error::Malformed(_) => "That request cannot be read",
            Error::SignedOut(_) => "Sign in first",
            Error::Forbidden(_) => "That is not yours to do",
            Error::NotFound(_) => "There is nothing here",
            Error::WrongMethod => "Not that way",
            Error::TooSlow => "That took too long",
            Error::Conflict(_) => "Somebody was faster",
            Error::Outdated(_) => "It was changed in the meantime",
            Error::TooLarge(_) => "Too large",
            Error::Unsupported(_) => "That form is not taken here",
            Error::Invalid(_) => "Something needs another look",
            Error::BaseMissing => "Say what it is based on",
            Error::TooMany(_) => "Slow down a little",
            Error::Fault(_) => "Debrief made a mistake",
            Error::Busy => "Busy at the moment",
            Error::Unsure => "It may not have been saved",
            Error::DiskFull => "The disk is full",
        }
    }

    /// What the reader is told. A fault's cause stays in the log.
    pub fn detail(&self) -> String {
        match self {
            Error::Fault(_) => {
                "It is not your fault, and it is in the log under the number below. Nothing was saved by this request."
                    .to_owned()
            }
            other => other.to_string(),
        }
    }

    /// A 404 that names what was looked for: `Error::no("incident", "INC-9")`.
    pub fn no(what: &str, which: impl std::fmt::Display) -> Self {
        Error::NotFound(format!("There is no {what} {which}. It may have been mistyped, or was never recorded here."))
    }

    /// One field's error, as a whole.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Error::Invalid(FieldErrors::one(field, message))
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Error::Invalid(errors)
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match error {
            DbError::NotFound => Error::NotFound("There is no such thing here.".to_owned()),
            DbError::Busy | DbError::Unreachable(_) => Error::Busy,
            DbError::InDoubt => Error::Unsure,
            DbError::Full => Error::DiskFull,
            DbError::Taken(what) => Error::Conflict(format!("There is one already ({what}).")),
            DbError::ReadOnly | DbError::Fault(_) | DbError::Stopped(_) => Error::Fault(error.to_string()),
        }
    }
}
