use std::collections::HashSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use scraper::{Html, Selector};

use super::*;
use crate::markdown::{NoReferences, Target};

struct Known;

impl References for Known {
    fn incident(&self, number: i64) -> Option<Target> {
        (number == 42).then(|| Target { href: "/incidents/42".to_owned(), title: "Disk \"full\"".to_owned() })
    }
    fn action_item(&self, number: i64) -> Option<Target> {
        Some(Target { href: format!("/action-items/{number}"), title: "Alert".to_owned() })
    }
    fn deploy(&self, number: i64) -> Option<Target> {
        Some(Target { href: format!("/deploys/{number}"), title: "shop 1.2".to_owned() })
    }
    fn user(&self, handle: &str) -> Option<Target> {
        (handle == "ana").then(|| Target { href: "/users/ana".to_owned(), title: "Ana".to_owned() })
    }
}

fn html(source: &str) -> String {
    render(source, &Known).unwrap().to_string()
}

/// What holds for every document, whatever was written in it.
fn check(html: &str) {
    let page = Html::parse_fragment(html);
    let mut ids = HashSet::new();
    let mut level_before = 1;
    let mut regions = HashSet::new();
    for node in page.select(&Selector::parse("*").unwrap()) {
        let element = node.value();
        let words = || node.text().collect::<String>();
        assert!(
            !matches!(
                element.name(),
                "script" | "style" | "iframe" | "form" | "button" | "object" | "svg" | "h1" | "base" | "link" | "meta"
            ),
            "{} in {html}",
            element.name()
        );
        for (name, value) in element.attrs() {
            assert!(!name.starts_with("on") && name != "style" && name != "srcset", "{name} in {html}");
            if matches!(name, "href" | "src") {
                let flat: String = value.to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
                assert!(!flat.starts_with("javascript:") && !flat.starts_with("data:"), "{value} in {html}");
            }
        }
        if let Some(id) = element.attr("id") {
            assert!(ids.insert(id.to_owned()), "id {id} twice in {html}");
        }
        if element.attr("role") == Some("region") {
            assert!(regions.insert(element.attr("aria-label").unwrap().to_owned()), "{html}");
        }
        match element.name() {
            "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = element.name()[1..].parse::<i32>().unwrap();
                assert!(level <= level_before + 1, "skips to h{level} in {html}");
                level_before = level;
            }
            "img" => {
                assert!(element.attr("alt").is_some(), "{html}");
                assert!(element.attr("src").unwrap().starts_with("/attachments/"), "{html}");
            }
            "input" => {
                assert_eq!(element.attr("type"), Some("checkbox"));
                assert!(element.attr("disabled").is_some());
                assert!(!element.attr("aria-label").unwrap().is_empty());
            }
            "a" if element.attr("href").is_some() => {
                let named = !words().trim().is_empty()
                    || element.attr("aria-label").is_some()
                    || node.select(&Selector::parse("img, input").unwrap()).next().is_some();
                assert!(named, "link without a name in {html}");
                assert!(node.select(&Selector::parse("a[href]").unwrap()).next().is_none(), "{html}");
            }
            "table" => {
                let parent = node.parent().and_then(scraper::ElementRef::wrap).unwrap();
                assert_eq!(parent.value().attr("tabindex"), Some("0"), "{html}");
            }
            _ => {}
        }
    }
}

#[test]
fn commonmark_basics() {
    for (source, expected) in [
        ("a *b* **c** ~~d~~ `e<f`", "<p>a <em>b</em> <strong>c</strong> <del>d</del> <code>e&lt;f</code></p>\n"),
        ("a\nb  \nc", "<p>a\nb<br>\nc</p>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("3. a", "<ol start=\"3\">\n<li>a</li>\n</ol>\n"),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>\n"),
        ("---", "<hr>\n"),
        ("```Rust ignore\nx < y\n```", "<pre tabindex=\"0\"><code class=\"language-rust\">x &lt; y\n</code></pre>\n"),
        ("    code", "<pre tabindex=\"0\"><code>code</code></pre>\n"),
        ("# One *two*", "<h2 id=\"h-one-two\">One <em>two</em></h2>\n"),
        ("5 < 6 & \"7\"", "<p>5 &lt; 6 &amp; \"7\"</p>\n"),
        ("[a](/b \"c\")", "<p><a href=\"/b\" title=\"c\" rel=\"noopener noreferrer nofollow\">a</a></p>\n"),
        (
            "<https://a.example>",
            "<p><a href=\"https://a.example\" rel=\"noopener noreferrer nofollow\">https://a.example</a></p>\n",
        ),
        (
            "<a@b.example>",
            "<p><a href=\"mailto:a@b.example\" rel=\"noopener noreferrer nofollow\">a@b.example</a></p>\n",
        ),
        ("", ""),
    ] {
        assert_eq!(html(source), expected, "{source}");
    }
}

#[test]
fn bare_addresses_and_references_become_links() {
    let page = html("INC-42 and INC-43, ACT-7, DEP-9, @ana, @ben; see https://a.example/x.");
    assert!(
        page.contains("<a class=\"reference\" href=\"/incidents/42\" title=\"Disk &quot;full&quot;\">INC-42</a>"),
        "{page}"
    );
    assert!(page.contains("and INC-43,") && page.contains(", @ben;"), "{page}");
    assert!(page.contains("href=\"/action-items/7\"") && page.contains("href=\"/deploys/9\""), "{page}");
    assert!(page.contains("href=\"/users/ana\""), "{page}");
    assert!(page.contains(">https://a.example/x</a>."), "{page}");
    let page = html("`INC-42` [INC-42](/x)\n\n```\nINC-42\n```\n\nhttps://a.example/INC-42");
    assert!(!page.contains("class=\"reference\""), "{page}");
}

#[test]
fn tables_scroll_and_name_their_columns() {
    let page = html(
        "| When | What |\n|---|--:|\n| 1 | 2 |\n\n| When | What |\n|---|---|\n| 1 | 2 |\n\n| | b |\n|-|-|\n| 1 | 2 |\n",
    );
    assert!(
        page.contains(
            "<div class=\"table-scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Table: When, What\"><table>"
        ),
        "{page}"
    );
    assert!(page.contains("aria-label=\"Table: When, What (2)\""), "{page}");
    assert!(page.contains("<th scope=\"col\">When</th><th scope=\"col\" class=\"align-right\">What</th>"), "{page}");
    assert!(page.contains("<tr><td></td><th scope=\"col\">b</th></tr>"), "{page}");
    check(&page);
}

#[test]
fn tasks_have_names_and_cannot_be_ticked() {
    let page = html("- [x] Add an *alert*\n- [ ] Page [ops](/x)\n");
    assert!(page.contains("<li class=\"task\"><input class=\"task-mark\" type=\"checkbox\" disabled=\"\" checked=\"\" aria-label=\"Add an alert\">"), "{page}");
    assert!(page.contains("aria-label=\"Page ops\""), "{page}");
    check(&page);
}

#[test]
fn footnotes_lead_there_and_back() {
    let page = html("a[^x] b[^y] c[^x]\n\n[^y]: why\n[^x]: because\n[^unused]: kept\n");
    assert!(page.contains("href=\"#fn-1\"") && page.contains("id=\"fnref-1-2\""), "{page}");
    assert!(page.contains("<li id=\"fn-1\"><p>because</p>\n<a class=\"footnote-back\" href=\"#fnref-1\" aria-label=\"Back to the text of footnote 1\">"), "{page}");
    assert!(page.contains("kept"), "{page}");
    check(&page);
}

#[test]
fn alerts_say_what_they_are() {
    let page = html("> [!WARNING]\n> hot\n");
    assert_eq!(page, "<div class=\"alert alert-warning\">\n<p class=\"alert-title\">Warning</p>\n<p>hot</p>\n</div>\n");
}

#[test]
fn harmless_raw_html_works_and_markdown_inside_it_too() {
    let page = html(
        "<details open>\n<summary>Logs for INC-42</summary>\n\n- *one* H<sub>2</sub>O <kbd>x</kbd>\n\n</details>\n\nafter",
    );
    assert!(page.contains("<details open=\"\">\n<summary>Logs for INC-42</summary>"), "{page}");
    assert!(page.contains("<li><em>one</em> H<sub>2</sub>O <kbd>x</kbd></li>"), "{page}");
    assert!(page.ends_with("</details>\n<p>after</p>\n"), "{page}");
    let page = html("<table id=main><tr><th>a<th><td>b<tr><td colspan=2 onclick=x>c</table>");
    assert!(page.contains("<th scope=\"col\">a</th><td></td><td>b</td></tr><tr><td colspan=\"2\">c</td>"), "{page}");
    check(&page);
    let page = html("a<br>b <b>bold *and\n\nnot here*</b>");
    assert_eq!(page, "<p>a<br>b <b>bold *and</b></p>\n<p>not here*</p>\n");
    assert_eq!(html("<h1>Title</h1>\n\n# Next\n"), "<h2>Title</h2>\n\n<h2 id=\"h-next\">Next</h2>\n");
    assert_eq!(html("<ul>stray<li>x</ul>"), "<ul><li>stray</li><li>x</li></ul>");
}

#[test]
fn nothing_runs_and_nothing_tracks() {
    for source in [
        "<script>alert(1)</script>",
        "a <script>alert(1)</script> b",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><a href=javascript:x>y</a></svg>",
        "[x](javascript:alert(1))",
        "[x](  JaVaScRiPt&colon;alert(1))",
        "[x](java&#10;script:alert(1))",
        "<a href=\"&#x6a;avascript:alert(1)\">x</a>",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
        "<div title=\"\n\n- [ ] \" onmouseover=alert(1) x=\"\n",
        "<p style=\"background:url(https://t.example)\" class=flash id=main>x",
        "<iframe src=https://a.example></iframe><form action=/logout><input name=x><button>go</button></form>",
        "<details><summary></summary>",
        "<a href='https://a.example'></a> [](https://a.example)",
        "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
        "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        "| <b> | b |\n|-|-|\n| </b><i> | <script> |\n\nx",
        "<li>a<td>b<summary>c</summary></p></div>",
        "# \n### a\n<h5></h5>\n\n<h5>b</h5>\n\n###### c",
        "[![alt](https://a.example/i.png)](https://b.example)",
        "<ul><p>a</p><li>b</li></ul>",
    ] {
        let page = html(source);
        check(&page);
        assert!(!page.contains("alert(1)</") || page.contains("&lt;") || page.contains("<p>"), "{page}");
    }
    assert_eq!(html("<script>alert(1)</script>"), "");
    assert_eq!(html("a <script>alert(1)</script> b"), "<p>a  b</p>\n");
    assert_eq!(html("[x](javascript:alert(1))"), "<p>x</p>\n");
}

#[test]
fn pictures_of_strangers_become_links() {
    let page = html(
        "![Graph](https://t.example/p.png) ![](/attachments/7/a.png) ![b](/attachments/7/b.png) ![](../img/c.png)",
    );
    assert!(page.contains(">Picture: Graph</a>"), "{page}");
    assert!(page.contains("<img src=\"/attachments/7/a.png\" alt=\"\" loading=\"lazy\">"), "{page}");
    assert!(page.contains("alt=\"b\""), "{page}");
    assert!(page.contains("Picture not stored here: ../img/c.png"), "{page}");
}

#[test]
fn links_to_headings_find_them() {
    let page = html("[up](#What-went-well) [own](#h-x)\n\n## What went well\n\n## x\n");
    assert!(page.contains("href=\"#h-what-went-well\"") && page.contains("href=\"#h-x\""), "{page}");
}

#[test]
fn many_texts_fit_on_one_page() {
    let place = Place::Within { id_prefix: "event-17", under_heading: 3 };
    let page = render_in(place, "# a[^1]\n\n|x|\n|-|\n|y|\n\n[^1]: n\n", &NoReferences).unwrap().to_string();
    assert!(page.contains("<h4 id=\"event-17-h-a1\">") || page.contains("<h4 id=\"event-17-h-a\">"), "{page}");
    assert!(page.contains("role=\"group\"") && page.contains("id=\"event-17-fn-1\""), "{page}");
}

#[test]
fn front_matter_is_folded_not_shown_as_prose() {
    let page = html("---\ntitle: Fire\ntags: [a]\n---\n# Body\n");
    assert!(page.starts_with("<details class=\"front-matter\">"), "{page}");
    assert!(page.contains("title: Fire\n") && page.contains("<h2 id=\"h-body\">"), "{page}");
}

#[test]
fn bombs_are_refused_or_shown_in_time() {
    let size = 64 * 1024;
    let repeat = |unit: &str| unit.repeat(size / unit.len());
    for unit in [
        ">",
        "> ",
        "- ",
        "* ",
        "1. ",
        "*a _b ",
        "**a *b ",
        "[",
        "![",
        "`",
        "``a ",
        "<b>",
        "<b title=1>\n\n",
        "<div>\n\n",
        "<li>",
        "<a href=x>",
        "<!--",
        "</",
        "<a \"",
        "&",
        "&#",
        "[a](",
        "![a](b",
        "|",
        "[^1]",
        "[^1]: ",
        "# a\n",
        "\\",
        "- [ ] a\n",
        "a@b ",
        "INC-1 ",
        "http://a",
        "http://(((",
        "<table><tr><td>",
        "<script>",
        "~~a ",
        "<svg><p>",
        "<details><summary>",
        "\t",
        "> - ",
        "[a][a] ",
        "<ul><li>",
        "* a\n\n",
        "<b></i>",
    ] {
        let source = repeat(unit);
        let from = Instant::now();
        let result = render(&source, &Known);
        let took = from.elapsed();
        println!("{unit:?}: {took:?} {}", if result.is_ok() { "shown" } else { "refused" });
        // An unoptimised build on a busy machine; the bar for a release build is 50 ms.
        assert!(took < Duration::from_secs(4), "{unit:?} took {took:?}");
        if let Ok(page) = result {
            assert!(page.as_str().len() < 6_000_000, "{unit:?} gives {} bytes", page.as_str().len());
        }
        let _ = crate::markdown::plain_text(&source);
        let _ = crate::markdown::outline(&source);
        let _ = crate::markdown::collect_references(&source);
    }
    assert_eq!(render(&repeat(">"), &NoReferences), Err(TooDeep));
    assert!(TooDeep.to_string().contains("Take some levels out"));
}

#[test]
fn thirty_two_levels_are_fine() {
    let quotes = format!("{}x", "> ".repeat(32));
    assert!(render(&quotes, &NoReferences).is_ok());
    assert_eq!(render(&format!("> {quotes}"), &NoReferences), Err(TooDeep));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_renders_safely(source in "[ -~\n]{0,200}|\\PC{0,100}") {
        if let Ok(page) = render(&source, &Known) {
            check(page.as_str());
        }
        let _ = crate::markdown::plain_text(&source);
    }

    #[test]
    fn any_mix_of_markup_renders_safely(parts in proptest::collection::vec(proptest::sample::select(vec![
        "<script>", "</script>", "<a href=\"javascript:x\">", "</a>", "<a href=/x>", "<p>", "</p>", "<ul>", "<li>", "</ul>",
        "<table>", "<tr>", "<td>", "<th>", "</table>", "<h1>", "</h1>", "<h4>", "<summary>", "<details>", "</details>",
        "<b onclick=x>", "</b>", "<pre>", "</pre>", "<!--", "-->", "<svg>", "</svg>", "<div title=\"", "\"", ">", "<", "\n\n", "\n",
        "- ", "- [ ] ", "# ", "### ", "> ", "*", "**", "`", "```\n", "|", "|a|b|\n|-|-|\n|1|2|\n", "[x](", ")", "[", "]", "![y](https://t.example/a.png)",
        "![", "(/attachments/a.png)", "[^1]", "\n[^1]: ", "INC-42", "@ana", "https://a.example/", "javascript:alert(1)", "&#106;", "    ", "word ", "<br>", "<img src=x onerror=y>", "---\n", "title: x\n", "<blockquote>", "<figure>", "<input>", "<style>",
    ]), 0..40)) {
        let source = parts.concat();
        if let Ok(page) = render(&source, &Known) {
            check(page.as_str());
        }
    }
}
