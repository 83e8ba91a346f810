//! The minutes of a retro, in Markdown. Pure: what is on the board goes in, a text comes out.

use std::fmt::Write as _;

use super::model::{Mood, Verb, clock};
use super::queries_cards::CardRow;
use super::queries_stage::{Board, Line};
use crate::action_items::model::key_of;
use crate::clock::Moment;
use crate::web::fields::is_web_address;
use crate::web::times::Zone;

/// What the minutes are written from.
pub struct Source<'a> {
    /// The retro and what was decided.
    pub board: &'a Board,
    /// Its cards, all of them.
    pub cards: &'a [CardRow],
    /// By row id of the item: how often it was put off.
    pub put_off_counts: &'a std::collections::HashMap<i64, i64>,
    /// When it ends.
    pub closed_at: Moment,
    /// Whose clock the times are in.
    pub zone: Zone,
}

/// Writes the minutes.
pub fn write(source: &Source<'_>) -> String {
    let board = source.board;
    let mut text = format!("# Retro of {}, {}\n\n", plain(&board.team.name), board.retro.period(source.zone));
    let began_at = board.retro.started_at.unwrap_or(board.retro.meets_at);
    let (day, from) = (source.zone.day(began_at), source.zone.clock(began_at));
    let to = source.zone.clock(source.closed_at);
    line(&mut text, &format!("When: {day}, {from} to {to} ({})", source.zone.name()));
    if let Some(leader) = &board.leader {
        line(&mut text, &format!("Led by: {}", plain(leader)));
    }
    let people: Vec<String> = board.people.iter().map(|(name, _)| plain(name)).collect();
    if !people.is_empty() {
        line(&mut text, &format!("People: {}", people.join(", ")));
    }
    line(&mut text, &looked_at(board));
    decisions(&mut text, source);
    put_off(&mut text, source);
    undecided(&mut text, board);
    cards(&mut text, source.cards);
    new_items(&mut text, source);
    if !board.retro.notes.trim().is_empty() {
        let _ = write!(text, "\n## Notes\n\n{}\n", board.retro.notes.trim());
    }
    text
}

fn looked_at(board: &Board) -> String {
    let all = board.lines.len();
    if all == 0 {
        return "The agenda was empty: nothing waited for the team".to_owned();
    }
    let mut spent: Vec<i64> = board.lines.iter().map(|line| line.entry.spent_s).filter(|spent| *spent > 0).collect();
    spent.sort_unstable();
    let pace = match spent.len() {
        0 => String::new(),
        count => format!("; median time on one {}", clock(spent[count / 2])),
    };
    format!("Looked at {} of {all}{pace}", board.handled_count())
}

fn decisions(text: &mut String, source: &Source<'_>) {
    let board = source.board;
    text.push_str("\n## Decisions\n\n");
    let mut any = false;
    for entry in &board.lines {
        let said: Vec<String> = board
            .about(entry.entry.id)
            .filter(|decision| decision.verb != Verb::Passed || !decision.text.is_empty())
            .map(|decision| plain(&decision.sentence()))
            .collect();
        if !said.is_empty() {
            line(text, &format!("{}: {}", named(entry), said.join("; ")));
            any = true;
        }
    }
    if !any {
        text.push_str("Nothing was decided.\n");
    }
}

fn put_off(text: &mut String, source: &Source<'_>) {
    let board = source.board;
    let rows: Vec<String> = board
        .lines
        .iter()
        .filter_map(|entry| {
            let decision = board.about(entry.entry.id).filter(|decision| decision.verb == Verb::PutOff).last()?;
            let count = source.put_off_counts.get(&entry.entry.action_item_id?).copied().unwrap_or(1).max(1);
            let day = decision.due_on?.format("%-d %b %Y");
            Some(format!("{}: to {day}, {}", named(entry), times(count)))
        })
        .collect();
    section(text, "Put off", &rows);
}

/// `for the 2nd time`
pub fn times(count: i64) -> String {
    let end = match (count % 100, count % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("for the {count}{end} time")
}

fn undecided(text: &mut String, board: &Board) {
    let is_open = |entry: &&Line| board.about(entry.entry.id).all(|decision| decision.verb == Verb::Passed);
    let rows: Vec<String> = board
        .lines
        .iter()
        .filter(is_open)
        .map(|entry| {
            let seen = if board.about(entry.entry.id).next().is_some() { "looked at" } else { "not reached" };
            format!("{}: {}, {seen}", named(entry), entry.entry.reason.words())
        })
        .collect();
    section(text, "Not decided", &rows);
}

fn cards(text: &mut String, cards: &[CardRow]) {
    if cards.is_empty() {
        return;
    }
    text.push_str("\n## Cards\n");
    for mood in Mood::ALL {
        let mut tops: Vec<&CardRow> =
            cards.iter().filter(|row| row.card.mood == *mood && row.card.group_id.is_none()).collect();
        if tops.is_empty() {
            continue;
        }
        tops.sort_by_key(|row| (-votes(cards, row), row.card.id));
        let _ = write!(text, "\n### {}\n\n", mood.words());
        for top in tops {
            line(text, &format!("{}{}", said(top), vote_words(votes(cards, top))));
            for under in cards.iter().filter(|row| row.card.group_id == Some(top.card.id)) {
                let _ = writeln!(text, "  - {}", said(under));
            }
        }
    }
}

fn said(row: &CardRow) -> String {
    let item = row.item_number.map(|number| format!(" \u{2192} {}", key_of(number))).unwrap_or_default();
    let author = row.author.as_deref().map(|name| format!(" ({})", plain(name))).unwrap_or_default();
    format!("{}{author}{item}", plain(&row.card.text))
}

/// The votes of a card and of those that lie under it.
pub fn votes(cards: &[CardRow], top: &CardRow) -> i64 {
    let under = cards.iter().filter(|row| row.card.group_id == Some(top.card.id));
    top.card.vote_count + under.map(|row| row.card.vote_count).sum::<i64>()
}

fn vote_words(count: i64) -> String {
    match count {
        0 => String::new(),
        1 => ", 1 vote".to_owned(),
        count => format!(", {count} votes"),
    }
}

fn new_items(text: &mut String, source: &Source<'_>) {
    let of_entries = source
        .board
        .decisions
        .iter()
        .filter(|(decision, _)| decision.verb == Verb::ItemAdded)
        .map(|(decision, _)| plain(&decision.text));
    let of_cards =
        source.cards.iter().filter_map(|row| Some(format!("{} {}", key_of(row.item_number?), plain(&row.card.text))));
    let rows: Vec<String> = of_entries.chain(of_cards).collect();
    section(text, "New action items", &rows);
}

fn section(text: &mut String, title: &str, rows: &[String]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n");
    for row in rows {
        line(text, row);
    }
}

fn line(text: &mut String, row: &str) {
    let _ = writeln!(text, "- {row}");
}

fn named(entry: &Line) -> String {
    format!("{} {}", entry.key, plain(&entry.title))
}

/// A text that says in Markdown what it says as it stands, on one line. Addresses stay as they are, so that they
/// can be followed.
fn plain(text: &str) -> String {
    text.split_whitespace().map(plain_word).collect::<Vec<_>>().join(" ")
}

fn plain_word(word: &str) -> String {
    if is_web_address(word) {
        return word.to_owned();
    }
    let mut out = String::with_capacity(word.len());
    for letter in word.chars() {
        if matches!(letter, '\\' | '*' | '_' | '[' | ']' | '<' | '>' | '`' | '~' | '|' | '&') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_break_out_of_its_line() {
        assert_eq!(plain("a *b*\n# c <script> [x](y)"), "a \\*b\\* # c \\<script\\> \\[x\\](y)");
        assert_eq!(plain("see https://ci.example/a_b now"), "see https://ci.example/a_b now");
    }

    #[test]
    fn how_often_is_said_as_people_say_it() {
        for (count, words) in
            [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd"), (113, "113th")]
        {
            assert_eq!(times(count), format!("for the {words} time"));
        }
    }
}
