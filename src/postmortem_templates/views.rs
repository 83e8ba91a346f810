//! The pages of templates.

use askama::Template as Page;

use super::model::{Rule, Template};
use crate::error::FieldErrors;
use crate::markdown::SafeHtml;
use crate::services::model::ServiceName;
use crate::web::fields::Fields;
use crate::web::layout::Layout;

/// `GET /admin/postmortem-templates`
#[derive(Page)]
#[template(path = "postmortem_templates/index.html")]
pub struct Index {
    /// The frame.
    pub layout: Layout,
    /// Every template.
    pub templates: Vec<Template>,
    /// Every rule with its service.
    pub rules: Vec<(Rule, Option<String>)>,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// The rule as typed.
    pub fields: Fields,
    /// What needs another look.
    pub errors: FieldErrors,
}

impl Index {
    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// Which incidents a rule speaks of.
    pub fn words(&self, rule: &Rule, service: &Option<String>) -> String {
        rule.words(service.as_deref())
    }

    /// The name of a rule's template.
    pub fn template_name<'a>(&'a self, rule: &'a Rule) -> &'a str {
        self.templates
            .iter()
            .find(|template| template.slug == rule.template_slug)
            .map_or(&rule.template_slug, |template| &template.name)
    }
}

/// `GET /admin/postmortem-templates/{slug}`, also for a new one.
#[derive(Page)]
#[template(path = "postmortem_templates/form.html")]
pub struct Edit {
    /// The frame.
    pub layout: Layout,
    /// The template; nothing for a new one.
    pub template: Option<Template>,
    /// As typed.
    pub fields: Fields,
    /// How it would look, filled in.
    pub preview: SafeHtml,
    /// Whose facts the preview is filled with: `INC-42`; empty without any incident.
    pub sample: String,
    /// The places that are filled in, with what.
    pub places: &'static [(&'static str, &'static str)],
    /// What needs another look.
    pub errors: FieldErrors,
    /// What stands there now, when somebody was faster.
    pub theirs: Option<String>,
}

impl Edit {
    /// Where the form goes.
    pub fn action(&self) -> String {
        self.template.as_ref().map_or_else(|| "/admin/postmortem-templates".to_owned(), Template::path)
    }

    /// The sentence about a field, or nothing.
    pub fn error(&self, field: &str) -> &str {
        self.errors.of(field).unwrap_or_default()
    }

    /// The name of the browser's own copy.
    pub fn keep(&self) -> String {
        format!("template-{}", self.template.as_ref().map_or("new", |template| &template.slug))
    }

    /// What taking the change back, or the template away, is called; nothing where there is nothing to take.
    pub fn removal(&self) -> &'static str {
        use super::model::Origin;
        match self.template.as_ref().map(|template| template.origin) {
            Some(Origin::Changed) => "Back to how it came",
            Some(Origin::Own) => "Remove it",
            Some(Origin::Shipped) | None => "",
        }
    }
}
