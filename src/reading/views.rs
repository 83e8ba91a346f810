//! The reading list.

use askama::Template;

use crate::db::paging::Cursor;
use crate::incidents::model::Incident;
use crate::teams::model::Team;
use crate::web::layout::Layout;
use crate::web::times::Stamp;

/// A postmortem to read.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whose postmortem.
    pub incident: Incident,
    /// Services by name.
    pub services: String,
    /// When it was published.
    pub at: Stamp,
    /// Whether the viewer marked it as read.
    pub is_read: bool,
}

impl Line {
    /// Its page.
    pub fn href(&self) -> String {
        crate::postmortems::model::path(self.incident.number)
    }
}

/// `GET /reading`
#[derive(Template)]
#[template(path = "reading/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// The team's slug, or nothing for everybody's.
    pub team: String,
    /// Teams to choose from.
    pub teams: Vec<Team>,
    /// What there is to read.
    pub lines: Vec<Line>,
    /// Where the page before starts.
    pub before: Option<Cursor>,
    /// Where the next page starts.
    pub after: Option<Cursor>,
}

impl Index {
    fn address(&self, turn: Option<(&str, Cursor)>) -> String {
        let Some((name, cursor)) = turn else { return String::new() };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("team", &self.team).append_pair(name, &cursor.encode());
        format!("/reading?{}", query.finish())
    }

    /// Address of newer rows, or nothing.
    pub fn newer_href(&self) -> String {
        self.address(self.before.map(|cursor| ("before", cursor)))
    }

    /// Address of older rows, or nothing.
    pub fn older_href(&self) -> String {
        self.address(self.after.map(|cursor| ("after", cursor)))
    }

    /// Address without the filter, or nothing.
    pub fn clear_href(&self) -> &'static str {
        if self.team.is_empty() { "" } else { "/reading" }
    }
}
