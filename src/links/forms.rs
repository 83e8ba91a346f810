//! A word about an incident and a deploy as it was typed or sent. The pages and the API share this one parse.

use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{REASON_LIMIT, Relation};
use crate::error::Error;
use crate::web::fields::{Check, Fields};
use crate::{deploys, incidents};

/// A word as it arrives from an incident's side.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawLink {
    /// The deploy: `DEP-12`.
    pub deploy: Option<String>,
    /// What it had to do with the incident.
    pub relation: Option<String>,
    /// Why that is said.
    pub reason: Option<String>,
}

/// Which side is named in the form; the other one is named by the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The deploy is named, on an incident's page.
    Deploy,
    /// The incident is named, on a deploy's page.
    Incident,
}

impl Side {
    /// The name of the field.
    pub const fn field(self) -> &'static str {
        match self {
            Side::Deploy => "deploy",
            Side::Incident => "incident",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Side::Deploy => "DEP-12",
            Side::Incident => "INC-42",
        }
    }

    fn number(self, key: &str) -> Option<i64> {
        match self {
            Side::Deploy => deploys::model::parse_key(key),
            Side::Incident => incidents::model::parse_key(key),
        }
    }
}

/// A word that was understood; whether the other side exists is for the database to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkDraft {
    /// The number of the side that was named.
    pub number: i64,
    /// What the deploy had to do with the incident.
    pub relation: Relation,
    /// Why; may be empty.
    pub reason: String,
}

/// Reads a form.
///
/// # Errors
/// 422 with a sentence for each field.
pub fn from_fields(side: Side, fields: &Fields) -> Result<LinkDraft, Error> {
    let keys: Vec<&str> = fields.all(side.field()).collect();
    let mut check = Check::new();
    if keys.len() > 1 {
        check.add(side.field(), format!("Name one {} at a time.", side.field()));
    }
    read(side, check, keys.first().copied(), fields.some("relation"), fields.some("reason"))
}

impl RawLink {
    /// What was meant.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn parse(&self) -> Result<LinkDraft, Error> {
        read(Side::Deploy, Check::new(), self.deploy.as_deref(), self.relation.as_deref(), self.reason.as_deref())
    }
}

fn read(
    side: Side,
    mut check: Check,
    key: Option<&str>,
    relation: Option<&str>,
    reason: Option<&str>,
) -> Result<LinkDraft, Error> {
    let (field, example) = (side.field(), side.example());
    let key = check.line(field, key, 40, &format!("Name the {field}, for example {example}."));
    let number = key.and_then(|key| {
        let number = side.number(&key);
        if number.is_none() {
            check.add(field, format!("{key} is no {field}'s key. Write it as {example}."));
        }
        number
    });
    let missing = "Say what the deploy had to do with it: caused, contributed, suspected, ruled_out or fixed.";
    let relation = check.word::<Relation>("relation", relation, missing);
    let reason = check.text("reason", reason, REASON_LIMIT);
    match (number, relation, reason) {
        (Some(number), Some(relation), Some(reason)) if check.is_ok() => {
            Ok(LinkDraft { number, relation, reason: reason.trim().to_owned() })
        }
        _ => Err(check.into_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_empty_zero_and_repeated_keys_are_refused() {
        for odd in ["", "deploy=", "deploy=INC-4", "deploy=0", "deploy=DEP-0", "deploy=-3", "deploy=DEP-1&deploy=DEP-1"]
        {
            let fields = Fields::parse(format!("{odd}&relation=caused").as_bytes());
            let Err(Error::Invalid(errors)) = from_fields(Side::Deploy, &fields) else { panic!("{odd}") };
            assert!(errors.of("deploy").is_some(), "{odd}");
        }
        let fields = Fields::parse(b"incident=inc-4&relation=fixed&reason=+it+ended+");
        let draft = from_fields(Side::Incident, &fields).unwrap();
        assert_eq!((draft.number, draft.relation, draft.reason.as_str()), (4, Relation::Fixed, "it ended"));
        let fields = Fields::parse(b"incident=4&relation=guilty");
        assert!(matches!(from_fields(Side::Incident, &fields), Err(Error::Invalid(_))));
    }
}
