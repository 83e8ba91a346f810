//! What is read without a database: Markdown, front matter, lines of a timeline, chat logs, cursors, merges.

use debrief::clock::Moment;
use debrief::db::paging::{Cursor, Turn};
use debrief::exchange::front_matter::FrontMatter;
use debrief::exchange::postmortem_file;
use debrief::markdown::{self, NoReferences, Side};
use debrief::postmortems::additions;
use debrief::timeline::line::Frame;
use debrief::timeline::{chat, line};
use debrief::web::fields::Fields;
use debrief::web::times::Zone;
use proptest::prelude::*;
use scraper::{Html, Selector};

use super::{ODD, cases, payloads, text};

/// Elements that Markdown may become. Whatever else is in a page comes from its template.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "blockquote",
    "br",
    "rp",
    "rt",
    "ruby",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "li",
    "mark",
    "nav",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "section",
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
    "html",
];
/// Attributes that they may have.
const ATTRIBUTES: &[&str] = &[
    "align",
    "alt",
    "aria-describedby",
    "aria-hidden",
    "aria-label",
    "aria-labelledby",
    "checked",
    "cite",
    "class",
    "colspan",
    "data-label",
    "datetime",
    "dir",
    "disabled",
    "height",
    "href",
    "id",
    "lang",
    "loading",
    "open",
    "rel",
    "reversed",
    "role",
    "rowspan",
    "scope",
    "span",
    "src",
    "start",
    "tabindex",
    "title",
    "type",
    "value",
    "width",
];

/// Parses a fragment as a browser does and says what in it could run, load or lead astray.
pub fn dangers(html: &str) -> Vec<String> {
    let page = Html::parse_fragment(html);
    let mut found = Vec::new();
    for node in page.select(&Selector::parse("*").unwrap()) {
        let element = node.value();
        if !ELEMENTS.contains(&element.name()) {
            found.push(format!("<{}>", element.name()));
        }
        for (name, value) in element.attrs() {
            if !ATTRIBUTES.contains(&name) {
                found.push(format!("{}[{name}]", element.name()));
            }
            let place = value.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control());
            let scheme = place.split(['/', '?', '#']).next().unwrap_or_default().split_once(':');
            let leads = match name {
                "href" | "cite" => scheme.is_none_or(|(scheme, _)| {
                    ["http", "https", "mailto", "tel"].contains(&scheme.to_ascii_lowercase().as_str())
                }),
                "src" => value.starts_with("/attachments/"),
                _ => true,
            };
            if !leads {
                found.push(format!("{}[{name}={value}]", element.name()));
            }
        }
    }
    found
}

/// Pieces out of which hostile documents are made.
const PIECES: &[&str] = &[
    "<",
    ">",
    "</",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "?>",
    "\"",
    "'",
    "`",
    "=",
    "/",
    "\\",
    "&",
    ";",
    "#",
    "\n",
    "\n\n",
    "\t",
    " ",
    "<a href=",
    "<img src=x onerror=",
    "<svg onload=",
    "<math><mtext>",
    "<style>",
    "</style>",
    "<script>",
    "</script>",
    "<iframe srcdoc=",
    "<template>",
    "<noscript>",
    "<select><",
    "<textarea>",
    "<title>",
    "<table><tr><td>",
    "javascript:",
    "JaVaScRiPt&colon;",
    "data:text/html,",
    "vbscript:",
    "&#x6A;",
    "&Tab;",
    "&NewLine;",
    "\u{0}",
    "\u{1}",
    "\u{feff}",
    "onclick=alert(1)",
    "style=x:expression(alert(1))",
    "id=",
    "name=",
    "[x](",
    "![x](",
    ")",
    "[x]: ",
    "<https://",
    "<javascript:alert(1)>",
    "[^1]: ",
    "```html\n",
    "~~~\n",
    "    ",
    "> ",
    "- [x] ",
    "| a | b |\n|---|---|\n",
    "---\n",
    "+++\n",
    "INC-1",
    "@ada",
    "<details open ontoggle=",
    "<form action=",
    "<input autofocus onfocus=",
    "<base href=",
    "<meta http-equiv=refresh content=",
    "xlink:href=",
    "srcset=",
    "formaction=",
    "<animate attributeName=href values=",
    "<foreignObject>",
    "<annotation-xml encoding=text/html>",
];

fn document() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => proptest::sample::select(ODD).prop_map(str::to_owned),
        2 => "[ -~]{1,12}",
        1 => "\\PC{1,6}",
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|parts| parts.concat())
}

fn frame() -> Frame {
    let at = |text: &str| Moment::parse(text).unwrap();
    Frame {
        started_at: at("2026-10-25T00:10:00Z"),
        ended_at: Some(at("2026-10-25T03:40:00Z")),
        zone: Zone::named("Europe/Berlin").unwrap(),
        now: at("2026-11-23T14:00:00Z"),
    }
}

/// A line that looks like one of a timeline or of a chat.
fn typed_line() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "14:02",
        "2:03pm",
        "+12m",
        "-1h05m",
        "T+90s",
        "+99999d",
        "\u{2212}3d",
        "yesterday",
        "today,",
        "2026-11-23",
        "2026-11-23T14:02Z",
        "9999-12-31",
        "0001-01-01",
        "24:00",
        "23:59:60",
        "CET",
        "UTC",
        "+02:00",
        "+99:99",
        "pm",
        "[14:02]",
        "[2026-11-23, 14:02:11]",
        "<ada>",
        "Ada Lovelace",
        "Ada  2:14 PM",
        " ",
        "  ",
        "\n",
        "\t",
        "https://a.example/x",
        "(https://b.example)",
        "action:",
        "factor:",
        "impact:",
        "event:",
        "@ada",
        "P1",
        "1200 requests",
        "(measured, ledger)",
        "--- Day changed Mon Nov 23 2026",
        "Monday, November 23rd, 2026",
        "-!-",
        ":tada:",
        "3 replies",
        "🧯",
        "–",
        " — ",
    ]);
    let part = prop_oneof![6 => piece.prop_map(str::to_owned), 1 => text()];
    proptest::collection::vec(part, 0..14).prop_map(|parts| parts.join(" "))
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn markdown_becomes_nothing_that_runs(source in document()) {
        if let Ok(html) = markdown::render(&source, &NoReferences) {
            let found = dangers(html.as_str());
            prop_assert!(found.is_empty(), "{found:?} in {html} of {source:?}");
        }
        for source in [markdown::plain_text(&source), markdown::without_prompts(&source)] {
            if let Ok(html) = markdown::render(&source, &NoReferences) {
                prop_assert!(dangers(html.as_str()).is_empty(), "a second time: {html}");
            }
        }
    }

    #[test]
    fn a_file_of_a_postmortem_is_read_whole(source in document(), front in text(), name in text()) {
        for whole in [source.clone(), format!("---\n{front}\n---\n{source}"), format!("+++\n{front}\n+++\n{source}")] {
            let read = postmortem_file::read(&name, &whole);
            prop_assert!(!read.title.contains('\n'));
            // An import keeps every byte of what it did not make itself.
            prop_assert!(read.key.is_some() || read.markdown == whole || whole.ends_with(&read.markdown));
        }
    }

    #[test]
    fn front_matter_written_again_is_the_same(inner in "([a-z_]{1,8}: [ -~]{0,30}\n|  [a-z]: \\PC{0,9}\n|- \\PC{0,9}\n|\\PC{0,20}\n){0,12}") {
        let once = FrontMatter::read_yaml(&inner);
        let _ = FrontMatter::read_toml(&inner);
        if once.unread.is_empty() {
            let again = FrontMatter::read_yaml(&once.write_yaml());
            prop_assert_eq!(&again.entries, &once.entries);
        }
    }

    #[test]
    fn a_line_of_the_timeline_keeps_its_words(typed in typed_line()) {
        if let Ok(read) = line::read(&typed, &frame()) {
            // What was understood as a time is shown again in any zone.
            if let Some(at) = read.at {
                prop_assert!(!at.to_string().is_empty());
                let _ = (frame().zone.long(at), frame().zone.input(at));
            }
            let mut kept = read.text.clone();
            for evidence in &read.evidence {
                kept.push_str(&format!("{evidence:?}"));
            }
            if read.at.is_none() {
                for word in typed.split_whitespace() {
                    let bare = word.trim_matches(['(', ')', '<', '>', ',', '.']);
                    prop_assert!(kept.contains(bare) || kept.contains(&format!("{bare:?}")[1..]), "{bare} lost from {typed:?}: {kept}");
                }
            }
        }
    }

    #[test]
    fn a_line_beside_the_text_is_read_or_refused_with_a_sentence(typed in typed_line(), any in text()) {
        for one in [typed, any] {
            match additions::read(&one, 1) {
                Ok(_) => {}
                Err(sentence) => prop_assert!(sentence.ends_with(['.', '”', '…']), "{sentence}"),
            }
        }
    }

    #[test]
    fn no_word_of_a_chat_is_lost(words in proptest::collection::vec("w[a-z]{4}[0-9]{2}", 1..40), lines in proptest::collection::vec(typed_line(), 1..20)) {
        // Words that no client would say for itself, spread over the lines of the paste.
        let log: String = lines.iter().enumerate().map(|(n, line)| format!("{line} {}\n", words[n % words.len()])).collect();
        let found = chat::messages(&log, &frame());
        prop_assert!(found.len() <= chat::MESSAGE_LIMIT);
        for message in &found {
            if let Some(at) = message.at {
                prop_assert!(!at.to_string().is_empty());
            }
            prop_assert!(!message.text.is_empty());
        }
    }

    #[test]
    fn a_cursor_is_what_was_written_or_refused(sort in any::<i64>(), id in any::<i64>(), junk in text()) {
        let cursor = Cursor { sort, id };
        prop_assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        if let Ok(read) = Cursor::decode(&junk) {
            prop_assert_eq!(Cursor::decode(&read.encode()), Ok(read));
        }
        match Turn::from_query(Some(&junk), None) {
            Ok(_) => {}
            Err(sentence) => prop_assert!(sentence.ends_with('.')),
        }
    }

    #[test]
    fn a_merge_loses_no_line_that_one_side_typed(
        base in proptest::collection::vec("[a-d]{1,2}|\\PC{0,6}", 0..12),
        mine in proptest::collection::vec((0_usize..12, "m[0-9]{3}"), 0..5),
        theirs in proptest::collection::vec((0_usize..12, "t[0-9]{3}"), 0..5),
        ending in proptest::sample::select(vec!["\n", "\r\n", ""]),
    ) {
        let whole = |lines: &[String]| lines.iter().map(|line| format!("{line}{}", if ending.is_empty() { "\n" } else { ending })).collect::<String>();
        let typed = |side: &[(usize, String)]| {
            let mut lines = base.clone();
            for (place, line) in side {
                lines.insert((*place).min(lines.len()), line.clone());
            }
            lines
        };
        let (ours, others) = (typed(&mine), typed(&theirs));
        let merged = markdown::merge(&whole(&base), &whole(&ours), &whole(&others));
        let both = merged.resolved(&vec![Side::Both; merged.conflict_count()]);
        for (_, line) in mine.iter().chain(&theirs) {
            prop_assert!(both.contains(line.as_str()), "{line} lost from {both:?}");
        }
        prop_assert_eq!(markdown::merge(&whole(&base), &whole(&ours), &whole(&base)).clean().map(|text| text.replace('\r', "")), Some(whole(&ours).replace('\r', "")));
        let notes = debrief::retros::notes::merge(&base.join("\n"), &others.join("\n"), &ours.join("\n"));
        for (_, line) in mine.iter().chain(&theirs) {
            prop_assert!(notes.contains(line.as_str()), "{line} lost from the notes {notes:?}");
        }
    }

    #[test]
    fn a_query_string_is_read_whatever_it_is(bytes in proptest::collection::vec(any::<u8>(), 0..200), pairs in proptest::collection::vec((text(), text()), 0..6)) {
        let _ = Fields::parse(&bytes);
        let mut encoded = form_urlencoded::Serializer::new(String::new());
        encoded.extend_pairs(&pairs);
        let read = Fields::parse(encoded.finish().as_bytes());
        for (name, value) in &pairs {
            let first = pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value);
            if first == Some(value) {
                prop_assert_eq!(read.get(name), value.replace("\r\n", "\n"));
            }
        }
    }
}

#[test]
fn no_payload_of_the_samples_survives_markdown() {
    let all = payloads();
    for source in &all {
        for document in
            [source.clone(), format!("[x]({source})"), format!("![x]({source})"), format!("| a |\n|---|\n| {source} |")]
        {
            if let Ok(html) = markdown::render(&document, &NoReferences) {
                let found = dangers(html.as_str());
                assert!(found.is_empty(), "{found:?} in {html} of {document:?}");
            }
        }
    }
    println!("{} payloads, each in four places", all.len());
}
