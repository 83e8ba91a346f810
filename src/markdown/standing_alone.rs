//! A document that is read away from here: pictures inside it, own addresses whole.

use super::SafeHtml;
use super::urls::escape;

impl SafeHtml {
    /// The document with every picture of ours replaced by what `picture` gives for its address (a `data:` address;
    /// without one it is left to its words), and own addresses made whole with `base_url`.
    #[must_use]
    pub fn standing_alone(&self, base_url: &str, picture: &mut dyn FnMut(&str) -> Option<String>) -> SafeHtml {
        let mut made = String::with_capacity(self.as_str().len());
        let mut rest = self.as_str();
        while let Some(at) = rest.find('<') {
            made.push_str(&rest[..at]);
            rest = &rest[at..];
            // The sanitiser writes attributes in double quotes and escapes `>` in them.
            let end = rest.find('>').map_or(rest.len(), |end| end + 1);
            let (tag, after) = rest.split_at(end);
            rest = after;
            let (name, whole) = if tag.starts_with("<img ") { ("src", true) } else { ("href", false) };
            let Some((before, value, behind)) = attribute(tag, name).filter(|(_, value, _)| value.starts_with('/'))
            else {
                made.push_str(tag);
                continue;
            };
            made.push_str(before);
            if whole {
                made.push_str(&escape(&picture(value).unwrap_or_default()));
            } else {
                made.push_str(&escape(base_url.trim_end_matches('/')));
                made.push_str(value);
            }
            made.push_str(behind);
        }
        made.push_str(rest);
        SafeHtml::vouch(made)
    }
}

/// A tag up to an attribute's value, the value, and what follows.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let begin = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let end = begin + tag[begin..].find('"')?;
    Some((&tag[..begin], &tag[begin..end], &tag[end..]))
}

#[cfg(test)]
mod tests {
    use super::super::{NoReferences, render};

    #[test]
    fn nothing_points_back_here() {
        let token = "0123456789abcdef0123456789abcdef";
        let text = format!(
            "![a \"graph\"](/attachments/{token}.png) [x](/incidents/INC-1?a=1&b=2) <https://a.example> [top](#top)\n"
        );
        let html = render(&text, &NoReferences).unwrap();
        let alone = html.standing_alone("https://d.example/", &mut |path| {
            assert_eq!(path, format!("/attachments/{token}.png"));
            Some("data:image/png;base64,AA==".to_owned())
        });
        let alone = alone.as_str();
        assert!(alone.contains("src=\"data:image/png;base64,AA==\""), "{alone}");
        assert!(alone.contains("href=\"https://d.example/incidents/INC-1?a=1&amp;b=2\""), "{alone}");
        assert!(
            alone.contains("href=\"https://a.example\"") || alone.contains("href=\"https://a.example/\""),
            "{alone}"
        );
        assert!(!alone.contains("=\"/"), "{alone}");
    }
}
