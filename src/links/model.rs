//! A link, its words, and who may say them.

use diesel::prelude::*;

pub use super::lines::{BUTTONS, History, LinkLine, Links, Offer, of_deploy_lines, of_incident_lines};
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::schema::{incident_deploy_verdicts, incident_deploys};
use crate::error::Error;
use crate::text_enum;

text_enum! {
    /// What a deploy has to do with an incident.
    pub enum Relation {
        /// Without it the incident would not have happened.
        Caused = "caused",
        /// It made it likelier or worse.
        Contributed = "contributed",
        /// It may have had to do with it; nobody has looked yet.
        Suspected = "suspected",
        /// Somebody looked, and it was not this one.
        RuledOut = "ruled_out",
        /// It ended it.
        Fixed = "fixed",
    }
}

impl Relation {
    /// As a page and the timeline say it.
    pub const fn phrase(self) -> &'static str {
        match self {
            Relation::Caused => "caused it",
            Relation::Contributed => "contributed",
            Relation::Suspected => "is suspected",
            Relation::RuledOut => "is ruled out",
            Relation::Fixed => "fixed it",
        }
    }
}

text_enum! {
    /// A word in the history of a pair.
    pub enum VerdictWord {
        /// See [`Relation::Caused`].
        Caused = "caused",
        /// See [`Relation::Contributed`].
        Contributed = "contributed",
        /// See [`Relation::Suspected`].
        Suspected = "suspected",
        /// See [`Relation::RuledOut`].
        RuledOut = "ruled_out",
        /// See [`Relation::Fixed`].
        Fixed = "fixed",
        /// The link was taken away.
        Unlinked = "unlinked",
    }
}

impl VerdictWord {
    /// The relation, unless the link was taken away.
    pub fn relation(self) -> Option<Relation> {
        self.as_str().parse().ok()
    }

    /// As a page says it.
    pub fn phrase(self) -> &'static str {
        self.relation().map_or("was unlinked", Relation::phrase)
    }
}

impl From<Relation> for VerdictWord {
    fn from(relation: Relation) -> Self {
        match relation {
            Relation::Caused => VerdictWord::Caused,
            Relation::Contributed => VerdictWord::Contributed,
            Relation::Suspected => VerdictWord::Suspected,
            Relation::RuledOut => VerdictWord::RuledOut,
            Relation::Fixed => VerdictWord::Fixed,
        }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// A person, by page or by token.
    Person,
    /// A part of the program.
    Program,
}

impl Speaker {
    /// Who speaks when this actor does.
    pub const fn of(actor: &Actor) -> Self {
        if actor.user_id.is_some() { Speaker::Person } else { Speaker::Program }
    }

    /// Refuses a word that is not this speaker's to say.
    ///
    /// # Errors
    /// 403
    pub fn check(self, relation: Relation) -> Result<(), Error> {
        match (self, relation) {
            (Speaker::Person, _) | (Speaker::Program, Relation::Suspected) => Ok(()),
            (Speaker::Program, _) => Err(Error::Forbidden(
                "A program may only suspect a deploy. What it had to do with the incident is for a person to say."
                    .to_owned(),
            )),
        }
    }
}

/// Longest reason, in characters.
pub const REASON_LIMIT: usize = 2_000;

/// The present word about an incident and a deploy.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = incident_deploys)]
pub struct Link {
    /// Row id.
    pub id: i64,
    /// The incident.
    pub incident_id: i64,
    /// The deploy.
    pub deploy_id: i64,
    /// What it had to do with it.
    pub relation: Relation,
    /// Why that is said; may be empty.
    pub reason: String,
    /// The name of who or what said so.
    pub said_by: String,
    /// The person, when it was one.
    pub user_id: Option<i64>,
    /// When.
    pub said_at: Moment,
}

/// A word that was said about a pair at some time.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = incident_deploy_verdicts)]
pub struct Verdict {
    /// Row id; the order.
    pub id: i64,
    /// The incident.
    pub incident_id: i64,
    /// The deploy.
    pub deploy_id: i64,
    /// What was said.
    pub relation: VerdictWord,
    /// Why; may be empty.
    pub reason: String,
    /// The name of who or what said so.
    pub said_by: String,
    /// The person, when it was one.
    pub user_id: Option<i64>,
    /// When.
    pub said_at: Moment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_only_suspect() {
        for &relation in Relation::ALL {
            assert!(Speaker::Person.check(relation).is_ok());
            assert_eq!(Speaker::Program.check(relation).is_ok(), relation == Relation::Suspected);
            assert_eq!(VerdictWord::from(relation).relation(), Some(relation));
        }
        assert_eq!(VerdictWord::Unlinked.relation(), None);
    }
}
