//! The stories of the year, one Markdown file each, embedded in the program. `story.rs` says how they are
//! written; prose lives here and nowhere else.

use super::story::{self, Story, StoryAction};

macro_rules! stories {
    ($($slug:literal),+ $(,)?) => {
        /// Slug and text of every story.
        const STORIES: &[(&str, &str)] = &[$(($slug, include_str!(concat!($slug, ".md")))),+];
    };
}

stories![
    "almost-deleted-topic",
    "cache-stampede",
    "charged-twice",
    "clock-skew",
    "coupon-typo",
    "curious-bots",
    "curious-question",
    "duplicate-newsletter",
    "empty-backups",
    "empty-harbours",
    "everyone-signed-out",
    "flag-default",
    "free-ferries",
    "full-disk",
    "greylisted-mails",
    "group-deadlock",
    "heavy-picture",
    "hour-that-came-twice",
    "impatient-middle",
    "index-that-locked",
    "leaking-render",
    "letters-with-rings",
    "live-late-loads",
    "live-voucher-checkout",
    "log-avalanche",
    "lonely-scheduler",
    "lost-cent",
    "map-without-tiles",
    "midsummer-rush",
    "missing-s",
    "moved-mail-host",
    "near-expired-domain",
    "near-oversold-deck",
    "near-quiet-alerts",
    "news-from-yesterday",
    "noisy-export",
    "old-address-in-phones",
    "password-in-the-log",
    "pool-of-twelve",
    "printer-at-pier-three",
    "processor-outage",
    "purge-everything",
    "push-at-night",
    "quiet-rota",
    "refunds-in-two-files",
    "rehearsal-on-stage",
    "renamed-field",
    "replica-behind",
    "retry-storm",
    "school-trip",
    "sessions-without-end",
    "slow-search-of-returns",
    "slow-statement-page",
    "slow-tickets",
    "staging-certificate",
    "storm-rebooking",
    "tired-replica",
    "wallet-certificate",
    "week-fifty-three",
    "wrong-vessel-name",
];

/// Every story, in the order of the list.
///
/// # Errors
/// A sentence that names the story and the line that cannot be read.
pub fn all() -> Result<Vec<Story>, String> {
    STORIES.iter().map(|&(slug, text)| Story::parse(slug, text)).collect()
}

/// Action items that came from a meeting and belong to no incident.
///
/// # Errors
/// A sentence that names the line that cannot be read.
pub fn meeting_actions() -> Result<Vec<StoryAction>, String> {
    story::filled_lines(include_str!("meetings.txt")).map(story::parse_action).collect()
}
