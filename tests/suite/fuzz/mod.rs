//! Input nobody would think of, for everything that reads what people and programs send. Hook bodies of every sender
//! have theirs in `senders/hostile.rs`.
//!
//! Short by default; `bin/fuzz` sets `DEBRIEF_FUZZ_CASES` and runs them for long.

mod pages;
mod pure;

use proptest::prelude::*;
use proptest::test_runner::Config;

/// How many cases a target tries: `short` of them, or as many as the environment asks for.
pub fn cases(short: u32) -> Config {
    let cases = std::env::var("DEBRIEF_FUZZ_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(short);
    Config { cases, max_shrink_iters: 20_000, failure_persistence: None, ..Config::default() }
}

/// What breaks programs that read text.
pub const ODD: &[&str] = &[
    "",
    " ",
    "\0",
    "\u{feff}",
    "\u{202e}abc",
    "\u{200b}",
    "\r\n",
    "\u{2028}",
    "e\u{301}\u{301}\u{301}",
    "\u{1f9ef}\u{200d}\u{1f525}",
    "ẞİı",
    "9223372036854775807",
    "-9223372036854775808",
    "99999999999999999999",
    "1e309",
    "NaN",
    "-1",
    "0",
    "0x10",
    "1.5",
    "null",
    "true",
    "on",
    "2026-02-29",
    "2024-02-29",
    "2026-13-45",
    "0000-00-00",
    "+262143-12-31",
    "-262144-01-01",
    "9999-12-31T23:59:60Z",
    "2026-10-25T02:30",
    "2026-03-29T02:30:00+99:99",
    "24:60:61",
    "SEV9",
    "INC-99999999999999999999",
    "INC-0",
    "../../etc/passwd",
    "%00",
    "%ff%fe",
    "'; DROP TABLE incidents; --",
    "\" OR 1=1 --",
    "%' AND '%",
    "NEAR(\"a b\"",
    "a* -b \"c",
    "{{7*7}}",
    "${7*7}",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "https://[",
    "https://\u{0}",
    "http://x:99999/",
    "@everyone",
    "a,b;c\nd",
    "MTIzLjQ1Ng",
    "LTkyMjMzNzIwMzY4NTQ3NzU4MDguLTkyMjMzNzIwMzY4NTQ3NzU4MDg",
    "OTIyMzM3MjAzNjg1NDc3NTgwNy45MjIzMzcyMDM2ODU0Nzc1ODA3",
];

/// A text: odd, random, or long.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(ODD).prop_map(str::to_owned),
        3 => "\\PC{0,40}",
        2 => "[ -~\n\t]{0,80}",
        1 => (proptest::sample::select(ODD), 1_usize..3_000).prop_map(|(odd, count)| odd.repeat(count).chars().take(30_000).collect()),
        1 => proptest::collection::vec(proptest::sample::select(ODD), 0..6).prop_map(|parts| parts.concat()),
    ]
}

/// Hostile strings of the samples, where this machine has them.
pub fn payloads() -> Vec<String> {
    let Some(folder) = crate::support::samples() else { return Vec::new() };
    let list = std::fs::read_to_string(folder.join("hostile/xss-payload-list.txt")).unwrap_or_default();
    list.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}
