//! The pages of an import.

use askama::Template;

use crate::error::FieldErrors;
use crate::exchange::standing::Standing;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// `GET /postmortems/import`
#[derive(Template)]
#[template(path = "imports/new.html")]
pub struct New {
    /// The frame.
    pub layout: Layout,
    /// What was pasted.
    pub text: String,
    /// What is wrong.
    pub errors: FieldErrors,
}

impl New {
    /// The sentence for a field.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }
}

/// Sentences.
pub struct Lines(pub Vec<String>);

/// What a text becomes.
pub struct Proposal {
    /// `0-1`: the second incident of the first file.
    pub place: String,
    /// The file.
    pub file: String,
    /// The incident's title.
    pub title: String,
    /// `SEV1` to `SEV5`.
    pub severity: String,
    /// Whether it is to be brought in.
    pub is_taken: bool,
    /// Whether another tool or a team wrote it, so that its times can be corrected.
    pub is_foreign: bool,
    /// When it began, in the reader's zone.
    pub began: String,
    /// When it was over, where that is known.
    pub over: String,
    /// `published`, `in_review` or `draft`; nothing for an incident without a text.
    pub standing: String,
    /// Services by name.
    pub services: String,
    /// Entries of its timeline.
    pub event_count: usize,
    /// Its action items.
    pub action_count: usize,
    /// What a person should know.
    pub remarks: Lines,
    /// `INC-4` when it was brought in before.
    pub known: Option<String>,
}

impl Proposal {
    /// The same with what was typed.
    pub fn as_typed(mut self, fields: &Fields) -> Self {
        for (what, value) in [
            ("title", &mut self.title),
            ("severity", &mut self.severity),
            ("began", &mut self.began),
            ("over", &mut self.over),
            ("standing", &mut self.standing),
        ] {
            let name = format!("{what}-{}", self.place);
            if fields.is_set(&name) {
                fields.get(&name).clone_into(value);
            }
        }
        self.is_taken = fields.has("take", &self.place);
        self
    }
}

/// `POST /postmortems/import`
#[derive(Template)]
#[template(path = "imports/preview.html")]
pub struct Preview {
    /// The frame.
    pub layout: Layout,
    /// Names and contents, which travel with the page.
    pub files: Vec<(String, String)>,
    /// Files of which nothing comes, and why.
    pub unread: Vec<(String, String)>,
    /// What the others become.
    pub proposals: Vec<Proposal>,
    /// The zone of the times.
    pub zone: &'static str,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Preview {
    /// The sentence about a field of one of them, or nothing.
    pub fn error(&self, what: &str, place: &str) -> &str {
        self.errors.of(&format!("{what}-{place}")).unwrap_or_default()
    }

    /// What its text can become, with the words for it.
    pub fn standings(&self) -> [(&'static str, &'static str); 3] {
        Standing::ALL.map(|standing| (standing.as_str(), standing.words()))
    }

    /// How many are not here yet.
    pub fn new_count(&self) -> usize {
        self.proposals.iter().filter(|one| one.known.is_none()).count()
    }
}

/// What became of one.
pub enum Fate {
    /// It is new here.
    Here {
        /// Its page.
        path: String,
        /// Its key.
        key: String,
        /// Its title.
        title: String,
    },
    /// It was here before.
    Known {
        /// Its page.
        path: String,
        /// Its key.
        key: String,
        /// Its title.
        title: String,
    },
    /// It could not be stored.
    Refused {
        /// Its title.
        title: String,
        /// Why.
        why: String,
    },
}

/// `POST /postmortems/import/incidents` when it was more than one.
#[derive(Template)]
#[template(path = "imports/done.html")]
pub struct Done {
    /// The frame.
    pub layout: Layout,
    /// What became of each.
    pub fates: Vec<Fate>,
}
