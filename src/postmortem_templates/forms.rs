//! A template and a rule as they were typed.

use super::model::TEMPLATE_LIMIT_BYTES;
use crate::error::Error;
use crate::incidents::model::{IncidentKind, Severity};
use crate::markdown::{NoReferences, render};
use crate::web::fields::{Check, Fields, LINE_LIMIT, slugify};

/// A template as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateDraft {
    /// Its name.
    pub name: String,
    /// Its text.
    pub markdown: String,
}

impl TemplateDraft {
    /// From a form with `name` and `markdown`.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn from_fields(fields: &Fields) -> Result<Self, Error> {
        let mut check = Check::new();
        let name = check.line("name", fields.some("name"), LINE_LIMIT, "Name the template.");
        if name.as_deref().is_some_and(|name| slugify(name).is_empty()) {
            check.add("name", "Use at least one letter or digit.");
        }
        let markdown = fields.get("markdown").to_owned();
        if markdown.trim().is_empty() {
            check.add("markdown", "Write the template: headings, prompts as comments, and places such as {{summary}}.");
        } else if markdown.len() > TEMPLATE_LIMIT_BYTES {
            check.add("markdown", "Shorten the template to 100 kB.");
        } else if markdown.contains('\0') {
            check.add("markdown", "Remove the NUL characters; they cannot be stored.");
        } else if let Err(too_deep) = render(&markdown, &NoReferences) {
            check.add("markdown", too_deep.to_string());
        }
        match name {
            Some(name) if check.is_ok() => Ok(TemplateDraft { name, markdown }),
            _ => Err(check.into_error()),
        }
    }
}

/// A rule as somebody wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDraft {
    /// The template's slug.
    pub template: String,
    /// Only this severity.
    pub severity: Option<Severity>,
    /// Only this kind.
    pub kind: Option<IncidentKind>,
    /// Only this service, by slug.
    pub service: Option<String>,
}

impl RuleDraft {
    /// From a form; an empty field leaves it open.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn from_fields(fields: &Fields) -> Result<Self, Error> {
        let mut check = Check::new();
        let template = check.line("template", fields.some("template"), LINE_LIMIT, "Pick a template.");
        let severity = fields.some("severity").and_then(|word| check.word("severity", Some(word), "Pick a severity."));
        let kind = fields.some("kind").and_then(|word| check.word("kind", Some(word), "Pick a kind."));
        let service = check.optional_line("service", fields.some("service"), LINE_LIMIT);
        match template {
            Some(template) if check.is_ok() => Ok(RuleDraft { template, severity, kind, service }),
            _ => Err(check.into_error()),
        }
    }
}
