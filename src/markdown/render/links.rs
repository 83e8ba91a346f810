//! Links: those people wrote, bare addresses, references, and pictures that live elsewhere.

use super::super::outline::slug;
use super::super::prose;
use super::super::urls::{allowed_href, escape, is_absolute, is_attachment, push_escaped};
use super::{Page, TITLE_LIMIT, is_blank, shorten};

/// `rel` of every link a person wrote.
const LINK_REL: &str = "noopener noreferrer nofollow";

/// A link that is being written.
pub(super) struct OpenLink {
    /// `None` when the link was refused: its words stay, without an address.
    pub(super) href: Option<String>,
    pub(super) content_from: usize,
}

impl Page<'_, '_> {
    /// Plain words, with bare addresses and references made into links.
    pub(super) fn words(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.raw.before_words(&mut self.out);
        }
        if self.in_link > 0 || self.in_summary > 0 {
            push_escaped(&mut self.out, text);
            return;
        }
        for piece in prose::pieces(text) {
            let (target, shown) = match piece {
                prose::Piece::Words(words) => (None, words),
                prose::Piece::Address(address) => {
                    self.start_link(address, "");
                    push_escaped(&mut self.out, address);
                    self.end_link();
                    continue;
                }
                prose::Piece::Incident(number, shown) => (self.refs.incident(number), shown),
                prose::Piece::ActionItem(number, shown) => (self.refs.action_item(number), shown),
                prose::Piece::Deploy(number, shown) => (self.refs.deploy(number), shown),
                prose::Piece::Handle(handle, shown) => (self.refs.user(handle), shown),
            };
            match target {
                Some(target) => self.out.push_str(&format!(
                    "<a class=\"reference\" href=\"{}\" title=\"{}\">{}</a>",
                    escape(&target.href),
                    escape(&shorten(&target.title, TITLE_LIMIT)),
                    escape(shown)
                )),
                None => push_escaped(&mut self.out, shown),
            }
        }
    }

    pub(super) fn start_link(&mut self, address: &str, title: &str) {
        let href = if self.in_link > 0 || self.in_summary > 0 { None } else { self.href_for(address) };
        if let Some(href) = &href {
            self.out.push_str(&format!("<a href=\"{}\"", escape(href)));
            if !title.is_empty() {
                self.out.push_str(&format!(" title=\"{}\"", escape(&shorten(title, TITLE_LIMIT))));
            }
            self.out.push_str(&format!(" rel=\"{LINK_REL}\">"));
        }
        self.in_link += 1;
        self.links.push(OpenLink { href, content_from: self.out.len() });
    }

    pub(super) fn end_link(&mut self) {
        let Some(link) = self.links.pop() else { return };
        self.in_link -= 1;
        if let Some(href) = link.href {
            if is_blank(&self.out[link.content_from..]) {
                push_escaped(&mut self.out, &href);
            }
            self.out.push_str("</a>");
        }
    }

    /// The address for `href`; a `#heading` written by hand is led to the heading's real anchor.
    pub(super) fn href_for(&self, address: &str) -> Option<String> {
        if let Some(fragment) = address.strip_prefix('#') {
            let wanted = format!("h-{}", slug(fragment));
            let known = self.headings.iter().find(|heading| heading.anchor == wanted || heading.anchor == fragment);
            return Some(match known {
                Some(heading) => format!("#{}{}", self.id_prefix, heading.anchor),
                None => format!("#{}{wanted}", self.id_prefix),
            });
        }
        allowed_href(address)
    }

    pub(super) fn picture(&mut self, address: &str, description: &str, title: &str) {
        self.raw.before_words(&mut self.out);
        if is_attachment(address) {
            self.out.push_str(&format!(
                "<img src=\"{}\" alt=\"{}\" loading=\"lazy\"",
                escape(address),
                escape(&shorten(description, TITLE_LIMIT))
            ));
            if !title.is_empty() {
                self.out.push_str(&format!(" title=\"{}\"", escape(&shorten(title, TITLE_LIMIT))));
            }
            self.out.push('>');
            return;
        }
        let name = address.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or("picture");
        let shown = if description.is_empty() { name } else { description };
        if is_absolute(address) && self.in_link == 0 {
            // A picture on another host would tell that host who reads this page.
            self.start_link(address, title);
            push_escaped(&mut self.out, &format!("Picture: {shown}"));
            self.end_link();
        } else if is_absolute(address) {
            push_escaped(&mut self.out, shown);
        } else {
            self.out.push_str(&format!(
                "<span class=\"missing-picture\">Picture not stored here: {}</span>",
                escape(if description.is_empty() { address } else { description })
            ));
        }
    }
}
