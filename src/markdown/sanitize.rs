//! The second wall: whatever the renderer wrote goes through an allow list of elements,
//! attributes, classes and URL schemes once more.
//!
//! The renderer never copies raw markup, so nothing should be left to remove here. Should it
//! ever have a hole, this one stays shut.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

/// Raw elements people may use in a document.
pub(super) const RAW_ELEMENTS: [&str; 53] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "del",
    "details",
    "div",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "u",
    "ul",
    "var",
];

/// Classes the renderer gives, and the elements it gives them to.
const OWN_CLASSES: [(&str, &[&str]); 12] = [
    ("a", &["reference", "footnote-back"]),
    (
        "div",
        &[
            "table-scroll",
            "footnotes",
            "alert",
            "alert-note",
            "alert-tip",
            "alert-important",
            "alert-warning",
            "alert-caution",
        ],
    ),
    ("p", &["alert-title"]),
    ("details", &["front-matter"]),
    ("li", &["task"]),
    ("sup", &["footnote-reference"]),
    ("span", &["missing-picture", "hl-c", "hl-s", "hl-n", "hl-k"]),
    ("th", &["align-left", "align-center", "align-right"]),
    ("td", &["align-left", "align-center", "align-right"]),
    ("input", &["task-mark"]),
    ("ul", &["task-list"]),
    ("ol", &["task-list"]),
];

static WALL: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut tags: HashSet<&str> = RAW_ELEMENTS.into_iter().collect();
    tags.remove("h1");
    tags.insert("input");

    let mut attributes: HashMap<&str, HashSet<&str>> = HashMap::new();
    attributes.insert("a", HashSet::from(["href", "title", "rel", "id", "aria-label"]));
    attributes.insert("img", HashSet::from(["src", "alt", "title", "width", "height", "loading"]));
    attributes.insert("div", HashSet::from(["role", "tabindex", "aria-label"]));
    attributes.insert("pre", HashSet::from(["tabindex"]));
    attributes.insert("code", HashSet::from(["class"]));
    attributes.insert("details", HashSet::from(["open"]));
    attributes.insert("ol", HashSet::from(["start"]));
    attributes.insert("li", HashSet::from(["id"]));
    attributes.insert("abbr", HashSet::from(["title"]));
    attributes.insert("time", HashSet::from(["datetime"]));
    attributes.insert("td", HashSet::from(["colspan", "rowspan"]));
    attributes.insert("th", HashSet::from(["colspan", "rowspan", "scope"]));
    attributes.insert("input", HashSet::from(["type", "checked", "disabled", "aria-label"]));
    for heading in ["h2", "h3", "h4", "h5", "h6"] {
        attributes.insert(heading, HashSet::from(["id"]));
    }

    let classes = OWN_CLASSES.into_iter().map(|(element, names)| (element, names.iter().copied().collect())).collect();

    let mut wall = Builder::empty();
    wall.tags(tags)
        .clean_content_tags(HashSet::from(["script", "style", "iframe", "object", "svg", "math", "template"]))
        .tag_attributes(attributes)
        .allowed_classes(classes)
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .attribute_filter(own_values_only);
    wall
});

/// Lets an attribute pass only with the values the renderer writes.
fn own_values_only<'v>(element: &str, attribute: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let is_own = match (element, attribute) {
        ("code", "class") => value.starts_with("language-"),
        ("input", "type") => value == "checkbox",
        ("div", "role") => matches!(value, "region" | "group"),
        (_, "tabindex") => value == "0",
        (_, "rel") => value == "noopener noreferrer nofollow",
        ("img", "src") => super::urls::is_attachment(value),
        _ => true,
    };
    is_own.then_some(Cow::Borrowed(value))
}

/// Returns `html`, as the renderer wrote it, without anything that is not on the allow list.
pub(super) fn sanitize(html: &str) -> String {
    WALL.clean(&part_long_texts(html)).to_string()
}

/// Longest run of text that is left whole, in bytes.
const TEXT_RUN_LIMIT: usize = 4_096;

/// Parts long texts with empty comments, which the sanitiser takes out again.
///
/// html5ever's serialiser takes time in the square of a text's length where it has many `&`
/// or many characters whose first byte is C2: 64 KB of `&` took 6 s.
fn part_long_texts(html: &str) -> Cow<'_, str> {
    if html.len() <= TEXT_RUN_LIMIT {
        return Cow::Borrowed(html);
    }
    let mut parted = String::with_capacity(html.len() + html.len() / 256);
    let mut copied = 0;
    let mut run_from = 0;
    let mut in_tag = false;
    for (at, c) in html.char_indices() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                run_from = at + 1;
            }
            '&' | '\u{80}'..='\u{bf}' if !in_tag && at - run_from > TEXT_RUN_LIMIT => {
                parted.push_str(&html[copied..at]);
                parted.push_str("<!---->");
                copied = at;
                run_from = at;
            }
            _ => {}
        }
    }
    parted.push_str(&html[copied..]);
    Cow::Owned(parted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_holds_by_itself() {
        for (bad, left) in [
            ("<script>alert(1)</script>x", "x"),
            ("<p onclick=\"x()\">y</p>", "<p>y</p>"),
            ("<a href=\"javascript:x()\">y</a>", "<a>y</a>"),
            ("<img src=\"https://tracker.example/p.gif\" alt=\"\">", "<img alt=\"\">"),
            ("<input type=\"password\">", "<input>"),
            ("<p id=\"main\" class=\"flash\" style=\"color:red\">y</p>", "<p class=\"\">y</p>"),
            ("<form action=\"/logout\"><button>y</button></form>", "y"),
            ("<h1>y</h1>", "y"),
        ] {
            assert_eq!(sanitize(bad), left, "{bad}");
        }
    }

    #[test]
    fn long_texts_stay_whole() {
        let text = format!("<p>{}</p>", "a &amp; b &lt; ° ".repeat(3_000));
        assert_eq!(sanitize(&text), text);
    }
}
