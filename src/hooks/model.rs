//! Sources, their deliveries, and what a delivery can turn out to be.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::github;
use crate::clock::Moment;
use crate::db::schema::{deliveries, sources};
use crate::deploys::model::DeployDraft;
use crate::error::Error;
use crate::text_enum;

text_enum! {
    /// Programs whose deliveries are understood.
    pub enum Sender {
        /// GitHub's webhooks.
        GitHub = "github",
    }
}

impl Sender {
    /// Its name as people write it.
    pub const fn label(self) -> &'static str {
        match self {
            Sender::GitHub => "GitHub",
        }
    }

    /// Whether a delivery is signed with the secret.
    pub fn is_authentic(self, secret: &str, headers: &Headers, body: &[u8]) -> bool {
        match self {
            Sender::GitHub => github::is_authentic(secret, headers, body),
        }
    }

    /// The event's name and the delivery's own id.
    pub fn envelope(self, headers: &Headers, body: &[u8]) -> Envelope {
        match self {
            Sender::GitHub => github::envelope(headers, body),
        }
    }

    /// What a delivery says.
    pub fn read(self, headers: &Headers, body: &[u8]) -> Reading {
        match self {
            Sender::GitHub => github::read(headers, body),
        }
    }
}

text_enum! {
    /// What became of a delivery.
    pub enum Verdict {
        /// Stored, not read yet.
        Waiting = "waiting",
        /// It became a deploy, or changed one.
        Recorded = "recorded",
        /// It says nothing that is kept here; the reason says why.
        Ignored = "ignored",
    }
}

/// The name and the id that a delivery carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What kind of event it is.
    pub event: String,
    /// The sender's id of this delivery; the same one again is the same delivery.
    pub delivery_key: String,
}

/// What a delivery says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A change was made.
    Change(Box<Message>),
    /// Nothing that is kept; a sentence says why.
    Nothing(String),
}

/// A sender's word about a deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The deploy as far as this message knows it. Its source is set by the reader.
    pub draft: DeployDraft,
    /// Addresses of the repository; a service that has one of them is the deploy's service.
    pub repository_urls: Vec<String>,
    /// The service's name when one that is called like the repository belongs to another.
    pub full_name: String,
    /// A page about it, for when no message brings a better one.
    pub fallback_url: Option<String>,
}

/// Headers of a delivery, lower-case names, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Headers(pub Vec<(String, String)>);

/// What stands in place of a secret header.
pub const MASK: &str = "••••••";

impl Headers {
    /// The first header of this (lower-case) name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same without what could be used again: signatures, credentials, cookies.
    #[must_use]
    pub fn masked(&self) -> Self {
        let is_secret = |name: &str| {
            ["signature", "authorization", "cookie", "token", "secret", "api-key", "password"]
                .iter()
                .any(|word| name.contains(word))
        };
        Headers(
            self.0
                .iter()
                .map(|(name, value)| {
                    (name.clone(), if is_secret(name) { MASK.to_owned() } else { value.clone() })
                })
                .collect(),
        )
    }
}

/// Where deliveries come from.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = sources)]
pub struct Source {
    /// Row id.
    pub id: i64,
    /// Its place in addresses.
    pub slug: String,
    /// Which program sends.
    pub sender: Sender,
    /// Its name.
    pub name: String,
    /// What its deliveries are signed with.
    pub secret: String,
    /// Who added it.
    pub created_by: Option<i64>,
    /// When.
    pub created_at: Moment,
    /// When it first delivered something.
    pub first_delivery_at: Option<Moment>,
    /// Since when nothing more is taken from it.
    pub disabled_at: Option<Moment>,
}

impl Source {
    /// Where it delivers to.
    pub fn hook_path(&self) -> String {
        format!("/hooks/{}/{}", self.sender, self.slug)
    }

    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/admin/sources/{}", self.slug)
    }

    /// How its deploys name it; see [`crate::deploys::model::Deploy::source`].
    pub fn deploy_source(&self) -> String {
        format!("{}/{}", self.sender, self.slug)
    }
}

/// One delivery without its body.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub struct Delivery {
    /// Row id; the order of arrival.
    pub id: i64,
    /// Where it came from.
    pub source_id: i64,
    /// The sender's id of it.
    pub delivery_key: String,
    /// What kind of event it is.
    pub event: String,
    /// What became of it.
    pub verdict: Verdict,
    /// Why; a sentence.
    pub reason: String,
    /// The deploy that it made or changed.
    pub deploy_id: Option<i64>,
    /// When it came.
    pub received_at: Moment,
    /// When it was read.
    pub processed_at: Option<Moment>,
}

impl Delivery {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/admin/deliveries/{}", self.id)
    }
}

/// Reads the name of a sender.
///
/// # Errors
/// 404 for one that is not understood.
pub fn sender_of(word: &str) -> Result<Sender, Error> {
    word.parse().map_err(|_| Error::no("sender", word))
}
