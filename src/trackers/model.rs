//! Trackers, their issues, and what is sent to and heard from them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{github, gitlab, jira};
use crate::clock::Moment;
use crate::db::schema::{tracker_issues, trackers};
use crate::outbound::Method;
use crate::text_enum;
use crate::web::fields::LINE_LIMIT;

text_enum! {
    /// Programs whose issues are understood.
    pub enum TrackerKind {
        /// GitHub, or a GitHub Enterprise server.
        GitHub = "github",
        /// GitLab, of anybody.
        GitLab = "gitlab",
        /// Jira, in the cloud or of one's own.
        Jira = "jira",
    }
}

impl TrackerKind {
    /// Its name as people write it.
    pub const fn label(self) -> &'static str {
        match self {
            TrackerKind::GitHub => "GitHub",
            TrackerKind::GitLab => "GitLab",
            TrackerKind::Jira => "Jira",
        }
    }

    /// Where its REST interface is, when nobody says otherwise.
    pub const fn usual_base_url(self) -> &'static str {
        match self {
            TrackerKind::GitHub => "https://api.github.com",
            TrackerKind::GitLab => "https://gitlab.com/api/v4",
            TrackerKind::Jira => "",
        }
    }
}

/// One project of a tracker.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = trackers)]
pub struct Tracker {
    /// Row id.
    pub id: i64,
    /// Its place in addresses.
    pub slug: String,
    /// Which program it is.
    pub kind: TrackerKind,
    /// Its name.
    pub name: String,
    /// Whose it is; everybody's when none.
    pub team_id: Option<i64>,
    /// Where its REST interface is, without a slash at the end.
    pub base_url: String,
    /// `owner/repository`, `group/project`, or a Jira project's key.
    pub project: String,
    /// The address to sign in with, where the token alone is not enough; may be empty.
    pub account: String,
    /// The token, sealed.
    pub sealed_token: String,
    /// What its deliveries are signed with, sealed.
    pub sealed_secret: String,
    /// Who added it.
    pub created_by: Option<i64>,
    /// When.
    pub created_at: Moment,
    /// Since when it is switched off.
    pub disabled_at: Option<Moment>,
}

/// For what tokens are sealed.
pub const TOKEN_PURPOSE: &str = "tracker token";
/// For what the secrets of deliveries are sealed.
pub const SECRET_PURPOSE: &str = "tracker secret";

impl Tracker {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/admin/trackers/{}", self.slug)
    }

    /// Where it delivers to.
    pub fn hook_path(&self) -> String {
        format!("/hooks/tracker/{}", self.slug)
    }
}

/// An action item's issue.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tracker_issues)]
pub struct Issue {
    /// Row id.
    pub id: i64,
    /// The item.
    pub action_item_id: i64,
    /// Where it is.
    pub tracker_id: i64,
    /// Its number or key there; none until it is created.
    pub external_key: Option<String>,
    /// Its page there.
    pub url: Option<String>,
    /// Whether it is known to be closed there.
    pub is_done: bool,
    /// What it is known to be called there.
    pub title: String,
    /// Counts changes that it must hear of.
    pub wanted_version: i64,
    /// The last of them that it heard of.
    pub pushed_version: i64,
    /// The other side's own time of the last change that was heard from it.
    pub heard_at: Option<Moment>,
    /// What went wrong the last time, when it did.
    pub last_error: Option<String>,
    /// When.
    pub failed_at: Option<Moment>,
    /// Who linked them.
    pub linked_by: Option<i64>,
    /// When.
    pub linked_at: Moment,
    /// When both sides last agreed.
    pub synced_at: Option<Moment>,
}

/// A request to a tracker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What it wants.
    pub method: Method,
    /// Where it goes.
    pub url: String,
    /// Headers, with the token among them.
    pub headers: Vec<(String, String)>,
    /// JSON, or nothing.
    pub body: String,
}

impl Call {
    /// A request with the headers of `access`.
    pub fn new(access: &Access<'_>, method: Method, url: String, body: Option<Value>) -> Self {
        let mut headers = access.headers();
        if body.is_some() {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        Call { method, url, headers, body: body.map(|body| body.to_string()).unwrap_or_default() }
    }
}

/// A project with what opens it.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// The project.
    pub tracker: &'a Tracker,
    /// Its token, opened.
    pub token: &'a str,
}

impl Access<'_> {
    fn headers(&self) -> Vec<(String, String)> {
        let header = |name: &str, value: String| (name.to_owned(), value);
        match self.tracker.kind {
            TrackerKind::GitHub => vec![
                header("authorization", format!("Bearer {}", self.token)),
                header("accept", "application/vnd.github+json".to_owned()),
                header("x-github-api-version", "2022-11-28".to_owned()),
            ],
            TrackerKind::GitLab => vec![header("private-token", self.token.to_owned())],
            TrackerKind::Jira if self.tracker.account.is_empty() => {
                vec![
                    header("authorization", format!("Bearer {}", self.token)),
                    header("accept", "application/json".to_owned()),
                ]
            }
            TrackerKind::Jira => {
                let pair = STANDARD.encode(format!("{}:{}", self.tracker.account, self.token));
                vec![header("authorization", format!("Basic {pair}")), header("accept", "application/json".to_owned())]
            }
        }
    }
}

/// What an item wants its issue to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The title.
    pub title: String,
    /// The text, with the mark.
    pub body: String,
    /// Words by which it is found again: [`mark`].
    pub mark: String,
    /// Whether it is closed.
    pub is_done: bool,
}

/// The words in an issue by which it is found again: one item of one installation.
pub fn mark(item_key: &str, base_url: &str) -> String {
    format!("Debrief {item_key} ({base_url}/action-items/{item_key})")
}

/// What an answer or a delivery says about an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Its number or key.
    pub key: String,
    /// Its page.
    pub url: Option<String>,
    /// Its title.
    pub title: String,
    /// Whether it is closed.
    pub is_done: bool,
    /// When it last changed, by the other side's clock.
    pub at: Option<Moment>,
}

/// Headers of a delivery, lower-case names.
pub type Headers<'a> = &'a [(String, String)];

/// The first header of this name.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Whether `signature` is the HMAC-SHA256 of the raw body, in hex after `sha256=`; compared in constant time.
pub fn is_signed(secret: &str, signature: Option<&str>, body: &[u8]) -> bool {
    let Some(signature) = signature.and_then(|value| value.trim().strip_prefix("sha256=")) else { return false };
    let Ok(signature) = hex::decode(signature) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    mac.verify_slice(&signature).is_ok()
}

impl TrackerKind {
    /// Whether a delivery comes from who knows the secret.
    pub fn is_authentic(self, secret: &str, headers: Headers<'_>, body: &[u8]) -> bool {
        match self {
            TrackerKind::GitHub => is_signed(secret, header(headers, "x-hub-signature-256"), body),
            TrackerKind::GitLab => gitlab::is_authentic(secret, headers),
            TrackerKind::Jira => is_signed(secret, header(headers, "x-hub-signature"), body),
        }
    }

    /// The delivery's own id. Without one the bytes are the id.
    pub fn delivery_key(self, headers: Headers<'_>, body: &[u8]) -> String {
        let names: &[&str] = match self {
            TrackerKind::GitHub => &["x-github-delivery"],
            TrackerKind::GitLab => &["idempotency-key", "webhook-id", "x-gitlab-event-uuid"],
            TrackerKind::Jira => &["x-atlassian-webhook-identifier"],
        };
        names
            .iter()
            .find_map(|name| header(headers, name))
            .map(|value| value.chars().filter(|letter| !letter.is_control()).take(LINE_LIMIT).collect::<String>())
            .filter(|value| !value.is_empty())
            .unwrap_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body))))
    }

    /// What a delivery says about an issue; nothing when it is about something else.
    pub fn heard(self, headers: Headers<'_>, body: &[u8]) -> Option<Said> {
        let value: Value = serde_json::from_slice(body).ok()?;
        match self {
            TrackerKind::GitHub => github::heard(headers, &value),
            TrackerKind::GitLab => gitlab::heard(&value),
            TrackerKind::Jira => jira::heard(&value),
        }
    }
}

/// A line of a JSON value, without control characters and not too long.
pub fn line(value: &Value, pointer: &str) -> Option<String> {
    let text = value.pointer(pointer)?.as_str()?;
    let line: String = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|letter| !letter.is_control())
        .take(LINE_LIMIT)
        .collect();
    Some(line).filter(|line| !line.is_empty())
}

/// An instant in a JSON value, in one of the spellings of the three.
pub fn instant(value: &Value, pointer: &str) -> Option<Moment> {
    let text = value.pointer(pointer)?.as_str()?;
    if let Ok(moment) = Moment::parse(text) {
        return Some(moment);
    }
    ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S %z"]
        .iter()
        .find_map(|format| chrono::DateTime::parse_from_str(text, format).ok())
        .or_else(|| {
            let bare = text.strip_suffix(" UTC")?;
            Some(chrono::NaiveDateTime::parse_from_str(bare, "%Y-%m-%d %H:%M:%S").ok()?.and_utc().fixed_offset())
        })
        .map(|at| Moment::from_chrono(at.with_timezone(&chrono::Utc)))
}

/// A path segment in which nothing can leave it.
pub fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A project of a kind.
    pub fn tracker(kind: TrackerKind, base_url: &str, project: &str) -> Tracker {
        Tracker {
            id: 1,
            slug: "ours".to_owned(),
            kind,
            name: "Ours".to_owned(),
            team_id: None,
            base_url: base_url.to_owned(),
            project: project.to_owned(),
            account: String::new(),
            sealed_token: String::new(),
            sealed_secret: String::new(),
            created_by: None,
            created_at: Moment::from_millis(0),
            disabled_at: None,
        }
    }

    #[test]
    fn times_are_read_in_every_spelling() {
        let at = |text: &str| instant(&serde_json::json!({"at": text}), "/at").map(|at| at.to_string());
        for text in [
            "2026-11-23T14:00:00Z",
            "2026-11-23T15:00:00.000+0100",
            "2026-11-23 14:00:00 UTC",
            "2026-11-23 16:00:00 +0200",
        ] {
            assert_eq!(at(text).as_deref(), Some("2026-11-23T14:00:00Z"), "{text}");
        }
        assert_eq!(at("yesterday"), None);
        assert_eq!(segment("a/b ../c?d"), "a%2Fb%20..%2Fc%3Fd");
    }
}
