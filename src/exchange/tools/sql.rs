//! Rows out of SQL dumps: `COPY … FROM stdin` of pg_dump, `INSERT` of either database, columns from `CREATE TABLE`.

use std::collections::BTreeMap;

/// Most rows that are read of one dump.
const ROW_LIMIT: usize = 2_000_000;

/// A table's columns and rows, all as text.
#[derive(Debug, Default)]
pub(super) struct Table {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

/// A row with its columns.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    columns: &'a [String],
    values: &'a [Option<String>],
}

impl<'a> Row<'a> {
    /// The first of these columns that is there and holds something.
    pub(super) fn get(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| {
            let index = self.columns.iter().position(|column| column == name)?;
            self.values.get(index)?.as_deref().filter(|value| !value.trim().is_empty())
        })
    }
}

impl Table {
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|known| known == column)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|values| Row { columns: &self.columns, values })
    }
}

/// All tables of a dump, by `schema.table` in lower case.
#[derive(Debug, Default)]
pub(super) struct Dump {
    pub(super) tables: BTreeMap<String, Table>,
    row_count: usize,
}

impl Dump {
    /// Rows of a table of a schema; none when there is no such table.
    pub(super) fn rows(&self, schema: &str, table: &str) -> impl Iterator<Item = Row<'_>> {
        let key = if schema.is_empty() { table.to_owned() } else { format!("{schema}.{table}") };
        self.tables.get(&key).into_iter().flat_map(Table::rows)
    }

    fn add(&mut self, table: &str, row: Vec<Option<String>>) {
        if self.row_count < ROW_LIMIT {
            self.row_count += 1;
            self.tables.entry(table.to_owned()).or_default().rows.push(row);
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A word or number as it stands.
    Word(String),
    /// A name in quotes.
    Name(String),
    /// A text in quotes.
    Text(String),
    Mark(char),
}

/// Reads a dump; what is no table's row is passed over.
pub(super) fn read(text: &str) -> Dump {
    let escapes = text.contains('`') || text.contains("MySQL dump") || text.contains("MariaDB dump");
    let mut reader = Reader { rest: text, escapes };
    let mut dump = Dump::default();
    while let Some(statement) = reader.statement() {
        take(&mut dump, &statement, &mut reader);
    }
    dump
}

struct Reader<'a> {
    rest: &'a str,
    /// Whether a backslash in a text escapes, as MySQL has it.
    escapes: bool,
}

impl Reader<'_> {
    /// The tokens up to the next semicolon. Of statements that hold no rows only the first words are kept.
    fn statement(&mut self) -> Option<Vec<Token>> {
        let mut tokens = Vec::new();
        let mut is_wanted = true;
        loop {
            let Some(token) = self.token() else { return (!tokens.is_empty()).then_some(tokens) };
            if token == Token::Mark(';') {
                if tokens.is_empty() {
                    continue;
                }
                return Some(tokens);
            }
            if tokens.is_empty() {
                is_wanted = matches!(&token, Token::Word(word)
                    if ["copy", "insert", "replace", "create"].contains(&&*word.to_lowercase()));
            }
            if is_wanted || tokens.len() < 2 {
                tokens.push(token);
            }
        }
    }

    fn token(&mut self) -> Option<Token> {
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with("--") || self.rest.starts_with('#') || self.rest.starts_with('\\') {
                let end = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
                self.rest = &self.rest[end..];
            } else if self.rest.starts_with("/*") {
                let end = self.rest.find("*/").map_or(self.rest.len(), |at| at + 2);
                self.rest = &self.rest[end..];
            } else {
                break;
            }
        }
        let first = self.rest.chars().next()?;
        match first {
            '\'' => Some(Token::Text(self.quoted('\''))),
            '"' if self.escapes => Some(Token::Text(self.quoted('"'))),
            '"' | '`' => Some(Token::Name(self.quoted(first))),
            '$' => Some(Token::Text(self.between_dollars())),
            c if c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.' | '@') => {
                let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '@' | '$');
                // A dot joins the digits of a number, and parts names.
                let is_number = c.is_ascii_digit() || matches!(c, '-' | '+' | '.');
                let end = self.rest.find(|c: char| !(is_part(c) || (is_number && c == '.'))).unwrap_or(self.rest.len());
                let end = end.max(c.len_utf8());
                let word = self.rest[..end].to_owned();
                self.rest = &self.rest[end..];
                Some(Token::Word(word))
            }
            c => {
                self.rest = &self.rest[c.len_utf8()..];
                Some(Token::Mark(c))
            }
        }
    }

    fn quoted(&mut self, mark: char) -> String {
        let mut made = String::new();
        let mut chars = self.rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && self.escapes && mark != '`' {
                if let Some((_, escaped)) = chars.next() {
                    made.push(unescaped(escaped));
                }
            } else if c == mark {
                if chars.peek().is_some_and(|(_, next)| *next == mark) {
                    chars.next();
                    made.push(mark);
                } else {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return made;
                }
            } else {
                made.push(c);
            }
        }
        self.rest = "";
        made
    }

    fn between_dollars(&mut self) -> String {
        let Some(end) = self.rest[1..].find('$').map(|at| at + 2) else {
            self.rest = &self.rest[1..];
            return String::new();
        };
        let tag = &self.rest[..end];
        let inside = &self.rest[end..];
        if tag.contains(char::is_whitespace) {
            self.rest = &self.rest[1..];
            return String::new();
        }
        match inside.find(tag) {
            Some(at) => {
                self.rest = &inside[at + tag.len()..];
                inside[..at].to_owned()
            }
            None => {
                self.rest = "";
                inside.to_owned()
            }
        }
    }
}

fn unescaped(c: char) -> char {
    match c {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        '0' => '\u{fffd}',
        'b' => '\u{8}',
        other => other,
    }
}

/// `schema.table` or `table`, in lower case, with the tokens after it.
fn name_of(tokens: &[Token]) -> Option<(String, &[Token])> {
    let part = |token: &Token| match token {
        Token::Word(word) => Some(word.to_lowercase()),
        Token::Name(name) | Token::Text(name) => Some(name.to_lowercase()),
        Token::Mark(_) => None,
    };
    let first = part(tokens.first()?)?;
    match tokens.get(1) {
        Some(Token::Word(next)) if next.starts_with('.') && next.len() > 1 => {
            Some((format!("{first}{}", next.to_lowercase()), &tokens[2..]))
        }
        Some(Token::Word(dot)) if dot == "." => Some((format!("{first}.{}", part(tokens.get(2)?)?), &tokens[3..])),
        _ => Some((first, &tokens[1..])),
    }
}

fn is_word(token: Option<&Token>, wanted: &str) -> bool {
    matches!(token, Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted))
}

/// The names between the first brackets, and the tokens after them.
fn names(tokens: &[Token]) -> Option<(Vec<String>, &[Token])> {
    if tokens.first() != Some(&Token::Mark('(')) {
        return None;
    }
    let end = tokens.iter().position(|token| *token == Token::Mark(')'))?;
    let found = tokens[1..end]
        .iter()
        .filter_map(|token| match token {
            Token::Word(word) => Some(word.to_lowercase()),
            Token::Name(name) | Token::Text(name) => Some(name.to_lowercase()),
            Token::Mark(_) => None,
        })
        .collect();
    Some((found, &tokens[end + 1..]))
}

fn take(dump: &mut Dump, tokens: &[Token], reader: &mut Reader<'_>) {
    if is_word(tokens.first(), "copy") {
        copy(dump, &tokens[1..], reader);
    } else if is_word(tokens.first(), "create") {
        create(dump, tokens);
    } else if is_word(tokens.first(), "insert") || is_word(tokens.first(), "replace") {
        insert(dump, tokens);
    }
}

fn create(dump: &mut Dump, tokens: &[Token]) {
    let Some(at) = tokens.iter().take(4).position(|token| is_word(Some(token), "table")) else { return };
    let mut rest = &tokens[at + 1..];
    while is_word(rest.first(), "if") || is_word(rest.first(), "not") || is_word(rest.first(), "exists") {
        rest = &rest[1..];
    }
    let Some((table, rest)) = name_of(rest) else { return };
    let mut columns = Vec::new();
    let (mut depth, mut is_first) = (0, false);
    for token in rest {
        match token {
            Token::Mark('(') => {
                depth += 1;
                is_first = depth == 1;
            }
            Token::Mark(')') => depth -= 1,
            Token::Mark(',') if depth == 1 => is_first = true,
            Token::Name(name) if depth == 1 && is_first => {
                columns.push(name.to_lowercase());
                is_first = false;
            }
            Token::Word(word) if depth == 1 && is_first => {
                let word = word.to_lowercase();
                let is_rule =
                    ["primary", "key", "unique", "constraint", "index", "fulltext", "foreign", "check", "exclude"]
                        .contains(&&*word);
                if !is_rule {
                    columns.push(word);
                }
                is_first = false;
            }
            _ => is_first = false,
        }
    }
    dump.tables.entry(table).or_default().columns = columns;
}

fn insert(dump: &mut Dump, tokens: &[Token]) {
    let Some(at) = tokens.iter().take(4).position(|token| is_word(Some(token), "into")) else { return };
    let Some((table, mut rest)) = name_of(&tokens[at + 1..]) else { return };
    if let Some((columns, after)) = names(rest) {
        dump.tables.entry(table.clone()).or_default().columns = columns;
        rest = after;
    }
    let Some(values) = rest.iter().position(|token| is_word(Some(token), "values")) else { return };
    let (mut depth, mut row, mut value): (i32, Vec<Option<String>>, Vec<&Token>) = (0, Vec::new(), Vec::new());
    for token in &rest[values + 1..] {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') if depth == 1 => {
                depth = 0;
                row.push(value_of(&std::mem::take(&mut value)));
                dump.add(&table, std::mem::take(&mut row));
            }
            Token::Mark(')') => depth -= 1,
            Token::Mark(',') if depth == 1 => row.push(value_of(&std::mem::take(&mut value))),
            other if depth >= 1 => value.push(other),
            _ => {}
        }
    }
}

fn value_of(tokens: &[&Token]) -> Option<String> {
    let text = tokens.iter().find_map(|token| match token {
        Token::Text(text) => Some(text.clone()),
        _ => None,
    });
    text.or_else(|| match tokens.first() {
        Some(Token::Word(word)) if !word.eq_ignore_ascii_case("null") => Some(word.clone()),
        _ => None,
    })
}

fn copy(dump: &mut Dump, tokens: &[Token], reader: &mut Reader<'_>) {
    let Some((table, rest)) = name_of(tokens) else { return };
    let Some((columns, after)) = names(rest) else { return };
    if !after.iter().any(|token| is_word(Some(token), "stdin")) {
        return;
    }
    dump.tables.entry(table.clone()).or_default().columns = columns;
    // The rows begin on the line after the statement.
    let begin = reader.rest.find('\n').map_or(reader.rest.len(), |at| at + 1);
    reader.rest = &reader.rest[begin..];
    while !reader.rest.is_empty() {
        let end = reader.rest.find('\n').map_or(reader.rest.len(), |at| at + 1);
        let (line, rest) = reader.rest.split_at(end);
        reader.rest = rest;
        let line = line.trim_end_matches(['\n', '\r']);
        if line == "\\." {
            return;
        }
        dump.add(&table, line.split('\t').map(copied).collect());
    }
}

/// A value as COPY writes it.
fn copied(text: &str) -> Option<String> {
    if text == "\\N" {
        return None;
    }
    let mut made = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => made.extend(chars.next().map(unescaped)),
            other => made.push(other),
        }
    }
    Some(made)
}
