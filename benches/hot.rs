//! The pure hot parts: `cargo bench`. No database, no network; texts are told from fixed words.

use std::collections::BTreeSet;
use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use debrief::db::paging::{Cursor, PAGE_SIZE, Page, Turn};
use debrief::markdown::{NoReferences, merge, outline, render, word_count};
use debrief::suspects::ranking::{Beliefs, Candidate, Case, Graph, Surroundings, rank};
use debrief::wording;
use debrief::wording::model::People;

const SENTENCES: &[&str] = &[
    "The pool of connections was full because each slow answer held one for thirty seconds.",
    "Ada should have looked at the graph before the restart, and nobody knew why the queue grew.",
    "A limit that was set for ten nodes was still in place with forty: see INC-12 and https://example.org/graph.",
    "What was written in `settings.toml` differed from what the **nodes** had loaded.",
];

/// A document of about `bytes` bytes; each `number` makes another one, so that nothing is answered from memory.
fn document(bytes: usize, number: usize) -> String {
    let mut text = format!("Story {number}.\n\n");
    let mut place = 0;
    while text.len() < bytes {
        if place % 8 == 0 {
            text.push_str(&format!("## Part {place}\n\n"));
        }
        match place % 8 {
            5 => text.push_str("| time | what |\n|---|---|\n| 14:02 | full |\n| 14:09 | freed |\n\n"),
            6 => text.push_str("- one thing\n- another thing\n\n"),
            7 => text.push_str("```sql\nSELECT count(*) FROM pg_stat_activity;\n```\n\n"),
            _ => {
                text.push_str(SENTENCES[place % SENTENCES.len()]);
                text.push_str("\n\n");
            }
        }
        place += 1;
    }
    text
}

fn markdown(c: &mut Criterion) {
    let mut group = c.benchmark_group("markdown");
    for (name, bytes) in [("8 KB", 8_000), ("40 KB", 40_000)] {
        let mut number = 0;
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("to safe HTML, {name}"), |b| {
            b.iter_batched(
                || {
                    number += 1;
                    document(bytes, number)
                },
                |text| render(&text, &NoReferences),
                BatchSize::SmallInput,
            );
        });
        let known = document(bytes, 0);
        group.bench_function(format!("to safe HTML, again, {name}"), |b| {
            b.iter(|| (render(black_box(&known), &NoReferences), outline(&known), word_count(&known)));
        });
    }
    group.bench_function("a line of a timeline", |b| {
        b.iter(|| render(black_box("Error rate at 4 %, rising"), &NoReferences));
    });
    group.finish();
}

fn hints(c: &mut Criterion) {
    let people = People::new([("Ada Lovelace", "ada"), ("Bela Bartok", "bela")]);
    let text = document(16_000, 1);
    c.benchmark_group("wording")
        .throughput(Throughput::Bytes(text.len() as u64))
        .bench_function("hints, 16 KB", |b| b.iter(|| wording::hints(black_box(&text), &people)));
}

fn merging(c: &mut Criterion) {
    let base = document(16_000, 1);
    let mine = base.replacen("The pool of connections was full", "The pool was full", 3);
    let theirs = format!("{base}\n## Afterwards\n\nWe looked at it again.\n");
    let clash = base.replacen("The pool of connections was full", "The pool was nearly full", 3);
    let mut group = c.benchmark_group("merge");
    group.bench_function("of two changes, 16 KB", |b| b.iter(|| merge(black_box(&base), &mine, &theirs)));
    group.bench_function("of two that clash, 16 KB", |b| b.iter(|| merge(black_box(&base), &mine, &clash)));
    group.finish();
}

fn suspects(c: &mut Criterion) {
    const SERVICES: i64 = 40;
    let edges = (1..=SERVICES).flat_map(|service| [(service, service * 2), (service, service * 2 + 1)]);
    let graph = Graph::new(edges.filter(|(_, needed)| *needed <= SERVICES));
    let began_at_ms = 1_795_000_000_000;
    let candidates: Vec<Candidate> = (0..200)
        .map(|number| Candidate {
            service: number * 7919 % SERVICES + 1,
            finished_at_ms: Some(began_at_ms - number * 400_000),
            ..Candidate::default()
        })
        .collect();
    let changes = candidates.iter().map(|candidate| candidate.service);
    let case = Case {
        began_at_ms,
        alerting: BTreeSet::from([3, 4]),
        surroundings: Surroundings::count(changes, 14.0, SERVICES as usize),
        graph,
        candidates,
        ..Case::default()
    };
    let beliefs = Beliefs::default();
    c.bench_function("suspects: 200 changes ranked", |b| b.iter(|| rank(black_box(&case), &beliefs)));
}

fn paging(c: &mut Criterion) {
    let cursor = Cursor { sort: 1_795_000_000_000, id: 987_654 };
    c.bench_function("paging: a cursor there and back", |b| {
        b.iter(|| Cursor::decode(&black_box(cursor).encode()));
    });
    c.bench_function("paging: a page of rows", |b| {
        b.iter_batched(
            || (0..=PAGE_SIZE).collect::<Vec<i64>>(),
            |rows| Page::from_rows(rows, PAGE_SIZE, Turn::After(cursor), |id| Cursor { sort: *id, id: *id }),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(hot, markdown, hints, merging, suspects, paging);
criterion_main!(hot);
