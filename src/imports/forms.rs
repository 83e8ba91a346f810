//! What was pasted or chosen, there and back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::clock::Moment;
use crate::error::FieldErrors;
use crate::exchange::arriving::files::{Unread, planned};
use crate::exchange::arriving::plan::Plan;
use crate::exchange::standing::Standing;
use crate::incidents::model::Severity;
use crate::web::fields::Fields;
use crate::web::multipart::Part;
use crate::web::times::Zone;

/// Largest file, in bytes.
pub const FILE_LIMIT_BYTES: usize = 1024 * 1024;
/// Most bytes of all files together; the page carries them once more.
pub const TOTAL_LIMIT_BYTES: usize = 4 * 1024 * 1024;
/// Most incidents of one import in the browser.
pub const INCIDENT_LIMIT: usize = 500;
/// What a pasted text is called.
const PASTED: &str = "pasted";

/// A file as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// What it is called; its ending says what it is.
    pub name: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

impl Arrived {
    /// A pasted text: JSON and SQL are told from Markdown by how they begin.
    pub fn pasted(text: &str) -> Option<Self> {
        let text = text.replace("\r\n", "\n");
        let begin = text.trim_start();
        if begin.is_empty() {
            return None;
        }
        let ending = if begin.starts_with(['{', '[']) && serde_json::from_str::<serde_json::Value>(&text).is_ok() {
            "json"
        } else if (begin.starts_with("--") && !begin.starts_with("---")) || begin.starts_with("/*!") {
            "sql"
        } else {
            "md"
        };
        let digest = hex::encode(&Sha256::digest(text.as_bytes())[..6]);
        Some(Arrived { name: format!("{PASTED} {digest}.{ending}"), content: text.into_bytes() })
    }

    /// Everything of a form with files.
    pub fn of_parts(parts: Vec<Part>) -> Vec<Self> {
        let typed = parts.iter().find(|part| part.name == "text" && part.file_name.is_none());
        let pasted = typed.and_then(|part| Arrived::pasted(&String::from_utf8_lossy(&part.content)));
        parts
            .into_iter()
            .filter_map(|part| match part.file_name {
                Some(name) if part.name == "files" && is_read(&name, Named::ByHand) => Some((name, part.content)),
                Some(name) if part.name == "folder" && is_read(&name, Named::InFolder) => Some((name, part.content)),
                _ => None,
            })
            .map(|(name, content)| {
                let name = name.chars().filter(|c| !c.is_control()).take(300).collect();
                Arrived { name, content }
            })
            .chain(pasted)
            .collect()
    }

    /// What the page carried.
    pub fn carried(fields: &Fields) -> Vec<Self> {
        fields
            .rows(["file-name", "file-content"])
            .filter_map(|[name, content]| {
                let content = URL_SAFE_NO_PAD.decode(content).ok()?;
                Some(Arrived { name: name.to_owned(), content })
            })
            .collect()
    }

    /// Its bytes for a hidden field, which would change line ends of a text.
    pub fn carry(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.content)
    }

    /// What it becomes.
    pub fn plans(&self, now: Moment) -> Result<Vec<Plan>, String> {
        if self.content.len() > FILE_LIMIT_BYTES {
            return Err("It is larger than 1 MB. Bring it in with `debrief import` on the server.".to_owned());
        }
        let mut plans = planned(&self.name, self.content.clone(), now).map_err(|unread| match unread {
            Unread::Foreign(why) => format!("It holds {why}."),
            Unread::Broken(why) => format!("It cannot be read: {why}"),
        })?;
        for plan in &mut plans {
            if plan.incident.title.to_lowercase().starts_with(PASTED) && self.name.starts_with(PASTED) {
                plan.incident.title = "Untitled incident".to_owned();
                plan.remarks.push("No title was found; give the incident one.".to_owned());
            }
        }
        Ok(plans)
    }
}

/// Whether somebody chose the file, or the folder that it lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    ByHand,
    InFolder,
}

/// A folder also holds what is no postmortem: pictures, hidden files.
fn is_read(name: &str, named: Named) -> bool {
    let lower = name.to_lowercase();
    let is_known = [".md", ".markdown", ".json", ".sql"].iter().any(|ending| lower.ends_with(ending));
    let is_hidden = lower.split(['/', '\\']).any(|part| part.starts_with('.'));
    !name.trim().is_empty() && (named == Named::ByHand || (is_known && !is_hidden))
}

/// Which incidents are wanted, and what was corrected.
pub struct Wanted<'a> {
    fields: &'a Fields,
    zone: Zone,
    now: Moment,
}

impl<'a> Wanted<'a> {
    /// From the page of somebody in this zone.
    pub fn new(fields: &'a Fields, zone: Zone, now: Moment) -> Self {
        Wanted { fields, zone, now }
    }

    /// Whether this one was ticked.
    pub fn takes(&self, place: &str) -> bool {
        self.fields.has("take", place)
    }

    /// The plan with its corrections; what is wrong with them stands in `errors`.
    pub fn correct(&self, place: &str, mut plan: Plan, errors: &mut FieldErrors) -> Plan {
        let typed = |what: &str| self.fields.some(&format!("{what}-{place}"));
        if let Some(title) = typed("title") {
            plan.incident.title = title.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
        }
        if let Some(Ok(severity)) = typed("severity").map(str::parse::<Severity>) {
            plan.incident.severity = severity.as_str().to_owned();
        }
        if !is_foreign(&plan) {
            return plan;
        }
        if let Some(standing) = typed("standing").and_then(Standing::from_word) {
            plan.set_standing(standing);
        }
        let found = plan.incident.started_at.unwrap_or(self.now);
        let over = plan.incident.resolved_at.unwrap_or(found);
        if typed("began").is_none() && !self.fields.is_set(&format!("began-{place}")) {
            return plan;
        }
        let (began_field, over_field) = (format!("began-{place}"), format!("over-{place}"));
        let began = self.instant(typed("began").unwrap_or_default(), found).unwrap_or_else(|sentence| {
            errors.add(&began_field, sentence);
            found
        });
        let ended = match typed("over") {
            None => began,
            Some(text) => self.instant(text, over).unwrap_or_else(|sentence| {
                errors.add(&over_field, sentence);
                began
            }),
        };
        if ended < began && errors.of(&over_field).is_none() && errors.of(&began_field).is_none() {
            errors.add(over_field, "It was over before it began. Correct one of the two.");
        } else if (began, ended) != (found, over) {
            plan.set_times(began, ended.max(began));
        }
        plan
    }

    /// A time as it was typed; what was left as it was shown is what was found, to the millisecond.
    fn instant(&self, text: &str, found: Moment) -> Result<Moment, String> {
        let text = text.trim();
        if text.is_empty() || text == self.zone.input(found) {
            return Ok(found);
        }
        let at = self.zone.parse(text).or_else(|sentence| {
            // A day alone is its midnight.
            self.zone.parse(&format!("{text} 00:00")).map_err(|_| sentence)
        })?;
        if at > self.now { Err("Pick a time that has passed.".to_owned()) } else { Ok(at) }
    }
}

/// An incident of Debrief's own brings its record of changes along, so that only its title and severity are asked for.
pub fn is_foreign(plan: &Plan) -> bool {
    plan.incident.key.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_text_is_known_by_how_it_begins() {
        let name = |text: &str| Arrived::pasted(text).map(|one| one.name.rsplit('.').next().unwrap().to_owned());
        assert_eq!(name(" \n"), None);
        for (text, ending) in [
            ("# X", "md"),
            ("---\ntitle: X\n---\n", "md"),
            ("[link](x) begins it", "md"),
            ("{\"title\": 1}", "json"),
            ("-- MySQL dump", "sql"),
        ] {
            assert_eq!(name(text).as_deref(), Some(ending), "{text}");
        }
        let one = Arrived::pasted("a\r\nb").unwrap();
        let fields = Fields::prefilled([("file-name", one.name.clone()), ("file-content", one.carry())]);
        assert_eq!(Arrived::carried(&fields), [Arrived { content: b"a\nb".to_vec(), ..one }]);
    }
}
