//! The pages of retros; those of their cards are in [`super::views_cards`].

use askama::Template;

use super::model::{Decision, Reason, Retro, RetroStatus, Verb, clock};
use super::queries_series::{Series, WEEKDAYS};
use super::queries_stage::{Board, ItemStory, Line, Matter};
use crate::action_items::model::{ActionStatus, Owner};
use crate::error::FieldErrors;
use crate::markdown::SafeHtml;
use crate::teams::model::Team;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::{Stamp, Zone};

/// A retro as a line of a list.
pub struct RetroLine {
    /// The retro.
    pub retro: Retro,
    /// Whose.
    pub team: Team,
    /// When it meets or met.
    pub meets: Stamp,
    /// Its period in words.
    pub period: String,
}

/// `GET /retros`
#[derive(Template)]
#[template(path = "retros/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The retros, the latest first.
    pub lines: Vec<RetroLine>,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// What was typed, or the filter.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// Address of the page before.
    pub newer: String,
    /// Address of the page after.
    pub older: String,
}

impl Index {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Every status.
    pub fn statuses(&self) -> &'static [RetroStatus] {
        RetroStatus::ALL
    }
}

/// One of the buttons of an entry.
pub struct VerbButton {
    /// What it decides.
    pub verb: Verb,
    /// What stands on it.
    pub text: &'static str,
    /// Its key.
    pub key: char,
    /// `primary`, `quiet` or nothing.
    pub tone: &'static str,
    /// What the field takes for it; nothing when it needs no field.
    pub takes: &'static str,
}

impl VerbButton {
    const fn new(verb: Verb, text: &'static str, key: char, takes: &'static str) -> Self {
        VerbButton { verb, text, key, tone: "", takes }
    }

    const fn toned(mut self, tone: &'static str) -> Self {
        self.tone = tone;
        self
    }
}

const DONE: VerbButton =
    VerbButton::new(Verb::Done, "Done", 'd', "Evidence: a link, a commit, DEP-12, or one sentence");
const VERIFIED: VerbButton = VerbButton::new(Verb::Verified, "Verified", 'v', "");
const PUT_OFF: VerbButton =
    VerbButton::new(Verb::PutOff, "Put off", 'p', "Until when, and why: 10 Dec storage move first");
const ASSIGN: VerbButton = VerbButton::new(Verb::Assigned, "Assign", 'a', "Who takes it: a handle such as @ada");
const BLOCKED: VerbButton = VerbButton::new(Verb::Blocked, "Blocked", 'b', "What stands in its way");
const UNBLOCK: VerbButton = VerbButton::new(Verb::Unblocked, "Unblock", 'b', "");
const WORKS: VerbButton = VerbButton::new(Verb::Verified, "It works", 'v', "");
const SPLIT: VerbButton = VerbButton::new(Verb::Split, "Split", 's', "The new titles, with semicolons between them");
const DECLINE: VerbButton =
    VerbButton::new(Verb::Declined, "Will not do", 'w', "When to look again, and why not: 3 months slows every fix");
const STILL_DECLINE: VerbButton = VerbButton::new(
    Verb::Declined,
    "Still will not do",
    'w',
    "When to look again, and why not: 3 months slows every fix",
);
const REOPEN: VerbButton = VerbButton::new(Verb::Reopened, "Reopen", 'o', "Why there is something to do again");
const ADD_ITEM: VerbButton = VerbButton::new(Verb::ItemAdded, "Add action item", 'i', "What is to be done");
const NEXT: VerbButton = VerbButton::new(Verb::Passed, "Next", 'n', "").toned("quiet");

/// A fact that stands under the title of an entry.
pub struct EntryFact {
    /// Its heading.
    pub term: &'static str,
    /// What is so.
    pub text: String,
    /// Where it leads; may be empty.
    pub href: String,
    /// More about it; may be empty.
    pub note: String,
}

/// A decision as a line.
pub struct Decided<'a> {
    /// The decision.
    pub decision: &'a Decision,
    /// About what.
    pub line: &'a Line,
    /// Its tone as a pill.
    pub tone: &'static str,
}

/// The part of a retro's page that changes while people look at it.
#[derive(Template)]
#[template(path = "retros/_stage.html")]
pub struct Stage {
    /// The frame of the page that it is a part of.
    pub layout: Layout,
    /// What is on the board.
    pub board: Board,
    /// Who looks.
    pub viewer_id: i64,
    /// Whether they may change something.
    pub may_write: bool,
    /// Their zone.
    pub zone: Zone,
    /// Seconds that the present entry is on.
    pub on_s: i64,
    /// Seconds since the beginning.
    pub running_s: i64,
    /// How many are here.
    pub here_count: usize,
    /// `due 8 Dec`, `11 days late`; of an item.
    pub due: String,
    /// `late`, or nothing.
    pub late: &'static str,
    /// Lines of the present item's history: day, words, name.
    pub so_far: Vec<(String, String, String)>,
    /// When the present thing was added or happened.
    pub since: Option<Stamp>,
    /// What stands in the field.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

// A part of a page is a template of its own; what it prints is escaped already.
impl askama::filters::HtmlSafe for Stage {}

impl Stage {
    /// The retro.
    pub fn retro(&self) -> &Retro {
        &self.board.retro
    }

    /// The sentence about the field, or about the buttons. The forms beside it have sentences of their own.
    pub fn error(&self) -> &str {
        let is_beside = |field: &str| matches!(field, "lead" | "minutes");
        let own = self.errors.iter().find(|error| !is_beside(&error.field));
        own.map_or("", |error| error.message.as_str())
    }

    /// The sentence about a form beside it, or nothing.
    pub fn error_of(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// How many entries the agenda has.
    pub fn all(&self) -> usize {
        self.board.lines.len()
    }

    /// The place of the present entry, at most the last.
    pub fn place(&self) -> usize {
        usize::try_from(self.retro().entry_position).unwrap_or(1).min(self.all())
    }

    /// How far the bar is filled, in percent.
    pub fn percent(&self) -> usize {
        (self.board.handled_count() * 100).checked_div(self.all()).unwrap_or(100)
    }

    /// `2:10`
    pub fn clock(&self) -> String {
        clock(self.on_s)
    }

    /// Minutes since the beginning.
    pub fn minutes(&self) -> i64 {
        self.running_s / 60
    }

    /// Whether the present entry has had its time.
    pub fn is_over(&self) -> bool {
        self.on_s > self.retro().box_s
    }

    /// `3 min`
    pub fn time_box(&self) -> String {
        crate::web::times::duration(self.retro().box_s)
    }

    /// Whether the viewer leads.
    pub fn leads(&self) -> bool {
        self.retro().facilitator_id == Some(self.viewer_id)
    }

    /// Who leads, in words.
    pub fn leader(&self) -> String {
        match (&self.board.leader, self.leads()) {
            (_, true) => "You lead".to_owned(),
            (Some(name), _) => format!("{name} leads"),
            (None, _) => "Nobody leads".to_owned(),
        }
    }

    /// The names of those who were here.
    pub fn names(&self) -> String {
        self.board.people.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The line of the present entry.
    pub fn line(&self) -> Option<&Line> {
        self.board.present.as_ref().and_then(|present| self.board.line(present.entry.id))
    }

    /// The present item, when it is one.
    pub fn item(&self) -> Option<&ItemStory> {
        match &self.board.present.as_ref()?.matter {
            Matter::Item(story) => Some(story),
            _ => None,
        }
    }

    /// Why the present entry is on the agenda, the first reason first.
    pub fn reasons(&self) -> Vec<&'static str> {
        let said = self.item().is_some();
        let reasons = self.board.present.as_ref().map(|present| present.entry.reasons()).unwrap_or_default();
        // How late an item is stands beside it already.
        reasons.into_iter().filter(|reason| !(said && *reason == Reason::Late)).map(Reason::words).collect()
    }

    /// The decisions about the present entry that stand.
    pub fn standing(&self) -> Vec<&Decision> {
        self.board.present.as_ref().map(|present| self.board.about(present.entry.id).collect()).unwrap_or_default()
    }

    /// How many times the present item was put off, in words.
    pub fn put_off(&self) -> String {
        match self.item().map_or(0, |story| story.put_off_count) {
            0 => String::new(),
            1 => "put off once".to_owned(),
            2 => "put off twice".to_owned(),
            count => format!("put off {count} times"),
        }
    }

    /// Where the present entry's thing comes from, as a sentence's pieces: words, address, words of the address.
    pub fn origin(&self) -> Option<(String, String)> {
        let origin = self.item()?.row.origin.as_ref()?;
        Some((origin.path(), format!("{} {}", origin.key(), origin.title)))
    }

    /// Who carries the present item, and their team.
    pub fn carrier(&self) -> String {
        let Some(story) = self.item() else { return String::new() };
        match (&story.row.owner, &story.row.team) {
            (Some(owner), Some(team)) => format!("{}, {}", owner.name, team.name),
            (Some(owner), None) => owner.name.clone(),
            (None, Some(team)) => format!("Nobody of {} yet", team.name),
            (None, None) => "Nobody owns it yet".to_owned(),
        }
    }

    /// The buttons of the present entry.
    pub fn buttons(&self) -> Vec<VerbButton> {
        let Some(story) = self.item() else { return vec![ADD_ITEM.toned("primary"), NEXT] };
        let item = &story.row.item;
        match item.status {
            ActionStatus::Open | ActionStatus::InProgress => {
                let block = if item.blocked_at.is_some() { UNBLOCK } else { BLOCKED };
                vec![DONE.toned("primary"), PUT_OFF, ASSIGN, block, SPLIT, DECLINE, NEXT]
            }
            // What was split or merged goes on as another item.
            _ if item.replaced_at.is_some() => vec![NEXT],
            ActionStatus::Done => vec![VERIFIED.toned("primary"), REOPEN, NEXT],
            ActionStatus::Verified if item.check_on.is_some() => vec![WORKS.toned("primary"), REOPEN, NEXT],
            ActionStatus::Verified => vec![REOPEN, NEXT],
            ActionStatus::Declined => vec![STILL_DECLINE.toned("primary"), REOPEN, NEXT],
        }
    }

    /// What the field takes, button by button, for those without script.
    pub fn takes(&self) -> String {
        self.buttons()
            .iter()
            .filter(|button| !button.takes.is_empty())
            .map(|button| format!("{}: {}", button.text, lower_first(button.takes)))
            .collect::<Vec<_>>()
            .join(" \u{b7} ")
    }

    /// Facts of an incident or a deploy.
    pub fn facts(&self) -> Vec<EntryFact> {
        let fact = |term, text: String| EntryFact { term, text, href: String::new(), note: String::new() };
        match self.board.present.as_ref().map(|present| &present.matter) {
            Some(Matter::Incident { incident, services, postmortem, item_count }) => {
                let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
                let written = match postmortem {
                    Some(status) => status.words().to_owned(),
                    None => "nobody has begun it".to_owned(),
                };
                let items = match item_count {
                    0 => "none came of it yet".to_owned(),
                    1 => "1 came of it".to_owned(),
                    count => format!("{count} came of it"),
                };
                vec![
                    fact("Hit", if names.is_empty() { "no service".to_owned() } else { names.join(", ") }),
                    EntryFact { href: format!("{}/postmortem", incident.path()), ..fact("Postmortem", written) },
                    fact("Action items", items),
                ]
            }
            Some(Matter::Deploy { deploy, service }) => vec![
                EntryFact { href: service.path(), ..fact("Service", service.name.clone()) },
                fact("Went to", deploy.environment.clone()),
                fact("Kind", deploy.kind.to_string()),
            ],
            _ => Vec::new(),
        }
    }

    /// The severity of the present incident, or nothing.
    pub fn severity(&self) -> &str {
        match self.board.present.as_ref().map(|present| &present.matter) {
            Some(Matter::Incident { incident, .. }) => incident.severity.as_str(),
            _ => "",
        }
    }

    /// The status of the present deploy, or nothing.
    pub fn deploy_status(&self) -> &str {
        match self.board.present.as_ref().map(|present| &present.matter) {
            Some(Matter::Deploy { deploy, .. }) => deploy.status.as_str(),
            _ => "",
        }
    }

    /// What was decided, the last first.
    pub fn decided(&self) -> Vec<Decided<'_>> {
        self.board
            .decisions
            .iter()
            .rev()
            .filter_map(|(decision, _)| {
                let tone = match decision.verb {
                    Verb::Done | Verb::Verified => "ok",
                    Verb::PutOff | Verb::Blocked | Verb::Reopened => "warn",
                    Verb::Assigned | Verb::Split | Verb::Unblocked | Verb::ItemAdded => "info",
                    Verb::Declined | Verb::Passed => "off",
                };
                Some(Decided { decision, line: self.board.line(decision.entry_id)?, tone })
            })
            .collect()
    }

    /// The agenda in groups of one reason, with what stands decided about each entry.
    pub fn agenda(&self) -> Vec<(Reason, Vec<(&Line, String)>)> {
        agenda(&self.board)
    }

    /// How many entries nothing was decided about.
    pub fn open_count(&self) -> usize {
        self.all() - self.board.handled_count()
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn agenda(board: &Board) -> Vec<(Reason, Vec<(&Line, String)>)> {
    let mut groups: Vec<(Reason, Vec<(&Line, String)>)> = Vec::new();
    for line in &board.lines {
        let said: Vec<String> = board.about(line.entry.id).map(Decision::sentence).collect();
        let row = (line, said.join("; "));
        match groups.last_mut() {
            Some((reason, rows)) if *reason == line.entry.reason => rows.push(row),
            _ => groups.push((line.entry.reason, vec![row])),
        }
    }
    groups
}

/// `GET /retros/{id}` while it runs.
#[derive(Template)]
#[template(path = "retros/running.html")]
pub struct Running {
    /// The frame.
    pub layout: Layout,
    /// What changes.
    pub stage: Stage,
    /// The period in words.
    pub period: String,
    /// People who can be given an item or the lead.
    pub owners: Vec<Owner>,
}

/// `GET /retros/{id}` before it begins.
#[derive(Template)]
#[template(path = "retros/prepared.html")]
pub struct Prepared {
    /// The frame.
    pub layout: Layout,
    /// What is on the board.
    pub board: Board,
    /// When it meets.
    pub meets: Stamp,
    /// The period in words.
    pub period: String,
}

impl Prepared {
    /// The agenda in groups of one reason.
    pub fn agenda(&self) -> Vec<(Reason, Vec<(&Line, String)>)> {
        agenda(&self.board)
    }

    /// Whether it can still begin.
    pub fn is_open(&self) -> bool {
        self.board.retro.status == RetroStatus::Prepared
    }
}

/// `GET /retros/{id}` when it is over.
#[derive(Template)]
#[template(path = "retros/minutes.html")]
pub struct Closed {
    /// The frame.
    pub layout: Layout,
    /// What is on the board.
    pub board: Board,
    /// The minutes.
    pub minutes: SafeHtml,
    /// When it ended.
    pub closed: Option<Stamp>,
    /// The retro after it, if one is planned.
    pub next: Option<Retro>,
}

/// `GET /teams/{slug}/retro-series`
#[derive(Template)]
#[template(path = "retros/series.html")]
pub struct SeriesPage {
    /// The frame.
    pub layout: Layout,
    /// Whose meetings.
    pub team: Team,
    /// Those that go on, with when they meet next.
    pub series: Vec<(Series, Stamp)>,
    /// Zone names to choose from.
    pub zones: Vec<&'static str>,
    /// What was typed.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl SeriesPage {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// The days of the week with their numbers.
    pub fn weekdays(&self) -> Vec<(String, &'static str)> {
        WEEKDAYS.iter().enumerate().map(|(number, name)| (number.to_string(), *name)).collect()
    }
}
