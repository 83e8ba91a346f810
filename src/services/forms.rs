//! A service as it was typed or sent, and what becomes of it. The page and the API share this one parse.

use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{DEFAULT_TIER, LIST_LIMIT, LinkKind, ServiceDraft, ServiceLink, TIERS};
use crate::error::Error;
use crate::web::fields::{Check, Fields, LINE_LIMIT, TEXT_LIMIT, slugify};

/// A service as it arrives.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct RawService {
    /// Its place in addresses; made from the name when left out.
    pub slug: Option<String>,
    /// Its name; the slug when left out.
    pub name: Option<String>,
    /// The owner team's slug or name.
    pub team: Option<String>,
    /// 1 (most important) to 4.
    pub tier: Option<i64>,
    /// What it is for, in Markdown.
    pub description: Option<String>,
    /// Where its source is.
    pub repository_url: Option<String>,
    /// Slugs of the services that it needs.
    pub depends_on: Option<Vec<String>>,
    /// Runbook, dashboard and other links.
    pub links: Option<Vec<ServiceLink>>,
}

impl RawService {
    /// From the page's form. A tier that is no number becomes 0, which no service may have.
    pub fn from_fields(fields: &Fields) -> Self {
        let owned = |name: &str| fields.some(name).map(str::to_owned);
        let links = fields
            .rows(["link_kind", "link_label", "link_url"])
            .filter(|[_, label, url]| !label.trim().is_empty() || !url.trim().is_empty())
            .map(|[kind, label, url]| ServiceLink {
                kind: kind.parse().unwrap_or(LinkKind::Other),
                label: label.to_owned(),
                url: url.to_owned(),
            })
            .collect();
        RawService {
            slug: owned("slug"),
            name: owned("name"),
            team: owned("team"),
            tier: fields.some("tier").map(|text| text.parse().unwrap_or(0)),
            description: owned("description"),
            repository_url: owned("repository_url"),
            depends_on: Some(fields.all("depends_on").map(str::to_owned).collect()),
            links: Some(links),
        }
    }

    /// What was meant, or every error at once.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn parse(self) -> Result<ServiceDraft, Error> {
        let mut check = Check::new();
        let name = self.name.or_else(|| self.slug.clone());
        let name = check.line("name", name.as_deref(), LINE_LIMIT, "Give the service a name.");
        let slug = match check.optional_line("slug", self.slug.as_deref(), 80) {
            Some(slug) if slug == slugify(&slug) => slug,
            Some(_) => {
                check.add("slug", "Use lower-case letters, digits and hyphens, as in payments-api.");
                String::new()
            }
            None => slugify(name.as_deref().unwrap_or_default()),
        };
        if slug.is_empty() && name.is_some() && check.is_ok() {
            check.add("name", "Use at least one letter or digit.");
        }
        let tier = self.tier.unwrap_or(DEFAULT_TIER);
        if !TIERS.contains(&tier) {
            check.add("tier", "Pick a tier from 1 (most important) to 4.");
        }
        let team = check.optional_line("team", self.team.as_deref(), LINE_LIMIT);
        let description = check.text("description", self.description.as_deref(), TEXT_LIMIT);
        let repository_url = check.url("repository_url", self.repository_url.as_deref());
        let mut depends_on = self.depends_on.unwrap_or_default();
        depends_on.sort();
        depends_on.dedup();
        if depends_on.contains(&slug) {
            check.add("depends_on", "A service cannot depend on itself. Leave it out.");
        }
        let links = self.links.unwrap_or_default();
        if depends_on.len() > LIST_LIMIT || links.len() > LIST_LIMIT {
            check.add("depends_on", format!("Keep links and dependencies to {LIST_LIMIT} each."));
        }
        for link in &links {
            check.line("links", Some(&link.label), LINE_LIMIT, "Give each link a label.");
            if check.url("links", Some(&link.url)).is_none() && link.url.trim().is_empty() {
                check.add("links", "Give each link an address.");
            }
        }
        match (name, description) {
            (Some(name), Some(description)) if check.is_ok() => {
                Ok(ServiceDraft { slug, name, team, tier, description, repository_url, depends_on, links })
            }
            _ => Err(check.into_error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_told_at_once() {
        let raw = RawService { tier: Some(9), repository_url: Some("ftp://x".into()), ..RawService::default() };
        let Err(Error::Invalid(errors)) = raw.parse() else { panic!("it has no name") };
        assert!(errors.of("name").is_some() && errors.of("tier").is_some() && errors.of("repository_url").is_some());
    }

    #[test]
    fn the_slug_comes_from_the_name() {
        let draft = RawService { name: Some("Payments API".into()), ..RawService::default() }.parse().unwrap();
        assert_eq!(draft.slug, "payments-api");
        assert_eq!(draft.tier, DEFAULT_TIER);
    }
}
