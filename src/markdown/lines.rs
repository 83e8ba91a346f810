//! A document line by line, with what is code told from what is text; and the prompts of templates.
//!
//! A prompt is a comment that begins with `<!--?`. It guides whoever writes and never reaches a reader: not on a
//! page, not in a file that is exported, not in what is published. Other comments are the writer's own and stay.

/// One line of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentLine<'a> {
    /// The line with its end.
    pub text: &'a str,
    /// Whether it stands in a fenced block of code, the fences included.
    pub is_code: bool,
}

/// Cuts a document into its lines; joined again they are the document.
pub fn document_lines(source: &str) -> Vec<DocumentLine<'_>> {
    let mut fence: Option<(char, usize)> = None;
    source
        .split_inclusive('\n')
        .map(|text| {
            let mark = fence_mark(text);
            let is_code = match (fence, mark) {
                (None, Some(opened)) => {
                    fence = Some((opened.0, opened.1));
                    true
                }
                (Some((kind, length)), Some((other, count, rest_is_blank))) => {
                    if kind == other && count >= length && rest_is_blank {
                        fence = None;
                    }
                    true
                }
                (Some(_), None) => true,
                (None, None) => false,
            };
            DocumentLine { text, is_code }
        })
        .collect()
}

/// The kind and length of a fence, and whether nothing follows it.
fn fence_mark(line: &str) -> Option<(char, usize, bool)> {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let rest = line.trim();
    let kind = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let count = rest.chars().take_while(|c| *c == kind).count();
    let after = &rest[count..];
    // Backticks with more backticks behind them are code in a line.
    if indent > 3 || count < 3 || (kind == '`' && after.contains('`')) {
        return None;
    }
    Some((kind, count, after.is_empty()))
}

const PROMPT: &str = "<!--?";

/// The document without its prompts; lines that held nothing else go with them. A document without prompts comes
/// back byte for byte.
pub fn without_prompts(source: &str) -> String {
    if !source.contains(PROMPT) {
        return source.to_owned();
    }
    let mut out = String::with_capacity(source.len());
    let mut in_prompt = false;
    for line in document_lines(source) {
        if line.is_code && !in_prompt {
            out.push_str(line.text);
            continue;
        }
        let mut kept = String::new();
        let mut touched = in_prompt;
        let mut rest = line.text;
        loop {
            if in_prompt {
                match rest.find("-->") {
                    Some(end) => {
                        rest = &rest[end + 3..];
                        in_prompt = false;
                    }
                    None => break,
                }
            } else {
                match rest.find(PROMPT) {
                    Some(start) => {
                        kept.push_str(&rest[..start]);
                        rest = &rest[start + PROMPT.len()..];
                        (in_prompt, touched) = (true, true);
                    }
                    None => {
                        kept.push_str(rest);
                        break;
                    }
                }
            }
        }
        if !touched {
            out.push_str(line.text);
        } else if !kept.trim().is_empty() {
            let ends = kept.ends_with('\n');
            out.push_str(kept.trim_end());
            if ends || line.text.ends_with('\n') {
                out.push('\n');
            }
        }
    }
    out
}

/// Makes every comment of a template a prompt.
pub fn as_prompts(template: &str) -> String {
    let mut out = String::with_capacity(template.len());
    for line in document_lines(template) {
        if line.is_code {
            out.push_str(line.text);
        } else {
            out.push_str(&line.text.replace("<!--?", "<!--").replace("<!--", "<!--?"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_go_and_nothing_else() {
        let source = "# A\n\n<!--? What\nhappened? -->\n\nIt broke. <!--? more --> Twice.\n<!-- mine -->\n```\n<!--? code -->\n```\nend";
        let text = without_prompts(source);
        assert_eq!(text, "# A\n\n\nIt broke.  Twice.\n<!-- mine -->\n```\n<!--? code -->\n```\nend");
        assert_eq!(without_prompts(&text), text);
        assert_eq!(without_prompts("a\r\n<!-- b -->\r\nc"), "a\r\n<!-- b -->\r\nc");
        assert_eq!(without_prompts("<!--? never closed\nx"), "");
        assert_eq!(
            as_prompts("<!-- a --> <!--? b -->\n```\n<!-- c -->\n```\n"),
            "<!--? a --> <!--? b -->\n```\n<!-- c -->\n```\n"
        );
    }

    #[test]
    fn fences_are_told_from_text() {
        let source = "a\n````x\n```\nb\n````\nc\n~~~\nd";
        let code: Vec<bool> = document_lines(source).iter().map(|line| line.is_code).collect();
        assert_eq!(code, [false, true, true, true, true, false, true, true]);
        assert_eq!(document_lines(source).iter().map(|line| line.text).collect::<String>(), source);
        assert!(document_lines("```a`b\nx")[1..].iter().all(|line| !line.is_code));
    }
}
