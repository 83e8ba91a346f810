//! The pages of an import.

use askama::Template;

use crate::error::FieldErrors;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

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
    /// When it began.
    pub started: Option<Stamp>,
    /// When it was over, where that is known.
    pub resolved: Option<Stamp>,
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
}

impl Preview {
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
