//! Gathers it.

use crate::db::Conn;
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::postmortems::model::{self, Postmortem};
use crate::reading;
use crate::reading::model::Similar;
use crate::reviews::model::{Reviewer, Stand};

/// Review, readers, and what is alike.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Address of the postmortem.
    pub path: String,
    /// The newest revision.
    pub revision: i64,
    /// Who was asked and what they said.
    pub reviewers: Vec<Reviewer>,
    /// Comments that wait for somebody.
    pub open_comment_count: i64,
    /// Who wants it known that they read it.
    pub readers: Vec<String>,
    /// Whether the viewer is among them.
    pub has_read: bool,
    /// Incidents that are alike.
    pub similar: Vec<Similar>,
}

impl Beside {
    /// For one viewer.
    ///
    /// # Errors
    /// The database's.
    pub fn of(c: &mut Conn, incident: &Incident, postmortem: &Postmortem, viewer_id: i64) -> Result<Self, Error> {
        let readers = reading::queries::readers(c, postmortem.id)?;
        Ok(Beside {
            path: model::path(incident.number),
            revision: postmortem.current_revision,
            reviewers: crate::reviews::queries::reviewers(c, postmortem.id)?,
            open_comment_count: crate::reviews::comments::queries::open_count(c, postmortem.id)?,
            has_read: !reading::queries::read_by(c, viewer_id, &[postmortem.id])?.is_empty(),
            readers: readers.into_iter().map(|(_, name)| name).collect(),
            similar: reading::queries::similar(c, incident)?,
        })
    }

    /// The same for a postmortem that may not be there, or not be written.
    ///
    /// # Errors
    /// The database's.
    pub fn of_any(
        c: &mut Conn,
        incident: &Incident,
        postmortem: Option<&Postmortem>,
        viewer_id: i64,
    ) -> Result<Option<Self>, Error> {
        match postmortem.filter(|postmortem| postmortem.is_written()) {
            Some(postmortem) => Beside::of(c, incident, postmortem, viewer_id).map(Some),
            None => Ok(None),
        }
    }

    /// How far a reviewer is.
    pub fn stand(&self, reviewer: &Reviewer) -> Stand {
        reviewer.stand(self.revision)
    }

    /// The readers in a row.
    pub fn reader_words(&self) -> String {
        self.readers.join(", ")
    }
}
