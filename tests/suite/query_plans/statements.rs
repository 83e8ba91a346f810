//! What a statement says.

/// What a statement says, however long its lists are and however its database quotes: what two statements have in
/// common, and what [`ALLOWED`] names.
pub(super) fn said(sql: &str) -> String {
    let mut said = String::with_capacity(sql.len());
    let plain = sql.replace(['`', '"'], "").replace("= ANY(SELECT", "IN (SELECT");
    let mut letters = plain.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '$' if letters.peek().is_some_and(char::is_ascii_digit) => {
                while letters.next_if(char::is_ascii_digit).is_some() {}
                said.push('?');
            }
            letter if letter.is_whitespace() => {
                while letters.next_if(|next| next.is_whitespace()).is_some() {}
                said.push(' ');
            }
            letter => said.push(letter),
        }
    }
    said.replace("!= ALL(?)", "NOT IN (?, ?)").replace("= ANY(?)", "IN (?, ?)")
}

/// The statement with lists of two, where it has longer ones.
pub(super) fn folded(sql: &str) -> String {
    let mut folded = sql.to_owned();
    while folded.contains("?, ?, ?") && folded.contains(" IN (?, ?, ?") {
        folded = folded.replace(" IN (?, ?, ?", " IN (?, ?");
    }
    folded
}

/// One `SELECT … FROM …` of a statement, which may have several inside each other.
#[derive(Default)]
pub(super) struct Part {
    depth: usize,
    /// Tables, each with the name that the statement gives it.
    pub(super) sources: Vec<(String, String)>,
    pub(super) has_condition: bool,
    pub(super) has_limit: bool,
}

pub(super) fn parts_of(sql: &str) -> Vec<Part> {
    let said = said(sql);
    let mut words: Vec<&str> = Vec::new();
    let mut rest = said.as_str();
    while let Some(first) = rest.chars().next() {
        let end = if first.is_alphanumeric() || first == '_' {
            rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            words.push(&rest[..end]);
        }
        rest = &rest[end..];
    }
    let (mut done, mut open, mut depth) = (Vec::new(), Vec::<Part>::new(), 0);
    for (place, word) in words.iter().enumerate() {
        match word.to_ascii_uppercase().as_str() {
            "(" => depth += 1,
            ")" => {
                depth -= 1;
                while open.last().is_some_and(|part| part.depth > depth) {
                    done.extend(open.pop());
                }
            }
            "SELECT" | "UPDATE" | "DELETE" => {
                open.push(Part { depth, ..Part::default() });
                if word.eq_ignore_ascii_case("UPDATE")
                    && let (Some(part), Some(name)) = (open.last_mut(), words.get(place + 1))
                {
                    part.sources.push(((*name).to_owned(), (*name).to_owned()));
                }
            }
            "FROM" | "JOIN" => {
                let mut named = words[place + 1..].iter().skip_while(|word| **word == "(");
                let (Some(part), Some(table)) = (open.last_mut(), named.next()) else { continue };
                let other = named.find(|word| !word.eq_ignore_ascii_case("AS")).copied().unwrap_or_default();
                let is_name = other.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
                let name = if is_name && !other.is_empty() { other } else { table };
                part.sources.push((name.to_owned(), (*table).to_owned()));
            }
            "WHERE" => open.iter_mut().rev().find(|part| part.depth == depth).unwrap().has_condition = true,
            "LIMIT" => open.iter_mut().rev().find(|part| part.depth == depth).unwrap().has_limit = true,
            _ => {}
        }
    }
    done.extend(open);
    done
}
