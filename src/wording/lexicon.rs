//! Lists of words. Each is a plain slice: small, and read by people who want to know why a hint came.

/// Pronouns that stand for people.
pub(super) const PEOPLE_PRONOUNS: &[&str] = &[
    "i", "we", "he", "she", "they", "you", "who", "nobody", "no-one", "noone", "somebody", "someone", "everybody",
    "everyone", "anybody", "anyone", "people", "folks",
];
/// The writer and those around.
pub(super) const OURSELVES: &[&str] = &["i", "we"];
/// What people are called by their work.
pub(super) const ROLES: &[&str] = &[
    "admin", "admins", "administrator", "administrators", "analyst", "approver", "approvers", "architect", "author",
    "authors", "coder", "colleague", "colleagues", "commander", "committer", "contractor", "contractors",
    "contributor", "contributors", "coworker", "crew", "dba", "dbas", "deployer", "dev", "developer", "developers",
    "devs", "employee", "employees", "engineer", "engineers", "intern", "interns", "maintainer", "maintainers",
    "manager", "managers", "member", "members", "on-call", "on-caller", "oncall", "operator", "operators", "ops",
    "person", "programmer", "programmers", "responder", "responders", "reviewer", "reviewers", "sre", "sres", "staff",
    "sysadmin", "sysadmins", "team", "teammate", "teammates", "teams", "technician", "technicians", "tester",
    "testers", "trainee", "volunteer", "volunteers", 
];
/// Those on the other side of the service; they experience what machines do.
pub(super) const CUSTOMERS: &[&str] = &[
    "user", "users", "customer", "customers", "client", "clients", "visitor", "visitors", "subscriber", "subscribers",
    "reader", "readers", "student", "students", "merchant", "merchants", "guest", "guests",
];
/// Practices of people: what they do to notice.
pub(super) const PRACTICES: &[&str] = &[
    "review", "reviews", "testing", "test", "tests", "qa", "process", "processes", "procedure", "checklist",
    "monitoring", "checks", "alerting", "alerts", "validation", "staging", "this", "that", "it", "which", "these",
    "planning", "communication",
];

pub(super) const PREPOSITIONS: &[&str] = &[
    "of", "on", "in", "at", "for", "from", "with", "by", "to", "under", "behind", "around", "during", "within",
    "inside", "outside", "between", "before", "after", "about", "over", "responsible",
];
/// Words after which another clause begins.
pub(super) const CLAUSE_OPENERS: &[&str] = &[
    "that", "which", "because", "since", "as", "when", "while", "where", "if", "but", "and", "or", "so", "then",
    "although", "though", "unless", "until", "whether", "however", "what", "who", "why", "how", "than",
];

/// Adverbs that may stand between a modal, `have` and its verb.
pub(super) const BETWEEN: &[&str] = &[
    "not", "never", "also", "already", "always", "at", "least", "better", "even", "ever", "first", "ideally", "indeed",
    "instead", "just", "long", "much", "only", "perhaps", "rather", "really", "since", "sooner", "still", "all",
    "both", "maybe", "too", "well", "in", "theory", "hindsight", "of", "course", "easily", "simply",
];

/// Participles that do not end in -ed.
pub(super) const IRREGULAR: &[&str] = &[
    "been", "had", "done", "made", "caught", "seen", "known", "gone", "taken", "given", "gotten", "got", "kept",
    "left", "led", "put", "set", "run", "read", "sent", "held", "built", "found", "thought", "told", "brought",
    "begun", "chosen", "written", "shown", "spoken", "split", "cut", "hit", "let", "lost", "met", "paid", "sped",
    "spent", "understood", "undone", "come", "become", "thrown", "withdrawn", "grown", "felt", "fallen", "broken",
    "woken", "heard", "dug", "drawn", "driven", "foreseen", "forgotten", "overridden", "rewritten", "shut", "spun",
    "stuck", "swapped", "taught", "torn", "won", "worn", "bought", "sought", "said", "quit", "rolled", "re-run",
    "rerun", "rebuilt", "reset", "cost", "shrunk", "held", "frozen", "hidden", "stood", "overlooked",
];

/// What could have been done about it: after `could have been`, `might have been`.
pub(super) const AVOIDED: &[&str] = &[
    "alerted", "anticipated", "automated", "averted", "avoided", "addressed", "blocked", "bypassed", "caught",
    "clearer", "communicated", "completed", "coordinated", "deployed", "detected", "diagnosed", "discovered",
    "documented", "done", "earlier", "escalated", "established", "faster", "fixed", "flagged", "foreseen", "found",
    "guarded", "handled", "identified", "improved", "informed", "limited", "lowered", "managed", "minimised",
    "minimized", "mitigated", "monitored", "noticed", "notified", "pinpointed", "planned", "predicted", "prevented",
    "quicker", "recognised", "recognized", "recovered", "reduced", "remedied", "resolved", "restored", "reverted",
    "reviewed", "rolled", "shortened", "shorter", "simpler", "smoother", "solved", "sooner", "sped", "spotted",
    "stopped", "tested", "better", "quick", "faster", "tighter", "triaged", "averted", "worked", "easier", "raised",
    "investigated", "sidestepped", "contained", "announced",
];
/// What a better test or alarm would have done.
pub(super) const CAUGHT: &[&str] = &[
    "caught", "prevented", "detected", "avoided", "helped", "saved", "alerted", "warned", "mitigated", "shortened",
    "sped", "stopped", "flagged", "highlighted", "surfaced", "averted", "reduced", "revealed", "uncovered", "spotted",
    "noticed", "minimised", "minimized", "limited", "eased", "simplified", "notified", "identified", 
];
/// What people would have done with what they know now.
pub(super) const REALISED: &[&str] = &[
    "noticed", "caught", "known", "seen", "detected", "avoided", "prevented", "found", "realised", "realized",
    "spotted", "discovered", "identified", "been", "saved", "mitigated", "responded", "resolved", "rolled", "fixed",
    "stopped", "tested", "checked", "reacted", "understood", "recovered", "restored", "reverted", "diagnosed", "had",
    "done", "acted", "picked", "recognised", "recognized", "escalated", "declared", "chosen", "preferred", "liked",
    "learned", "learnt", "anticipated", "called", "started", "began", "gone", "paged",
];
/// `would have been …`
pub(super) const DESIRABLE: &[&str] = &[
    "better", "useful", "helpful", "nice", "good", "wise", "wiser", "prudent", "easier", "faster", "quicker", "ideal",
    "preferable", "avoided", "prevented", "caught", "detected", "noticed", "sufficient", "beneficial",
    "great", "clearer", "obvious", "appropriate", "spotted", "mitigated", "minimised", "minimized", "discovered",
    "safer", "simpler", "smarter", "preferred", "best", "resolved", "shorter", "smoother", "avoidable", "invaluable",
    "valuable", "sensible", "averted", "handy", "identified", "smaller", "quickest", "easiest", "reduced",
];
/// Ways to say better.
pub(super) const COMPARATIVES: &[&str] = &[
    "better", "faster", "quicker", "clearer", "earlier", "sooner", "smoother", "shorter", "smaller", "simpler",
    "easier", "tighter", "safer", "stricter", "more", "less", "quickly",
];
/// Outcomes that only luck kept away.
pub(super) const HARMS: &[&str] = &[
    "lost", "seen", "caused", "affected", "leaked", "exposed", "accessed", "used", "broken", "crashed", "failed",
    "corrupted", "exploited", "read", "gotten", "happened", "hit", "run", "ended", "impacted", "suffered", "faced",
    "experienced", "missed", "overwritten", "deleted", "stolen", "received", "obtained", "led", "resulted", "become",
    "occurred", "gone", "had", "come", "triggered", "introduced", "changed",
];
/// What machines are expected to do by themselves: after `should have been`.
pub(super) const AUTOMATIC: &[&str] = &[
    "restarted", "evicted", "rescheduled", "retried", "triggered", "fired", "routed", "cached", "expired",
    "rejected", "accepted", "processed", "delivered", "received", "replicated", "scheduled", "marked", "terminated",
    "killed", "purged", "garbage-collected", "returned", "populated", "refreshed", "garbage", "drained", "rotated",
    "emitted", "logged", "served", "replaced", "recreated", "propagated", "persisted", "written",
    "throttled", "culled", "redirected", "resolved", "generated", "applied", "affected", "impacted", "synced",
    "replayed", "queued", "dropped", "ignored", "loaded", "created", "cleaned", "released", "used", "sent",
    "allowed", "charged", "started", "able", "unaffected", "matched", "skipped", "computed", "calculated", "parsed",
];

/// Verbs of people alone.
pub(super) const NOTICING: &[&str] = &[
    "notice", "check", "realise", "realize", "communicate", "test", "verify", "follow", "escalate", "consider",
    "recognise", "recognize", "inform", "tell", "document", "remember", "account", "anticipate", "appreciate",
    "understand", "read", "review", "think", "ask", "plan", "coordinate", "ensure", "take", "see", "spot", "monitor",
    "investigate", "act", "acknowledge", "respond", "react", "warn", "announce", "include", "prepare", "identify",
    "mention", "catch", "foresee", "detect", "validate", "keep", "look", "pay", "make", "provide", "add", "set",
    "properly", "adequately", "fully", "correctly", "give", "update", "do", "apply", "configure", "call", "declare",
];
/// Attempts whose failing is a fact about the system, also with people as the subject.
pub(super) const ATTEMPTS: &[&str] = &[
    "reproduce", "connect", "restore", "recover", "reach", "start", "bring", "load", "pull", "deploy", "build", "log",
    "fetch", "establish", "create", "open", "access", "revert", "roll", "upgrade", "meet", "send", "write", "save",
    "complete", "find", "get", "fix", "resolve", "mitigate", "download", "upload", "install", "join", "launch",
    "authenticate", "sign", "scale", "fail", "drain", "delete", "serve", "process", "replicate",
];

/// Verbs of harm, in the past: what a person is said to have done.
pub(super) const BREAKING: &[&str] = &[
    "caused", "broke", "crashed", "misconfigured", "botched", "wiped", "nuked", "trashed", "mangled", "borked",
];
/// Acts that stand as a cause when a sentence gives one.
pub(super) const ACTS: &[&str] = &[
    "ran", "deleted", "used", "picked", "selected", "applied", "pushed", "typed", "entered", "chose", "clicked",
    "copied", "restored", "dropped", "changed", "removed", "merged", "deployed", "pasted", "set", "edited",
    "restarted", "rebooted", "unplugged", "disabled", "turned", "introduced", "committed", "executed", "configured",
    "released", "left", "shut", "triggered", "disconnected", "put", "gave", "sent", "cut",
];
