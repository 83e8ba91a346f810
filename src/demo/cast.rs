//! Who is in the demo's company: teams, people, services and the contributing factors they keep meeting.
//! All of it is invented.

use super::world::{Factor, Person, Service, ServiceLink, Team};

/// The company's name: it sells ferry and coach tickets.
pub const COMPANY: &str = "Ternway";
/// Its domain, under the name that is reserved for examples.
pub const DOMAIN: &str = "ternway.example";
/// Handle of the person whom the printed link signs in.
pub const SIGNED_IN: &str = "ada";

const TEAMS: [(&str, &str); 6] = [
    ("payments", "Payments"),
    ("booking", "Booking"),
    ("storefront", "Storefront"),
    ("accounts", "Accounts"),
    ("platform", "Platform"),
    ("data", "Data"),
];

/// Handle, name, team (empty for none), zone, role.
const PEOPLE: [(&str, &str, &str, &str, &str); 26] = [
    ("ada", "Ada Lindqvist", "payments", "Europe/Stockholm", "admin"),
    ("tomasz", "Tomasz Wierzbicki", "payments", "Europe/Warsaw", "member"),
    ("priya", "Priya Raghunathan", "payments", "Asia/Kolkata", "member"),
    ("joao", "João Tavares", "payments", "Europe/Lisbon", "member"),
    ("mirela", "Mirela Dobre", "payments", "Europe/Bucharest", "member"),
    ("henrik", "Henrik Aalto", "booking", "Europe/Helsinki", "member"),
    ("sofia", "Sofia Marchetti", "booking", "Europe/Rome", "member"),
    ("kwame", "Kwame Asante-Boadi", "booking", "Europe/London", "member"),
    ("lena", "Lena Fürst", "booking", "Europe/Berlin", "member"),
    ("noor", "Noor El-Amrani", "storefront", "Europe/Paris", "member"),
    ("diego", "Diego Villaseñor", "storefront", "America/Mexico_City", "member"),
    ("yuki", "Yuki Hanamura", "storefront", "Asia/Tokyo", "member"),
    ("pieter", "Pieter van Loon", "storefront", "Europe/Amsterdam", "member"),
    ("ines", "Inês Carvalhal", "accounts", "Europe/Lisbon", "member"),
    ("samuel", "Samuel Okonjo", "accounts", "Africa/Lagos", "member"),
    ("freya", "Freya Thorsdal", "accounts", "Europe/Oslo", "member"),
    ("marek", "Marek Novotný", "accounts", "Europe/Prague", "member"),
    ("ruth", "Ruth Abernethy", "platform", "Europe/London", "admin"),
    ("bao", "Bao Trinh", "platform", "Asia/Ho_Chi_Minh", "member"),
    ("elif", "Elif Karaman", "platform", "Europe/Istanbul", "member"),
    ("callum", "Callum Reid-Hay", "platform", "Europe/London", "member"),
    ("anika", "Anika Vestergaard", "data", "Europe/Copenhagen", "member"),
    ("george", "George Mavros", "data", "Europe/Athens", "member"),
    ("leila", "Leila Farahani", "data", "America/Toronto", "member"),
    ("oscar", "Oscar Brandt", "", "Europe/Berlin", "viewer"),
    ("mei", "Mei Castellanos", "", "Europe/Madrid", "viewer"),
];

/// A service as the cast list has it; `pace` is releases in a hundred plain working days.
pub struct Part {
    pub slug: &'static str,
    pub name: &'static str,
    pub team: &'static str,
    pub tier: i64,
    pub pace: i64,
    /// How its versions are written.
    pub versions: Versions,
    pub depends_on: &'static [&'static str],
    pub description: &'static str,
}

/// The three ways in which this company writes versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// `v4.112.0`
    Semantic(i64),
    /// `2026.47.3`: year, ISO week, count in the week.
    Calendar,
    /// `build-1834`
    Build(i64),
}

/// Every service of the company.
pub const PARTS: [Part; 13] = [
    Part {
        slug: "checkout-api",
        name: "Checkout API",
        team: "payments",
        tier: 1,
        pace: 78,
        versions: Versions::Semantic(4),
        depends_on: &["payment-gateway", "booking-api", "ledger", "identity"],
        description: "Turns a basket into a paid booking: prices it, takes the money, confirms the seats.",
    },
    Part {
        slug: "payment-gateway",
        name: "Payment gateway",
        team: "payments",
        tier: 1,
        pace: 46,
        versions: Versions::Semantic(2),
        depends_on: &["ledger"],
        description: "The only service that talks to the card processor and to the wallets.",
    },
    Part {
        slug: "ledger",
        name: "Ledger",
        team: "payments",
        tier: 1,
        pace: 34,
        versions: Versions::Semantic(7),
        depends_on: &[],
        description: "Double-entry book of every charge, refund and payout. Never loses a cent, rarely in a hurry.",
    },
    Part {
        slug: "booking-api",
        name: "Booking API",
        team: "booking",
        tier: 1,
        pace: 74,
        versions: Versions::Semantic(11),
        depends_on: &["seat-inventory", "identity", "notifications"],
        description: "Holds, confirms, changes and cancels bookings.",
    },
    Part {
        slug: "seat-inventory",
        name: "Seat inventory",
        team: "booking",
        tier: 1,
        pace: 40,
        versions: Versions::Build(1710),
        depends_on: &["partner-feeds"],
        description: "How many seats, cabins and car decks are left on every sailing and coach.",
    },
    Part {
        slug: "partner-feeds",
        name: "Partner feeds",
        team: "booking",
        tier: 2,
        pace: 38,
        versions: Versions::Build(640),
        depends_on: &["job-runner"],
        description: "Reads timetables, fares and allotments from 31 operators, each in a dialect of its own.",
    },
    Part {
        slug: "storefront",
        name: "Storefront",
        team: "storefront",
        tier: 1,
        pace: 110,
        versions: Versions::Calendar,
        depends_on: &["timetable-search", "checkout-api", "identity", "edge-proxy"],
        description: "The web shop and the pages that the phone apps show.",
    },
    Part {
        slug: "timetable-search",
        name: "Timetable search",
        team: "storefront",
        tier: 1,
        pace: 56,
        versions: Versions::Calendar,
        depends_on: &["seat-inventory"],
        description: "Finds connections between two harbours, with fares, in under 300 ms.",
    },
    Part {
        slug: "identity",
        name: "Identity",
        team: "accounts",
        tier: 1,
        pace: 42,
        versions: Versions::Semantic(3),
        depends_on: &["notifications"],
        description: "Sign-in, sessions, travellers' profiles and the keys that other services check tokens with.",
    },
    Part {
        slug: "notifications",
        name: "Notifications",
        team: "accounts",
        tier: 2,
        pace: 44,
        versions: Versions::Semantic(5),
        depends_on: &["job-runner"],
        description: "Tickets by mail, gate changes by text message, reminders by push.",
    },
    Part {
        slug: "edge-proxy",
        name: "Edge proxy",
        team: "platform",
        tier: 1,
        pace: 32,
        versions: Versions::Build(2204),
        depends_on: &[],
        description: "TLS, routing, caching and rate limits in front of everything.",
    },
    Part {
        slug: "job-runner",
        name: "Job runner",
        team: "platform",
        tier: 2,
        pace: 30,
        versions: Versions::Build(980),
        depends_on: &[],
        description: "Queues and scheduled jobs of all teams.",
    },
    Part {
        slug: "reporting",
        name: "Reporting",
        team: "data",
        tier: 3,
        pace: 40,
        versions: Versions::Calendar,
        depends_on: &["ledger", "booking-api", "job-runner"],
        description: "The warehouse, the nightly loads and the figures that finance and the operators read.",
    },
];

/// Slug, name, description.
const FACTORS: [(&str, &str, &str); 26] = [
    (
        "hand-tuned-limits",
        "Limits set once and never revisited",
        "A pool, a quota or a timeout was right for the traffic of some earlier year.",
    ),
    (
        "retries-without-backoff",
        "Retries without back-off or budget",
        "Callers repeat at once and without end, so a short fault becomes a long one.",
    ),
    (
        "missing-alert",
        "No alert on what travellers feel",
        "Machines were watched, but not the thing that people were trying to do.",
    ),
    (
        "misrouted-alert",
        "Alert went to the wrong place",
        "The signal existed and was right, but nobody who could act received it.",
    ),
    (
        "migration-locks",
        "Schema change waits on or takes a lock",
        "A change to a table blocked readers or writers under real load.",
    ),
    (
        "untested-rollback",
        "Rollback had not been practised",
        "The way back was longer, or elsewhere, than everyone assumed.",
    ),
    (
        "config-unchecked",
        "Configuration is not checked before use",
        "A value that could not be right was accepted and applied.",
    ),
    (
        "flag-default",
        "Flag default differs between places",
        "A flag's fallback was not what staging had led people to expect.",
    ),
    (
        "expiry-unwatched",
        "An expiry date that nothing watches",
        "A certificate, key or contract ran out on a day known for a long time.",
    ),
    (
        "shared-resource",
        "Two workloads share one resource",
        "Work that may wait stood in the way of work that may not.",
    ),
    (
        "cache-assumptions",
        "Cache is load-bearing",
        "The system behind a cache could no longer carry the traffic without it.",
    ),
    (
        "dependency-assumed-up",
        "A dependency is assumed to be there",
        "No plan, no fallback and no message for the case that somebody else is down.",
    ),
    (
        "clock-assumptions",
        "Assumption about clocks, zones or calendars",
        "Code trusted that all clocks agree, or that every day has 24 hours.",
    ),
    (
        "unbounded-growth",
        "Something grows without a bound",
        "A disk, a queue, a map or a log had no limit and no owner.",
    ),
    (
        "staging-differs",
        "Staging does not resemble production",
        "The check passed because the place it ran in was smaller, emptier or different.",
    ),
    (
        "schema-drift",
        "Two sides disagree on a message's shape",
        "Producer and consumer changed at different times, or read a contract differently.",
    ),
    (
        "runbook-stale",
        "Runbook no longer true",
        "The steps were followed and led to a place that does not exist any more.",
    ),
    (
        "manual-step",
        "A manual step in a routine process",
        "A routine depended on someone remembering one more thing, at an hour of their own.",
    ),
    ("no-load-shedding", "No way to shed load", "The service could only serve everybody or nobody."),
    ("wide-rollout", "Change reached everyone at once", "There was no smaller step between nobody and all travellers."),
    ("silent-failure", "Failure was swallowed silently", "An error was caught, counted nowhere and shown to no one."),
    ("dns-caching", "Names are looked up once and kept", "A process went on talking to an address that had moved."),
    (
        "single-instance",
        "One instance without a stand-in",
        "A part that exists once was stopped for good reasons, or bad ones.",
    ),
    (
        "averages-hide",
        "Dashboard averages the pain away",
        "A mean over everybody looked calm while a part of everybody was stuck.",
    ),
    ("ownership-unclear", "Ownership was unclear", "Two teams each believed that the other one looked after it."),
    (
        "shallow-health-check",
        "Health check says yes too easily",
        "An instance reported itself healthy while it could not do its work.",
    ),
];

/// The six teams.
#[must_use]
pub fn teams() -> Vec<Team> {
    TEAMS.iter().map(|&(slug, name)| Team { slug, name }).collect()
}

/// Everybody with an account.
#[must_use]
pub fn people() -> Vec<Person> {
    PEOPLE
        .iter()
        .map(|&(handle, name, team, zone, role)| Person {
            handle,
            name,
            email: format!("{handle}@{DOMAIN}"),
            team: Some(team).filter(|team| !team.is_empty()),
            zone,
            role,
        })
        .collect()
}

/// Handles of a team's members, in the order of the cast list.
#[must_use]
pub fn members(team: &str) -> Vec<&'static str> {
    PEOPLE.iter().filter(|person| person.2 == team).map(|person| person.0).collect()
}

/// Handles of everyone who may change things.
#[must_use]
pub fn engineers() -> Vec<&'static str> {
    PEOPLE.iter().filter(|person| person.4 != "viewer").map(|person| person.0).collect()
}

/// The handle as the cast list holds it, if there is such a person.
#[must_use]
pub fn person(handle: &str) -> Option<&'static str> {
    PEOPLE.iter().map(|person| person.0).find(|known| *known == handle)
}

/// The slug of the team of a person, if any.
#[must_use]
pub fn team_of(handle: &str) -> Option<&'static str> {
    PEOPLE.iter().find(|person| person.0 == handle).map(|person| person.2).filter(|team| !team.is_empty())
}

/// The name of a team.
#[must_use]
pub fn team_name(slug: &str) -> &'static str {
    TEAMS.iter().find(|team| team.0 == slug).map_or("", |team| team.1)
}

/// The service of that slug.
#[must_use]
pub fn part(slug: &str) -> Option<&'static Part> {
    PARTS.iter().find(|part| part.slug == slug)
}

/// The factor's slug as the cast list holds it, if there is one.
#[must_use]
pub fn factor(slug: &str) -> Option<&'static str> {
    FACTORS.iter().map(|factor| factor.0).find(|known| *known == slug)
}

/// All contributing factors.
#[must_use]
pub fn factors() -> Vec<Factor> {
    FACTORS.iter().map(|&(slug, name, description)| Factor { slug, name, description }).collect()
}

/// All services with their links.
#[must_use]
pub fn services() -> Vec<Service> {
    PARTS
        .iter()
        .map(|part| Service {
            slug: part.slug,
            name: part.name,
            team: part.team,
            tier: part.tier,
            description: part.description,
            repository_url: repository_url(part.slug),
            links: links(part),
            depends_on: part.depends_on,
        })
        .collect()
}

/// Where a service's code lives.
#[must_use]
pub fn repository_url(service: &str) -> String {
    format!("https://code.{DOMAIN}/{COMPANY}/{service}").to_lowercase()
}

/// The prefix of a team's tickets.
#[must_use]
pub fn ticket_prefix(team: &str) -> &'static str {
    match team {
        "payments" => "PAY",
        "booking" => "BOOK",
        "storefront" => "SHOP",
        "accounts" => "ACC",
        "platform" => "PLAT",
        _ => "DATA",
    }
}

fn links(part: &Part) -> Vec<ServiceLink> {
    let slug = part.slug;
    let link = |kind, label: String, url: String| ServiceLink { kind, label, url };
    vec![
        link("runbook", format!("{} runbook", part.name), format!("https://docs.{DOMAIN}/runbooks/{slug}")),
        link("dashboard", format!("{} at a glance", part.name), format!("https://dashboards.{DOMAIN}/d/{slug}")),
        link("logs", "Logs, last hour".to_owned(), format!("https://logs.{DOMAIN}/search?service={slug}&last=1h")),
        link("pipeline", "Build and deploy".to_owned(), format!("https://ci.{DOMAIN}/pipelines/{slug}")),
    ]
}
