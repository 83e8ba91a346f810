//! A timeline as a page shows it: lines with days, clock, elapsed time and source. Pure.

use super::known::{Lens, is_account};
use super::model::{EventKind, EventRow, EventSource, Evidence};
use crate::clock::Moment;
use crate::markdown::{Place, References, SafeHtml, Target, render_in};
use crate::web::times::{Zone, elapsed};

/// What a panel is drawn with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The incident's page.
    pub incident_path: String,
    /// When the incident began.
    pub started_at: Moment,
    /// The viewer's own zone.
    pub viewer_zone: Zone,
    /// The zone to show, see [`shown_zone`].
    pub shown_zone: Zone,
    /// Whether controls are drawn.
    pub reader: Reader,
}

/// What the reader may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// May read.
    Looks,
    /// May change.
    Writes,
}

impl Reader {
    /// From the layout's answer.
    pub fn of(layout: &crate::web::layout::Layout) -> Self {
        if layout.may_write() { Reader::Writes } else { Reader::Looks }
    }
}

/// The zone that `?zone=` asks for: UTC, or else the viewer's own.
pub fn shown_zone(asked: &str, viewer: Zone) -> Zone {
    if asked.eq_ignore_ascii_case("utc") { Zone::UTC } else { viewer }
}

/// A timeline, ready for `templates/timeline/_panel.html`.
#[derive(Clone, Debug)]
pub struct Panel {
    /// The events.
    pub lines: Vec<PanelLine>,
    /// The name of the zone that is shown.
    pub zone_name: &'static str,
    /// Where the other zone is shown; empty when there is only one.
    pub switch_href: String,
    /// What stands on that link.
    pub switch_label: String,
    /// Where the add form goes.
    pub add_action: String,
    /// Whether the add form is there.
    pub has_add_form: bool,
    /// Where the longer form is.
    pub new_href: String,
    /// Where a chat's log is pasted.
    pub chat_href: String,
    /// What of it is shown.
    pub lens: Lens,
}

/// One event, ready to be shown.
#[derive(Clone, Debug)]
pub struct PanelLine {
    /// The day above it, when another day begins.
    pub day: Option<String>,
    /// Its anchor.
    pub anchor: String,
    /// The class of its mark.
    pub mark: &'static str,
    /// RFC 3339.
    pub iso: String,
    /// Clock time in the zone that is shown.
    pub clock: String,
    /// `T+12m`
    pub elapsed: String,
    /// Its kind, in a word; empty where the source says as much.
    pub kind: &'static str,
    /// Who or what says so.
    pub source: String,
    /// Where that leads, or nothing.
    pub source_href: String,
    /// How it is known.
    pub evidence: Vec<Evidence>,
    /// Whether it is somebody's account.
    pub is_account: bool,
    /// Whether nothing but somebody's word stands behind it.
    pub is_unsourced: bool,
    /// Its text.
    pub html: SafeHtml,
    /// Its first words, for the list of pinned events.
    pub gist: String,
    /// Whether it is pinned.
    pub is_pinned: bool,
    /// Where it is edited, or nothing.
    pub edit_href: String,
    /// Where its deletion is posted, or nothing.
    pub removal_action: String,
    /// Where pinning or its end is posted, or nothing.
    pub pin_action: String,
}

impl Panel {
    /// Draws the rows of one incident.
    pub fn new(rows: &[EventRow], setting: &Setting) -> Self {
        let zone = setting.shown_zone;
        let mut day = String::new();
        let lines = rows
            .iter()
            .map(|row| {
                let today = zone.day(row.event.happened_at);
                let heading = (today != day).then(|| today.clone());
                day = today;
                line(row, setting, heading)
            })
            .collect();
        let (switch_href, switch_label) = if setting.viewer_zone == Zone::UTC {
            (String::new(), String::new())
        } else if zone == Zone::UTC {
            (format!("{}#timeline", setting.incident_path), format!("Show in {}", setting.viewer_zone.name()))
        } else {
            (format!("{}?zone=utc#timeline", setting.incident_path), "Show in UTC".to_owned())
        };
        Panel {
            lines,
            zone_name: zone.name(),
            switch_href,
            switch_label,
            add_action: format!("{}/events", setting.incident_path),
            has_add_form: setting.reader == Reader::Writes,
            new_href: format!("{}/events/new", setting.incident_path),
            chat_href: format!("{}/chat", setting.incident_path),
            lens: Lens::default(),
        }
    }

    /// The same, looked at through a lens.
    #[must_use]
    pub fn through(mut self, lens: Lens) -> Self {
        self.lens = lens;
        self
    }

    /// The lines in order; several accounts of one moment by different people stand side by side.
    pub fn moments(&self) -> Vec<&[PanelLine]> {
        self.lines
            .chunk_by(|a, b| {
                a.is_account && b.is_account && b.day.is_none() && a.clock == b.clock && a.source != b.source
            })
            .collect()
    }

    /// The pinned ones.
    pub fn pinned(&self) -> impl Iterator<Item = &PanelLine> {
        self.lines.iter().filter(|line| line.is_pinned)
    }

    /// Whether any is pinned.
    pub fn has_pinned(&self) -> bool {
        self.pinned().next().is_some()
    }
}

fn line(row: &EventRow, setting: &Setting, day: Option<String>) -> PanelLine {
    let event = &row.event;
    let own = format!("{}/events/{}", setting.incident_path, event.id);
    let may_write = setting.reader == Reader::Writes;
    let may_edit = may_write && !event.source.is_automatic();
    let when = |allowed: bool, address: String| if allowed { address } else { String::new() };
    PanelLine {
        day,
        anchor: event.anchor(),
        mark: mark(event.source),
        iso: event.happened_at.to_string(),
        clock: setting.shown_zone.clock(event.happened_at),
        elapsed: elapsed(event.happened_at, setting.started_at),
        kind: kind_word(event.kind),
        source: row.says(),
        source_href: row
            .deploy_number
            .filter(|_| event.source == EventSource::Deploy)
            .map(|number| format!("/deploys/DEP-{number}"))
            .unwrap_or_default(),
        evidence: row.evidence.clone(),
        is_account: is_account(event.source),
        is_unsourced: row.is_unsourced(),
        html: html(&event.text, &event.anchor()),
        gist: gist(&event.text),
        is_pinned: event.pinned,
        edit_href: when(may_edit, format!("{own}/edit")),
        removal_action: when(may_edit, format!("{own}/removal")),
        pin_action: when(may_write, if event.pinned { format!("{own}/pin/removal") } else { format!("{own}/pin") }),
    }
}

fn html(text: &str, anchor: &str) -> SafeHtml {
    let place = Place::Within { id_prefix: anchor, under_heading: 2 };
    // A text that nests too deep cannot come through a form; from an old import it is shown as it was typed.
    render_in(place, text, &Addresses).unwrap_or_else(|_| {
        render_in(place, &format!("````text\n{}\n````", text.replace("````", "''''")), &Addresses).unwrap_or_default()
    })
}

fn gist(text: &str) -> String {
    const LENGTH: usize = 60;
    let plain = crate::markdown::plain_text(text);
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= LENGTH {
        return words;
    }
    format!("{}…", words.chars().take(LENGTH).collect::<String>().trim_end())
}

const fn mark(source: EventSource) -> &'static str {
    match source {
        EventSource::Person => "person",
        EventSource::Deploy => "deploy",
        EventSource::Alert => "alert",
        EventSource::StatusChange => "status",
        EventSource::Chat => "chat",
        EventSource::Import => "import",
    }
}

const fn kind_word(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Observation | EventKind::Status | EventKind::Note => "",
        EventKind::Action => "Action",
        EventKind::Decision => "Decision",
        EventKind::Communication => "Communication",
        EventKind::Detection => "Detection",
        EventKind::Change => "Change",
    }
}

/// Keys in an event lead to the address of their page; whether it is there is found on arrival.
struct Addresses;

impl References for Addresses {
    fn incident(&self, number: i64) -> Option<Target> {
        Some(Target { href: format!("/incidents/INC-{number}"), title: String::new() })
    }
    fn action_item(&self, number: i64) -> Option<Target> {
        Some(Target { href: format!("/action-items/ACT-{number}"), title: String::new() })
    }
    fn deploy(&self, number: i64) -> Option<Target> {
        Some(Target { href: format!("/deploys/DEP-{number}"), title: String::new() })
    }
    fn user(&self, _handle: &str) -> Option<Target> {
        None
    }
}
