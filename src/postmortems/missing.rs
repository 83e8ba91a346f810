//! What a postmortem still lacks, each with the place where it is put right. Also the checklist of its review. Pure.

use serde::Serialize;
use utoipa::ToSchema;

use super::outset::empty_sections;
use super::record::Record;
use crate::incidents::model::Incident;
use crate::markdown::outline;

/// Most gaps of one kind that are named one by one.
const NAMED_LIMIT: usize = 5;

/// Something that a reader will look for and not find.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Gap {
    /// `impact`, `unsourced`, `empty`, `factor`, `owner`, `date`, `action` or `picture`.
    pub kind: &'static str,
    /// What is missing, as words.
    pub words: String,
    /// Where it is put right.
    pub href: String,
}

/// Everything that is missing, in the order of the document.
pub fn gaps(markdown: &str, incident: &Incident, record: &Record) -> Vec<Gap> {
    let path = incident.path();
    let mut gaps = Vec::new();
    let mut add = |kind, words: String, href: String| gaps.push(Gap { kind, words, href });
    if record.figures.is_empty() {
        add("impact", "No impact figure".to_owned(), format!("{path}#impact"));
    }
    let unsourced: Vec<_> = record.events.iter().filter(|row| row.is_unsourced()).collect();
    match unsourced.as_slice() {
        [] => {}
        [one] => add("unsourced", "1 unsourced event".to_owned(), format!("{path}#{}", one.event.anchor())),
        [first, ..] => add(
            "unsourced",
            format!("{} unsourced events", unsourced.len()),
            format!("{path}#{}", first.event.anchor()),
        ),
    }
    let headings = outline(markdown);
    for section in empty_sections(markdown) {
        let anchor = headings.iter().find(|heading| heading.text == section).map(|heading| heading.anchor.as_str());
        add("empty", format!("{section} is empty"), format!("#{}", anchor.unwrap_or("f-markdown")));
    }
    let bare = pictures_without_words(markdown);
    if bare > 0 {
        let s = if bare == 1 { "" } else { "s" };
        add("picture", format!("{bare} picture{s} without a description"), "#f-markdown".to_owned());
    }
    if record.factors.is_empty() {
        add("factor", "No contributing factor".to_owned(), format!("{path}/factors/new"));
    }
    for row in record.actions.iter().filter(|row| row.item.status.is_unfinished()).take(NAMED_LIMIT * 2) {
        let edit = format!("/action-items/{}/edit", row.item.key());
        if row.owner.is_none() {
            add("owner", format!("{} has no owner", row.item.key()), edit.clone());
        }
        if row.item.due_on.is_none() {
            add("date", format!("{} has no date", row.item.key()), edit);
        }
    }
    for here in &record.factors {
        if !record.actions.iter().any(|row| row.item.factor_id == Some(here.factor.id)) {
            let query: String = form_urlencoded::byte_serialize(here.factor.slug.as_bytes()).collect();
            add(
                "action",
                format!("No action on “{}”", here.factor.name),
                format!("/action-items/new?incident={}&factor={query}", incident.key()),
            );
        }
    }
    if record.factors.is_empty() && record.actions.is_empty() {
        add("action", "No action item".to_owned(), format!("/action-items/new?incident={}", incident.key()));
    }
    gaps
}

/// Pictures of this Debrief that say nothing to whoever cannot see them.
fn pictures_without_words(markdown: &str) -> usize {
    markdown.matches("![](/attachments/").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_want_words() {
        assert_eq!(pictures_without_words("![](/attachments/a.png) ![a graph](/attachments/b.png)"), 1);
    }
}
