//! Templates, rules, and which rule wins.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::{postmortem_template_rules, postmortem_templates};
use crate::incidents::model::{Incident, IncidentKind, Severity};

/// Longest template, in bytes.
pub const TEMPLATE_LIMIT_BYTES: usize = 100_000;
/// Most templates that are made here.
pub const TEMPLATE_LIMIT: i64 = 200;
/// Most rules.
pub const RULE_LIMIT: i64 = 200;

/// A template that comes with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Its place in addresses.
    pub slug: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its text.
    pub markdown: &'static str,
}

/// The template of incidents that no rule speaks of.
pub const DEFAULT: Shape = Shape { slug: "debrief", name: "Debrief", markdown: include_str!("shapes/debrief.md") };

/// Every template that comes with the program.
pub const SHAPES: &[Shape] = &[
    DEFAULT,
    Shape { slug: "google-sre", name: "Google SRE", markdown: include_str!("shapes/google-sre.md") },
    Shape { slug: "pagerduty", name: "PagerDuty", markdown: include_str!("shapes/pagerduty.md") },
    Shape { slug: "etsy", name: "Etsy debrief", markdown: include_str!("shapes/etsy.md") },
    Shape { slug: "atlassian", name: "Atlassian", markdown: include_str!("shapes/atlassian.md") },
    Shape { slug: "howie", name: "Howie", markdown: include_str!("shapes/howie.md") },
];

/// A template that was made or changed here.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = postmortem_templates)]
pub struct Stored {
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its text.
    pub markdown: String,
    /// Counts changes.
    pub revision: i64,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// Where a template's text is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It came with the program and is as it came.
    Shipped,
    /// It came with the program and was changed here.
    Changed,
    /// It was made here.
    Own,
}

impl Origin {
    /// As a page says it.
    pub const fn words(self) -> &'static str {
        match self {
            Origin::Shipped => "comes along",
            Origin::Changed => "changed here",
            Origin::Own => "made here",
        }
    }
}

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its text.
    pub markdown: String,
    /// Counts changes; 0 as it came.
    pub revision: i64,
    /// Where the text is from.
    pub origin: Origin,
}

impl Template {
    /// A shipped one as it came.
    pub fn shipped(shape: &Shape) -> Self {
        Template {
            slug: shape.slug.to_owned(),
            name: shape.name.to_owned(),
            markdown: shape.markdown.to_owned(),
            revision: 0,
            origin: Origin::Shipped,
        }
    }

    /// One that was made or changed here.
    pub fn stored(stored: Stored) -> Self {
        let is_shape = SHAPES.iter().any(|shape| shape.slug == stored.slug);
        Template {
            slug: stored.slug,
            name: stored.name,
            markdown: stored.markdown,
            revision: stored.revision,
            origin: if is_shape { Origin::Changed } else { Origin::Own },
        }
    }

    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/admin/postmortem-templates/{}", self.slug)
    }
}

/// Says which incidents get a template. What it leaves open holds for all.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = postmortem_template_rules)]
pub struct Rule {
    /// Row id.
    pub id: i64,
    /// The template.
    pub template_slug: String,
    /// Only this severity.
    pub severity: Option<Severity>,
    /// Only this kind.
    pub kind: Option<IncidentKind>,
    /// Only incidents that hit this service.
    pub service_id: Option<i64>,
}

impl Rule {
    fn fits(&self, incident: &Incident, service_ids: &[i64]) -> bool {
        self.severity.is_none_or(|severity| severity == incident.severity)
            && self.kind.is_none_or(|kind| kind == incident.kind)
            && self.service_id.is_none_or(|id| service_ids.contains(&id))
    }

    /// A service says more than a severity, a severity more than a kind.
    fn weight(&self) -> u8 {
        u8::from(self.service_id.is_some()) * 4 + u8::from(self.severity.is_some()) * 2 + u8::from(self.kind.is_some())
    }

    /// `SEV1 near misses in Checkout`, `every incident`.
    pub fn words(&self, service: Option<&str>) -> String {
        let kind = match self.kind {
            Some(IncidentKind::NearMiss) => "near misses",
            Some(IncidentKind::Incident) | None => "incidents",
        };
        let mut words = match self.severity {
            Some(severity) => format!("{severity} {kind}"),
            None if self.kind.is_none() && service.is_none() => "every incident".to_owned(),
            None => kind.to_owned(),
        };
        if let Some(service) = service {
            words.push_str(&format!(" in {service}"));
        }
        words
    }
}

/// The rule that says most about an incident; of equals the newest.
pub fn choose<'a>(rules: &'a [Rule], incident: &Incident, service_ids: &[i64]) -> Option<&'a Rule> {
    rules.iter().filter(|rule| rule.fits(incident, service_ids)).max_by_key(|rule| (rule.weight(), rule.id))
}

/// A template with why it was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// The template.
    pub template: Template,
    /// `template Google SRE, by the rule for SEV1 incidents`
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::{NoReferences, render};

    #[test]
    fn every_shape_asks_for_no_root_cause_and_renders() {
        for shape in SHAPES {
            assert!(!shape.markdown.to_lowercase().contains("root cause") || shape.slug == "debrief", "{}", shape.slug);
            assert!(shape.markdown.contains("timeline") && shape.markdown.contains("actions"), "{}", shape.slug);
            assert!(render(shape.markdown, &NoReferences).is_ok());
        }
        assert!(DEFAULT.markdown.contains("not one root cause"));
    }

    #[test]
    fn a_rule_says_what_it_is_for() {
        let rule = |severity, kind| Rule { id: 1, template_slug: "x".to_owned(), severity, kind, service_id: None };
        assert_eq!(rule(None, None).words(None), "every incident");
        assert_eq!(rule(Some(Severity::Sev1), None).words(Some("Checkout")), "SEV1 incidents in Checkout");
        assert_eq!(rule(None, Some(IncidentKind::NearMiss)).words(None), "near misses");
        assert!(rule(Some(Severity::Sev1), None).weight() > rule(None, Some(IncidentKind::Incident)).weight());
    }
}
