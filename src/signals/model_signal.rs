//! A signal, and how alerts become one whatever the order in which they come.

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use super::model::{AlertDraft, AlertState};
use crate::clock::Moment;
use crate::db::schema::{signal_alerts, signal_incidents, signals};

/// A group of alerts under one key of one sender.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = signals)]
pub struct Signal {
    /// Row id; also its place in addresses.
    pub id: i64,
    /// The sender and its source, as in `alertmanager/main`.
    pub source: String,
    /// The sender's own key.
    pub group_key: String,
    /// What is wrong, on one line.
    pub title: String,
    /// More about it, plain text.
    pub summary: String,
    /// The sender's word for how bad it is.
    pub severity: Option<String>,
    /// Firing or resolved.
    pub state: AlertState,
    /// The service as the sender named it.
    pub service_name: Option<String>,
    /// Ours, when there is one of that name.
    pub service_id: Option<i64>,
    /// Where.
    pub environment: Option<String>,
    /// A JSON array of pairs; see [`Signal::labels`].
    pub labels: String,
    /// The sender's page about it.
    pub url: Option<String>,
    /// The release or commit that it names.
    pub release: Option<String>,
    /// How often it fired, doubles counted once.
    pub firing_count: i64,
    /// When it fired first.
    pub first_started_at: Moment,
    /// When it fired last.
    pub last_started_at: Moment,
    /// When it was over last.
    pub last_ended_at: Option<Moment>,
    /// Which message the words are from.
    pub told_by: String,
    /// When it came in first.
    pub created_at: Moment,
    /// When something came in last that said more.
    pub updated_at: Moment,
}

impl Signal {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/signals/{}", self.id)
    }

    /// Names and values, in the sender's order.
    pub fn labels(&self) -> Vec<(String, String)> {
        serde_json::from_str(&self.labels).unwrap_or_default()
    }

    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<String> {
        self.labels().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Which program sent it, without the source's own name.
    pub fn sender(&self) -> &str {
        self.source.split('/').next().unwrap_or(&self.source)
    }

    /// When it was over; nothing while it fires.
    pub fn ended_at(&self) -> Option<Moment> {
        self.last_ended_at.filter(|_| self.state == AlertState::Resolved)
    }

    /// What an incident's timeline says when it fires.
    pub fn firing_words(&self) -> String {
        format!("**Alert firing**: [{}]({})", plain(&self.title), self.path())
    }

    /// What an incident's timeline says when it is over.
    pub fn resolved_words(&self) -> String {
        format!("**Alert resolved**: [{}]({})", plain(&self.title), self.path())
    }
}

/// A sender's text, so that Markdown shows it as it stands.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_punctuation() && !matches!(letter, '.' | ',' | ':' | '/' | '-' | '%' | '\'') {
            safe.push('\\');
        }
        safe.push(if letter.is_control() { ' ' } else { letter });
    }
    safe
}

/// One time that one alert of a group fired.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = signal_alerts)]
pub struct Alert {
    /// Row id.
    pub id: i64,
    /// Whose it is.
    pub signal_id: i64,
    /// Which alert of the group.
    pub labels_hash: String,
    /// When it began.
    pub started_at: Moment,
    /// When it was over.
    pub ended_at: Option<Moment>,
    /// Whether its firing came in, not only its end.
    pub heard_firing: bool,
    /// The last of its kind, and not over.
    pub is_open: bool,
}

/// A signal's place on an incident's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = signal_incidents)]
pub struct Attachment {
    /// Row id.
    pub id: i64,
    /// The signal.
    pub signal_id: i64,
    /// The incident.
    pub incident_id: i64,
    /// The rule that did it.
    pub rule_id: Option<i64>,
    /// Who or what did it, by name.
    pub said_by: String,
    /// The person, when it was one.
    pub user_id: Option<i64>,
    /// When.
    pub said_at: Moment,
    /// The event that tells of its firing.
    pub firing_event_id: Option<i64>,
    /// The event that tells of its end.
    pub resolved_event_id: Option<i64>,
    /// When it was taken off again.
    pub detached_at: Option<Moment>,
}

/// Which alert of the group a draft speaks of. Prometheus and what descends from it name an alert by its labels and
/// group several under one key; for all others the key names one alert.
pub fn labels_hash(draft: &AlertDraft) -> String {
    if !draft.labels.iter().any(|(name, _)| name == "alertname") {
        return String::new();
    }
    let mut labels = draft.labels.clone();
    labels.sort();
    hash(&labels)
}

/// Where a message stands among those that tell what a signal is: the later its alert began the more it counts, a
/// firing one more than its end; which one wins of two alike depends on what they say, not on which came first.
pub fn told_by(draft: &AlertDraft, started_at: Moment) -> String {
    let fires = u8::from(draft.state == AlertState::Firing);
    let says = hash(&(&draft.title, &draft.summary, &draft.severity, &draft.labels, &draft.url, &draft.release));
    format!("{:015}.{fires}.{}", started_at.millis().max(0), &says[..16])
}

/// When the alert of a draft began and, if it is over, ended; as far as is known.
pub fn span(draft: &AlertDraft, now: Moment) -> (Moment, Option<Moment>) {
    let is_over = draft.state == AlertState::Resolved;
    let started_at = draft.started_at.or(draft.ended_at.filter(|_| is_over)).unwrap_or(now);
    let ended_at = is_over.then(|| draft.ended_at.unwrap_or(now).max(started_at));
    (started_at, ended_at)
}

fn hash(what: &impl std::fmt::Debug) -> String {
    hex::encode(Sha256::digest(format!("{what:?}").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_millis(seconds * 1000)
    }

    #[test]
    fn an_alert_is_known_by_its_labels_only_where_these_name_it() {
        let mut draft = AlertDraft::firing("key", "Slow");
        assert_eq!(labels_hash(&draft), "");
        draft.labels = vec![("alertname".to_owned(), "Slow".to_owned()), ("pod".to_owned(), "a".to_owned())];
        let one = labels_hash(&draft);
        draft.labels.reverse();
        assert_eq!(labels_hash(&draft), one);
        draft.labels[0].1 = "b".to_owned();
        assert_ne!(labels_hash(&draft), one);
    }

    #[test]
    fn the_later_alert_tells_and_firing_before_its_end() {
        let firing = AlertDraft::firing("key", "Slow");
        let resolved = AlertDraft { state: AlertState::Resolved, ..firing.clone() };
        assert!(told_by(&firing, at(20)) > told_by(&firing, at(3)));
        assert!(told_by(&firing, at(20)) > told_by(&resolved, at(20)));
        assert!(told_by(&resolved, at(30)) > told_by(&firing, at(20)));
    }

    #[test]
    fn an_end_is_never_before_its_start() {
        let mut draft = AlertDraft { state: AlertState::Resolved, ..AlertDraft::firing("key", "Slow") };
        assert_eq!(span(&draft, at(9)), (at(9), Some(at(9))));
        draft.started_at = Some(at(5));
        draft.ended_at = Some(at(4));
        assert_eq!(span(&draft, at(9)), (at(5), Some(at(5))));
        draft.started_at = None;
        assert_eq!(span(&draft, at(9)), (at(4), Some(at(4))));
    }

    #[test]
    fn a_senders_text_makes_no_markup() {
        assert_eq!(plain("5xx [a](b) *now* 99.9%"), "5xx \\[a\\]\\(b\\) \\*now\\* 99.9%");
    }
}
