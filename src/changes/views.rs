//! The changes page.

use askama::Template;

use super::model::{BUCKET_LIMIT, Filter, Lane, Marks, Period, Sum};
use crate::charts::time_strip::{Tick, Window, bars};
use crate::clock::Moment;
use crate::deploys::model::{Deploy, DeployKind, DeployStatus};
use crate::error::FieldErrors;
use crate::incidents::model::{Incident, IncidentKind};
use crate::services::model::{Service, ServiceName};
use crate::teams::model::Team;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::Zone;

/// A deploy on the strip.
pub struct Mark {
    /// In percent.
    pub x: String,
    /// `ok`, `failed`, `undone` or `running`: shape and colour.
    pub class: &'static str,
    /// Its page.
    pub href: String,
    /// What it is, in words.
    pub title: String,
}

/// An incident on the strip.
pub struct Span {
    /// In percent.
    pub x: String,
    /// In percent.
    pub width: String,
    /// `SEV1`, for the colour.
    pub severity: &'static str,
    /// Its page.
    pub href: String,
    /// `INC-42`
    pub key: String,
    /// What it is, in words.
    pub title: String,
}

/// One service's strip.
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its page.
    pub href: String,
    /// Its deploys in the period.
    pub deploys_href: String,
    /// Each deploy, for a quiet service.
    pub marks: Vec<Mark>,
    /// Bars of all deploys, for a busy one; a path's `d`.
    pub bars: String,
    /// Bars of those that did not stay.
    pub bad_bars: String,
    /// Incidents that hit it.
    pub spans: Vec<Span>,
    /// How many deploys.
    pub sum: Sum,
    /// In words, for who cannot see the strip.
    pub words: String,
}

impl Row {
    /// Lays a lane out.
    pub fn new(lane: &Lane, filter: &Filter, zone: &Zone, now: Moment) -> Self {
        let window = filter.window();
        let sum = lane.sum();
        let (mut marks, mut all, mut bad) = (Vec::new(), String::new(), String::new());
        match &lane.marks {
            Marks::Each(deploys) => marks = deploys.iter().rev().map(|deploy| mark(deploy, window, zone)).collect(),
            Marks::Buckets(buckets) => {
                let count = filter.period.buckets();
                let top = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(1).min(BUCKET_LIMIT);
                let of = |pick: fn(&super::model::Bucket) -> i64| {
                    buckets.iter().map(|bucket| (bucket.place, pick(bucket))).collect::<Vec<_>>()
                };
                all = bars(&of(|bucket| bucket.count), count, top);
                bad = bars(&of(|bucket| bucket.bad_count), count, top);
            }
        }
        let spans: Vec<Span> = lane.incidents.iter().map(|incident| span(incident, window, now)).collect();
        let mut words = format!("{} {}", sum.words(), if sum.count == 1 { "deploy" } else { "deploys" });
        if sum.bad_count > 0 {
            words.push_str(&format!(", {} failed or rolled back", sum.bad_count));
        }
        Row {
            name: lane.service.name.clone(),
            href: lane.service.path(),
            deploys_href: deploys_href(&lane.service, filter, zone),
            marks,
            bars: all,
            bad_bars: bad,
            spans,
            sum,
            words,
        }
    }
}

fn mark(deploy: &Deploy, window: Window, zone: &Zone) -> Mark {
    let class = match deploy.status {
        DeployStatus::Succeeded => "ok",
        DeployStatus::Failed => "failed",
        DeployStatus::RolledBack => "undone",
        DeployStatus::Started => "running",
    };
    let what = Some(deploy.version_or_commit()).filter(|text| !text.is_empty()).unwrap_or(deploy.kind.to_string());
    let title = format!(
        "{} {what} to {}, {}, {}",
        deploy.key(),
        deploy.environment,
        deploy.status.label(),
        zone.long(deploy.happened_at)
    );
    Mark { x: window.x(deploy.happened_at), class, href: deploy.path(), title }
}

fn span(incident: &Incident, window: Window, now: Moment) -> Span {
    let (x, width) = window.span(incident.started_at, incident.resolved_at.unwrap_or(now));
    let live = if incident.status.is_live() { ", live" } else { "" };
    Span {
        x,
        width,
        severity: incident.severity.as_str(),
        href: incident.path(),
        key: incident.key(),
        title: format!("{} {}{live}: {}", incident.key(), incident.severity, incident.title),
    }
}

fn deploys_href(service: &Service, filter: &Filter, zone: &Zone) -> String {
    let window = filter.window();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("service", &service.slug);
    if let Some(environment) = &filter.environment {
        query.append_pair("environment", environment);
    }
    if let Some(kind) = filter.kind {
        query.append_pair("kind", kind.as_str());
    }
    query.append_pair("from", &zone.date(window.from).to_string());
    query.append_pair("to", &zone.date(window.to).to_string());
    format!("/deploys?{}", query.finish())
}

/// The finding in words: how many deploys of how many services, how many did not stay, how many incidents.
pub fn caption(lanes: &[Lane], period: Period) -> String {
    let sum = lanes.iter().fold(Sum::default(), |sum, lane| sum.plus(lane.sum()));
    let shipped = lanes.iter().filter(|lane| lane.sum().count > 0).count();
    let mut ids: Vec<(i64, IncidentKind, bool)> = lanes
        .iter()
        .flat_map(|lane| &lane.incidents)
        .map(|incident| (incident.id, incident.kind, incident.status.is_live()))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let live = ids.iter().filter(|(_, _, is_live)| *is_live).count();
    let mut words = format!(
        "{} {} of {shipped} {} in {}",
        sum.words(),
        if sum.count == 1 { "deploy" } else { "deploys" },
        if shipped == 1 { "service" } else { "services" },
        period.label()
    );
    if sum.bad_count > 0 {
        words.push_str(&format!(", {} failed or rolled back", sum.bad_count));
    }
    words.push_str(&match (ids.len(), live) {
        (0, _) => "; no incident.".to_owned(),
        (1, 0) => "; 1 incident.".to_owned(),
        (1, _) => "; 1 incident, and it is live.".to_owned(),
        (count, 0) => format!("; {count} incidents."),
        (count, live) => format!("; {count} incidents, {live} of them live."),
    });
    words
}

/// `GET /changes`
#[derive(Template)]
#[template(path = "changes/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// What stands in the filter.
    pub fields: Fields,
    /// What of it needs another look.
    pub errors: FieldErrors,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// Environments to choose from.
    pub environments: Vec<String>,
    /// The strips.
    pub rows: Vec<Row>,
    /// The axis.
    pub ticks: Vec<Tick>,
    /// Freeze windows in the period.
    pub freezes: Vec<(String, String, String)>,
    /// The finding in words.
    pub caption: String,
    /// `16 Nov 2026 14:02 to 23 Nov 2026 14:02`
    pub span: String,
    /// The period that is chosen.
    pub period: Period,
    /// Addresses: the same filter earlier, later, and with the next services.
    pub links: Neighbours,
    /// Whether any filter is set.
    pub is_filtered: bool,
}

/// Addresses of what lies beside a page; empty for none.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// The period before.
    pub earlier: String,
    /// The period after.
    pub later: String,
    /// The next services.
    pub next: String,
    /// The first services.
    pub first: String,
}

impl Index {
    /// Periods to choose from.
    pub fn periods(&self) -> &'static [Period] {
        Period::ALL
    }

    /// Kinds to choose from.
    pub fn kinds(&self) -> &'static [DeployKind] {
        DeployKind::ALL
    }

    /// Where "Clear" leads; nowhere without a filter.
    pub fn clear_href(&self) -> &'static str {
        if self.is_filtered { "/changes" } else { "" }
    }
}

/// The page's address with one thing of it changed.
pub fn address(fields: &Fields, name: &str, value: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for field in ["period", "service", "team", "environment", "kind", "until", "after"] {
        let given = if field == name { Some(value).filter(|value| !value.is_empty()) } else { fields.some(field) };
        if let Some(given) = given {
            query.append_pair(field, given);
        }
    }
    format!("/changes?{}", query.finish())
}
