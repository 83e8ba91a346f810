//! Postmortems of 8 to 40 KB, their revisions, reviews and readers.

use debrief::db::Conn;

use crate::chance::Chance;
use crate::incidents::Told;
use crate::plan::{DAY, PEOPLE, Plan, date};
use crate::row;
use crate::sheet::Sheet;
use crate::words::{postmortem, trouble};

pub fn add(c: &mut Conn, plan: &Plan, told: &[Told]) {
    let mut chance = Chance::of(plan.seed, "postmortems");
    let mut postmortems = Sheet::new(
        "postmortems",
        "incident_id, status, current_revision, published_revision, published_at, published_by, started_by, \
         created_at, updated_at",
    );
    let mut revisions = Sheet::new(
        "postmortem_revisions",
        "postmortem_id, number, base_number, markdown, note, user_id, created_at, frozen_markdown",
    );
    let mut steps = Sheet::new("postmortem_steps", "postmortem_id, status, reason, revision, user_id, happened_at");
    let mut requests = Sheet::new("review_requests", "postmortem_id, user_id, due_on, asked_by, asked_at, answered_at");
    let mut verdicts = Sheet::new("review_verdicts", "postmortem_id, user_id, verdict, note, revision, given_at");
    let mut comments = Sheet::new(
        "review_comments",
        "postmortem_id, user_id, revision, quote, words_before, words_after, text, created_at",
    );
    let mut reads = Sheet::new("postmortem_reads", "postmortem_id, user_id, read_at");
    for told in told.iter().skip(4).step_by(5).take(plan.postmortems as usize) {
        let id = postmortems.count + 1;
        let key = format!("INC-{}", told.id);
        let title = trouble(&mut chance);
        let bytes = chance.between(8_000, 38_000) as usize;
        let text = postmortem(&mut chance, &title, &key, bytes);
        let writer = chance.below(PEOPLE) + 1;
        let began = told.resolved_at.unwrap_or(told.started_at).min(plan.now_ms - DAY / 2);
        let status = match chance.below(100) {
            _ if told.resolved_at.is_none() => "draft",
            0..=87 => "published",
            88..=93 => "in_review",
            _ => "draft",
        };
        let saved = (began + DAY).min(plan.now_ms);
        let ended = (began + 4 * DAY).min(plan.now_ms);
        let revision = if chance.happens(100) { 2 } else { 1 };
        let is_published = status == "published";
        let published_at = Some(ended).filter(|_| is_published);
        row!(postmortems, c; told.id, status, revision, Some(revision).filter(|_| is_published), published_at,
            Some(writer).filter(|_| is_published), writer, began, ended);
        for number in 1..=revision {
            let is_last = number == revision;
            let frozen = Some(&text).filter(|_| is_last && is_published);
            let written = if is_last { text.as_str() } else { text.get(..text.len() / 2).unwrap_or(&text) };
            row!(revisions, c; id, number, Some(number - 1).filter(|base| *base > 0), written, "", writer, saved, frozen);
        }
        row!(steps, c; id, "draft", "", 1, writer, began);
        let reviewer = writer % PEOPLE + 1;
        if status != "draft" {
            row!(steps, c; id, "in_review", "", revision, writer, saved);
            let answered = Some(ended).filter(|_| is_published);
            row!(requests, c; id, reviewer, &date(ended), writer, saved, answered);
        }
        if is_published {
            row!(steps, c; id, "published", "", revision, writer, ended);
            row!(verdicts, c; id, reviewer, "approved", "Clear and kind.", revision, ended);
            for place in 1..=3 {
                row!(reads, c; id, (reviewer + place) % PEOPLE + 1, ended + place * DAY);
            }
        }
        if chance.happens(200) {
            row!(comments, c; id, reviewer, revision, "full", "The pool of connections was ", " because each slow",
                "Do we know how full?", saved);
        }
    }
    for sheet in [&mut postmortems, &mut revisions, &mut steps, &mut requests, &mut verdicts, &mut comments, &mut reads]
    {
        sheet.send(c);
    }
}
