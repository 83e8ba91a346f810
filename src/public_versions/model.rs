//! A public version.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::public_versions;
use crate::markdown::split_front_matter;
use crate::wording::roles::Mask;

/// A text for readers outside.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = public_versions)]
pub struct PublicVersion {
    /// Row id.
    pub id: i64,
    /// Of which postmortem.
    pub postmortem_id: i64,
    /// Its title.
    pub title: String,
    /// Its text, as its writers have it.
    pub markdown: String,
    /// Counts saves.
    pub revision: i64,
    /// The title that readers see.
    pub shared_title: Option<String>,
    /// The text that readers see.
    pub shared_markdown: Option<String>,
    /// The secret part of its address, while it is shared.
    pub token: Option<String>,
    /// When it was shared last.
    pub shared_at: Option<Moment>,
    /// By whom.
    pub shared_by: Option<i64>,
    /// When it was begun.
    pub created_at: Moment,
    /// When it was saved last.
    pub updated_at: Moment,
}

impl PublicVersion {
    /// Its address, while it is shared.
    pub fn path(&self) -> Option<String> {
        self.token.as_ref().map(|token| format!("/p/{token}"))
    }

    /// Whether readers see something else than its writers.
    pub fn has_unshared_changes(&self) -> bool {
        self.token.is_some()
            && (self.shared_markdown.as_deref() != Some(self.markdown.as_str())
                || self.shared_title.as_deref() != Some(self.title.as_str()))
    }
}

/// A first public text: the internal one without front matter, comments and live blocks, with people as roles.
pub fn outset(internal: &str, mask: &Mask) -> String {
    let body = split_front_matter(internal).map_or(internal, |split| split.body);
    let mut text = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find("<!--") {
        text.push_str(&rest[..at]);
        rest = rest[at..].find("-->").map_or("", |end| &rest[at + end + 3..]);
    }
    text.push_str(rest);
    let is_block = |line: &str| line.trim().starts_with("[[") && line.trim().ends_with("]]");
    let kept: Vec<&str> = text.lines().filter(|line| !is_block(line)).collect();
    let mut kept = mask.apply(&kept.join("\n"));
    while kept.contains("\n\n\n") {
        kept = kept.replace("\n\n\n", "\n\n");
    }
    format!("{}\n", kept.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::roles::Masked;

    #[test]
    fn the_first_text_leaves_the_house_behind() {
        let ada = Masked { name: "Ada".to_owned(), handle: "ada".to_owned(), role: "the incident lead".to_owned() };
        let internal = "---\nowner: Ada\n---\n# What\n<!-- ask Ada -->\n\n[[timeline]]\n\nThen @ada rolled back.\n";
        assert_eq!(outset(internal, &Mask::new(&[ada])), "# What\n\nThen the incident lead rolled back.\n");
        assert_eq!(outset("a <!-- never closed", &Mask::default()), "a\n");
    }
}
