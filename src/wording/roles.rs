//! People shown as what they did: names and handles in a text become roles. Pure.

/// Somebody who may be named, with what they are called instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// Full name.
    pub name: String,
    /// Handle, without the `@`.
    pub handle: String,
    /// Such as `the incident lead`; `an engineer` for people without a role.
    pub role: String,
}

/// What stands for people without a role on the incident.
pub const SOMEBODY: &str = "an engineer";

/// Everybody who may be named.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// Spellings in lower case, the longest first, with the role.
    spellings: Vec<(String, String)>,
}

impl Mask {
    /// For these people. First names count only where no other person shares them.
    pub fn new(people: &[Masked]) -> Self {
        let first = |person: &Masked| person.name.split_whitespace().next().unwrap_or_default().to_lowercase();
        let mut spellings: Vec<(String, String)> = Vec::new();
        for person in people {
            let full = person.name.trim().to_lowercase();
            if full.chars().count() > 1 {
                spellings.push((full.clone(), person.role.clone()));
            }
            if !person.handle.is_empty() {
                spellings.push((format!("@{}", person.handle.to_lowercase()), person.role.clone()));
            }
            let given = first(person);
            if given != full && given.chars().count() > 1 {
                let is_shared = people.iter().filter(|other| first(other) == given).count() > 1;
                let role = if is_shared { SOMEBODY.to_owned() } else { person.role.clone() };
                spellings.push((given, role));
            }
        }
        spellings.sort_by_key(|(spelling, _)| std::cmp::Reverse(spelling.len()));
        Mask { spellings }
    }

    /// The role of somebody by their full name.
    pub fn role_of(&self, name: &str) -> String {
        let wanted = name.trim().to_lowercase();
        self.spellings
            .iter()
            .find(|(spelling, _)| *spelling == wanted)
            .map_or_else(|| SOMEBODY.to_owned(), |(_, role)| role.clone())
    }

    /// The text with people as roles. A name begins with a capital letter: `will` stays, `Will` does not.
    pub fn apply(&self, text: &str) -> String {
        let mut made = String::with_capacity(text.len());
        let mut at = 0;
        let mut before: Option<char> = None;
        while at < text.len() {
            let rest = &text[at..];
            let Some(c) = rest.chars().next() else { break };
            let may_begin = (c == '@' || c.is_uppercase()) && !before.is_some_and(|b| b.is_alphanumeric() || b == '@');
            let hit = if may_begin { self.spellings.iter().find_map(|spelling| matched(rest, spelling)) } else { None };
            match hit {
                Some((length, role)) => {
                    made.push_str(&if begins_sentence(&made) { capitalised(role) } else { role.to_owned() });
                    at += length;
                    before = Some('e');
                }
                None => {
                    made.push(c);
                    at += c.len_utf8();
                    before = Some(c);
                }
            }
        }
        made
    }
}

/// Whether whatever follows `text` begins a sentence, a paragraph or an entry of a list.
fn begins_sentence(text: &str) -> bool {
    let said = text.trim_end();
    let breaks = text[said.len()..].matches('\n').count();
    said.is_empty() || breaks >= 2 || said.ends_with(['.', '!', '?', '-', '*', '#'])
}

fn matched<'a>(rest: &str, (spelling, role): &'a (String, String)) -> Option<(usize, &'a str)> {
    let mut wanted = spelling.chars();
    let mut length = 0;
    for c in rest.chars() {
        let Some(next) = wanted.next() else { break };
        if c.to_lowercase().next() != Some(next) {
            return None;
        }
        length += c.len_utf8();
    }
    let after = rest[length..].chars().next();
    let ends = !after.is_some_and(|c| c.is_alphanumeric() || c == '_' || (spelling.starts_with('@') && c == '-'));
    (wanted.next().is_none() && ends).then_some((length, role.as_str()))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_handles_become_roles() {
        let person = |name: &str, handle: &str, role: &str| Masked {
            name: name.to_owned(),
            handle: handle.to_owned(),
            role: role.to_owned(),
        };
        let mask = Mask::new(&[
            person("Ada Lovelace", "ada", "the incident lead"),
            person("Will Smith", "will", SOMEBODY),
            person("Will Turner", "turner", "the scribe"),
        ]);
        assert_eq!(
            mask.apply("Ada Lovelace paged @will. Then Ada's fix went out; it will hold. @ada, @adam, Adamant."),
            "The incident lead paged an engineer. Then the incident lead's fix went out; it will hold. \
             The incident lead, @adam, Adamant."
        );
        assert_eq!(mask.apply("Will asked Will Turner"), "An engineer asked the scribe");
        assert_eq!(mask.role_of("Ada Lovelace"), "the incident lead");
        assert_eq!(mask.role_of("Nobody"), SOMEBODY);
    }
}
