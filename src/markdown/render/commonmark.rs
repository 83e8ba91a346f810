//! The 652 examples of CommonMark, as the parser's own package brings them, rendered here and by the parser's own
//! writer. What differs is listed with its reason; `docs/markdown.md` says the same in words.

use std::fmt::Write as _;
use std::path::PathBuf;

use pulldown_cmark::html::push_html;
use scraper::node::Node;
use scraper::{ElementRef, Html};

use super::{TooDeep, render};
use crate::markdown::NoReferences;
use crate::markdown::events::parse;

/// The parser's package in the place where Cargo unpacked it.
fn parser_package() -> Option<PathBuf> {
    // Packages that only other systems need are not here.
    let compiler = std::process::Command::new("rustc").arg("-vV").output().ok()?;
    let compiler = String::from_utf8(compiler.stdout).ok()?;
    let host = compiler.lines().find_map(|line| line.strip_prefix("host: "))?;
    let told = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()?;
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).ok()?;
    let package = told["packages"].as_array()?.iter().find(|package| package["name"] == "pulldown-cmark")?;
    Some(PathBuf::from(package["manifest_path"].as_str()?).parent()?.join("tests/suite/spec.rs"))
}

/// Every example's source, in order.
fn examples() -> Vec<String> {
    let path = parser_package().expect("cargo metadata names the parser's package");
    let text = std::fs::read_to_string(&path).unwrap();
    text.split("let original = r##\"").skip(1).map(|rest| rest.split("\"##;").next().unwrap().to_owned()).collect()
}

/// What a reader gets: elements, the attributes that lead somewhere, words. Levels of headings, names of anchors and
/// what is only for assistive technology are left out: they differ in every document, by design.
fn gist(html: &str) -> String {
    fn walk(node: ElementRef<'_>, is_code: bool, out: &mut String) {
        for child in node.children() {
            match child.value() {
                Node::Text(text) if is_code => out.push_str(text),
                Node::Text(text) => {
                    for word in text.split_whitespace() {
                        let _ = write!(out, " {word}");
                    }
                }
                Node::Element(element) => {
                    let child = ElementRef::wrap(child).unwrap();
                    let name = match element.name() {
                        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => "h",
                        other => other,
                    };
                    let _ = write!(out, "<{name}");
                    for attribute in ["href", "src", "title", "alt", "start", "type"] {
                        if let Some(value) = element.attr(attribute) {
                            let _ = write!(out, " {attribute}={}", spelled_out(value));
                        }
                    }
                    out.push('>');
                    walk(child, is_code || name == "pre", out);
                    let _ = write!(out, "</{name}>");
                }
                _ => {}
            }
        }
    }
    let mut out = String::new();
    walk(Html::parse_fragment(html).root_element(), false, &mut out);
    out
}

/// An address with its escapes written out: a browser goes to the same place either way.
fn spelled_out(address: &str) -> String {
    let pairs = format!("x={}", address.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// The examples that differ, by reason.
const DIFFERENCES: &[(&str, &[usize])] = &[
    (
        "pictures that are not stored here are named, never loaded: a reader would be seen by a stranger",
        &[
            475, 517, 520, 531, 572, 573, 574, 575, 576, 577, 578, 579, 580, 581, 582, 583, 584, 585, 586, 587, 588,
            589, 591,
        ],
    ),
    ("raw elements that run or draw over the page are left out with their content", &[170, 171, 172, 173, 176, 178]),
    ("unknown raw elements are left out, their words stay", &[150, 163, 201, 491, 494, 524, 536, 617]),
    ("raw tags that never end are shown as the text that they are", &[156, 157, 158]),
    ("raw elements are closed where they must be, so that none reaches past its paragraph", &[148, 187, 344, 642, 643]),
    ("raw anchors without an address lead nowhere, so they are no links", &[613, 614, 615, 616]),
    ("a link without words is named by its address", &[21, 31, 476, 477, 484, 630, 631]),
    ("tables stand in a frame that scrolls sideways", &[149, 160, 190, 191]),
    ("a heading without words is no heading", &[79]),
    ("front matter at the start is folded away", &[98]),
    ("only http, https, mailto and tel lead out, and what may be another scheme does not", &[500, 596, 598, 599, 601]),
    ("a fragment leads to the anchor of the heading on this page", &[501]),
    ("a bare address is a link", &[602, 608, 611]),
    ("code in a language that is known here is coloured, by elements with classes", &[142, 143]),
];

#[test]
fn commonmark_renders_as_its_parser_writes_it() {
    let examples = examples();
    assert_eq!(examples.len(), 652);
    let mut differing = Vec::new();
    for (number, source) in (1..).zip(&examples) {
        let mut theirs = String::new();
        push_html(&mut theirs, parse(source));
        let ours = match render(source, &NoReferences) {
            Ok(html) => html.to_string(),
            Err(TooDeep) => "too deep".to_owned(),
        };
        if gist(&theirs) != gist(&ours) {
            println!("{number}\n  source {source:?}\n  theirs {}\n  ours   {}", gist(&theirs), gist(&ours));
            differing.push(number);
        }
    }
    let mut listed: Vec<usize> = DIFFERENCES.iter().flat_map(|(_, numbers)| numbers.iter().copied()).collect();
    listed.sort_unstable();
    assert_eq!(differing, listed, "what differs, and what is listed with a reason");
}
