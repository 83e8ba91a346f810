//! The pages of deploys.

use askama::Template;

use super::model::{Deploy, DeployKind, DeployStatus, Part, Reference, ReferenceKind, short_sha};
use super::model_marks::{Mark, MarkKind};
use super::queries::Trail;
use super::queries_list::Filter;
use crate::auth::who::SignedIn;
use crate::clock::Moment;
use crate::error::FieldErrors;
use crate::incidents::model::Incident;
use crate::links::model::Links;
use crate::markdown::SafeHtml;
use crate::releases::model::Step;
use crate::services::model::{Service, ServiceName};
use crate::signals::model_signal::Signal;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::{Stamp, duration};

/// A line of the list.
pub struct Row {
    /// The deploy.
    pub deploy: Deploy,
    /// Its service.
    pub service: Service,
    /// When it took effect.
    pub at: Stamp,
    /// How many things of its checklist are open, and how many there are.
    pub open: (i64, i64),
}

impl Row {
    /// Whether its checklist is open.
    pub fn is_open(&self) -> bool {
        self.open.0 > 0
    }

    /// `checklist 2 of 5 open`
    pub fn open_words(&self) -> String {
        format!("checklist {} of {} open", self.open.0, self.open.1)
    }
}

/// `GET /deploys`
#[derive(Template)]
#[template(path = "deploys/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// What stands in the filter.
    pub fields: Fields,
    /// What of it needs another look.
    pub errors: FieldErrors,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// Environments to choose from.
    pub environments: Vec<String>,
    /// The deploys.
    pub rows: Vec<Row>,
    /// Address of the page before.
    pub newer: String,
    /// Address of the page after.
    pub older: String,
    /// Whether a filter is set.
    pub is_filtered: bool,
}

impl Index {
    /// Kinds to choose from.
    pub fn kinds(&self) -> &'static [DeployKind] {
        DeployKind::ALL
    }

    /// Statuses to choose from.
    pub fn statuses(&self) -> &'static [DeployStatus] {
        DeployStatus::ALL
    }

    /// Where "Clear" leads; nowhere without a filter.
    pub fn clear_href(&self) -> &'static str {
        if self.is_filtered { "/deploys" } else { "" }
    }
}

/// The query string of a filter, for the links to the neighbouring pages.
pub fn query_of(fields: &Fields, turn: &str, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["service", "environment", "kind", "status", "person", "from", "to"] {
        if let Some(value) = fields.some(name) {
            query.append_pair(name, value);
        }
    }
    query.append_pair(turn, cursor);
    format!("/deploys?{}", query.finish())
}

/// Whether anything is filtered.
pub fn is_filtered(filter: &Filter) -> bool {
    *filter != Filter::default()
}

/// Somebody in the trail, ready for the page.
pub struct TrailRow {
    /// Row id, for the button that takes them out.
    pub id: i64,
    /// What they stood for.
    pub part: &'static str,
    /// The account's name, else the name as given.
    pub name: String,
    /// The handle, or empty.
    pub handle: String,
    /// When, if that is known.
    pub at: Option<Stamp>,
}

/// `GET /deploys/{key}`
#[derive(Template)]
#[template(path = "deploys/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The deploy.
    pub deploy: Deploy,
    /// Its service.
    pub service: Service,
    /// Who stood for what.
    pub people: Vec<TrailRow>,
    /// Pull requests and tickets.
    pub trail: Trail,
    /// What ran before, and what came after.
    pub before: Option<Deploy>,
    /// What came after.
    pub after: Option<Deploy>,
    /// The incidents.
    pub links: Links,
    /// Incidents that it may have caused or ended.
    pub suspects: crate::suspects::model::DeployPanel,
    /// The summary, rendered.
    pub summary: SafeHtml,
    /// When it took effect.
    pub at: Stamp,
    /// When it began.
    pub started: Option<Stamp>,
    /// When it was over.
    pub finished: Option<Stamp>,
    /// When it was recorded.
    pub recorded: Stamp,
    /// What it undid or mended, and what undid or mended it.
    pub marks: Vec<MarkLine>,
    /// Its checklist.
    pub items: Vec<ItemLine>,
    /// The steps that were taken on it: which, on which item, by whom, when.
    pub ticks: Vec<(Step, i64, String, Stamp)>,
    /// Whether its service has a checklist to give it.
    pub has_template: bool,
    /// When it was live, if it ever was.
    pub live: Option<Live>,
    /// Alerts that fired in that time.
    pub signals: Vec<Signal>,
    /// Incidents of its service that began in that time.
    pub incidents: Vec<Incident>,
}

/// A mark, seen from one of its two deploys.
pub struct MarkLine {
    /// Row id.
    pub id: i64,
    /// What it did or what was done to it, in words.
    pub words: &'static str,
    /// Key of the other deploy.
    pub key: String,
    /// Page of the other deploy.
    pub href: String,
    /// What the other deploy brought.
    pub title: String,
    /// How it was noticed.
    pub reason: String,
    /// By whom.
    pub said_by: String,
    /// When.
    pub at: Stamp,
    /// Who took it back, why, and when.
    pub back: Option<(String, String, Stamp)>,
}

impl MarkLine {
    /// From one side.
    pub fn new(deploy: &Deploy, mark: &Mark, other: &Deploy, who: &SignedIn) -> Self {
        let words = match (mark.mark, mark.deploy_id == deploy.id) {
            (MarkKind::Undoes, true) => "Undid",
            (MarkKind::Undoes, false) => "Undone by",
            (MarkKind::Fixes, true) => "Fixes",
            (MarkKind::Fixes, false) => "Fixed by",
        };
        let back = mark.taken_back_at.map(|at| {
            let name = mark.taken_back_name.clone().unwrap_or_default();
            (name, mark.taken_back_reason.clone().unwrap_or_default(), who.stamp(at))
        });
        MarkLine {
            id: mark.id,
            words,
            key: other.key(),
            href: other.path(),
            title: other.version_or_commit(),
            reason: mark.reason.clone(),
            said_by: mark.said_by.clone(),
            at: who.stamp(mark.said_at),
            back,
        }
    }
}

/// One thing to do.
pub struct ItemLine {
    /// Row id.
    pub id: i64,
    /// What.
    pub text: String,
    /// When it was done, and by whom.
    pub ticked: Option<(Stamp, String)>,
}

/// The time in which a deploy was what ran.
pub struct Live {
    /// From.
    pub from: Stamp,
    /// To; nothing while it still runs.
    pub to: Option<Stamp>,
    /// How long.
    pub lasted: String,
}

impl Live {
    /// From two instants.
    pub fn new(from: Moment, to: Option<Moment>, who: &SignedIn) -> Self {
        let lasted = duration(to.unwrap_or(who.now).seconds_since(from));
        Live { from: who.stamp(from), to: to.map(|to| who.stamp(to)), lasted }
    }
}

impl Show {
    /// Marks that stand.
    pub fn standing(&self) -> Vec<&MarkLine> {
        self.marks.iter().filter(|line| line.back.is_none()).collect()
    }

    /// Marks that were taken back.
    pub fn withdrawn(&self) -> Vec<&MarkLine> {
        self.marks.iter().filter(|line| line.back.is_some()).collect()
    }

    /// How many things are still to do.
    pub fn open_count(&self) -> usize {
        self.items.iter().filter(|item| item.ticked.is_none()).count()
    }

    /// `Checklist: 2 of 5 open`
    pub fn open_words(&self) -> String {
        format!("Checklist: {} of {} open", self.open_count(), self.items.len())
    }

    /// `Ticked`, or that its tick was taken away.
    pub fn step_words(&self, step: &Step) -> &'static str {
        if *step == Step::Ticked { "Ticked" } else { "Opened again" }
    }

    /// What is to be done under an item's id.
    pub fn item_text(&self, id: &i64) -> &str {
        self.items.iter().find(|item| item.id == *id).map_or("", |item| item.text.as_str())
    }

    /// What an incident in the live window has to do with this deploy, as far as it was said.
    pub fn is_linked(&self, incident: &Incident) -> bool {
        self.links.lines.iter().any(|line| line.key == incident.key())
    }
}

impl Show {
    /// `checkout 2.4.0`
    pub fn title(&self) -> String {
        let version = self.deploy.version_or_commit();
        if version.is_empty() { self.service.name.clone() } else { format!("{} {version}", self.service.name) }
    }

    /// Pull requests.
    pub fn pull_requests(&self) -> Vec<&Reference> {
        self.trail.references.iter().filter(|reference| reference.kind == ReferenceKind::PullRequest).collect()
    }

    /// Tickets.
    pub fn tickets(&self) -> Vec<&Reference> {
        self.trail.references.iter().filter(|reference| reference.kind == ReferenceKind::Ticket).collect()
    }

    /// How much it brings, in words; nothing where nobody told.
    pub fn size(&self) -> Option<String> {
        let count = |count: i64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
        let commits = self.deploy.commit_count.map(|commits| count(commits, "commit", "commits"));
        let files = self.deploy.file_count.map(|files| count(files, "file", "files"));
        match (commits, files) {
            (Some(commits), Some(files)) => Some(format!("{commits} in {files}")),
            (commits, files) => commits.or(files),
        }
    }

    /// The comparison: as given, else made from the repository and both commits where its shape is known.
    pub fn compare_url(&self) -> Option<String> {
        if self.deploy.compare_url.is_some() {
            return self.deploy.compare_url.clone();
        }
        let (from, to) = (self.previous_sha()?, self.deploy.commit_sha.clone()?);
        let home = self.service.repository_url.as_ref()?;
        let is_sha = |sha: &str| sha.len() >= 7 && sha.bytes().all(|byte| byte.is_ascii_hexdigit());
        let home = home.trim_end_matches('/').trim_end_matches(".git");
        (home.starts_with("https://github.com/") && is_sha(&from) && is_sha(&to))
            .then(|| format!("{home}/compare/{from}...{to}"))
    }

    /// The commit that ran before: as given, else of the deploy that this one replaced.
    pub fn previous_sha(&self) -> Option<String> {
        let replaced = || self.before.as_ref().filter(|_| self.deploy.status.went_live());
        self.deploy.previous_commit_sha.clone().or_else(|| replaced()?.commit_sha.clone())
    }

    /// The first letters of a commit.
    pub fn short(&self, sha: &str) -> String {
        short_sha(sha).to_owned()
    }

    /// The version before, or empty.
    pub fn previous_version(&self) -> String {
        let replaced = || self.before.as_ref().filter(|_| self.deploy.status.went_live());
        self.deploy.previous_version.clone().or_else(|| replaced()?.version.clone()).unwrap_or_default()
    }

    /// How long it took, or empty.
    pub fn took(&self) -> String {
        self.deploy.duration_s().map(duration).unwrap_or_default()
    }

    /// `deploy`, `config`, …
    pub fn kind(&self) -> &'static str {
        self.deploy.kind.as_str()
    }

    /// Parts that nobody stood for yet and that one button signs: QA and approval.
    pub fn open_parts(&self) -> Vec<(&'static str, &'static str)> {
        [(Part::Qa, "Sign off QA"), (Part::Approver, "Approve")]
            .into_iter()
            .filter(|(part, _)| self.trail.of(*part).next().is_none())
            .map(|(part, text)| (part.as_str(), text))
            .collect()
    }

    /// Parts to choose from.
    pub fn parts(&self) -> Vec<(&'static str, &'static str)> {
        Part::ALL.iter().map(|part| (part.as_str(), part.label())).collect()
    }

    /// How a deploy is called in a sentence about its lane.
    pub fn lane_title(&self, other: &Deploy) -> String {
        let version = other.version_or_commit();
        if version.is_empty() { other.kind.to_string() } else { version }
    }

    /// Where the record came from, in words.
    pub fn source(&self) -> String {
        match self.deploy.source.split_once('/') {
            Some((sender, slug)) => format!("{sender} hook {slug}"),
            None if self.deploy.source == super::model::BY_HAND => "recorded by hand".to_owned(),
            None if self.deploy.source == super::model::BY_API => "recorded by API".to_owned(),
            None => self.deploy.source.clone(),
        }
    }
}

/// The form for a new deploy or a correction.
#[derive(Template)]
#[template(path = "deploys/form.html")]
pub struct Edit {
    /// The frame.
    pub layout: Layout,
    /// The deploy that is corrected; nothing for a new one.
    pub key: Option<String>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// Environments to choose from.
    pub environments: Vec<String>,
    /// The zone in which times are typed.
    pub zone: &'static str,
}

impl Edit {
    /// Where the form goes.
    pub fn action(&self) -> String {
        self.key.as_ref().map_or_else(|| "/deploys".to_owned(), |key| format!("/deploys/{key}"))
    }

    /// In which zone times are typed.
    pub fn zone_hint(&self) -> String {
        format!("In {}.", self.zone)
    }

    /// The way out.
    pub fn cancel_href(&self) -> String {
        self.action()
    }

    /// The sentence about a field or about one of its lines, or nothing.
    pub fn error(&self, field: &str) -> &str {
        let part = format!("{field}/");
        self.errors
            .iter()
            .find(|error| error.field == field || error.field.starts_with(&part))
            .map_or("", |error| error.message.as_str())
    }

    /// The errors as the summary links them: to whole fields.
    pub fn summary_errors(&self) -> FieldErrors {
        let mut errors = FieldErrors::new();
        for error in &self.errors {
            let field = error.field.split('/').next().unwrap_or_default();
            errors.add(field, error.message.clone());
        }
        errors
    }

    /// Kinds to choose from.
    pub fn kinds(&self) -> &'static [DeployKind] {
        DeployKind::ALL
    }

    /// Statuses to choose from.
    pub fn statuses(&self) -> &'static [DeployStatus] {
        DeployStatus::ALL
    }
}
