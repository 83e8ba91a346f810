//! A rule as it was typed.

use super::model::{Decision, PATTERN_LIMIT, Rule};
use crate::clock::Moment;
use crate::deploys::model::{DeployKind, ENVIRONMENT_LIMIT, EnvironmentTier};
use crate::error::Error;
use crate::hooks::model::Source;
use crate::hooks::model_reading::{Message, WeakEvent};
use crate::web::fields::{Check, Fields, LINE_LIMIT, slugify};

/// A rule as somebody wants it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDraft {
    /// Slug of the one source that it is for.
    pub source: Option<String>,
    /// See [`Rule::repository`].
    pub repository: String,
    /// See [`Rule::workflow`].
    pub workflow: String,
    /// See [`Rule::branch`].
    pub branch: String,
    /// See [`Rule::environment`].
    pub environment: String,
    /// See [`Rule::event`].
    pub event: Option<WeakEvent>,
    /// What becomes of it.
    pub decision: Decision,
    /// Our service.
    pub to_service: Option<String>,
    /// Our name of the environment.
    pub to_environment: Option<String>,
    /// What the environment is for.
    pub to_tier: Option<EnvironmentTier>,
    /// What sort of change it is.
    pub to_kind: Option<DeployKind>,
    /// Why there is this rule.
    pub note: String,
}

impl RuleDraft {
    /// From the form.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn parse(fields: &Fields) -> Result<Self, Error> {
        let mut check = Check::new();
        let mut pattern = |name: &str| {
            let typed = check.optional_line(name, fields.some(name), PATTERN_LIMIT).unwrap_or_default();
            typed.split(',').map(str::trim).filter(|one| !one.is_empty()).collect::<Vec<_>>().join(", ")
        };
        let (repository, workflow) = (pattern("repository"), pattern("workflow"));
        let (branch, environment) = (pattern("branch"), pattern("environment"));
        let event = fields.some("event").and_then(|word| check.word("event", Some(word), ""));
        let decision = check.word_or("decision", fields.some("decision"), Decision::Map);
        let to_service = check.optional_line("to_service", fields.some("to_service"), LINE_LIMIT);
        let to_environment = check.optional_line("to_environment", fields.some("to_environment"), ENVIRONMENT_LIMIT);
        let to_tier = fields.some("to_tier").and_then(|word| check.word("to_tier", Some(word), ""));
        let to_kind = fields.some("to_kind").and_then(|word| check.word("to_kind", Some(word), ""));
        let note = check.optional_line("note", fields.some("note"), LINE_LIMIT).unwrap_or_default();
        if to_service.as_deref().is_some_and(|service| slugify(service).is_empty()) {
            check.add("to_service", "Name the service with at least one letter or digit.");
        }
        let says_nothing = to_service.is_none() && to_environment.is_none() && to_tier.is_none() && to_kind.is_none();
        if decision == Some(Decision::Map) && says_nothing && check.is_ok() {
            check.add("to_service", "Say what it becomes: a service, an environment, a tier or a kind.");
        }
        let Some(decision) = decision else { return Err(check.into_error()) };
        check.finish()?;
        Ok(RuleDraft {
            source: fields.some("source").map(|slug| slug.trim().to_owned()),
            repository,
            workflow,
            branch,
            environment,
            event,
            decision,
            to_service,
            to_environment,
            to_tier,
            to_kind,
            note,
        })
    }

    /// The rule that it would be, for a preview.
    pub fn as_rule(&self, id: i64, place: i64, source_id: Option<i64>) -> Rule {
        Rule {
            id,
            place,
            source_id,
            repository: self.repository.clone(),
            workflow: self.workflow.clone(),
            branch: self.branch.clone(),
            environment: self.environment.clone(),
            event: self.event.map(WeakEvent::as_str).unwrap_or_default().to_owned(),
            decision: self.decision,
            to_service: self.to_service.clone(),
            to_environment: self.to_environment.clone(),
            to_tier: self.to_tier,
            to_kind: self.to_kind,
            note: self.note.clone(),
            created_by: None,
            created_at: Moment::from_millis(0),
            updated_at: Moment::from_millis(0),
        }
    }
}

/// The form of a rule that is there.
pub fn fields_of(rule: &Rule, source: Option<&Source>) -> Fields {
    Fields::prefilled([
        ("source", source.map(|source| source.slug.clone()).unwrap_or_default()),
        ("repository", rule.repository.clone()),
        ("workflow", rule.workflow.clone()),
        ("branch", rule.branch.clone()),
        ("environment", rule.environment.clone()),
        ("event", rule.event.clone()),
        ("decision", rule.decision.to_string()),
        ("to_service", rule.to_service.clone().unwrap_or_default()),
        ("to_environment", rule.to_environment.clone().unwrap_or_default()),
        ("to_tier", rule.to_tier.map(|tier| tier.to_string()).unwrap_or_default()),
        ("to_kind", rule.to_kind.map(|kind| kind.to_string()).unwrap_or_default()),
        ("note", rule.note.clone()),
    ])
}

/// The form of a new rule that fits what a delivery says.
pub fn fields_for(source: &Source, message: &Message) -> Fields {
    let decision = if message.weak.is_some() { Decision::Count } else { Decision::Map };
    let environment = if message.weak.is_some() { String::new() } else { message.draft.environment.clone() };
    Fields::prefilled([
        ("source", source.slug.clone()),
        ("repository", message.full_name.clone()),
        ("workflow", message.workflow.clone().filter(|_| message.weak.is_some()).unwrap_or_default()),
        ("branch", message.branch.clone().filter(|_| message.weak.is_some()).unwrap_or_default()),
        ("environment", environment),
        ("event", message.weak.map(|weak| weak.to_string()).unwrap_or_default()),
        ("decision", decision.to_string()),
        ("to_service", slugify(&message.draft.service)),
        ("to_environment", message.draft.environment.clone()),
    ])
}
