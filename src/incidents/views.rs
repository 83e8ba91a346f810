//! The pages of incidents.

use askama::Template;
use chrono::NaiveDate;

use super::around::model::{Basis, ImpactFigure, IncidentRole};
use super::around::queries::RoleHolder;
use super::model::{Incident, IncidentKind, IncidentStatus, Severity, TimeField};
use super::strip::Strip;
use crate::action_items::effects::model::Echoed;
use crate::action_items::model::{ActionItem, ActionRow};
use crate::error::FieldErrors;
use crate::factors::model::{Factor, IncidentFactor};
use crate::links::model::Links;
use crate::markdown::SafeHtml;
use crate::postmortems::model::Postmortem;
use crate::services::model::{Service, ServiceName};
use crate::signals::model_signal::Signal;
use crate::suspects::model::IncidentPanel;
use crate::timeline::model::Panel;
use crate::web::fields::Fields;
use crate::web::layout::Layout;
use crate::web::times::{Stamp, Zone, duration, elapsed};

/// A row of the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// The incident.
    pub incident: Incident,
    /// Its services by name.
    pub services: String,
    /// When it began.
    pub started: Stamp,
    /// How long it lasted, or has lasted.
    pub lasted: String,
    /// A word for `badge::postmortem_status`; empty where none is wanted yet.
    pub postmortem: String,
}

/// `GET /incidents`
#[derive(Template)]
#[template(path = "incidents/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The page of rows.
    pub rows: Vec<Row>,
    /// The filter as it stands in the address.
    pub fields: Fields,
    /// Services to filter by.
    pub services: Vec<ServiceName>,
    /// The page before, or empty.
    pub newer: String,
    /// The page after, or empty.
    pub older: String,
}

impl Index {
    /// Where all filters are gone; empty while none is set.
    pub fn clear_href(&self) -> &'static str {
        let is_set = super::register::FILTERS.iter().any(|name| self.fields.some(name).is_some());
        if is_set { "/incidents" } else { "" }
    }

    /// Severities to choose from.
    pub fn severities(&self) -> &'static [Severity] {
        Severity::ALL
    }

    /// Statuses to choose from.
    pub fn statuses(&self) -> &'static [IncidentStatus] {
        IncidentStatus::ALL
    }

    /// Kinds to choose from.
    pub fn kinds(&self) -> &'static [IncidentKind] {
        IncidentKind::ALL
    }
}

/// The deploy that an incident is declared from.
#[derive(Clone, Debug)]
pub struct FromDeploy {
    /// `DEP-12`
    pub key: String,
    /// Its page.
    pub href: String,
    /// `Checkout 2.4.1`
    pub title: String,
    /// When it took effect, which is when the incident is taken to begin.
    pub stamp: Stamp,
}

/// The form for a new or a changed incident.
#[derive(Template)]
#[template(path = "incidents/form.html")]
pub struct Edit {
    /// The frame.
    pub layout: Layout,
    /// The incident that is changed, or nothing for a new one.
    pub incident: Option<Incident>,
    /// The deploy that it is declared from.
    pub from: Option<FromDeploy>,
    /// What stands in the form.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// What somebody else saved meanwhile, and who.
    pub meanwhile: Option<Meanwhile>,
}

/// Two versions that met.
#[derive(Clone, Debug)]
pub struct Meanwhile {
    /// Who saved.
    pub who: String,
    /// What is stored now.
    pub theirs: String,
    /// What was typed.
    pub yours: String,
}

impl Edit {
    /// Where the form goes.
    pub fn action(&self) -> String {
        self.incident.as_ref().map_or_else(|| "/incidents".to_owned(), Incident::path)
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        let below = format!("{field}/");
        let of_part =
            || self.errors.iter().find(|error| error.field.starts_with(&below)).map(|error| error.message.as_str());
        self.errors.of(field).or_else(of_part).unwrap_or_default()
    }

    /// Where Cancel leads.
    pub fn cancel_href(&self) -> String {
        match (&self.incident, &self.from) {
            (Some(incident), _) => incident.path(),
            (None, Some(from)) => from.href.clone(),
            (None, None) => "/incidents".to_owned(),
        }
    }

    /// Whether the part with the times is open: something stands in it, or is wrong in it. The start that comes
    /// from a deploy is told above the form already.
    pub fn shows_times(&self) -> bool {
        if self.from.is_some() && self.errors.is_empty() {
            return false;
        }
        TimeField::ALL
            .iter()
            .any(|field| self.fields.some(field.as_str()).is_some() || self.errors.of(field.as_str()).is_some())
            || self.errors.of("status").is_some()
    }

    /// Severities to choose from.
    pub fn severities(&self) -> &'static [Severity] {
        Severity::ALL
    }

    /// Statuses to choose from.
    pub fn statuses(&self) -> &'static [IncidentStatus] {
        IncidentStatus::ALL
    }

    /// Times to give.
    pub fn times(&self) -> &'static [TimeField] {
        TimeField::ALL
    }
}

/// A time in the facts.
#[derive(Clone, Debug)]
pub struct TimeFact {
    /// What it is.
    pub label: &'static str,
    /// When, or empty.
    pub clock: String,
    /// The day, when it is another one than the start's.
    pub day: String,
    /// RFC 3339, or empty.
    pub iso: String,
    /// How long after the start.
    pub offset: String,
}

impl TimeFact {
    /// The times of an incident, each seen from its start.
    pub fn all(incident: &Incident, zone: &Zone) -> Vec<TimeFact> {
        let times = incident.times();
        TimeField::ALL
            .iter()
            .filter(|&&field| {
                // Acknowledged is shown when somebody noted it, the other steps always.
                field != TimeField::Acknowledged || times.acknowledged_at.is_some()
            })
            .map(|&field| {
                let at = times.get(field);
                let is_other_day = at.is_some_and(|at| zone.date(at) != zone.date(times.started_at));
                TimeFact {
                    label: field.label(),
                    clock: at.map(|at| zone.clock(at)).unwrap_or_default(),
                    day: match at {
                        Some(at) if is_other_day || field == TimeField::Started => zone.day(at),
                        _ => String::new(),
                    },
                    iso: at.map(|at| at.to_string()).unwrap_or_default(),
                    offset: match at {
                        Some(at) if field != TimeField::Started => {
                            elapsed(at, times.started_at).trim_start_matches('T').to_owned()
                        }
                        _ => String::new(),
                    },
                }
            })
            .collect()
    }
}

/// A corrected time, ready to be shown.
#[derive(Clone, Debug)]
pub struct CorrectionLine {
    /// Which time.
    pub label: &'static str,
    /// What it was, or "nothing".
    pub old: String,
    /// What it became, or "nothing".
    pub new: String,
    /// Why; may be empty.
    pub reason: String,
    /// Who corrected it.
    pub who: String,
    /// When.
    pub stamp: Stamp,
}

/// Somebody who may take a role.
#[derive(Clone, Debug)]
pub struct Person {
    /// Row id.
    pub id: i64,
    /// Name.
    pub name: String,
}

/// An action item as the page shows it.
#[derive(Clone, Debug)]
pub struct ActionLine {
    /// The item.
    pub item: ActionItem,
    /// Its kind and who carries it.
    pub note: String,
    /// When it is due, or how late it is.
    pub due: String,
    /// `late`, or empty.
    pub late: &'static str,
}

impl ActionLine {
    /// An item as it stands on `today`.
    pub fn new(row: ActionRow, today: NaiveDate) -> Self {
        let note = match row.carrier() {
            "" => row.item.kind.to_string(),
            carrier => format!("{} · {carrier}", row.item.kind),
        };
        ActionLine {
            note,
            due: if row.item.status.is_unfinished() { row.item.due_words(today) } else { String::new() },
            late: if row.item.is_late(today) { "late" } else { "" },
            item: row.item,
        }
    }
}

/// `GET /incidents/INC-n`
#[derive(Template)]
#[template(path = "incidents/show.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// The incident.
    pub incident: Incident,
    /// Whose page it is, for "take over".
    pub viewer_id: i64,
    /// How long it lasted, or has lasted.
    pub lasted: String,
    /// The services that it hit.
    pub services: Vec<Service>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Who does what.
    pub roles: Vec<RoleHolder>,
    /// How much it hurt.
    pub figures: Vec<ImpactFigure>,
    /// Its times.
    pub times: Vec<TimeFact>,
    /// What stands in the form that corrects them.
    pub time_fields: Fields,
    /// Earlier values of the times.
    pub corrections: Vec<CorrectionLine>,
    /// The phases.
    pub strip: Strip,
    /// The summary.
    pub summary: SafeHtml,
    /// Linked deploys, and others that may have to do with it.
    pub links: Links,
    /// Changes that may have caused it, or ended it.
    pub suspects: IncidentPanel,
    /// The timeline.
    pub panel: Panel,
    /// Alerts that are attached to it.
    pub signals: Vec<Signal>,
    /// How many there are.
    pub signal_count: i64,
    /// What made it possible.
    pub factors: Vec<IncidentFactor>,
    /// Factors that are known from other incidents.
    pub factor_choices: Vec<Factor>,
    /// What follows from it.
    pub actions: Vec<ActionLine>,
    /// Earlier action items that it puts in question.
    pub echoes: Vec<Echoed>,
    /// What was written about it.
    pub postmortem: Option<Postmortem>,
    /// People who may take a role.
    pub people: Vec<Person>,
    /// For forms that nobody has touched yet.
    pub no_fields: Fields,
    /// For forms that nobody has sent yet.
    pub no_errors: FieldErrors,
}

impl Show {
    /// Whether more alerts are attached than the panel lists.
    pub fn has_more_signals(&self) -> bool {
        self.signal_count > self.signals.len() as i64
    }

    /// Who has a role.
    pub fn holder(&self, role: &IncidentRole) -> Option<&RoleHolder> {
        self.roles.iter().find(|holder| holder.role == *role)
    }

    /// The roles that the heading names: lead and scribe.
    pub fn heading_roles(&self) -> impl Iterator<Item = &RoleHolder> {
        self.roles.iter().filter(|holder| matches!(holder.role, IncidentRole::Lead | IncidentRole::Scribe))
    }

    /// The list of incidents with a tag.
    pub fn tag_href(&self, tag: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("tag", tag).finish();
        format!("/incidents?{query}")
    }

    /// The name of the local copy of an update that is being written.
    pub fn update_keep(&self) -> String {
        format!("{}-update", self.incident.key())
    }

    /// What the fold over the corrections says.
    pub fn corrections_words(&self) -> String {
        match self.corrections.len() {
            1 => "1 correction".to_owned(),
            count => format!("{count} corrections"),
        }
    }

    /// Every role.
    pub fn all_roles(&self) -> &'static [IncidentRole] {
        IncidentRole::ALL
    }

    /// Every severity.
    pub fn severities(&self) -> &'static [Severity] {
        Severity::ALL
    }

    /// Every time.
    pub fn time_names(&self) -> &'static [TimeField] {
        TimeField::ALL
    }

    /// Where the numbers of figures come from.
    pub fn bases(&self) -> &'static [Basis] {
        Basis::ALL
    }

    /// Statuses that it may go to.
    pub fn next(&self) -> &'static [IncidentStatus] {
        self.incident.status.next()
    }

    /// The postmortem's page.
    pub fn postmortem_path(&self) -> String {
        crate::postmortems::model::path(self.incident.number)
    }

    /// `sev-SEV2`, `live sev-SEV2`
    pub fn page_class(&self) -> String {
        if self.incident.status.is_live() { format!("live sev-{}", self.incident.severity) } else { String::new() }
    }
}

/// A small form of an incident's page on a page of its own, when something in it needs another look.
#[derive(Template)]
#[template(path = "incidents/step.html")]
pub struct Step {
    /// The frame.
    pub layout: Layout,
    /// The incident.
    pub incident: Incident,
    /// Which form: status, severity, times, impact, update or roles.
    pub form: &'static str,
    /// What stands in it.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
    /// What somebody else saved meanwhile, and who.
    pub meanwhile: Option<Meanwhile>,
    /// People who may take a role.
    pub people: Vec<Person>,
}

impl Step {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Every severity.
    pub fn severities(&self) -> &'static [Severity] {
        Severity::ALL
    }

    /// Every time.
    pub fn time_names(&self) -> &'static [TimeField] {
        TimeField::ALL
    }

    /// Every role.
    pub fn all_roles(&self) -> &'static [IncidentRole] {
        IncidentRole::ALL
    }

    /// Where the numbers of figures come from.
    pub fn bases(&self) -> &'static [Basis] {
        Basis::ALL
    }

    /// Statuses that it may go to.
    pub fn next(&self) -> &'static [IncidentStatus] {
        self.incident.status.next()
    }
}

/// How long an incident lasted, or has lasted.
pub fn lasted(incident: &Incident, now: crate::clock::Moment) -> String {
    duration(incident.duration_s(now))
}
