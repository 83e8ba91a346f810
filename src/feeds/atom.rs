//! Writing Atom (RFC 4287). Pure.

use super::model::FeedEntry;
use crate::clock::Moment;

/// What stands over the entries.
#[derive(Clone, Debug)]
pub struct FeedHead<'a> {
    /// Never changes.
    pub id: String,
    /// Its name.
    pub title: &'a str,
    /// The page that it is of, whole.
    pub page_url: String,
    /// Its own address, whole.
    pub self_url: String,
}

/// A whole feed. `now` stands for the last change where there is no entry yet.
pub fn feed(head: &FeedHead<'_>, entries: &[FeedEntry], now: Moment) -> String {
    let updated = entries.iter().map(|entry| entry.updated_at).max().unwrap_or(now);
    let mut out = String::with_capacity(1024 + entries.len() * 800);
    out.push_str("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
    element(&mut out, "id", &head.id);
    element(&mut out, "title", head.title);
    element(&mut out, "updated", &updated.to_string());
    out.push_str("<author><name>Debrief</name></author>\n<generator>Debrief</generator>\n");
    link(&mut out, "alternate", "text/html", &head.page_url);
    link(&mut out, "self", "application/atom+xml", &head.self_url);
    for entry in entries {
        out.push_str("<entry>\n");
        element(&mut out, "id", &entry.id);
        element(&mut out, "title", &entry.title);
        element(&mut out, "published", &entry.published_at.to_string());
        element(&mut out, "updated", &entry.updated_at.to_string());
        link(&mut out, "alternate", "text/html", &entry.url);
        out.push_str(&format!("<category term=\"{}\"/>\n", escaped(&entry.category)));
        element(&mut out, "summary", &entry.summary);
        out.push_str("</entry>\n");
    }
    out.push_str("</feed>\n");
    out
}

fn element(out: &mut String, name: &str, text: &str) {
    out.push_str(&format!("<{name}>{}</{name}>\n", escaped(text)));
}

fn link(out: &mut String, rel: &str, kind: &str, href: &str) {
    out.push_str(&format!("<link rel=\"{rel}\" type=\"{kind}\" href=\"{}\"/>\n", escaped(href)));
}

/// Text and attribute values: markup is escaped, and characters that XML 1.0 cannot hold are left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(letter),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_in_a_title_the_feed_stays_xml() {
        let at = Moment::parse("2026-11-23T14:00:00Z").unwrap();
        let title = "<script>&amp;]]>\u{0}\u{8} \"x\" 🧯";
        let entry = FeedEntry {
            id: "tag:debrief.test,2026:incident/1".to_owned(),
            title: title.to_owned(),
            url: "https://debrief.test/incidents/INC-1?a=1&b=2".to_owned(),
            published_at: at,
            updated_at: at.plus_s(60),
            summary: title.repeat(3),
            category: "SEV1".to_owned(),
        };
        let head = FeedHead {
            id: "tag:debrief.test,2026:incidents".to_owned(),
            title: "Incidents",
            page_url: "https://debrief.test/incidents".to_owned(),
            self_url: "https://debrief.test/feeds/x.atom".to_owned(),
        };
        let feed = feed(&head, &[entry], at);
        let document = roxmltree::Document::parse(&feed).unwrap();
        let found = document.descendants().rfind(|node| node.has_tag_name("title")).unwrap();
        assert_eq!(found.text(), Some("<script>&amp;]]> \"x\" 🧯"));
        let updated = document.root_element().children().find(|node| node.has_tag_name("updated")).unwrap();
        assert_eq!(updated.text(), Some("2026-11-23T14:01:00Z"));
    }
}
