//! What the year's everyday changes are called. Stories bring their own words; this is for the rest.

use super::random::Chance;

const DEPLOY: &[&str] = &[
    "Speed up {}",
    "Tidy {}",
    "Measure {}",
    "Fix an edge case in {}",
    "Cover {} with tests",
    "Make {} idempotent",
    "Remove the old path of {}",
    "Explain refusals in {}",
    "Prepare {} for the summer timetable",
    "Set a time limit for {}",
    "Stop {} from logging twice",
    "Read {} from the replica",
    "Split {} into two steps",
    "Log the harbour with {}",
    "Handle groups in {}",
    "Show local times in {}",
    "Translate {} into Finnish and Polish",
    "Keep {} working when a dependency is slow",
    "Load {} in smaller pieces",
    "Validate {} earlier",
];
const CONFIG: &[&str] = &[
    "Raise the time limit of {}",
    "Lower the log level of {}",
    "Change the batch size of {}",
    "Add the new harbour to {}",
    "Halve the polling interval of {}",
    "Point {} at the new address",
    "Widen the limits of {}",
];
const FLAG: &[&str] = &[
    "Turn on the new {} for 5 % of travellers",
    "Turn on the new {} for 25 % of travellers",
    "Turn on the new {} for everybody",
    "Turn off the new {}",
    "Turn on the new {} for staff",
];
const MIGRATION: &[&str] = &[
    "Add a column for {}",
    "Add an index for {}",
    "Backfill {}",
    "Drop the unused table of {}",
    "Widen the key of {}",
];
const INFRASTRUCTURE: &[&str] = &[
    "Move two nodes to the newer machine type",
    "Renew the node images",
    "Give the database replica more memory",
    "Patch the kernel, node by node",
    "Rotate the service's credentials",
    "Add a node ahead of the weekend",
    "Spread the nodes over three zones",
    "Shorten the log retention to 30 days",
];

/// A line for an everyday change of this kind to this service.
pub fn everyday_summary(kind: &str, service: &str, chance: &mut Chance) -> String {
    let patterns = match kind {
        "config" => CONFIG,
        "flag" => FLAG,
        "migration" => MIGRATION,
        "infrastructure" => INFRASTRUCTURE,
        _ => DEPLOY,
    };
    let pattern = chance.pick(patterns);
    let thing: &str = chance.pick(things(service));
    // A flag is for "the new date picker", whatever the list calls it.
    let thing = if kind == "flag" { thing.trim_start_matches("the ") } else { thing };
    pattern.replace("{}", thing)
}

/// What undoing an everyday change was for.
pub fn rollback_summary(chance: &mut Chance) -> String {
    (chance.pick(&[
        "Back to the version before: error rate rose after the release",
        "Back to the version before: slower than yesterday at the same hour",
        "Back to the version before: a smoke test failed in production only",
        "Back to the version before: support saw a page without prices",
        "Back to the version before: memory climbs, look at it in daylight",
    ]))
    .to_owned()
}

fn things(service: &str) -> &'static [&'static str] {
    match service {
        "checkout-api" => &[
            "basket totals",
            "voucher handling",
            "the fare breakdown",
            "split payments",
            "the confirmation step",
            "surcharge rules",
            "the retry of a declined card",
            "gift cards",
            "the price hold",
            "receipt lines",
            "cabin upgrades",
            "the refund preview",
        ],
        "payment-gateway" => &[
            "wallet payments",
            "the strong-authentication step",
            "card tokens",
            "settlement files",
            "refund calls",
            "decline reasons",
            "the currency table",
            "processor webhooks",
            "instalments",
            "the timeout of an authorisation",
        ],
        "ledger" => &[
            "payout batches",
            "the daily closing",
            "refund entries",
            "the fee split",
            "account statements",
            "the audit export",
            "rounding of fees",
            "operator balances",
            "tax lines",
        ],
        "booking-api" => &[
            "booking changes",
            "cancellation rules",
            "the hold timer",
            "passenger lists",
            "vehicle lengths",
            "group quotes",
            "pet cabins",
            "the check-in window",
            "rebooking after a cancelled sailing",
            "loyalty numbers",
            "ticket numbers",
            "seat wishes",
        ],
        "seat-inventory" => &[
            "deck plans",
            "allotment counters",
            "overbooking rules",
            "cabin release",
            "coach seat maps",
            "waiting lists",
            "wheelchair spaces",
            "standby seats",
            "the hold sweep",
        ],
        "partner-feeds" => &[
            "the fare parser",
            "the timetable diff",
            "operator mappings",
            "allotment files",
            "harbour codes",
            "the nightly pull",
            "delivery receipts",
            "the sailing status feed",
            "unknown vessel names",
        ],
        "storefront" => &[
            "the search form",
            "the date picker",
            "the basket drawer",
            "the landing page",
            "harbour pages",
            "the fare calendar",
            "the ticket page",
            "the sign-in panel",
            "image sizes",
            "the cookie notice",
            "the phone header",
            "offer tiles",
            "the help pages",
            "the map",
        ],
        "timetable-search" => &[
            "connection ranking",
            "the fare cache",
            "night sailings",
            "transfer times",
            "the harbour index",
            "return fares",
            "the nearest-harbour guess",
            "accessibility filters",
            "the result pager",
            "sold-out sailings",
        ],
        "identity" => &[
            "session renewal",
            "the password reset",
            "key rotation",
            "traveller profiles",
            "passkeys",
            "the address book",
            "consent records",
            "sign-in by link",
            "account deletion",
            "company accounts",
        ],
        "notifications" => &[
            "gate changes",
            "ticket mails",
            "departure reminders",
            "text message templates",
            "push tokens",
            "bounce handling",
            "quiet hours",
            "delay notices",
            "the unsubscribe page",
        ],
        "edge-proxy" => &[
            "the cache rules",
            "rate limits",
            "the redirect table",
            "TLS settings",
            "request ids",
            "compression",
            "the maintenance page",
            "health checks",
            "bot rules",
        ],
        "job-runner" => &[
            "scheduled jobs",
            "the retry table",
            "queue metrics",
            "the dead-letter page",
            "worker leases",
            "job priorities",
            "the nightly window",
            "job time limits",
        ],
        _ => &[
            "the load factor report",
            "the operator statement",
            "nightly loads",
            "the revenue cube",
            "the punctuality page",
            "the booking funnel",
            "currency conversion",
            "the finance export",
            "late-arriving rows",
        ],
    }
}
