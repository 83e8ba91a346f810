//! The phases of an incident as a figure: what was deployed, when it began, was noticed, understood, mended. Pure.

use super::model::{Incident, IncidentKind, TimeField};
use crate::charts::time_strip::Window;
use crate::clock::Moment;
use crate::deploys::model::Deploy;
use crate::links::model::Relation;
use crate::web::times::{Zone, duration};

/// A figure for `timeline::strip`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strip {
    /// The finding in words.
    pub caption: String,
    /// Lengths of time.
    pub spans: Vec<Span>,
    /// Instants.
    pub marks: Vec<Mark>,
}

/// A length of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins, in percent.
    pub x: String,
    /// How long it is, in percent.
    pub width: String,
    /// undetected, unexplained, hurting or mended; before the start the bare track is seen.
    pub kind: &'static str,
}

/// An instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where it is, in percent.
    pub x: String,
    /// `deploy`, or empty for a step.
    pub kind: &'static str,
    /// What it is.
    pub label: String,
    /// When, and how long after the step before.
    pub clock: String,
    /// 0 above, 1 below.
    pub lane: u8,
    /// Which side of its text is at the instant: start or end.
    pub anchor: &'static str,
}

/// Deploys further before the start than this, in seconds, or than the incident lasted, would squeeze the rest.
const LEAD_S: i64 = 1800;
/// Most deploys that are drawn.
const DEPLOY_LIMIT: usize = 3;
/// Width of one character of a label, in percent of the figure at its full width.
const CHARACTER_PERCENT: f64 = 0.68;

struct Instant {
    at: Moment,
    kind: &'static str,
    label: String,
    clock: String,
}

/// Draws the phases of an incident.
pub fn draw(incident: &Incident, deploys: &[(Relation, Deploy)], zone: &Zone, now: Moment) -> Strip {
    let times = incident.times();
    let end = times.resolved_at.unwrap_or(now).max(times.started_at.plus_s(60));
    let lead_s = LEAD_S.max(end.seconds_since(times.started_at));
    let mut drawn: Vec<&Deploy> = deploys
        .iter()
        .filter(|(relation, _)| *relation != Relation::RuledOut)
        .map(|(_, deploy)| deploy)
        .filter(|deploy| deploy.happened_at >= times.started_at.plus_s(-lead_s) && deploy.happened_at <= end)
        .collect();
    drawn.sort_by_key(|deploy| (deploy.happened_at, deploy.id));
    drawn.truncate(DEPLOY_LIMIT);
    let first = drawn.first().map_or(times.started_at, |deploy| deploy.happened_at.min(times.started_at));
    // Room for the square of a deploy that comes first.
    let begin = if first < times.started_at { first.plus_s(-(end.seconds_since(first) / 60)) } else { first };
    let scale = Window { from: begin, to: end.max(begin.plus_s(60)) };
    Strip {
        caption: caption(incident, now),
        spans: spans(incident, &scale, end),
        marks: marks(incident, &drawn, &scale, end, zone),
    }
}

fn spans(incident: &Incident, scale: &Window, end: Moment) -> Vec<Span> {
    let times = incident.times();
    let mended_at = times.mitigated_at.or(times.resolved_at).unwrap_or(end);
    let known_at = times.identified_at.unwrap_or(mended_at).min(mended_at);
    let noticed_at = times.detected_at.unwrap_or(times.started_at).min(known_at);
    [
        (times.started_at, noticed_at, "undetected"),
        (noticed_at, known_at, "unexplained"),
        (known_at, mended_at, "hurting"),
        (mended_at, end, "mended"),
    ]
    .into_iter()
    .filter(|(from, to, _)| to > from)
    .map(|(from, to, kind)| {
        let (x, width) = scale.span(from, to);
        Span { x, width, kind }
    })
    .collect()
}

fn marks(incident: &Incident, deploys: &[&Deploy], scale: &Window, end: Moment, zone: &Zone) -> Vec<Mark> {
    let times = incident.times();
    let mut instants: Vec<Instant> = deploys
        .iter()
        .map(|deploy| Instant {
            at: deploy.happened_at,
            kind: "deploy",
            label: deploy.key(),
            clock: zone.clock(deploy.happened_at),
        })
        .collect();
    let mut last_step = times.started_at;
    for &field in TimeField::ALL {
        let Some(at) = times.get(field).filter(|_| field != TimeField::Acknowledged) else { continue };
        let label = if field == TimeField::Started { "impact starts".to_owned() } else { field.label().to_lowercase() };
        let after_s = at.seconds_since(last_step);
        let clock = match field {
            TimeField::Started => zone.clock(at),
            _ if after_s <= 0 => zone.clock(at),
            _ => format!("{} · after {}", zone.clock(at), duration(after_s)),
        };
        last_step = last_step.max(at);
        instants.push(Instant { at, kind: "", label, clock });
    }
    if incident.status.is_live() {
        instants.push(Instant { at: end, kind: "", label: "now".to_owned(), clock: zone.clock(end) });
    }
    instants.sort_by_key(|instant| instant.at);
    lay_out(instants, scale)
}

/// What is written above the line, or below it.
struct Lane {
    /// How far the label before the last one reaches, in percent.
    before: f64,
    /// How far the last label reaches.
    reach: f64,
    /// Which mark that is.
    last: Option<usize>,
}

/// Where a label stands whose instant is at `x`: from, to, and which of its sides is at the instant.
type Place = (f64, f64, &'static str);

fn width(label: &str, clock: &str) -> f64 {
    (label.chars().count() + clock.chars().count() + 2) as f64 * CHARACTER_PERCENT
}

fn behind(x: f64, width: f64) -> Place {
    (x, x + width, "start")
}

fn in_front(x: f64, width: f64) -> Place {
    (x - width, x, "end")
}

/// When it was, without how long after the step before.
fn short(clock: &str) -> &str {
    clock.split(" · ").next().unwrap_or(clock)
}

/// Puts each label above or below the line, wherever it does not run into another, if need be with less to say; one
/// that would all the same is joined with the label that it would run into.
fn lay_out(instants: Vec<Instant>, scale: &Window) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    let mut places: Vec<f64> = Vec::new();
    let mut lanes = [(); 2].map(|()| Lane { before: -1.0, reach: -1.0, last: None });
    for Instant { at, kind, label, clock } in instants {
        let x = scale.percent(at);
        let free = [clock.as_str(), short(&clock)].into_iter().find_map(|clock| {
            let width = width(&label, clock);
            let place = if x + width > 100.0 { in_front(x, width) } else { behind(x, width) };
            let lane = lanes.iter().position(|lane| lane.reach <= place.0)?;
            Some((lane, place, clock.to_owned()))
        });
        if let Some((lane, (_, to, anchor), clock)) = free {
            lanes[lane] = Lane { before: lanes[lane].reach, reach: to, last: Some(marks.len()) };
            marks.push(Mark { x: scale.x(at), kind, label, clock, lane: u8::from(lane == 1), anchor });
            places.push(x);
            continue;
        }
        // With the one that came just before it, as it did in time.
        let lane = marks.last().map_or(0, |mark| usize::from(mark.lane));
        let lane = &mut lanes[lane];
        let Some((mark, &x)) = lane.last.and_then(|last| Some((marks.get_mut(last)?, places.get(last)?))) else {
            continue;
        };
        mark.label = format!("{}, {label}", mark.label);
        if mark.kind == "deploy" {
            mark.clock = clock;
        }
        let clocks = [mark.clock.clone(), short(&mark.clock).to_owned()];
        let fitting = clocks.iter().find_map(|clock| {
            let width = width(&mark.label, clock);
            let fits = |place: &Place| place.0 >= lane.before.max(0.0) && place.1 <= 100.0;
            [behind(x, width), in_front(x, width)].into_iter().find(fits).map(|place| (place, clock.clone()))
        });
        if let Some(((_, to, anchor), clock)) = fitting {
            (mark.clock, mark.anchor) = (clock, anchor);
            lane.reach = to;
        } else {
            short(&mark.clock).to_owned().clone_into(&mut mark.clock);
            lane.reach = 100.0;
        }
    }
    marks
}

fn caption(incident: &Incident, now: Moment) -> String {
    let times = incident.times();
    let since = |at: Moment| duration(at.seconds_since(times.started_at));
    if incident.kind == IncidentKind::NearMiss {
        return match times.resolved_at {
            Some(at) => format!("A near miss: it was over after {}.", since(at)),
            None => format!("A near miss, open for {}.", since(now)),
        };
    }
    let hurt = match (times.mitigated_at.or(times.resolved_at), incident.status.is_live()) {
        (Some(at), _) => format!("It hurt for {}", since(at)),
        (None, _) => format!("It has hurt for {} so far", since(now)),
    };
    let noticed = times.detected_at.map(|at| match at.seconds_since(times.started_at) {
        ..60 => "noticed at once".to_owned(),
        _ => format!("noticed after {}", since(at)),
    });
    let known = times.identified_at.map(|at| format!("the cause known after {}", since(at)));
    let rest: Vec<String> = [noticed, known].into_iter().flatten().collect();
    if rest.is_empty() { format!("{hurt}.") } else { format!("{hurt}; {}.", rest.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incidents::model::{IncidentStatus, Severity};

    fn at(clock: &str) -> Moment {
        Moment::parse(&format!("2026-11-23T{clock}:00Z")).unwrap()
    }

    fn incident() -> Incident {
        Incident {
            id: 1,
            number: 42,
            title: "Checkout returns 502".into(),
            kind: IncidentKind::Incident,
            severity: Severity::Sev2,
            status: IncidentStatus::Identified,
            summary: String::new(),
            started_at: at("11:04"),
            detected_at: Some(at("11:09")),
            acknowledged_at: None,
            identified_at: Some(at("11:31")),
            mitigated_at: None,
            resolved_at: None,
            declared_at: at("11:09"),
            declared_by: None,
            imported_from: None,
            revision: 1,
            updated_at: at("11:31"),
        }
    }

    #[test]
    fn a_live_incident_reaches_to_now() {
        let strip = draw(&incident(), &[], &Zone::UTC, at("11:48"));
        let kinds: Vec<_> = strip.spans.iter().map(|span| span.kind).collect();
        assert_eq!(kinds, ["undetected", "unexplained", "hurting"]);
        let labels: Vec<_> = strip.marks.iter().map(|mark| mark.label.as_str()).collect();
        assert_eq!(labels, ["impact starts", "detected", "identified", "now"]);
        assert_eq!(strip.marks[2].clock, "11:31 · after 22 min");
        assert_eq!(strip.caption, "It has hurt for 44 min so far; noticed after 5 min, the cause known after 27 min.");
    }

    /// From and to of each label, as they are drawn.
    fn extents(marks: &[Mark]) -> Vec<(u8, f64, f64)> {
        let extent = |mark: &Mark| {
            let (x, width) = (mark.x.parse::<f64>().unwrap(), width(&mark.label, &mark.clock));
            let (from, to, _) = if mark.anchor == "end" { in_front(x, width) } else { behind(x, width) };
            (mark.lane, from, to)
        };
        marks.iter().map(extent).collect()
    }

    #[test]
    fn no_label_is_written_over_another() {
        let mut tried = 0;
        for identified in ["11:10", "12:00", "13:20", "14:01"] {
            for mitigated in ["11:12", "12:10", "13:21", "14:02", "14:40"] {
                for resolved in ["11:13", "13:30", "14:03", "14:45", "18:00"] {
                    if !(identified <= mitigated && mitigated <= resolved) {
                        continue;
                    }
                    let over = Incident {
                        status: IncidentStatus::Resolved,
                        identified_at: Some(at(identified)),
                        mitigated_at: Some(at(mitigated)),
                        resolved_at: Some(at(resolved)),
                        ..incident()
                    };
                    let marks = draw(&over, &[], &Zone::UTC, at("19:00")).marks;
                    let said: String = marks.iter().map(|mark| mark.label.clone() + " ").collect();
                    for word in ["impact starts", "detected", "identified", "mitigated", "resolved"] {
                        assert!(said.contains(word), "{word} is missing: {marks:?}");
                    }
                    let extents = extents(&marks);
                    for (place, one) in extents.iter().enumerate() {
                        assert!(one.1 >= -1.0 && one.2 <= 100.1, "{marks:?}");
                        for other in extents[..place].iter().filter(|other| other.0 == one.0) {
                            assert!(other.2 <= one.1 + 0.1, "{marks:?}");
                        }
                    }
                    tried += 1;
                }
            }
        }
        assert!(tried > 30, "{tried}");
    }

    #[test]
    fn where_there_is_little_room_a_label_says_less() {
        let over = Incident {
            status: IncidentStatus::Resolved,
            started_at: at("07:49"),
            detected_at: Some(at("08:19")),
            identified_at: Some(at("11:33")),
            mitigated_at: Some(at("13:07")),
            resolved_at: Some(at("14:03")),
            ..incident()
        };
        let marks = draw(&over, &[], &Zone::UTC, at("19:00")).marks;
        let last = marks.last().unwrap();
        assert_eq!((last.label.as_str(), last.clock.as_str(), last.anchor), ("resolved", "14:03", "end"), "{marks:?}");
    }

    #[test]
    fn an_instant_incident_divides_by_nothing() {
        let mut flat = incident();
        flat.status = IncidentStatus::Resolved;
        for &field in TimeField::ALL {
            flat = Incident { detected_at: Some(at("11:04")), identified_at: Some(at("11:04")), ..flat };
            flat = Incident { mitigated_at: Some(at("11:04")), resolved_at: Some(at("11:04")), ..flat };
            assert!(flat.times().get(field).is_some() || field == TimeField::Acknowledged);
        }
        let strip = draw(&flat, &[], &Zone::UTC, at("12:00"));
        assert!(strip.marks.iter().all(|mark| mark.x.parse::<f64>().unwrap().is_finite()));
        assert!(strip.marks.iter().any(|mark| mark.label.contains("resolved")), "{:?}", strip.marks);
    }
}
