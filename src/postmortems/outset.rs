//! The text that a postmortem starts with: a template with everything that is on record in its places.
//!
//! Pure. A template's comments become prompts, which no reader ever sees ([`crate::markdown::without_prompts`]).
//! What is written asks for no root cause and names nobody as one; times are UTC, because the text has readers in
//! every zone.

use crate::clock::Moment;
use crate::factors::model::ordinal;
use crate::markdown::as_prompts;
use crate::web::times::{Zone, duration, elapsed};

/// Most timeline events that are written out; the text says how many there are more.
pub const EVENT_LIMIT: usize = 300;

/// What is on record about an incident.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// `INC-42`.
    pub key: String,
    /// What was wrong, in a line.
    pub title: String,
    /// Whether it only nearly hurt.
    pub is_near_miss: bool,
    /// `SEV2`.
    pub severity: String,
    /// In Markdown.
    pub summary: String,
    /// Names of the services that it hit.
    pub services: Vec<String>,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When somebody or something noticed.
    pub detected_at: Option<Moment>,
    /// When it stopped hurting.
    pub mitigated_at: Option<Moment>,
    /// When it was over.
    pub resolved_at: Option<Moment>,
    /// Figures of the impact, as sentences: `1,204 payments failed (measured, from the ledger)`.
    pub figures: Vec<String>,
    /// Its timeline, in order.
    pub events: Vec<KnownEvent>,
    /// How many events there are in all.
    pub event_count: usize,
    /// Deploys that it is linked to.
    pub deploys: Vec<KnownDeploy>,
    /// Contributing factors.
    pub factors: Vec<KnownFactor>,
    /// Action items.
    pub actions: Vec<KnownAction>,
}

/// An event of the timeline.
#[derive(Clone, Debug)]
pub struct KnownEvent {
    /// When.
    pub at: Moment,
    /// What, in Markdown.
    pub text: String,
}

/// A linked deploy.
#[derive(Clone, Debug)]
pub struct KnownDeploy {
    /// `DEP-9`.
    pub key: String,
    /// `checkout 2.4.1 to production`.
    pub what: String,
    /// When it took effect.
    pub at: Moment,
    /// `caused`, `ruled out`.
    pub relation: String,
    /// Why somebody says so.
    pub reason: String,
}

/// A contributing factor.
#[derive(Clone, Debug)]
pub struct KnownFactor {
    /// Its name.
    pub name: String,
    /// How it showed here.
    pub note: String,
    /// The how-manyeth incident with it this one is.
    pub occurrence: i64,
}

/// An action item.
#[derive(Clone, Debug)]
pub struct KnownAction {
    /// `ACT-7`.
    pub key: String,
    /// What is to be done.
    pub title: String,
    /// Kind, priority, owner, due date: what is known, as words.
    pub facts: Vec<String>,
    /// `open`, `in progress`.
    pub status: String,
}

/// The places of a template, with what each is filled with.
pub const PLACES: &[(&str, &str)] = &[
    ("title", "the incident's title"),
    ("key", "its key, such as INC-42"),
    ("severity", "its severity"),
    ("services", "the services that it hit"),
    ("summary", "the summary on record"),
    ("span", "a sentence with severity, services, start and end"),
    ("impact", "the figures of the impact and the lengths of time, as a list"),
    ("timeline", "the timeline as it is, as a list"),
    ("deploys", "the linked deploys, as a list"),
    ("factors", "the contributing factors, as a list"),
    ("actions", "the action items, as a list"),
];

/// Fills the places of a template, such as `{{summary}}`. A line that holds nothing but a place with nothing to fill
/// in goes, with the blank line after it.
pub fn fill(template: &str, known: &Known) -> String {
    let mut text = String::with_capacity(template.len() * 2);
    let mut skips_blank = false;
    for line in as_prompts(template).lines() {
        if skips_blank && line.trim().is_empty() {
            skips_blank = false;
            continue;
        }
        skips_blank = false;
        let place = line.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).map(str::trim);
        match place.and_then(|place| filling(place, known)) {
            Some(filling) if filling.trim().is_empty() => skips_blank = true,
            Some(filling) => {
                text.push_str(filling.trim_end());
                text.push('\n');
            }
            None => {
                text.push_str(&in_line(line, known));
                text.push('\n');
            }
        }
    }
    text
}

/// Places in the midst of a line.
fn in_line(line: &str, known: &Known) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((place, behind)) = after.split_once("}}") else { break };
        out.push_str(before);
        match filling(place.trim(), known) {
            Some(filling) => out.push_str(&one_line(&filling)),
            None => out.push_str(&format!("{{{{{place}}}}}")),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn filling(place: &str, known: &Known) -> Option<String> {
    let mut text = String::new();
    match place {
        "title" => text.clone_from(&known.title),
        "key" => text.clone_from(&known.key),
        "severity" => text.clone_from(&known.severity),
        "services" => text = and_list(&known.services),
        "summary" => known.summary.trim().clone_into(&mut text),
        "span" => text = span_sentence(known),
        "impact" => impact(&mut text, known),
        "timeline" => timeline(&mut text, known),
        "deploys" => deploys(&mut text, known),
        "factors" => factors(&mut text, known),
        "actions" => actions(&mut text, known),
        _ => return None,
    }
    Some(text)
}

fn prompt(text: &mut String, words: &str) {
    text.push_str(&format!("<!--? {words} -->\n"));
}

/// `INC-42 was a SEV2 in checkout, from 23 Nov 2026 11:04 to 11:52 UTC (48 min).`
fn span_sentence(known: &Known) -> String {
    let what = match (known.is_near_miss, known.severity.as_str()) {
        (true, _) => "a near miss".to_owned(),
        (false, "") => "an incident".to_owned(),
        (false, severity) => format!("a {severity}"),
    };
    let place = if known.services.is_empty() { String::new() } else { format!(" in {}", and_list(&known.services)) };
    let Some(started_at) = known.started_at else { return format!("{} was {what}{place}.", known.key) };
    let zone = Zone::UTC;
    match known.resolved_at {
        Some(ended_at) => {
            let end =
                if zone.date(started_at) == zone.date(ended_at) { zone.clock(ended_at) } else { zone.long(ended_at) };
            format!(
                "{} was {what}{place}, from {} to {end} UTC ({}).",
                known.key,
                zone.long(started_at),
                duration(ended_at.seconds_since(started_at))
            )
        }
        None => format!("{} is {what}{place}, since {} UTC.", known.key, zone.long(started_at)),
    }
}

fn impact(text: &mut String, known: &Known) {
    for figure in &known.figures {
        text.push_str(&format!("- {figure}\n"));
    }
    if let Some(started_at) = known.started_at {
        let since = |at: Moment| duration(at.seconds_since(started_at));
        let lengths = [
            ("Time to detect", known.detected_at),
            ("Time to mitigate", known.mitigated_at),
            ("Time to resolve", known.resolved_at),
        ];
        for (name, at) in lengths.into_iter().filter_map(|(name, at)| Some((name, at?))) {
            text.push_str(&format!("- {name}: {}\n", since(at)));
        }
    }
}

fn timeline(text: &mut String, known: &Known) {
    let (zone, started_at) = (Zone::UTC, known.started_at.unwrap_or(Moment::from_millis(0)));
    if known.events.is_empty() {
        prompt(text, "Nothing is on the incident's timeline yet. What happened when?");
        return;
    }
    let mut day = None;
    for event in &known.events {
        if day != Some(zone.date(event.at)) {
            text.push_str(&format!(
                "{}**{}**, times in UTC\n\n",
                if day.is_some() { "\n" } else { "" },
                zone.day(event.at)
            ));
            day = Some(zone.date(event.at));
        }
        let since = known.started_at.map(|_| format!(" ({})", elapsed(event.at, started_at))).unwrap_or_default();
        text.push_str(&format!("- {}{since} {}\n", zone.clock(event.at), as_item(&event.text)));
    }
    let more = known.event_count.saturating_sub(known.events.len());
    if more > 0 {
        text.push_str(&format!("\n{more} more events are on the timeline of {}.\n", known.key));
    }
}

fn deploys(text: &mut String, known: &Known) {
    for deploy in &known.deploys {
        text.push_str(&format!(
            "- {} {}, {} UTC: {}{}\n",
            deploy.key,
            one_line(&deploy.what),
            Zone::UTC.long(deploy.at),
            deploy.relation,
            because(&deploy.reason)
        ));
    }
    if known.deploys.is_empty() {
        prompt(
            text,
            "No deploy is linked. Was there a change, a flag, a migration, a certificate, a load that was new?",
        );
    }
}

fn factors(text: &mut String, known: &Known) {
    for factor in &known.factors {
        let again =
            if factor.occurrence > 1 { format!(" ({} time)", ordinal(factor.occurrence)) } else { String::new() };
        let note = one_line(&factor.note);
        let note = if note.is_empty() { String::new() } else { format!(": {note}") };
        text.push_str(&format!("- **{}**{again}{note}\n", one_line(&factor.name)));
    }
}

fn actions(text: &mut String, known: &Known) {
    for action in &known.actions {
        let facts = if action.facts.is_empty() { String::new() } else { format!(" ({})", action.facts.join(", ")) };
        text.push_str(&format!("- {} {}{facts}: {}\n", action.key, one_line(&action.title), action.status));
    }
}

fn because(reason: &str) -> String {
    let reason = one_line(reason);
    if reason.is_empty() { String::new() } else { format!(", {reason}") }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text of several lines as one item of a list: its further lines belong to the item.
fn as_item(text: &str) -> String {
    let mut lines = text.trim().lines();
    let mut item = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        item.push('\n');
        if !line.trim().is_empty() {
            item.push_str("  ");
            item.push_str(line);
        }
    }
    item
}

/// `a, b and c`
fn and_list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The headings of a text under which nothing is written yet, prompts aside.
pub fn empty_sections(markdown: &str) -> Vec<String> {
    let mut empty = Vec::new();
    let mut section: Option<(String, String)> = None;
    let mut fence: Option<char> = None;
    let close = |section: Option<(String, String)>, empty: &mut Vec<String>| {
        if let Some((title, body)) = section
            && crate::markdown::plain_text(&body).trim().is_empty()
        {
            empty.push(title);
        }
    };
    for line in markdown.lines() {
        let mark = line
            .trim_start()
            .chars()
            .next()
            .filter(|mark| matches!(mark, '`' | '~') && line.trim_start().starts_with(&mark.to_string().repeat(3)));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        match line.strip_prefix("## ").filter(|_| fence.is_none()) {
            Some(title) => close(section.replace((title.trim().to_owned(), String::new())), &mut empty),
            None => {
                if let Some((_, body)) = &mut section {
                    body.push_str(line);
                    body.push('\n');
                }
            }
        }
    }
    close(section, &mut empty);
    empty
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::{NoReferences, render, without_prompts};
    use crate::postmortem_templates::model::DEFAULT;

    fn write(known: &Known) -> String {
        fill(DEFAULT.markdown, known)
    }

    fn known() -> Known {
        let at = |text: &str| Moment::parse(text).unwrap();
        Known {
            key: "INC-42".to_owned(),
            severity: "SEV2".to_owned(),
            summary: "A third of payments failed.".to_owned(),
            services: vec!["checkout".to_owned(), "payments-api".to_owned()],
            started_at: Some(at("2026-11-23T11:04:00Z")),
            detected_at: Some(at("2026-11-23T11:07:00Z")),
            resolved_at: Some(at("2026-11-23T11:52:00Z")),
            figures: vec!["1,204 payments failed (measured)".to_owned()],
            events: vec![
                KnownEvent { at: at("2026-11-23T10:58:00Z"), text: "checkout 2.4.1 reached production".to_owned() },
                KnownEvent {
                    at: at("2026-11-23T11:04:00Z"),
                    text: "5xx passes 30 %\n\n```\npool exhausted\n```".to_owned(),
                },
            ],
            event_count: 2,
            deploys: vec![KnownDeploy {
                key: "DEP-9".to_owned(),
                what: "checkout 2.4.1 to production".to_owned(),
                at: at("2026-11-23T10:58:00Z"),
                relation: "caused".to_owned(),
                reason: "halves the pool".to_owned(),
            }],
            factors: vec![KnownFactor { name: "Defaults in a library".to_owned(), note: String::new(), occurrence: 4 }],
            actions: vec![KnownAction {
                key: "ACT-7".to_owned(),
                title: "Set the pool size".to_owned(),
                facts: vec!["prevent".to_owned(), "P1".to_owned()],
                status: "open".to_owned(),
            }],
            ..Known::default()
        }
    }

    #[test]
    fn everything_on_record_is_in_the_text() {
        let text = write(&known());
        for part in [
            "A third of payments failed.",
            "INC-42 was a SEV2 in checkout and payments-api, from 23 Nov 2026 11:04 to 11:52 UTC (48 min).",
            "- 1,204 payments failed (measured)\n- Time to detect: 3 min\n- Time to resolve: 48 min",
            "- 10:58 (T\u{2212}6m) checkout 2.4.1 reached production\n- 11:04 (T+0m) 5xx passes 30 %\n\n  ```\n  pool exhausted",
            "- DEP-9 checkout 2.4.1 to production, 23 Nov 2026 10:58 UTC: caused, halves the pool",
            "- **Defaults in a library** (4th time)\n",
            "- ACT-7 Set the pool size (prevent, P1): open",
        ] {
            assert!(text.contains(part), "{part}\n---\n{text}");
        }
    }

    #[test]
    fn prompts_never_reach_a_reader() {
        let html = render(&write(&known()), &NoReferences).unwrap();
        for hidden in ["<!--", "--&gt;", "Filled in from the record", "root cause", "Where did time go"] {
            assert!(!html.as_str().contains(hidden), "{hidden}");
        }
        assert!(html.as_str().contains("What went badly"));
        let text = without_prompts(&write(&known()));
        assert!(!text.contains("<!--") && !text.contains("Where did time go") && text.contains("## What went badly"));
    }

    #[test]
    fn places_are_filled_and_empty_ones_go() {
        let template = "# {{title}} ({{ key }})\n\n{{summary}}\n\n{{nothing}} {{x\n<!-- why? -->\n";
        let mut known = Known { key: "INC-1".to_owned(), title: "A\nB".to_owned(), ..Known::default() };
        assert_eq!(fill(template, &known), "# A B (INC-1)\n\n{{nothing}} {{x\n<!--? why? -->\n");
        known.summary = "Two\n\nlines".to_owned();
        assert!(fill(template, &known).contains("\n\nTwo\n\nlines\n\n"));
        for (place, _) in PLACES {
            assert!(filling(place, &known).is_some(), "{place}");
        }
    }

    #[test]
    fn empty_sections_are_those_without_words() {
        assert_eq!(empty_sections(&write(&known())), ["What went well", "What went badly", "Where we got lucky"]);
        assert_eq!(empty_sections("## A\n```\n## not one\n```\n## B\n"), ["B"]);
        assert!(empty_sections("plain").is_empty());
    }
}
