//! Whether a text of another tool was finished there.

/// How far a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nothing says that it is not finished.
    #[default]
    Published,
    /// Others are to read it first.
    InReview,
    /// It is being written.
    Draft,
}

impl Standing {
    /// Every one, the finished first.
    pub const ALL: [Standing; 3] = [Standing::Published, Standing::InReview, Standing::Draft];

    /// The word in Debrief's files: `published`, `in_review`, `draft`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Published => "published",
            Standing::InReview => "in_review",
            Standing::Draft => "draft",
        }
    }

    /// The word in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Standing::Published => "published",
            Standing::InReview => "in review",
            Standing::Draft => "draft",
        }
    }

    /// What [`Standing::as_str`] wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Standing::ALL.into_iter().find(|standing| standing.as_str() == word)
    }
}

/// What a tool's or a team's word for the state of a text means; nothing for words that say something else, such as
/// the state of the incident.
pub(super) fn standing(word: &str) -> Option<Standing> {
    let words: Vec<String> = word
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["draft" | "drafts" | "drafting" | "wip" | "incomplete" | "unpublished" | "unfinished", ..]
        | ["in", "progress", ..]
        | ["inprogress"]
        | ["work", "in", "progress", ..]
        | ["not", "started" | "published" | "finished" | "complete", ..]
        | ["to", "do"]
        | ["todo"] => Some(Standing::Draft),
        ["in" | "under" | "awaiting" | "ready" | "needs" | "pending", "review", ..]
        | ["ready", "for", "review", ..]
        | ["inreview"]
        | ["review"]
        | ["reviewing", ..] => Some(Standing::InReview),
        [
            "published" | "final" | "complete" | "completed" | "done" | "closed" | "reviewed" | "approved" | "resolved"
            | "public" | "finished",
            ..,
        ] => Some(Standing::Published),
        _ => None,
    }
}

/// A title that says so itself: `[DRAFT] Disk full`, `WIP: Disk full`, `Disk full (draft)`.
pub(super) fn in_title(title: &str) -> Option<Standing> {
    let title = title.trim();
    let is_draft = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.eq_ignore_ascii_case("draft") || word.eq_ignore_ascii_case("wip")
    };
    let first = title.split_whitespace().next()?;
    let last = title.split_whitespace().last()?;
    let is_marked = |word: &str| {
        word.starts_with(['[', '(', '{']) || word.ends_with(':') || word.chars().all(|c| !c.is_lowercase())
    };
    let says = (is_draft(first) && is_marked(first)) || (is_draft(last) && last.starts_with(['[', '(']));
    says.then_some(Standing::Draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_tools_are_understood() {
        for (word, expected) in [
            ("draft", Some(Standing::Draft)),
            ("Draft, action items open", Some(Standing::Draft)),
            ("in_progress", Some(Standing::Draft)),
            ("INCOMPLETE", Some(Standing::Draft)),
            ("In Review", Some(Standing::InReview)),
            ("in_review", Some(Standing::InReview)),
            ("Complete, action items in progress", Some(Standing::Published)),
            ("completed", Some(Standing::Published)),
            ("Reviewed", Some(Standing::Published)),
            ("triggered", None),
            ("", None),
        ] {
            assert_eq!(standing(word), expected, "{word}");
        }
    }

    #[test]
    fn a_title_may_say_that_it_is_a_draft() {
        for title in ["[DRAFT] Disk full", "WIP: Disk full", "Disk full (draft)", "DRAFT Disk full", "Draft: Disk full"]
        {
            assert_eq!(in_title(title), Some(Standing::Draft), "{title}");
        }
        for title in ["Draft picks were late", "Disk full", "", "The draft", "Overdraft: wrong"] {
            assert_eq!(in_title(title), None, "{title}");
        }
    }
}
