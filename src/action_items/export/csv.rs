//! CSV as RFC 4180 has it, safe to open in a spreadsheet. Pure.

use crate::action_items::model::ActionRow;

/// The columns.
pub const HEAD: [&str; 16] = [
    "key",
    "title",
    "kind",
    "status",
    "blocked",
    "priority",
    "owner",
    "team",
    "incident",
    "factor",
    "due_on",
    "put_off_count",
    "created_at",
    "closed_at",
    "declined_reason",
    "tracker_url",
];

/// One line with its end.
pub fn line(cells: &[String]) -> String {
    let mut line = cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",");
    line.push_str("\r\n");
    line
}

/// A cell in quotes where it needs them. Text that a spreadsheet would run as a formula gets an apostrophe in front.
fn quoted(cell: &str) -> String {
    let is_formula = cell
        .trim_start_matches([' ', '\u{a0}'])
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%', '＝', '＋', '－', '＠']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\r', '\n', ';']) || cell != cell.trim() {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

/// An item as cells.
pub fn cells(row: &ActionRow) -> Vec<String> {
    let item = &row.item;
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    vec![
        item.key(),
        item.title.clone(),
        item.kind.to_string(),
        item.status.to_string(),
        text(item.blocked_reason.as_ref()),
        item.priority.to_string(),
        row.owner.as_ref().map(|owner| owner.handle.clone()).unwrap_or_default(),
        row.team.as_ref().map(|team| team.slug.clone()).unwrap_or_default(),
        row.origin.as_ref().map(|origin| origin.key()).unwrap_or_default(),
        row.factor.as_ref().map(|factor| factor.slug.clone()).unwrap_or_default(),
        item.due_on.map(|day| day.to_string()).unwrap_or_default(),
        item.put_off_count.to_string(),
        item.created_at.to_string(),
        item.closed_at.map(|at| at.to_string()).unwrap_or_default(),
        text(item.declined_reason.as_ref()),
        text(item.tracker_url.as_ref()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_back_and_runs_nothing() {
        let of = |cells: &[&str]| line(&cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["ACT-1", "plain", ""]), "ACT-1,plain,\r\n");
        assert_eq!(of(&["a,b", "say \"no\"", "two\nlines"]), "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\r\n");
        for evil in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1", "%0A=1"] {
            let line = of(&[evil]);
            assert!(line.trim_start_matches('"').starts_with('\''), "{line:?}");
        }
    }
}
