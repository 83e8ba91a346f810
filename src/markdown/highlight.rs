//! Code in colours: comments, texts, numbers and key words of a few languages, by classes alone.
//!
//! It knows no grammar: it must never change, drop or add a character of the code.

use super::urls::push_escaped;

/// How a language writes what is marked.
struct Language {
    line_comments: &'static [&'static str],
    block_comment: Option<(&'static str, &'static str)>,
    quotes: &'static [char],
    words: &'static [&'static str],
    is_case_free: bool,
}

const C_LIKE: &[&str] = &[
    "as",
    "async",
    "await",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "def",
    "default",
    "defer",
    "do",
    "double",
    "else",
    "enum",
    "export",
    "extends",
    "false",
    "final",
    "finally",
    "float",
    "fn",
    "for",
    "from",
    "func",
    "function",
    "go",
    "goto",
    "if",
    "impl",
    "implements",
    "import",
    "in",
    "int",
    "interface",
    "let",
    "long",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "namespace",
    "new",
    "nil",
    "null",
    "nullptr",
    "package",
    "private",
    "protected",
    "pub",
    "public",
    "range",
    "ref",
    "return",
    "select",
    "self",
    "static",
    "string",
    "struct",
    "super",
    "switch",
    "this",
    "throw",
    "throws",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "undefined",
    "union",
    "unsafe",
    "use",
    "using",
    "val",
    "var",
    "void",
    "where",
    "while",
    "yield",
];
const SCRIPTED: &[&str] = &[
    "and", "as", "assert", "async", "await", "begin", "break", "case", "class", "continue", "def", "del", "do", "done",
    "elif", "else", "elsif", "end", "ensure", "esac", "except", "export", "fi", "finally", "for", "from", "function",
    "global", "if", "import", "in", "is", "lambda", "local", "module", "nil", "not", "None", "or", "pass", "raise",
    "require", "rescue", "return", "self", "set", "then", "True", "False", "true", "false", "try", "unless", "until",
    "while", "with", "yield",
];
const SQL: &[&str] = &[
    "add",
    "all",
    "alter",
    "and",
    "as",
    "asc",
    "begin",
    "between",
    "by",
    "case",
    "column",
    "commit",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "default",
    "delete",
    "desc",
    "distinct",
    "drop",
    "else",
    "end",
    "exists",
    "explain",
    "false",
    "for",
    "foreign",
    "from",
    "full",
    "group",
    "having",
    "if",
    "in",
    "index",
    "inner",
    "insert",
    "into",
    "is",
    "join",
    "key",
    "left",
    "like",
    "limit",
    "lock",
    "not",
    "null",
    "on",
    "or",
    "order",
    "outer",
    "primary",
    "references",
    "right",
    "rollback",
    "select",
    "set",
    "table",
    "then",
    "true",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "view",
    "when",
    "where",
    "with",
];
const DATA: &[&str] = &["true", "false", "null", "yes", "no", "on", "off"];

const fn language(
    line_comments: &'static [&'static str],
    block_comment: Option<(&'static str, &'static str)>,
    quotes: &'static [char],
    words: &'static [&'static str],
) -> Language {
    Language { line_comments, block_comment, quotes, words, is_case_free: false }
}

static BRACES: Language = language(&["//"], Some(("/*", "*/")), &['"', '\'', '`'], C_LIKE);
static RUST: Language = language(&["//"], Some(("/*", "*/")), &['"'], C_LIKE);
static HASHES: Language = language(&["#"], None, &['"', '\''], SCRIPTED);
static QUERIES: Language = Language {
    line_comments: &["--"],
    block_comment: Some(("/*", "*/")),
    quotes: &['\'', '"'],
    words: SQL,
    is_case_free: true,
};
static SETTINGS: Language = language(&["#", ";"], None, &['"', '\''], DATA);
static JSON: Language = language(&["//"], None, &['"'], DATA);

fn known(name: &str) -> Option<&'static Language> {
    Some(match name {
        "c" | "h" | "cpp" | "c++" | "cc" | "cs" | "csharp" | "java" | "kotlin" | "kt" | "scala" | "swift" | "go"
        | "golang" | "js" | "javascript" | "jsx" | "ts" | "typescript" | "tsx" | "php" | "dart" | "groovy"
        | "proto" | "css" | "scss" => &BRACES,
        "rust" | "rs" => &RUST,
        "sh" | "bash" | "zsh" | "shell" | "console" | "python" | "py" | "ruby" | "rb" | "perl" | "elixir" | "ex"
        | "r" | "dockerfile" | "docker" | "make" | "makefile" | "tcl" | "fish" | "nix" | "hcl" | "terraform" | "tf" => {
            &HASHES
        }
        "sql" | "psql" | "postgresql" | "mysql" | "plpgsql" => &QUERIES,
        "yaml" | "yml" | "toml" | "ini" | "conf" | "cfg" | "properties" | "env" | "nginx" => &SETTINGS,
        "json" | "json5" | "jsonc" | "ndjson" => &JSON,
        _ => return None,
    })
}

/// Whether code of this language is marked.
pub(super) fn is_known(name: &str) -> bool {
    known(name).is_some()
}

/// Writes `code` as HTML; what is marked stands in a `<span>` with one of the classes `hl-c` (comment), `hl-s`
/// (text), `hl-n` (number) and `hl-k` (key word).
pub(super) fn push_highlighted(out: &mut String, code: &str, name: &str) {
    let Some(language) = known(name) else {
        push_escaped(out, code);
        return;
    };
    let mut plain_from = 0;
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        match marked(rest, code[..at].chars().next_back(), language) {
            Some((class, length)) => {
                push_escaped(out, &code[plain_from..at]);
                if !class.is_empty() {
                    out.push_str(&format!("<span class=\"{class}\">"));
                }
                push_escaped(out, &rest[..length]);
                if !class.is_empty() {
                    out.push_str("</span>");
                }
                at += length;
                plain_from = at;
            }
            None => at += rest.chars().next().map_or(1, char::len_utf8),
        }
    }
    push_escaped(out, &code[plain_from..]);
}

/// What `rest` begins with: its class, empty for a plain word, and its length.
fn marked(rest: &str, before: Option<char>, language: &Language) -> Option<(&'static str, usize)> {
    let joins = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if let Some((open, close)) = language.block_comment
        && rest.starts_with(open)
    {
        let end = rest[open.len()..].find(close).map_or(rest.len(), |end| open.len() + end + close.len());
        return Some(("hl-c", end));
    }
    // `#` and `--` begin a comment at a word's start only: `a#b` and `x--` do not.
    let starts = before.is_none_or(char::is_whitespace) || language.block_comment.is_some();
    if starts && language.line_comments.iter().any(|mark| rest.starts_with(mark)) && before != Some(':') {
        return Some(("hl-c", rest.find('\n').unwrap_or(rest.len())));
    }
    let first = rest.chars().next()?;
    if language.quotes.contains(&first) && !joins {
        return text(rest, first).map(|length| ("hl-s", length));
    }
    if joins {
        return None;
    }
    if first.is_ascii_digit() {
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))).unwrap_or(rest.len());
        return Some(("hl-n", length));
    }
    if first.is_alphabetic() || first == '_' {
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let word = &rest[..length];
        let is_key =
            language.words.iter().any(|key| *key == word || (language.is_case_free && key.eq_ignore_ascii_case(word)));
        return Some((if is_key { "hl-k" } else { "" }, length));
    }
    None
}

/// The length of a text in quotes; one that does not end on its line is none.
fn text(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' if quote != '`' => return None,
            c if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn html(code: &str, name: &str) -> String {
        let mut out = String::new();
        push_highlighted(&mut out, code, name);
        out
    }

    #[test]
    fn comments_texts_numbers_and_key_words_are_marked() {
        assert_eq!(
            html("let x = \"<a>\"; // 3", "rust"),
            "<span class=\"hl-k\">let</span> x = <span class=\"hl-s\">&quot;&lt;a&gt;&quot;</span>; <span class=\"hl-c\">// 3</span>"
        );
        assert_eq!(html("SELECT 42", "sql"), "<span class=\"hl-k\">SELECT</span> <span class=\"hl-n\">42</span>");
        assert_eq!(html("echo a#b # c", "sh"), "echo a#b <span class=\"hl-c\"># c</span>");
        assert_eq!(html("url: http://x", "yaml"), "url: http://x");
        assert_eq!(html("let it", "unknown"), "let it");
        assert_eq!(html("it's", "python"), "it's");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_character_is_changed(code in "[ -~\n]{0,80}|\\PC{0,40}", name in "rust|python|sql|yaml|json|go") {
            let marked = html(&code, &name);
            let mut plain = String::new();
            push_escaped(&mut plain, &code);
            let stripped = ["hl-c", "hl-s", "hl-n", "hl-k"].iter().fold(marked, |text, class| {
                text.replace(&format!("<span class=\"{class}\">"), "")
            });
            prop_assert_eq!(stripped.replace("</span>", ""), plain);
        }
    }
}
