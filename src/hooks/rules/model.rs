//! A rule, and what rules make of a reading. Pure.

use diesel::prelude::*;

use super::super::model_reading::{Message, Push, Reading, WeakEvent};
use crate::clock::Moment;
use crate::db::schema::hook_rules;
use crate::deploys::model::{DeployKind, EnvironmentTier};
use crate::signals::model::AlertDraft;
use crate::text_enum;

/// Most rules that there can be.
pub const RULES_LIMIT: usize = 200;
/// Longest pattern, in characters.
pub const PATTERN_LIMIT: usize = 400;

text_enum! {
    /// What becomes of a delivery that a rule fits.
    pub enum Decision {
        /// Its words are put into ours; whether it counts is for others to say.
        Map = "map",
        /// It counts as a deploy, also where its event does not say so of itself.
        Count = "count",
        /// It is kept, but nothing is made of it.
        Ignore = "ignore",
    }
}

impl Decision {
    /// As a choice says it.
    pub const fn label(self) -> &'static str {
        match self {
            Decision::Map => "Put it into our words",
            Decision::Count => "Count it as a deploy",
            Decision::Ignore => "Ignore it",
        }
    }
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = hook_rules)]
pub struct Rule {
    /// Row id.
    pub id: i64,
    /// Its place in the order.
    pub place: i64,
    /// The one source that it is for; all of them when there is none.
    pub source_id: Option<i64>,
    /// Pattern of the repository's, application's or service's name.
    pub repository: String,
    /// Pattern of the workflow's, pipeline's or job's name.
    pub workflow: String,
    /// Pattern of the branch or tag.
    pub branch: String,
    /// Pattern of the environment's name.
    pub environment: String,
    /// The weak event that it is for; any event when empty.
    pub event: String,
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
    /// Who made it.
    pub created_by: Option<i64>,
    /// When.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

impl Rule {
    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/admin/rules/{}", self.id)
    }

    /// What it is for, in a few words.
    pub fn when(&self) -> String {
        let event = self.event.parse::<WeakEvent>().map(|event| event.label().to_lowercase()).unwrap_or_default();
        let parts: Vec<String> = [
            ("event", &event),
            ("repository", &self.repository),
            ("workflow", &self.workflow),
            ("branch", &self.branch),
            ("environment", &self.environment),
        ]
        .into_iter()
        .filter(|(_, pattern)| !pattern.is_empty())
        .map(|(name, pattern)| format!("{name} {pattern}"))
        .collect();
        if parts.is_empty() { "everything".to_owned() } else { parts.join(", ") }
    }

    /// What it does, in a few words.
    pub fn then(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        match self.decision {
            Decision::Ignore => return "ignore it".to_owned(),
            Decision::Count => parts.push("counts as a deploy".to_owned()),
            Decision::Map => {}
        }
        parts.extend(self.to_service.iter().map(|service| format!("service {service}")));
        parts.extend(self.to_environment.iter().map(|environment| format!("environment {environment}")));
        parts.extend(self.to_tier.iter().map(|tier| format!("tier {tier}")));
        parts.extend(self.to_kind.iter().map(|kind| format!("kind {kind}")));
        parts.join(", ")
    }

    fn fits_change(&self, message: &Message) -> bool {
        let event = message.weak.map(WeakEvent::as_str).unwrap_or_default();
        (self.event.is_empty() || self.event == event)
            && fits(&self.repository, &[Some(message.full_name.as_str()), Some(message.draft.service.as_str())])
            && fits(&self.workflow, &[message.workflow.as_deref()])
            && fits(&self.branch, &[message.branch.as_deref()])
            && fits(&self.environment, &[Some(message.draft.environment.as_str())])
    }

    fn fits_alert(&self, alert: &AlertDraft) -> bool {
        self.event.is_empty()
            && fits(&self.repository, &[alert.service.as_deref()])
            && fits(&self.workflow, &[Some(alert.title.as_str())])
            && fits(&self.branch, &[])
            && fits(&self.environment, &[alert.environment.as_deref()])
    }

    fn why(&self) -> String {
        format!("A rule ignores it ({}).", self.when())
    }
}

/// What rules make of a reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// To be recorded.
    Change(Box<Message>),
    /// To be signalled.
    Alerts(Vec<AlertDraft>),
    /// Nothing, and why; what was pushed is kept all the same.
    Nothing(String, Vec<Push>),
}

impl Judged {
    /// In a sentence, for the preview of a rule.
    pub fn phrase(&self) -> String {
        match self {
            Judged::Change(message) => {
                let draft = &message.draft;
                let service = if draft.service.is_empty() { "the source's own service" } else { &draft.service };
                format!("{} of {service} to {}, {}", draft.kind, draft.environment, draft.status.label())
            }
            Judged::Alerts(drafts) => match &drafts[..] {
                [one] => format!("signal “{}”, {}", one.title, one.state),
                many => format!("{} signals", many.len()),
            },
            Judged::Nothing(reason, _) => reason.clone(),
        }
    }
}

/// Asks the rules, which must be in the order of their places.
pub fn judge(reading: Reading, rules: &[Rule]) -> Judged {
    match reading {
        Reading::Nothing(reason) => Judged::Nothing(reason, Vec::new()),
        Reading::Change(message) => judge_change(*message, rules),
        Reading::Alerts(drafts) => judge_alerts(drafts, rules),
    }
}

fn judge_change(mut message: Message, rules: &[Rule]) -> Judged {
    let fitting: Vec<&Rule> = rules.iter().filter(|rule| rule.fits_change(&message)).collect();
    let decided = fitting.iter().find(|rule| rule.decision != Decision::Map);
    if let Some(rule) = decided.filter(|rule| rule.decision == Decision::Ignore) {
        return Judged::Nothing(rule.why(), message.pushes);
    }
    if let Some(weak) = message.weak
        && decided.is_none()
    {
        return Judged::Nothing(weak.why_not().to_owned(), message.pushes);
    }
    if let Some(service) = fitting.iter().find_map(|rule| rule.to_service.clone()) {
        message.full_name.clone_from(&service);
        message.draft.service = service;
        message.repository_urls.clear();
    }
    if let Some(environment) = fitting.iter().find_map(|rule| rule.to_environment.clone()) {
        message.draft.environment = environment;
    }
    message.draft.environment_tier = fitting.iter().find_map(|rule| rule.to_tier).or(message.draft.environment_tier);
    message.draft.kind = fitting.iter().find_map(|rule| rule.to_kind).unwrap_or(message.draft.kind);
    Judged::Change(Box::new(message))
}

fn judge_alerts(drafts: Vec<AlertDraft>, rules: &[Rule]) -> Judged {
    let mut kept = Vec::new();
    let mut ignored = None;
    for mut draft in drafts {
        let fitting: Vec<&Rule> = rules.iter().filter(|rule| rule.fits_alert(&draft)).collect();
        let decided = fitting.iter().find(|rule| rule.decision != Decision::Map);
        if let Some(rule) = decided.filter(|rule| rule.decision == Decision::Ignore) {
            ignored = Some(rule.why());
            continue;
        }
        draft.service = fitting.iter().find_map(|rule| rule.to_service.clone()).or(draft.service);
        draft.environment = fitting.iter().find_map(|rule| rule.to_environment.clone()).or(draft.environment);
        kept.push(draft);
    }
    match ignored {
        Some(why) if kept.is_empty() => Judged::Nothing(why, Vec::new()),
        _ => Judged::Alerts(kept),
    }
}

/// Whether a pattern fits one of the names: several with commas between them, `*` for anything, letters of either case.
/// An empty pattern fits everything.
fn fits(pattern: &str, names: &[Option<&str>]) -> bool {
    let mut patterns = pattern.split(',').map(str::trim).filter(|one| !one.is_empty()).peekable();
    if patterns.peek().is_none() {
        return true;
    }
    let names: Vec<String> = names.iter().flatten().map(|name| name.to_lowercase()).collect();
    patterns.any(|one| {
        let one = one.to_lowercase();
        names.iter().any(|name| glob(&one, name))
    })
}

fn glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let middle: Vec<&str> = parts.collect();
    let Some((last, middle)) = middle.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(decision: Decision) -> Rule {
        Rule {
            id: 1,
            place: 1,
            source_id: None,
            repository: String::new(),
            workflow: String::new(),
            branch: String::new(),
            environment: String::new(),
            event: String::new(),
            decision,
            to_service: None,
            to_environment: None,
            to_tier: None,
            to_kind: None,
            note: String::new(),
            created_by: None,
            created_at: Moment::from_millis(0),
            updated_at: Moment::from_millis(0),
        }
    }

    fn run(branch: &str) -> Reading {
        let mut message = Message::of("shop");
        message.full_name = "acme/shop".to_owned();
        message.weak = Some(WeakEvent::WorkflowRun);
        message.workflow = Some("Deploy production".to_owned());
        message.branch = Some(branch.to_owned());
        Reading::Change(Box::new(message))
    }

    #[test]
    fn patterns_are_globs() {
        for (pattern, name) in [
            ("acme/*", "Acme/shop"),
            ("*", ""),
            ("a*b*c", "aXbYc"),
            ("x, shop", "shop"),
            ("dependabot/*", "dependabot/npm/x"),
        ] {
            assert!(fits(pattern, &[Some(name)]), "{pattern} {name}");
        }
        for (pattern, name) in [("acme", "acme/shop"), ("a*b", "aXc"), ("ab*ba", "aba"), ("x", "")] {
            assert!(!fits(pattern, &[Some(name)]), "{pattern} {name}");
        }
        assert!(fits(" , ", &[None]) && !fits("main", &[None]));
    }

    #[test]
    fn a_weak_event_counts_where_a_rule_says_so() {
        assert!(matches!(judge(run("main"), &[]), Judged::Nothing(..)));
        let mut count = rule(Decision::Count);
        count.workflow = "deploy *".to_owned();
        count.to_environment = Some("production".to_owned());
        let mut ignore = rule(Decision::Ignore);
        ignore.branch = "dependabot/*".to_owned();
        let mut name = rule(Decision::Map);
        name.repository = "acme/*".to_owned();
        name.to_service = Some("checkout".to_owned());
        name.to_environment = Some("late".to_owned());
        let rules = [ignore, count, name];
        let Judged::Change(message) = judge(run("main"), &rules) else { panic!() };
        assert_eq!((message.draft.service.as_str(), message.draft.environment.as_str()), ("checkout", "production"));
        assert!(matches!(judge(run("dependabot/x"), &rules), Judged::Nothing(..)));
    }
}
