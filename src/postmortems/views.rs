//! The pages of postmortems.

use askama::Template;

use super::missing::Gap;
use super::model::{Postmortem, RevisionRow, Step, path};
use super::record::{Record, figure_words};
use super::revisions::comparison::Comparison;
use super::shelf::Shelf;
use super::shelf::queries::{COUNT_LIMIT, Filter};
use crate::auth::who::SignedIn;
use crate::db::paging::Cursor;
use crate::error::{Error, FieldErrors};
use crate::incidents::model::Incident;
use crate::incidents::strip::{self, Strip};
use crate::markdown::{Heading, SafeHtml};
use crate::reviews::beside::queries::Beside;
use crate::services::model::ServiceName;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::{Stamp, duration};
use crate::wording::model::Hint;

/// What stands beside a text: the record that it is about.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The incident.
    pub incident: Incident,
    /// What was read of it.
    pub record: Record,
    /// Its times by name.
    pub times: Vec<(&'static str, Stamp)>,
    /// From start to resolution, as words; empty while it lasts.
    pub duration: String,
    /// Its phases, drawn.
    pub strip: Strip,
}

impl Facts {
    /// As this viewer reads them.
    pub fn new(who: &SignedIn, incident: Incident, record: Record) -> Self {
        let times = [
            ("Started", Some(incident.started_at)),
            ("Detected", incident.detected_at),
            ("Mitigated", incident.mitigated_at),
            ("Resolved", incident.resolved_at),
        ];
        let deploys: Vec<_> = record.links.iter().map(|(link, deploy, _)| (link.relation, deploy.clone())).collect();
        Facts {
            strip: strip::draw(&incident, &deploys, &who.zone(), who.now),
            times: times.into_iter().filter_map(|(name, at)| Some((name, who.stamp(at?)))).collect(),
            duration: incident
                .resolved_at
                .map(|resolved_at| duration(resolved_at.seconds_since(incident.started_at)))
                .unwrap_or_default(),
            incident,
            record,
        }
    }

    /// Figures of the impact as sentences.
    pub fn figures(&self) -> Vec<String> {
        self.record.figures.iter().map(figure_words).collect()
    }
}

/// `GET /incidents/{key}/postmortem`
#[derive(Template)]
#[template(path = "postmortems/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The postmortem; nothing before it is started.
    pub postmortem: Option<Postmortem>,
    /// Its text.
    pub document: SafeHtml,
    /// Its headings.
    pub outline: Vec<Heading>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// Who did the last step, and when.
    pub last: Option<(Step, Option<String>, Stamp)>,
    /// Words of the shown text.
    pub word_count: usize,
    /// Review, readers, what is alike.
    pub beside: Option<Beside>,
    /// What is wrong with a refused step.
    pub errors: FieldErrors,
    /// The reason as typed.
    pub reason: String,
    /// The record.
    pub facts: Facts,
}

impl Show {
    /// Address of this page.
    pub fn path(&self) -> String {
        path(self.facts.incident.number)
    }

    /// The word for the badge; `missing` before it is started.
    pub fn status(&self) -> &'static str {
        self.postmortem.as_ref().map_or("missing", |postmortem| postmortem.status.as_str())
    }

    /// Whether it has this status.
    pub fn is(&self, status: &str) -> bool {
        self.status() == status
    }

    /// How long it takes to read, in minutes.
    pub fn reading_minutes(&self) -> usize {
        self.word_count.div_ceil(230).max(1)
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }
}

/// A save that came too late.
#[derive(Clone, Debug)]
pub struct Conflict {
    /// Who saved meanwhile.
    pub who: String,
    /// When.
    pub at: Stamp,
    /// Their revision.
    pub number: i64,
    /// The places that both changed.
    pub places: Vec<Place>,
    /// Their text.
    pub theirs: String,
    /// Yours, as it was typed.
    pub yours: String,
    /// The revision that yours is based on.
    pub base: i64,
    /// From theirs to yours.
    pub comparison: Comparison,
}

/// A place that both changed.
#[derive(Clone, Debug)]
pub struct Place {
    /// As you want it.
    pub mine: String,
    /// As they want it.
    pub theirs: String,
    /// From theirs to yours.
    pub comparison: Comparison,
}

/// A hint about the wording, as the editor shows it.
#[derive(Clone, Debug)]
pub struct HintLine {
    /// Its number, by which the preview's mark is found.
    pub number: i64,
    /// The phrase.
    pub phrase: String,
    /// The line on which it begins.
    pub line: usize,
    /// What was found.
    pub label: &'static str,
    /// Why it may stand in the way.
    pub why: &'static str,
    /// A question that leads further.
    pub question: &'static str,
}

impl HintLine {
    /// From a hint and the text that it speaks of.
    pub fn new(number: i64, hint: &Hint, source: &str) -> Self {
        HintLine {
            number,
            line: hint.line(source),
            phrase: hint.phrase.clone(),
            label: hint.kind.label(),
            why: hint.kind.why(),
            question: hint.kind.question(),
        }
    }
}

/// `GET /incidents/{key}/postmortem/edit`, also with errors, a preview or a conflict.
#[derive(Template)]
#[template(path = "postmortems/edit.html")]
pub struct Edit {
    /// The frame.
    pub layout: Layout,
    /// The postmortem.
    pub postmortem: Postmortem,
    /// The text in the form.
    pub markdown: String,
    /// The revision that a save will be based on.
    pub base: i64,
    /// The text as readers will see it.
    pub preview: SafeHtml,
    /// Its headings.
    pub outline: Vec<Heading>,
    /// Its words.
    pub word_count: usize,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// Hints about its wording.
    pub hints: Vec<HintLine>,
    /// Review, readers, what is alike.
    pub beside: Option<Beside>,
    /// When the newest revision was saved, and by whom.
    pub saved: Option<(Stamp, String)>,
    /// When the text in the form was kept, where it is not saved yet.
    pub draft: Option<Stamp>,
    /// Who else has the editor open, and when each was last heard of.
    pub others: Vec<(String, Stamp)>,
    /// Which template the text was begun with, and by which rule; empty when by none.
    pub outset: String,
    /// The line beside the text, as typed.
    pub line: String,
    /// What the last line added.
    pub added: String,
    /// What needs another look.
    pub errors: FieldErrors,
    /// The other text, when somebody was faster.
    pub conflict: Option<Conflict>,
    /// The record.
    pub facts: Facts,
}

impl Edit {
    /// Address of the postmortem.
    pub fn path(&self) -> String {
        path(self.facts.incident.number)
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// The name of the browser's own copy.
    pub fn keep(&self) -> String {
        format!("postmortem-{}", self.facts.incident.number)
    }

    /// Where the script has the text rendered.
    pub fn preview_href(&self) -> String {
        format!("/preview?incident={}", self.facts.incident.key())
    }

    /// Where the script keeps the text.
    pub fn draft_href(&self) -> String {
        format!("{}/drafts", self.path())
    }

    /// Whether somebody saved since the text in the form was begun.
    pub fn is_behind(&self) -> bool {
        self.base < self.postmortem.current_revision
    }
}

/// What stands beside the text, alone, for the editor's script.
#[derive(Template)]
#[template(path = "postmortems/beside.html")]
pub struct Aside {
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// Hints about wording.
    pub hints: Vec<HintLine>,
    /// The line, as typed.
    pub line: String,
    /// What the last line added.
    pub added: String,
    /// What needs another look.
    pub errors: FieldErrors,
    /// The record.
    pub facts: Facts,
}

impl Aside {
    /// Address of the postmortem.
    pub fn path(&self) -> String {
        path(self.facts.incident.number)
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }
}

/// A page's fragment as HTML.
///
/// # Errors
/// The renderer's, as a fault.
pub fn fragment(template: &impl Template) -> Result<String, Error> {
    template.render().map_err(|error| Error::Fault(error.to_string()))
}

/// A text that came without a session and could be kept for nobody.
#[derive(Template)]
#[template(path = "postmortems/signed_out.html")]
pub struct SignedOut {
    /// The frame.
    pub layout: Layout,
    /// Where the text is saved.
    pub action: String,
    /// Where to sign in.
    pub sign_in: String,
    /// The revision that the text is based on.
    pub base: i64,
    /// The text.
    pub markdown: String,
}

/// A line of a chat, offered as an event.
#[derive(Clone, Debug)]
pub struct ChatLine {
    /// Its place in the list.
    pub index: usize,
    /// Its time in the viewer's zone; empty when the log says none.
    pub at: String,
    /// Who said what.
    pub text: String,
}

/// `GET /incidents/{key}/chat`
#[derive(Template)]
#[template(path = "postmortems/chat.html")]
pub struct Chat {
    /// The frame.
    pub layout: Layout,
    /// Whose timeline.
    pub incident: Incident,
    /// Whether there is a text to go back to.
    pub has_text: bool,
    /// As typed.
    pub fields: Fields,
    /// What was read of the log.
    pub lines: Vec<ChatLine>,
    /// What needs another look.
    pub errors: FieldErrors,
    /// The zone of the log.
    pub zone_name: &'static str,
}

impl Chat {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// The sentence about a line's field, or nothing.
    pub fn error_of(&self, name: &str, index: &usize) -> &str {
        self.error(&format!("{name}-{index}"))
    }

    /// Where one came from.
    pub fn back(&self) -> String {
        if self.has_text {
            format!("{}/edit", path(self.incident.number))
        } else {
            format!("{}#timeline", self.incident.path())
        }
    }

    /// A line's field as typed, else as it was read.
    pub fn typed<'a>(&'a self, name: &str, index: &usize, read: &'a str) -> &'a str {
        let name = format!("{name}-{index}");
        if self.fields.is_set(&name) { self.fields.get(&name) } else { read }
    }

    /// Whether a line is ticked: as it was, at first those with a time.
    pub fn is_ticked(&self, line: &ChatLine) -> bool {
        if self.fields.has("then", "add") {
            self.fields.has("take", &line.index.to_string())
        } else {
            !line.at.is_empty()
        }
    }
}

/// `GET /incidents/{key}/postmortem/revisions`
#[derive(Template)]
#[template(path = "postmortems/history.html")]
pub struct History {
    /// The frame.
    pub layout: Layout,
    /// Whose postmortem.
    pub incident: Incident,
    /// The postmortem.
    pub postmortem: Postmortem,
    /// Revisions, newest first.
    pub rows: Vec<(RevisionRow, Stamp)>,
    /// Steps, newest first.
    pub steps: Vec<(Step, Option<String>, Stamp)>,
    /// Address of older revisions.
    pub older_href: String,
}

impl History {
    /// Address of the postmortem.
    pub fn path(&self) -> String {
        path(self.incident.number)
    }

    /// Whether readers see this revision.
    pub fn is_published(&self, number: &i64) -> bool {
        self.postmortem.published_revision == Some(*number)
    }
}

/// `GET /incidents/{key}/postmortem/revisions/{number}`
#[derive(Template)]
#[template(path = "postmortems/revision.html")]
pub struct OneRevision {
    /// The frame.
    pub layout: Layout,
    /// Whose postmortem.
    pub incident: Incident,
    /// The postmortem.
    pub postmortem: Postmortem,
    /// This revision's number.
    pub number: i64,
    /// Where it came from.
    pub note: String,
    /// Who wrote it.
    pub writer: String,
    /// When.
    pub stamp: Stamp,
    /// Its text.
    pub document: SafeHtml,
}

impl OneRevision {
    /// Address of the postmortem.
    pub fn path(&self) -> String {
        path(self.incident.number)
    }

    /// Address of all revisions.
    pub fn history_path(&self) -> String {
        format!("{}/revisions", self.path())
    }

    /// Whether readers see it.
    pub fn is_published(&self) -> bool {
        self.postmortem.published_revision == Some(self.number)
    }

    /// Whether there is no newer one.
    pub fn is_newest(&self) -> bool {
        self.postmortem.current_revision == self.number
    }
}

/// `GET /incidents/{key}/postmortem/comparison?from=1&to=3`
#[derive(Template)]
#[template(path = "postmortems/comparison.html")]
pub struct Compared {
    /// The frame.
    pub layout: Layout,
    /// Whose postmortem.
    pub incident: Incident,
    /// The older side.
    pub from: i64,
    /// The newer side.
    pub to: i64,
    /// What changed.
    pub comparison: Comparison,
}

impl Compared {
    /// Address of the postmortem.
    pub fn path(&self) -> String {
        path(self.incident.number)
    }

    /// Address of all revisions.
    pub fn history_path(&self) -> String {
        format!("{}/revisions", self.path())
    }
}

/// A row of the list, ready to read.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whose postmortem.
    pub incident: Incident,
    /// Services by name.
    pub services: String,
    /// When it was published, last written, or put down.
    pub touched: Option<Stamp>,
    /// Why none is needed, or until when it is due.
    pub note: String,
    /// Whether it is overdue.
    pub is_late: bool,
}

impl Line {
    /// Where the row leads: the text, or the incident while there is none.
    pub fn href(&self) -> String {
        path(self.incident.number)
    }
}

/// `GET /postmortems`
#[derive(Template)]
#[template(path = "postmortems/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The compartment.
    pub shelf: Shelf,
    /// How many there are in each.
    pub counts: Vec<(Shelf, i64)>,
    /// What it is narrowed to.
    pub filter: Filter,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// The rows.
    pub lines: Vec<Line>,
    /// Where the page before starts.
    pub before: Option<Cursor>,
    /// Where the next page starts.
    pub after: Option<Cursor>,
}

impl Index {
    /// The address of a compartment with the same filters.
    pub fn href(&self, shelf: &Shelf) -> String {
        self.address(*shelf, None)
    }

    fn address(&self, shelf: Shelf, turn: Option<(&str, Cursor)>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("status", shelf.as_str());
        if let Some(service) = &self.filter.service {
            query.append_pair("service", service);
        }
        if let Some(text) = &self.filter.text {
            query.append_pair("q", text);
        }
        if let Some((name, cursor)) = turn {
            query.append_pair(name, &cursor.encode());
        }
        format!("/postmortems?{}", query.finish())
    }

    /// Address of newer rows, or nothing.
    pub fn newer_href(&self) -> String {
        self.before.map(|cursor| self.address(self.shelf, Some(("before", cursor)))).unwrap_or_default()
    }

    /// Address of older rows, or nothing.
    pub fn older_href(&self) -> String {
        self.after.map(|cursor| self.address(self.shelf, Some(("after", cursor)))).unwrap_or_default()
    }

    /// Address without filters, or nothing when there are none.
    pub fn clear_href(&self) -> String {
        if self.filter == Filter::default() { String::new() } else { format!("/postmortems?status={}", self.shelf) }
    }

    /// A compartment's count as a tab shows it.
    pub fn count_words(&self, count: &i64) -> String {
        if *count >= COUNT_LIMIT { format!("{}+", COUNT_LIMIT - 1) } else { count.to_string() }
    }

    /// The service that is chosen.
    pub fn service(&self) -> &str {
        self.filter.service.as_deref().unwrap_or_default()
    }

    /// The words that are looked for.
    pub fn text(&self) -> &str {
        self.filter.text.as_deref().unwrap_or_default()
    }

    /// What the column of times says.
    pub fn touched_label(&self) -> &'static str {
        match self.shelf {
            Shelf::Published => "Published",
            Shelf::Draft => "Last changed",
            Shelf::ToWrite => "Resolved",
            Shelf::NotNeeded => "Put down",
        }
    }

    /// What the column of notes says.
    pub fn note_label(&self) -> &'static str {
        if self.shelf == Shelf::ToWrite { "Due" } else { "Why" }
    }

    /// Whether the column of notes is shown.
    pub fn has_notes(&self) -> bool {
        matches!(self.shelf, Shelf::ToWrite | Shelf::NotNeeded)
    }
}
