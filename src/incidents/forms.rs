//! An incident as it was typed or sent, and what becomes of it. The pages and the API share these parses.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::around::model::{Basis, FigureDraft};
use super::model::{
    IncidentChange, IncidentDraft, IncidentKind, IncidentStatus, LIST_LIMIT, Severity, TAG_LIMIT, TimeField, Times,
};
use super::queries::settle;
use crate::clock::Moment;
use crate::error::Error;
use crate::links::model::Relation;
use crate::web::fields::{Check, Fields, LINE_LIMIT, TEXT_LIMIT};
use crate::web::times::Zone;

/// The severity of an incident that was declared without one.
pub const DEFAULT_SEVERITY: Severity = Severity::Sev3;

/// A deploy that an incident is declared with.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawDeployLink {
    /// `DEP-12`
    pub deploy: String,
    /// caused, contributed, suspected (when left out), ruled_out or fixed.
    pub relation: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// A deploy that an incident is declared with, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployLink {
    /// The deploy's number.
    pub number: i64,
    /// What it has to do with the incident.
    pub relation: Relation,
    /// Why; may be empty.
    pub reason: String,
}

/// An incident as it arrives. In a change, what is left out stays, and `null` clears a time.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawIncident {
    /// What is wrong, in a line.
    pub title: Option<String>,
    /// incident or near_miss.
    pub kind: Option<String>,
    /// SEV1 to SEV5; SEV3 when a new incident says nothing.
    pub severity: Option<String>,
    /// investigating, identified, mitigated or resolved; from the times when left out.
    pub status: Option<String>,
    /// What happened, in Markdown.
    pub summary: Option<String>,
    /// Slugs; unknown services are added.
    pub services: Option<Vec<String>>,
    /// The impact began; `detected_at` or now when left out.
    #[schema(value_type = Option<Moment>)]
    pub started_at: Option<String>,
    /// Somebody or something noticed.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Moment>)]
    pub detected_at: Option<Option<String>>,
    /// Somebody took it on.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Moment>)]
    pub acknowledged_at: Option<Option<String>>,
    /// It became known why.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Moment>)]
    pub identified_at: Option<Option<String>>,
    /// It stopped to hurt.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Moment>)]
    pub mitigated_at: Option<Option<String>>,
    /// It was over.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Moment>)]
    pub resolved_at: Option<Option<String>>,
    /// Words to find it by.
    pub tags: Option<Vec<String>>,
    /// Deploys that have to do with it.
    pub deploys: Option<Vec<RawDeployLink>>,
    /// Why it is changed, for the record.
    pub reason: Option<String>,
}

fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

impl RawIncident {
    /// From a page's form. What the form does not hold is left out.
    pub fn from_fields(fields: &Fields) -> Self {
        let owned = |name: &str| fields.is_set(name).then(|| fields.get(name).to_owned());
        let time = |name: &str| owned(name).map(|text| Some(text).filter(|text| !text.trim().is_empty()));
        let split = |text: &str| {
            text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect::<Vec<_>>()
        };
        let services = (fields.is_set("services") || fields.is_set("other_services"))
            .then(|| fields.all("services").map(str::to_owned).chain(split(fields.get("other_services"))).collect());
        let deploys = fields
            .some("deploy")
            .map(|deploy| vec![RawDeployLink { deploy: deploy.to_owned(), ..RawDeployLink::default() }]);
        RawIncident {
            title: owned("title"),
            kind: owned("kind"),
            severity: owned("severity"),
            status: owned("status"),
            summary: owned("summary"),
            services,
            started_at: owned("started_at"),
            detected_at: time("detected_at"),
            acknowledged_at: time("acknowledged_at"),
            identified_at: time("identified_at"),
            mitigated_at: time("mitigated_at"),
            resolved_at: time("resolved_at"),
            tags: owned("tags").map(|text| split(&text)),
            deploys,
            reason: owned("reason"),
        }
    }

    fn time(&self, field: TimeField) -> Option<Option<&str>> {
        match field {
            TimeField::Started => self.started_at.as_deref().map(Some),
            TimeField::Detected => self.detected_at.as_ref().map(Option::as_deref),
            TimeField::Acknowledged => self.acknowledged_at.as_ref().map(Option::as_deref),
            TimeField::Identified => self.identified_at.as_ref().map(Option::as_deref),
            TimeField::Mitigated => self.mitigated_at.as_ref().map(Option::as_deref),
            TimeField::Resolved => self.resolved_at.as_ref().map(Option::as_deref),
        }
    }

    /// A new incident, and the deploys to link; or every error at once. Times without a zone are in `zone`.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn parse_draft(&self, zone: &Zone, now: Moment) -> Result<(IncidentDraft, Vec<DeployLink>), Error> {
        let mut check = Check::new();
        let title = check.line("title", self.title.as_deref(), LINE_LIMIT, "Say in a line what is wrong.");
        let kind = check.word_or("kind", self.kind.as_deref(), IncidentKind::Incident);
        let severity = check.word_or("severity", upper(self.severity.as_deref()).as_deref(), DEFAULT_SEVERITY);
        let summary = check.text("summary", self.summary.as_deref(), TEXT_LIMIT);
        let services = names(&mut check, "services", self.services.as_deref(), LINE_LIMIT);
        let tags = tags(&mut check, self.tags.as_deref());
        let links = self.links(&mut check);
        let mut times = Times::from_start(now);
        let mut is_start_given = false;
        for &field in TimeField::ALL {
            if let Some(at) = check.moment(field.as_str(), self.time(field).flatten(), zone) {
                is_start_given |= field == TimeField::Started;
                times.set(field, Some(at));
            }
        }
        if !is_start_given {
            let earliest = TimeField::ALL.iter().skip(1).filter_map(|&field| times.get(field)).min();
            times.started_at = times.detected_at.or(earliest).unwrap_or(now);
        }
        let status = check.word_or("status", self.status.as_deref(), times.status());
        if let Some(status) = status.filter(|_| check.is_ok())
            && let Err(Error::Invalid(errors)) = settle(status, &mut times, zone, now)
        {
            errors.iter().for_each(|error| check.add(&error.field, error.message.clone()));
        }
        match (title, kind, severity, status, summary) {
            (Some(title), Some(kind), Some(severity), Some(status), Some(summary)) if check.is_ok() => {
                Ok((IncidentDraft { title, kind, severity, status, summary, times, services, tags }, links))
            }
            _ => Err(check.into_error()),
        }
    }

    /// A change of an incident, and deploys to link; or every error at once.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn parse_change(&self, zone: &Zone) -> Result<(IncidentChange, Vec<DeployLink>), Error> {
        let mut check = Check::new();
        let title = self
            .title
            .as_deref()
            .and_then(|title| check.line("title", Some(title), LINE_LIMIT, "Say in a line what is wrong."));
        let change = IncidentChange {
            title,
            kind: word(&mut check, "kind", self.kind.as_deref()),
            severity: word(&mut check, "severity", upper(self.severity.as_deref()).as_deref()),
            status: word(&mut check, "status", self.status.as_deref()),
            summary: self.summary.as_deref().and_then(|text| check.text("summary", Some(text), TEXT_LIMIT)),
            times: self.changed_times(&mut check, zone),
            services: self.services.as_deref().map(|given| names(&mut check, "services", Some(given), LINE_LIMIT)),
            tags: self.tags.as_deref().map(|given| tags(&mut check, Some(given))),
            reason: check
                .text("reason", self.reason.as_deref(), LINE_LIMIT)
                .map(|reason| reason.trim().to_owned())
                .unwrap_or_default(),
            zone: *zone,
        };
        let links = self.links(&mut check);
        check.finish()?;
        Ok((change, links))
    }

    fn changed_times(&self, check: &mut Check, zone: &Zone) -> Vec<(TimeField, Option<Moment>)> {
        let mut times = Vec::new();
        for &field in TimeField::ALL {
            let Some(text) = self.time(field) else { continue };
            let at = check.moment(field.as_str(), text, zone);
            if field == TimeField::Started && at.is_none() && text.is_none_or(|text| text.trim().is_empty()) {
                check.add("started_at", "Give the time when it began.");
            }
            times.push((field, at));
        }
        times
    }

    fn links(&self, check: &mut Check) -> Vec<DeployLink> {
        let given = self.deploys.as_deref().unwrap_or_default();
        if given.len() > LIST_LIMIT {
            check.add("deploys", format!("Link at most {LIST_LIMIT} deploys at once."));
        }
        let mut links: Vec<DeployLink> = Vec::new();
        for (index, raw) in given.iter().take(LIST_LIMIT).enumerate() {
            let number = crate::deploys::model::parse_key(raw.deploy.trim());
            let field = format!("deploys/{index}/deploy");
            match number {
                None => check.add(&field, "Name the deploy by its key, for example DEP-12."),
                Some(number) if links.iter().any(|link| link.number == number) => {
                    check.add(&field, format!("DEP-{number} is named twice: keep one of them."));
                }
                Some(_) => {}
            }
            let relation =
                check.word_or(&format!("deploys/{index}/relation"), raw.relation.as_deref(), Relation::Suspected);
            let reason = check.text(&format!("deploys/{index}/reason"), raw.reason.as_deref(), TEXT_LIMIT);
            if let (Some(number), Some(relation), Some(reason)) = (number, relation, reason) {
                links.push(DeployLink { number, relation, reason });
            }
        }
        links
    }
}

fn upper(severity: Option<&str>) -> Option<String> {
    severity.map(|word| word.trim().to_ascii_uppercase())
}

fn word<T: std::str::FromStr<Err: std::fmt::Display>>(
    check: &mut Check,
    field: &str,
    value: Option<&str>,
) -> Option<T> {
    value.and_then(|value| check.word(field, Some(value), "Pick one, or leave it out."))
}

fn names(check: &mut Check, field: &str, given: Option<&[String]>, limit: usize) -> Vec<String> {
    let given = given.unwrap_or_default();
    if given.len() > LIST_LIMIT {
        check.add(field, format!("Keep it to {LIST_LIMIT}."));
    }
    let mut names: Vec<String> = Vec::new();
    for (index, name) in given.iter().take(LIST_LIMIT).enumerate() {
        let missing = "Give it a name, or leave it out.";
        if let Some(name) = check.line(&format!("{field}/{index}"), Some(name), limit, missing)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

fn tags(check: &mut Check, given: Option<&[String]>) -> Vec<String> {
    let lower: Vec<String> = given.unwrap_or_default().iter().map(|tag| tag.to_lowercase()).collect();
    let mut tags = names(check, "tags", Some(&lower), TAG_LIMIT);
    tags.sort();
    tags
}

/// An impact figure from a form.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn figure(fields: &Fields) -> Result<FigureDraft, Error> {
    let mut check = Check::new();
    let label =
        check.line("label", fields.some("label"), LINE_LIMIT, "Say what was counted, for example payments failed.");
    let amount = match fields.some("amount").map(|text| text.trim().replace([',', ' '], "").parse::<f64>()) {
        Some(Ok(amount)) if amount.is_finite() && (0.0..=1e15).contains(&amount) => Some(amount),
        _ => {
            check.add("amount", "Give a number from 0 up, for example 1204 or 0.5.");
            None
        }
    };
    let unit = check.optional_line("unit", fields.some("unit"), 40).unwrap_or_default();
    let source = check.optional_line("source", fields.some("source"), LINE_LIMIT).unwrap_or_default();
    let basis = check.word::<Basis>("basis", fields.some("basis"), "Say whether it is measured or estimated.");
    match (label, amount, basis) {
        (Some(label), Some(amount), Some(basis)) if check.is_ok() => {
            Ok(FigureDraft { label, amount, unit, source, basis })
        }
        _ => Err(check.into_error()),
    }
}

/// The revision that a form was opened with.
///
/// # Errors
/// 422 when the form does not say.
pub fn revision(fields: &Fields) -> Result<i64, Error> {
    fields.get("revision").parse().map_err(|_| {
        Error::field("", "The form does not say what it is based on. Open it again, and copy over what you typed.")
    })
}

/// The status that is wanted from a form's word.
///
/// # Errors
/// 422
pub fn status(fields: &Fields) -> Result<IncidentStatus, Error> {
    let mut check = Check::new();
    let status = check.word("status", fields.some("status"), "Pick the status that it has now.");
    status.ok_or_else(|| check.into_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Moment {
        Moment::parse("2026-11-23T14:00:00Z").unwrap()
    }

    fn raw(json: &str) -> RawIncident {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_title_is_enough() {
        let (draft, links) =
            raw(r#"{"title":"Checkout is down","severity":"sev2"}"#).parse_draft(&Zone::UTC, now()).unwrap();
        assert_eq!(draft.severity, Severity::Sev2);
        assert_eq!(draft.times, Times::from_start(now()));
        assert!(links.is_empty());
    }

    #[test]
    fn a_resolved_one_is_mitigated_too() {
        let (draft, _) =
            raw(r#"{"title":"Old","started_at":"2026-01-01T10:00:00Z","resolved_at":"2026-01-01T11:00:00Z"}"#)
                .parse_draft(&Zone::UTC, now())
                .unwrap();
        assert_eq!(draft.status, IncidentStatus::Resolved);
        assert_eq!(draft.times.mitigated_at, draft.times.resolved_at);
    }

    #[test]
    fn null_is_not_the_same_as_left_out() {
        let (change, _) = raw(r#"{"detected_at":null}"#).parse_change(&Zone::UTC).unwrap();
        assert_eq!(change.times, [(TimeField::Detected, None)]);
        let (change, _) = raw("{}").parse_change(&Zone::UTC).unwrap();
        assert_eq!(change.times, []);
    }

    #[test]
    fn every_error_is_told_with_its_place() {
        let Err(Error::Invalid(errors)) = raw(
            r#"{"severity":"SEV9","deploys":[{"deploy":"DEP-1"},{"deploy":"x","relation":"y"}],"services":["a",""]}"#,
        )
        .parse_draft(&Zone::UTC, now()) else {
            panic!("it is wrong in five places")
        };
        for field in ["title", "severity", "deploys/1/deploy", "deploys/1/relation", "services/1"] {
            assert!(errors.of(field).is_some(), "{field}");
        }
    }
}
