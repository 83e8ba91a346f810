//! Texts in the Atlassian Document Format, as Opsgenie hands them out, written as Markdown.
//! <https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/>

use serde_json::Value;

/// Deepest nesting that is followed.
const DEPTH_LIMIT: usize = 40;

/// The Markdown of a document; nothing when the value is none.
pub(super) fn markdown(value: &Value) -> Option<String> {
    (value.get("type").and_then(Value::as_str) == Some("doc"))
        .then(|| blocks(children(value), 0).trim_end().to_owned() + "\n")
}

fn children(node: &Value) -> &[Value] {
    node.get("content").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn attribute<'a>(node: &'a Value, name: &str) -> &'a str {
    node.get("attrs").and_then(|attrs| attrs.get(name)).and_then(Value::as_str).unwrap_or_default()
}

fn blocks(nodes: &[Value], depth: usize) -> String {
    if depth > DEPTH_LIMIT {
        return String::new();
    }
    let written: Vec<String> =
        nodes.iter().map(|node| block(node, depth).trim_end().to_owned()).filter(|text| !text.is_empty()).collect();
    written.join("\n\n")
}

fn block(node: &Value, depth: usize) -> String {
    let kind = node.get("type").and_then(Value::as_str).unwrap_or_default();
    let inside = children(node);
    match kind {
        "heading" => {
            let level = node.get("attrs").and_then(|attrs| attrs.get("level")).and_then(Value::as_u64).unwrap_or(2);
            format!("{} {}", "#".repeat(level.clamp(1, 6) as usize), inline(inside))
        }
        "bulletList" | "orderedList" | "taskList" | "decisionList" => inside
            .iter()
            .enumerate()
            .map(|(index, item)| {
                let mark = match kind {
                    "orderedList" => format!("{}. ", index + 1),
                    "taskList" if attribute(item, "state") == "DONE" => "- [x] ".to_owned(),
                    "taskList" => "- [ ] ".to_owned(),
                    _ => "- ".to_owned(),
                };
                let is_plain = children(item).iter().all(|child| child.get("content").is_none());
                let text = if is_plain { inline(children(item)) } else { blocks(children(item), depth + 1) };
                format!("{mark}{}", indented(&text, if kind == "orderedList" { "   " } else { "  " }))
            })
            .collect::<Vec<_>>()
            .join("\n"),
        "codeBlock" => {
            let code: String = inside
                .iter()
                .filter_map(|child| child.get("text").and_then(Value::as_str))
                .collect::<Vec<_>>()
                .concat();
            let fence = if code.contains("```") { "````" } else { "```" };
            format!("{fence}{}\n{code}\n{fence}", attribute(node, "language"))
        }
        "blockquote" => blocks(inside, depth + 1)
            .lines()
            .map(|line| format!("> {line}").trim_end().to_owned())
            .collect::<Vec<_>>()
            .join("\n"),
        "rule" => "---".to_owned(),
        "table" => table(inside),
        "paragraph" => inline(inside),
        _ if inside.is_empty() => inline(std::slice::from_ref(node)),
        _ => blocks(inside, depth + 1),
    }
}

fn indented(text: &str, by: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |made, line| if line.is_empty() { made + "\n" } else { format!("{made}\n{by}{line}") })
}

fn table(rows: &[Value]) -> String {
    let written: Vec<Vec<String>> = rows
        .iter()
        .map(|row| children(row).iter().map(|field| super::cell(&blocks(children(field), 1))).collect())
        .collect();
    let width = written.iter().map(Vec::len).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (index, row) in written.iter().enumerate() {
        let mut row = row.clone();
        row.resize(width, String::new());
        lines.push(format!("| {} |", row.join(" | ")));
        if index == 0 {
            lines.push(format!("|{}", " --- |".repeat(width)));
        }
    }
    lines.join("\n")
}

fn inline(nodes: &[Value]) -> String {
    nodes.iter().map(piece).collect()
}

fn piece(node: &Value) -> String {
    match node.get("type").and_then(Value::as_str).unwrap_or_default() {
        "text" => marked(node),
        "hardBreak" => "  \n".to_owned(),
        "mention" => attribute(node, "text").to_owned(),
        "emoji" => [attribute(node, "text"), attribute(node, "shortName")]
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned(),
        "inlineCard" | "blockCard" | "embedCard" => format!("<{}>", attribute(node, "url")),
        "status" => attribute(node, "text").to_owned(),
        "date" => super::instant_of(attribute(node, "timestamp"))
            .map_or_else(String::new, |at| at.format("%Y-%m-%d").to_string()),
        _ => inline(children(node)),
    }
}

fn marked(node: &Value) -> String {
    let text = node.get("text").and_then(Value::as_str).unwrap_or_default();
    let marks = node.get("marks").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let has = |wanted: &str| marks.iter().any(|mark| mark.get("type").and_then(Value::as_str) == Some(wanted));
    let inner = text.trim();
    if inner.is_empty() {
        return text.to_owned();
    }
    let mut made = inner.to_owned();
    for (mark, around) in [("code", "`"), ("em", "*"), ("strong", "**"), ("strike", "~~")] {
        if has(mark) {
            made = format!("{around}{made}{around}");
        }
    }
    let link = marks.iter().find(|mark| mark.get("type").and_then(Value::as_str) == Some("link"));
    if let Some(link) = link {
        let href = attribute(link, "href");
        made = if href == inner { format!("<{href}>") } else { format!("[{made}](<{href}>)") };
    }
    text.replacen(inner, &made, 1)
}
