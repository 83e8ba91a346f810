//! Templates and rules in the database.

use diesel::prelude::*;

use super::forms::{RuleDraft, TemplateDraft};
use super::model::{Chosen, DEFAULT, RULE_LIMIT, Rule, SHAPES, Stored, TEMPLATE_LIMIT, Template, choose};
use crate::auth::actor::Actor;
use crate::auth::audit::{self, Change};
use crate::clock::Moment;
use crate::db::Conn;
use crate::db::schema::{postmortem_template_rules, postmortem_templates, services};
use crate::error::Error;
use crate::incidents::model::Incident;
use crate::services::model::Service;
use crate::web::fields::slugify;

fn stored(c: &mut Conn) -> Result<Vec<Stored>, Error> {
    Ok(postmortem_templates::table
        .order((postmortem_templates::name, postmortem_templates::id))
        .limit(TEMPLATE_LIMIT)
        .select(Stored::as_select())
        .load(c)?)
}

/// Every template: those that come along first, then those made here by name.
///
/// # Errors
/// The database's.
pub fn all(c: &mut Conn) -> Result<Vec<Template>, Error> {
    let mut stored = stored(c)?;
    let mut all = Vec::with_capacity(SHAPES.len() + stored.len());
    for shape in SHAPES {
        let at = stored.iter().position(|one| one.slug == shape.slug);
        all.push(at.map_or_else(|| Template::shipped(shape), |at| Template::stored(stored.remove(at))));
    }
    all.extend(stored.into_iter().map(Template::stored));
    Ok(all)
}

/// One template.
///
/// # Errors
/// 404
pub fn by_slug(c: &mut Conn, slug: &str) -> Result<Template, Error> {
    find(c, slug)?.ok_or_else(|| Error::no("template", slug))
}

fn find(c: &mut Conn, slug: &str) -> Result<Option<Template>, Error> {
    let stored: Option<Stored> = postmortem_templates::table
        .filter(postmortem_templates::slug.eq(slug))
        .select(Stored::as_select())
        .first(c)
        .optional()?;
    let shape = SHAPES.iter().find(|shape| shape.slug == slug);
    Ok(stored.map(Template::stored).or_else(|| shape.map(Template::shipped)))
}

/// Every rule with the name of its service, the newest first.
///
/// # Errors
/// The database's.
pub fn rules(c: &mut Conn) -> Result<Vec<(Rule, Option<String>)>, Error> {
    Ok(postmortem_template_rules::table
        .left_join(services::table)
        .order(postmortem_template_rules::id.desc())
        .limit(RULE_LIMIT)
        .select((Rule::as_select(), services::name.nullable()))
        .load(c)?)
}

/// The template that an incident gets, and why.
///
/// # Errors
/// The database's.
pub fn chosen(c: &mut Conn, incident: &Incident, hit: &[Service]) -> Result<Chosen, Error> {
    let with_names = rules(c)?;
    let rules: Vec<Rule> = with_names.iter().map(|(rule, _)| rule.clone()).collect();
    let service_ids: Vec<i64> = hit.iter().map(|service| service.id).collect();
    if let Some(rule) = choose(&rules, incident, &service_ids)
        && let Some(template) = find(c, &rule.template_slug)?
    {
        let service = with_names.iter().find(|(one, _)| one.id == rule.id).and_then(|(_, name)| name.as_deref());
        let words = format!("template {}, by the rule for {}", template.name, rule.words(service));
        return Ok(Chosen { template, words });
    }
    let template = by_slug(c, DEFAULT.slug)?;
    let words = format!("template {}, as no rule speaks of this incident", template.name);
    Ok(Chosen { template, words })
}

/// Adds a template.
///
/// # Errors
/// 422 about `name` when there is one of that name, or too many.
pub fn add(c: &mut Conn, actor: &Actor, draft: &TemplateDraft, now: Moment) -> Result<String, Error> {
    let slug = slugify(&draft.name);
    if find(c, &slug)?.is_some() || slug == "new" {
        return Err(Error::field("name", "There is a template of this name already. Take another one."));
    }
    let count: i64 = postmortem_templates::table.count().get_result(c)?;
    if count >= TEMPLATE_LIMIT {
        return Err(Error::field("name", format!("Keep it to {TEMPLATE_LIMIT} templates: remove one first.")));
    }
    write(c, &slug, draft, 1, now)?;
    note(c, actor, "postmortem_template.add", &slug, now)?;
    Ok(slug)
}

fn write(c: &mut Conn, slug: &str, draft: &TemplateDraft, revision: i64, now: Moment) -> Result<(), Error> {
    diesel::insert_into(postmortem_templates::table)
        .values((
            postmortem_templates::slug.eq(slug),
            postmortem_templates::name.eq(&draft.name),
            postmortem_templates::markdown.eq(&draft.markdown),
            postmortem_templates::revision.eq(revision),
            postmortem_templates::updated_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// Changes a template, unless somebody changed it since `base`.
///
/// # Errors
/// 404, or 412.
pub fn change(
    c: &mut Conn,
    actor: &Actor,
    (slug, base): (&str, i64),
    draft: &TemplateDraft,
    now: Moment,
) -> Result<(), Error> {
    let present = by_slug(c, slug)?;
    if present.revision != base {
        return Err(Error::Outdated("Somebody changed this template since you opened it.".to_owned()));
    }
    if present.revision == 0 {
        write(c, slug, draft, 1, now)?;
    } else {
        let mine = postmortem_templates::table
            .filter(postmortem_templates::slug.eq(slug))
            .filter(postmortem_templates::revision.eq(base));
        diesel::update(mine)
            .set((
                postmortem_templates::name.eq(&draft.name),
                postmortem_templates::markdown.eq(&draft.markdown),
                postmortem_templates::revision.eq(base + 1),
                postmortem_templates::updated_at.eq(now),
            ))
            .execute(c)?;
    }
    note(c, actor, "postmortem_template.change", slug, now)
}

/// Takes a template away; one that came along is as it came again. Rules that name a template that is gone go too.
///
/// # Errors
/// 404
pub fn remove(c: &mut Conn, actor: &Actor, slug: &str, now: Moment) -> Result<(), Error> {
    by_slug(c, slug)?;
    diesel::delete(postmortem_templates::table.filter(postmortem_templates::slug.eq(slug))).execute(c)?;
    if !SHAPES.iter().any(|shape| shape.slug == slug) {
        let its = postmortem_template_rules::table.filter(postmortem_template_rules::template_slug.eq(slug));
        diesel::delete(its).execute(c)?;
    }
    note(c, actor, "postmortem_template.remove", slug, now)
}

/// Adds a rule; one that says the same about the same incidents is replaced.
///
/// # Errors
/// 422 about an unknown template or service, or too many rules.
pub fn add_rule(c: &mut Conn, actor: &Actor, draft: &RuleDraft, now: Moment) -> Result<(), Error> {
    if find(c, &draft.template)?.is_none() {
        return Err(Error::field("template", "Pick one of the templates."));
    }
    let service_id: Option<i64> = match &draft.service {
        None => None,
        Some(slug) => Some(
            services::table
                .filter(services::slug.eq(slug))
                .select(services::id)
                .first(c)
                .optional()?
                .ok_or_else(|| Error::field("service", "Pick one of the services."))?,
        ),
    };
    let rules = rules(c)?;
    if rules.len() as i64 >= RULE_LIMIT {
        return Err(Error::field("template", format!("Keep it to {RULE_LIMIT} rules: remove one first.")));
    }
    for (same, _) in rules
        .iter()
        .filter(|(rule, _)| rule.severity == draft.severity && rule.kind == draft.kind && rule.service_id == service_id)
    {
        diesel::delete(postmortem_template_rules::table.find(same.id)).execute(c)?;
    }
    diesel::insert_into(postmortem_template_rules::table)
        .values((
            postmortem_template_rules::template_slug.eq(&draft.template),
            postmortem_template_rules::severity.eq(draft.severity),
            postmortem_template_rules::kind.eq(draft.kind),
            postmortem_template_rules::service_id.eq(service_id),
            postmortem_template_rules::created_at.eq(now),
        ))
        .execute(c)?;
    note(c, actor, "postmortem_template.rule", &draft.template, now)
}

/// Removes a rule.
///
/// # Errors
/// 404
pub fn remove_rule(c: &mut Conn, actor: &Actor, id: i64, now: Moment) -> Result<(), Error> {
    let slug: Option<String> = postmortem_template_rules::table
        .find(id)
        .select(postmortem_template_rules::template_slug)
        .first(c)
        .optional()?;
    let slug = slug.ok_or_else(|| Error::no("rule", id))?;
    diesel::delete(postmortem_template_rules::table.find(id)).execute(c)?;
    note(c, actor, "postmortem_template.rule_removed", &slug, now)
}

fn note(c: &mut Conn, actor: &Actor, action: &str, slug: &str, now: Moment) -> Result<(), Error> {
    let change = Change { action, subject: format!("postmortem template {slug}"), old: None::<()>, new: None::<()> };
    audit::record(c, actor, now, &change)
}
