//! Finds the block of front matter at the very start of a document, without reading it.

/// Which fence stands around front matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrontMatterFence {
    /// `---`, YAML.
    Yaml,
    /// `+++`, TOML.
    Toml,
}

/// A document cut into front matter and the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitFrontMatter<'a> {
    /// The fence that was used.
    pub fence: FrontMatterFence,
    /// The lines between the fences, each with its line end.
    pub inner: &'a str,
    /// Both fences and all between them, with the line end of the last fence.
    pub whole: &'a str,
    /// Everything after that, byte for byte.
    pub body: &'a str,
}

/// Longest front matter that is looked for, in lines.
const LINE_LIMIT: usize = 500;

/// Cuts front matter off the start of `source`; `None` when it does not begin with any.
///
/// A `---` at the start may also be a horizontal rule, so its first line must look like a key.
pub fn split_front_matter(source: &str) -> Option<SplitFrontMatter<'_>> {
    let text = source.strip_prefix('\u{feff}').unwrap_or(source);
    let lead = source.len() - text.len();
    let mut lines = text.split_inclusive('\n');
    let first = lines.next()?;
    let fence = match first.trim_end() {
        "---" => FrontMatterFence::Yaml,
        "+++" => FrontMatterFence::Toml,
        _ => return None,
    };
    let mut end = first.len();
    let mut seen_key = false;
    for line in lines.take(LINE_LIMIT) {
        let bare = line.trim_end();
        let closes = match fence {
            FrontMatterFence::Yaml => bare == "---" || bare == "...",
            FrontMatterFence::Toml => bare == "+++",
        };
        let next = end + line.len();
        if closes {
            if !seen_key && end > first.len() {
                return None;
            }
            return Some(SplitFrontMatter {
                fence,
                inner: &source[lead + first.len()..lead + end],
                whole: &source[..lead + next],
                body: &source[lead + next..],
            });
        }
        if !seen_key && !bare.is_empty() && !bare.starts_with('#') {
            if !looks_like_key(bare, fence) {
                return None;
            }
            seen_key = true;
        }
        end = next;
    }
    None
}

fn looks_like_key(line: &str, fence: FrontMatterFence) -> bool {
    let mark = match fence {
        FrontMatterFence::Yaml => ':',
        FrontMatterFence::Toml => '=',
    };
    if fence == FrontMatterFence::Toml && line.starts_with('[') {
        return true;
    }
    line.split_once(mark).is_some_and(|(key, _)| {
        let key = key.trim().trim_matches(['"', '\'']);
        !key.is_empty() && key.len() <= 80 && key.chars().all(|c| c.is_alphanumeric() || "_-. ".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_cut_without_losing_a_byte() {
        let source = "---\r\ntitle: A\r\n---\r\n\r\n# Body\r\n";
        let split = split_front_matter(source).unwrap();
        assert_eq!(split.inner, "title: A\r\n");
        assert_eq!(split.body, "\r\n# Body\r\n");
        assert_eq!(format!("{}{}", split.whole, split.body), source);
    }

    #[test]
    fn a_rule_is_not_front_matter() {
        assert_eq!(split_front_matter("---\nJust prose here.\n---\n"), None);
        assert_eq!(split_front_matter("---\n\n# Title\n\n---\n"), None);
        assert_eq!(split_front_matter("---\ntitle: never closed\n"), None);
        assert_eq!(split_front_matter("# Title\n---\na: b\n---\n"), None);
    }

    #[test]
    fn toml_is_seen_too() {
        let split = split_front_matter("+++\ntitle = \"A\"\n+++\nBody").unwrap();
        assert_eq!(split.fence, FrontMatterFence::Toml);
        assert_eq!(split.body, "Body");
    }
}
