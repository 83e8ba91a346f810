//! A deploy as it was typed or sent, and what becomes of it. The page and the API share this one parse.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::model::{DeployDraft, ENVIRONMENT_LIMIT, Part, PersonDraft, Reference, ReferenceKind, TRAIL_LIMIT};
use super::queries_list::Filter;
use crate::clock::Moment;
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT, TEXT_LIMIT, is_web_address};
use crate::web::times::Zone;

/// A field that may be left out (nothing), emptied (`Some(None)`), or set.
pub type Sent<T> = Option<Option<T>>;

fn sent<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Sent<T>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A pull request or ticket as it arrives: a label, an address, a number, or an object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged, expecting = "give each as a text, a number, or an object with label (or number or title) and url")]
pub enum RawReference {
    /// `123`, shown as `#123`.
    Number(i64),
    /// `SHOP-45`, or a whole address.
    Text(String),
    /// With a label and an address of their own.
    Full {
        /// What stands on it.
        label: Option<String>,
        /// Shown as `#123` when there is no label.
        number: Option<i64>,
        /// Follows the number, or stands alone.
        title: Option<String>,
        /// Where it leads.
        url: Option<String>,
    },
}

/// Somebody as they arrive: a name, or an object.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged, expecting = "give each as a name, or an object with name (or login or email)")]
pub enum RawPerson {
    /// Name, handle or address.
    Name(String),
    /// With the time, if that is known.
    Full {
        /// Name or handle.
        #[serde(alias = "login", alias = "handle")]
        name: Option<String>,
        /// Address, when there is no name.
        email: Option<String>,
        /// When they stood for it.
        at: Option<String>,
    },
}

/// A deploy as it arrives. In a change, what is left out stays and `null` empties.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = DeployInput)]
pub struct RawDeploy {
    /// The service's slug or name; made when it is new.
    pub service: Option<String>,
    /// Where; production when left out.
    #[schema(example = "production")]
    pub environment: Option<String>,
    /// deploy, rollback, config, flag, migration or infrastructure; deploy when left out.
    pub kind: Option<String>,
    /// Release, tag or branch.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub version: Sent<String>,
    /// The commit.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub commit_sha: Sent<String>,
    /// The version that ran before.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub previous_version: Sent<String>,
    /// The commit that ran before.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub previous_commit_sha: Sent<String>,
    /// started, succeeded, failed or rolled_back; succeeded when left out.
    pub status: Option<String>,
    /// RFC 3339. Without any time, now.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<Moment>)]
    pub started_at: Sent<String>,
    /// RFC 3339; not before `started_at`.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<Moment>)]
    pub finished_at: Sent<String>,
    /// What it brings, in Markdown.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub summary: Sent<String>,
    /// The pipeline's run or another page about it.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub url: Sent<String>,
    /// What changed, commit by commit.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub compare_url: Sent<String>,
    /// Pull requests that it brings.
    pub pull_requests: Option<Vec<RawReference>>,
    /// Tickets that it serves.
    pub tickets: Option<Vec<RawReference>>,
    /// Who wrote it.
    pub authors: Option<Vec<RawPerson>>,
    /// Who read it.
    pub reviewers: Option<Vec<RawPerson>>,
    /// Who tried it and found it good.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<RawPerson>)]
    pub qa_signed_off_by: Sent<RawPerson>,
    /// Who said that it may go out.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<RawPerson>)]
    pub approved_by: Sent<RawPerson>,
    /// Who sent it out.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<RawPerson>)]
    pub deployed_by: Sent<RawPerson>,
    /// Your own number for it. Sent again, it changes the same deploy.
    #[serde(default, deserialize_with = "sent")]
    #[schema(value_type = Option<String>)]
    pub external_id: Sent<ExternalId>,
}

/// A sender's own number, as text or as a number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(untagged, expecting = "give external_id as a text or a number")]
pub enum ExternalId {
    /// As text.
    Text(String),
    /// As a number.
    Number(i64),
}

/// How times are written where a deploy comes from.
#[derive(Clone, Copy, Debug)]
pub enum Times {
    /// RFC 3339 with a zone, as programs write them.
    Exact,
    /// A form's local time of this zone.
    Local(Zone),
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

impl RawDeploy {
    /// From the page's form, where every field is there.
    pub fn from_fields(fields: &Fields) -> Self {
        let owned = |name: &str| fields.some(name).map(|text| text.trim().to_owned());
        let set = |name: &str| fields.is_set(name).then(|| owned(name));
        let people = |name: &str| {
            fields.is_set(name).then(|| lines(fields.get(name)).into_iter().map(RawPerson::Name).collect())
        };
        let references = |name: &str| {
            fields.is_set(name).then(|| lines(fields.get(name)).into_iter().map(RawReference::Text).collect())
        };
        let person = |name: &str| set(name).map(|value| value.map(RawPerson::Name));
        RawDeploy {
            service: owned("service"),
            environment: owned("environment"),
            kind: owned("kind"),
            version: set("version"),
            commit_sha: set("commit_sha"),
            previous_version: set("previous_version"),
            previous_commit_sha: set("previous_commit_sha"),
            status: owned("status"),
            started_at: set("started_at"),
            finished_at: set("finished_at"),
            summary: fields.is_set("summary").then(|| Some(fields.get("summary").to_owned())),
            url: set("url"),
            compare_url: set("compare_url"),
            pull_requests: references("pull_requests"),
            tickets: references("tickets"),
            authors: people("authors"),
            reviewers: people("reviewers"),
            qa_signed_off_by: person("qa_signed_off_by"),
            approved_by: person("approved_by"),
            deployed_by: person("deployed_by"),
            external_id: None,
        }
    }

    /// The sender's own number, when one was given.
    pub fn external_id(&self) -> Option<String> {
        match self.external_id.clone()?? {
            ExternalId::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            ExternalId::Number(number) => Some(number.to_string()),
        }
    }

    /// A new deploy, or every error at once.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn parse(self, source: &str, times: Times, now: Moment) -> Result<DeployDraft, Error> {
        let base = DeployDraft::of("", source);
        let mut draft = self.over(base, times)?;
        draft.assume_now(now);
        Ok(draft)
    }

    /// A known deploy with what was sent on top.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn over(self, base: DeployDraft, times: Times) -> Result<DeployDraft, Error> {
        let mut check = Check::new();
        let mut draft = base;
        if self.service.is_some() || draft.service.is_empty() {
            let missing = "Name the service, for example checkout.";
            draft.service = check.line("service", self.service.as_deref(), LINE_LIMIT, missing).unwrap_or_default();
        }
        if let Some(environment) = self.environment.as_deref() {
            let named = check.optional_line("environment", Some(environment), ENVIRONMENT_LIMIT);
            draft.environment = named.unwrap_or(draft.environment);
        }
        draft.kind = check.word_or("kind", self.kind.as_deref(), draft.kind).unwrap_or(draft.kind);
        let was_finished = draft.status.is_finished();
        draft.status = check.word_or("status", self.status.as_deref(), draft.status).unwrap_or(draft.status);
        if was_finished && !draft.status.is_finished() && self.finished_at.is_none() {
            draft.finished_at = None;
        }
        let external_id = self.external_id();
        if self.external_id.is_some() {
            draft.external_id = check.optional_line("external_id", external_id.as_deref(), LINE_LIMIT);
        }
        let texts = [
            ("version", self.version, &mut draft.version),
            ("commit_sha", self.commit_sha, &mut draft.commit_sha),
            ("previous_version", self.previous_version, &mut draft.previous_version),
            ("previous_commit_sha", self.previous_commit_sha, &mut draft.previous_commit_sha),
        ];
        for (field, value, into) in texts {
            if let Some(value) = value {
                *into = check.optional_line(field, value.as_deref(), LINE_LIMIT);
            }
        }
        for (field, value, into) in
            [("url", self.url, &mut draft.url), ("compare_url", self.compare_url, &mut draft.compare_url)]
        {
            if let Some(value) = value {
                *into = check.url(field, value.as_deref());
            }
        }
        if let Some(summary) = self.summary {
            draft.summary = check.text("summary", summary.as_deref(), TEXT_LIMIT).unwrap_or_default();
        }
        for (field, value, into) in [
            ("started_at", self.started_at, &mut draft.started_at),
            ("finished_at", self.finished_at, &mut draft.finished_at),
        ] {
            if let Some(value) = value {
                *into = moment(&mut check, field, value.as_deref(), times);
            }
        }
        if let Some(value) = self.deployed_by {
            draft.deployed_by =
                value.and_then(|raw| person(&mut check, "deployed_by", Part::Deployer, raw, times)).map(|p| p.name);
        }
        let known = std::mem::take(&mut draft.people);
        let one = |value: Sent<RawPerson>| value.map(|raw| raw.into_iter().collect::<Vec<_>>());
        for (field, part, value) in [
            ("authors", Part::Author, self.authors),
            ("reviewers", Part::Reviewer, self.reviewers),
            ("qa_signed_off_by", Part::Qa, one(self.qa_signed_off_by)),
            ("approved_by", Part::Approver, one(self.approved_by)),
        ] {
            let before = known.iter().filter(|person| person.part == part);
            let Some(value) = value else {
                draft.people.extend(before.cloned());
                continue;
            };
            draft.people.extend(people(&mut check, field, part, value, times).into_iter().map(|mut person| {
                // Sent again without its time, a sign-off keeps the time that it has.
                if person.stood_at.is_none() {
                    let same = before.clone().find(|other| other.name == person.name);
                    person.stood_at = same.and_then(|other| other.stood_at);
                }
                person
            }));
        }
        for (field, kind, value) in [
            ("pull_requests", ReferenceKind::PullRequest, self.pull_requests),
            ("tickets", ReferenceKind::Ticket, self.tickets),
        ] {
            if let Some(value) = value {
                let known = draft.references.clone();
                draft.references.retain(|reference| reference.kind != kind);
                draft.references.extend(references(&mut check, field, kind, value, &known));
            }
        }
        draft.references.sort_by_key(|reference| reference.kind);
        if check.is_ok()
            && let Err(Error::Invalid(errors)) = draft.check_times()
        {
            for error in &errors {
                check.add(&error.field, error.message.clone());
            }
        }
        check.finish()?;
        Ok(draft)
    }
}

fn moment(check: &mut Check, field: &str, value: Option<&str>, times: Times) -> Option<Moment> {
    match times {
        Times::Local(zone) => check.moment(field, value, &zone),
        Times::Exact => {
            let value = value.map(str::trim).filter(|value| !value.is_empty())?;
            Moment::parse(value).map_err(|sentence| check.add(field, sentence)).ok()
        }
    }
}

fn person(check: &mut Check, field: &str, part: Part, raw: RawPerson, times: Times) -> Option<PersonDraft> {
    let (name, at) = match raw {
        RawPerson::Name(name) => (Some(name), None),
        RawPerson::Full { name, email, at } => (name.or(email), at),
    };
    let name = check.line(field, name.as_deref(), LINE_LIMIT, "Give a name, or leave it out.")?;
    let stood_at = moment(check, field, at.as_deref(), times);
    Some(PersonDraft { part, name, stood_at })
}

fn people(check: &mut Check, field: &str, part: Part, raw: Vec<RawPerson>, times: Times) -> Vec<PersonDraft> {
    if raw.len() > TRAIL_LIMIT {
        check.add(field, format!("Name at most {TRAIL_LIMIT}."));
        return Vec::new();
    }
    // Several may write or read it; the other parts are one field each.
    let is_list = matches!(part, Part::Author | Part::Reviewer);
    let mut found: Vec<PersonDraft> = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let pointer = if is_list { format!("{field}/{index}") } else { field.to_owned() };
        if let Some(person) = person(check, &pointer, part, raw, times)
            && !found.iter().any(|other| other.name == person.name)
        {
            found.push(person);
        }
    }
    found
}

fn references(
    check: &mut Check,
    field: &str,
    kind: ReferenceKind,
    raw: Vec<RawReference>,
    known: &[Reference],
) -> Vec<Reference> {
    if raw.len() > TRAIL_LIMIT {
        check.add(field, format!("Name at most {TRAIL_LIMIT}."));
        return Vec::new();
    }
    let mut found: Vec<Reference> = Vec::new();
    for (index, raw) in raw.into_iter().enumerate() {
        let pointer = format!("{field}/{index}");
        let (label, url) = match raw {
            RawReference::Number(number) => (Some(format!("#{number}")), None),
            RawReference::Text(text) if is_web_address(text.trim()) => {
                (Some(label_of(text.trim(), kind)), Some(text.trim().to_owned()))
            }
            RawReference::Text(text) => (Some(text), None),
            RawReference::Full { label, number, title, url } => {
                let number = number.map(|number| format!("#{number}"));
                let told = label.or(match (number, title) {
                    (Some(number), Some(title)) => Some(format!("{number} {title}")),
                    (number, title) => number.or(title),
                });
                (told.or_else(|| url.as_deref().map(|url| label_of(url, kind))), url)
            }
        };
        // A long title is cut, not refused: it is the sender's, and nobody can shorten it there.
        let label = label.map(|label| label.trim().chars().take(LINE_LIMIT).collect::<String>());
        let missing = "Give a label, a number or an address.";
        let Some(label) = check.line(&pointer, label.as_deref(), LINE_LIMIT, missing) else { continue };
        let url = check.url(&pointer, url.as_deref());
        // The form shows labels alone; what leads somewhere goes on doing so.
        let url = url.or_else(|| known.iter().find(|old| old.kind == kind && old.label == label)?.url.clone());
        if !found.iter().any(|other| other.label == label && other.url == url) {
            found.push(Reference { kind, label, url });
        }
    }
    found
}

/// What stands on a bare address: `#123` for a pull request, the last part of the path for a ticket.
fn label_of(url: &str, kind: ReferenceKind) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or(path);
    match kind {
        ReferenceKind::PullRequest if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("#{last}")
        }
        _ => last.chars().take(LINE_LIMIT).collect(),
    }
}

impl Filter {
    /// From the query string of the list's address. A day in `to` is meant to its end.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn from_query(fields: &Fields, zone: &Zone) -> Result<Self, Error> {
        let mut check = Check::new();
        let owned = |name: &str| fields.some(name).map(|text| text.trim().to_owned());
        let kind = fields.some("kind").and_then(|word| check.word("kind", Some(word), ""));
        let status = fields.some("status").and_then(|word| check.word("status", Some(word), ""));
        let from = day_or_moment(&mut check, "from", fields.some("from"), zone, 0);
        let to = day_or_moment(&mut check, "to", fields.some("to"), zone, 1);
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            check.add("to", "The period ends before it begins. Swap the two, or clear one.");
        }
        check.finish()?;
        Ok(Filter {
            service: owned("service"),
            environment: owned("environment"),
            kind,
            status,
            person: owned("person"),
            from,
            to,
        })
    }
}

/// The beginning of a day, or of the one `days_later`; or an instant as it is.
///
/// What cannot be read is noted in `check`.
pub fn day_or_moment(
    check: &mut Check,
    field: &str,
    value: Option<&str>,
    zone: &Zone,
    days_later: u64,
) -> Option<Moment> {
    let value = value.map(str::trim)?;
    if value.len() > "2026-11-23".len() {
        return check.moment(field, Some(value), zone);
    }
    let day = check.date(field, Some(value))?;
    let day = day.checked_add_days(chrono::Days::new(days_later)).unwrap_or(day);
    // A day whose midnight the clock jumps over begins an hour later.
    zone.parse(&format!("{day} 00:00:00"))
        .or_else(|_| zone.parse(&format!("{day} 01:00:00")))
        .map_err(|sentence| check.add(field, sentence))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<DeployDraft, Error> {
        let raw: RawDeploy = serde_json::from_str(json).unwrap();
        raw.parse("api", Times::Exact, Moment::from_millis(1_000_000))
    }

    #[test]
    fn references_take_every_shape() {
        let draft = parse(
            r##"{"service":"shop","pull_requests":[7,"#8","https://git.example/o/r/pull/9",{"number":10,"title":"Cut"},
                {"url":"https://git.example/o/r/pull/11"}],"tickets":["SHOP-1",{"label":"SHOP-2","url":"https://t.example/2"}]}"##,
        )
        .unwrap();
        let labels: Vec<_> = draft.references.iter().map(|reference| reference.label.as_str()).collect();
        assert_eq!(labels, ["#7", "#8", "#9", "#10 Cut", "#11", "SHOP-1", "SHOP-2"]);
        assert_eq!(draft.references[2].url.as_deref(), Some("https://git.example/o/r/pull/9"));
    }

    #[test]
    fn every_error_has_its_pointer() {
        let refused = parse(
            r#"{"kind":"party","status":"odd","url":"ftp://x","started_at":"soon","tickets":[{}],"authors":["", "a"]}"#,
        );
        let Err(Error::Invalid(errors)) = refused else { panic!() };
        for field in ["service", "kind", "status", "url", "started_at", "tickets/0", "authors/0"] {
            assert!(errors.of(field).is_some(), "{field}");
        }
    }

    #[test]
    fn an_end_before_the_start_is_told_with_both() {
        let refused = parse(
            r#"{"service":"shop","started_at":"2026-11-23T14:02:00Z","finished_at":"2026-11-23T15:01:00+01:00"}"#,
        );
        let Err(Error::Invalid(errors)) = refused else { panic!() };
        let sentence = errors.of("finished_at").unwrap();
        assert!(sentence.contains("14:02") && sentence.contains("14:01") && sentence.contains("before"), "{sentence}");
    }

    #[test]
    fn null_empties_and_absence_keeps() {
        let known = parse(r#"{"service":"shop","version":"v1","summary":"x","authors":["ada"]}"#).unwrap();
        let raw: RawDeploy = serde_json::from_str(r#"{"version":null}"#).unwrap();
        let changed = raw.over(known.clone(), Times::Exact).unwrap();
        assert_eq!(changed.version, None);
        assert_eq!((changed.summary.as_str(), &changed.people), ("x", &known.people));
    }

    #[test]
    fn days_of_a_filter_follow_the_zone() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let filter = Filter::from_query(&Fields::parse(b"from=2026-11-23&to=2026-11-23"), &zone).unwrap();
        assert_eq!(filter.from.unwrap().to_string(), "2026-11-22T23:00:00Z");
        assert_eq!(filter.to.unwrap().to_string(), "2026-11-23T23:00:00Z");
        assert!(Filter::from_query(&Fields::parse(b"kind=party&from=soon"), &zone).is_err());
    }
}
