//! The words of a document without its markup, for the search index and for counting.

use pulldown_cmark::{Event, Tag, TagEnd};

use super::events::parse;
use super::front::split_front_matter;
use super::inline_html::{Piece, pieces};
use super::kept;
use super::plain::is_plain;

/// The words of `source`: no markup, code and picture descriptions kept, one line per block.
///
/// Front matter is part of the text, so that a search finds what was filed there.
pub fn plain_text(source: &str) -> String {
    if is_plain(source) { source.to_owned() } else { plain_text_anew(source) }
}

pub(super) fn plain_text_anew(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let body = match split_front_matter(source) {
        Some(split) => {
            text.push_str(split.inner);
            split.body
        }
        None => source,
    };
    let mut html = String::new();
    for event in parse(body) {
        match event {
            Event::Text(words) | Event::Code(words) => text.push_str(&words),
            Event::SoftBreak => text.push(' '),
            Event::HardBreak | Event::Rule => end_line(&mut text),
            Event::Html(markup) => html.push_str(&markup),
            Event::End(TagEnd::HtmlBlock) => {
                push_html_words(&mut text, &html);
                text.truncate(text.trim_end().len());
                html.clear();
                end_line(&mut text);
            }
            Event::InlineHtml(markup) if markup.starts_with("<br") => end_line(&mut text),
            Event::End(TagEnd::TableCell) => text.push(' '),
            Event::End(end) if !is_inline(end) => end_line(&mut text),
            Event::Start(Tag::List(_)) => end_line(&mut text),
            _ => {}
        }
    }
    text.truncate(text.trim_end().len());
    text
}

/// How many words a reader reads: runs of non-blank characters that hold a letter or a digit.
pub fn word_count(source: &str) -> usize {
    let count = || plain_text(source).split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count();
    *kept::kept("word count", &source, |_| size_of::<usize>(), count)
}

fn is_inline(end: TagEnd) -> bool {
    matches!(end, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
}

fn push_html_words(text: &mut String, html: &str) {
    for piece in pieces(html) {
        match piece {
            Piece::Text(words) => text.push_str(&decode_common_entities(words)),
            Piece::Open(_) | Piece::Close(_) => {
                if !text.ends_with(char::is_whitespace) {
                    text.push(' ');
                }
            }
            Piece::Dropped => {}
        }
    }
}

fn decode_common_entities(words: &str) -> String {
    words
        .replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

fn end_line(text: &mut String) {
    while text.ends_with(' ') {
        text.pop();
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_goes_and_words_stay() {
        let text = plain_text(
            "# A *b*\n\ncc [link](http://x.example) `code`\nnext\n\n- one\n  - two\n\n```sh\nls -l\n```\n\n|a|b|\n|-|-|\n|1|2|\n\n<div>raw &amp; <b>html</b></div>\n\n![alt text](x.png)\n",
        );
        assert_eq!(text, "A b\ncc link code next\none\ntwo\nls -l\na b\n1 2\nraw & html\nalt text");
    }

    #[test]
    fn scripts_are_no_words_and_front_matter_is() {
        assert_eq!(plain_text("---\ntitle: Fire\n---\nBody\n\n<script>\nx()\n</script>\n"), "title: Fire\nBody");
    }

    #[test]
    fn words_are_counted_without_marks() {
        assert_eq!(word_count("## One two\n\n- three `four` — &\n"), 4);
        assert_eq!(word_count(""), 0);
    }
}
