//! What the rows say: sentences of an invented company, put together by chance.

use crate::chance::Chance;

pub const SUBJECTS: &[&str] = &[
    "checkout",
    "the ledger",
    "sign-in",
    "search",
    "the queue of letters",
    "the picture cache",
    "invoices",
    "the timetable",
    "session storage",
    "the edge proxy",
    "the price feed",
    "stock counts",
    "the replica",
    "webhook delivery",
    "exports",
    "the recommendation index",
    "rate limits",
    "the certificate of the gateway",
    "address look-ups",
    "the nightly import",
];
pub const SYMPTOMS: &[&str] = &[
    "answers slowly",
    "gives errors to one in five requests",
    "times out in the northern region",
    "serves old data",
    "drops requests under load",
    "fills its disk",
    "refuses new connections",
    "shows empty pages",
    "sends letters twice",
    "loses its connection to the database",
    "uses all of its memory",
    "falls behind by an hour",
];
pub const SENTENCES: &[&str] = &[
    "The pool of connections was full because each slow answer held one for thirty seconds.",
    "Retries from three callers arrived together and kept the load up after the first fault was gone.",
    "The new index was built on the primary, and the replica followed eleven minutes later.",
    "The alert fired on the average, which hid that one shard answered nothing at all.",
    "A limit that was set for ten nodes was still in place with forty.",
    "The flag was read once at the start, so that turning it off changed nothing until the restart.",
    "Two services had the same name in the registry, and half of the traffic went to the older one.",
    "The dashboard took its figures from a copy that had stopped at noon.",
    "Certificates were renewed in time, but the proxy kept the old one in memory.",
    "The migration held a lock for four seconds on a table that every request reads.",
    "Traffic was moved away from the region, and the error rate fell within two minutes.",
    "The runbook named a command that no longer exists, which cost us nine minutes.",
    "Support had heard of it from three customers before the first alert arrived.",
    "The rollback was quick, because the deploy before it was known to be good.",
    "Nobody could tell from the page whether the change had reached all nodes.",
    "The time limit of the caller was shorter than that of the service it calls.",
    "A queue without a bound turned a slow minute into a lost hour.",
    "The cache was emptied by the restart, and all readers went to the database at once.",
    "What was written in `settings.toml` differed from what the nodes had loaded.",
    "The test environment has one node, so the race could not show there.",
    "We looked at `INC-12` and found the same pattern with another cause.",
    "The clock of one node was ahead by ninety seconds, and its tokens were refused.",
];
pub const HEADINGS: &[&str] = &[
    "What happened",
    "Impact",
    "How we noticed",
    "Timeline in words",
    "What made it possible",
    "What made it hard to see",
    "What went well",
    "Where we were lucky",
    "What we learned",
    "What we do next",
    "Background",
    "Questions that are open",
];
pub const CHANGES: &[&str] = &[
    "Speed up",
    "Tidy",
    "Measure",
    "Cover with tests",
    "Make repeatable",
    "Set a time limit for",
    "Split in two",
    "Explain refusals of",
    "Read from the replica:",
    "Validate earlier:",
    "Remove the old path of",
    "Load in small pieces:",
];
pub const DEEDS: &[&str] = &[
    "Alert on the slowest shard of",
    "Write a runbook for",
    "Bound the queue of",
    "Rehearse the rollback of",
    "Add a time limit to",
    "Show the loaded settings of",
    "Test the restart of",
    "Warm the cache before traffic reaches",
    "Keep a second replica of",
    "Spread the retries of",
    "Document who owns",
    "Remove the lock from the migration of",
];
pub const NOTES: &[&str] = &[
    "Error rate at 4 %, rising",
    "Restarted the first node",
    "No change seen after the restart",
    "Asked the database team to look",
    "Rolled back to the version before",
    "Error rate back to normal",
    "Customers write in about it",
    "Posted to the status page",
    "Moved a third of the traffic away",
    "Graph: https://grafana.example.org/d/abc?from=now-1h",
    "Latency p99 at 2.4 s",
    "Found a full disk on node 7",
    "Freed 40 GB",
    "Decided to wait for the next deploy window",
    "Queue is shrinking again",
];
const FIRST: &[&str] = &[
    "Ada", "Bela", "Chidi", "Dara", "Emre", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kavya", "Lena", "Mateo",
    "Nadia", "Oskar", "Priya", "Quinn", "Rosa", "Sami", "Tove", "Uma", "Viktor", "Wanda", "Ximena", "Yusuf",
];
const LAST: &[&str] =
    &["Aalto", "Brandt", "Castro", "Dubois", "Eriksen", "Fontana", "Gruber", "Haddad", "Ivanov", "Jensen"];

/// The full name of the person with this number, from 0; all of the first 250 differ.
pub fn full_name(number: i64) -> String {
    let number = number as usize;
    format!("{} {}", FIRST[number % FIRST.len()], LAST[(number / FIRST.len() + number) % LAST.len()])
}

pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

pub fn trouble(chance: &mut Chance) -> String {
    format!("{} {}", capital(chance.pick(SUBJECTS)), chance.pick(SYMPTOMS))
}

pub fn sentences(chance: &mut Chance, count: i64) -> String {
    let mut text = String::new();
    for place in 0..count {
        if place > 0 {
            text.push(' ');
        }
        text.push_str(chance.pick(SENTENCES));
    }
    text
}

/// A postmortem of about `bytes` bytes: headings, paragraphs, lists, a table, code, links and references.
pub fn postmortem(chance: &mut Chance, title: &str, key: &str, bytes: usize) -> String {
    let mut text = format!("{title}. {}\n\n", sentences(chance, 2));
    let mut section = 0;
    while text.len() < bytes {
        let heading = HEADINGS[section % HEADINGS.len()];
        section += 1;
        text.push_str(&format!("## {heading}\n\n"));
        for _ in 0..chance.between(1, 3) {
            let count = chance.between(2, 6);
            text.push_str(&sentences(chance, count));
            text.push_str("\n\n");
        }
        match chance.below(6) {
            0 => {
                text.push_str("| time | what | who heard |\n|---|---|---|\n");
                for minute in 0..chance.between(3, 8) {
                    text.push_str(&format!("| 14:{:02} | {} | on call |\n", minute * 7, chance.pick(NOTES)));
                }
                text.push('\n');
            }
            1 => {
                text.push_str("```sql\nSELECT state, count(*)\nFROM pg_stat_activity\nGROUP BY state;\n```\n\n");
            }
            2 | 3 => {
                for _ in 0..chance.between(3, 7) {
                    text.push_str(&format!("- **{}**: {}\n", chance.pick(SUBJECTS), chance.pick(SENTENCES)));
                }
                text.push('\n');
            }
            4 => text.push_str(&format!(
                "> {} See {key} and [the graph](https://grafana.example.org/d/abc).\n\n",
                chance.pick(SENTENCES)
            )),
            _ => {}
        }
    }
    text
}
