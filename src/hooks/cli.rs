//! `debrief source add`.

use serde::Serialize;

use super::model::Sender;
use super::{queries, setup};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::config::Config;
use crate::db::Db;
use crate::error::Error;
use crate::web::fields::{Check, LINE_LIMIT};

/// What the sender must be told.
#[derive(Clone, Debug, Serialize)]
pub struct Introduction {
    /// Which program sends.
    pub sender: Sender,
    /// Its place in addresses.
    pub slug: String,
    /// Where it delivers to.
    pub url: String,
    /// What it signs with, or carries.
    pub secret: String,
    /// How it proves that it knows the secret.
    pub proof: String,
}

/// Adds a source; gives its address and secret as one line of JSON.
///
/// # Errors
/// A sentence for the operator.
pub fn add_source(db: &Db, config: &Config, sender: &str, name: &str, now: Moment) -> Result<String, String> {
    let sender = Sender::named(sender).map_err(|_| {
        let known: Vec<_> = Sender::ALL.iter().map(|sender| sender.as_str()).collect();
        format!("Deliveries of {sender} are not understood yet. Pick one of: {}.", known.join(", "))
    })?;
    let mut check = Check::new();
    let name = check.line("name", Some(name), LINE_LIMIT, "Give the source a name with --name.");
    let told = |error: Error| match error {
        Error::Invalid(errors) => errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let name = name.ok_or_else(|| told(check.into_error()))?;
    let source =
        db.write_blocking(|c| queries::add(c, &Actor::program("command line"), sender, &name, now)).map_err(told)?;
    let introduction = Introduction {
        sender,
        url: format!("{}{}", config.base_url, source.hook_path()),
        slug: source.slug,
        secret: source.secret,
        proof: setup::proof(sender).to_owned(),
    };
    serde_json::to_string(&introduction).map_err(|error| error.to_string())
}
