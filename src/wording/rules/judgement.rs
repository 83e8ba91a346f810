//! Judgements of people: *careless*, *forgot*, *failed to* with a person as the subject.

use std::ops::Range;

use super::super::lexicon::{ATTEMPTS, NOTICING, ROLES};
use super::super::sentences::Sentence;
use super::super::subject::{self, Subject};

pub(super) fn find(s: &Sentence, at: usize) -> Option<Range<usize>> {
    adjective(s, at).or_else(|| omission(s, at)).or_else(|| refusal(s, at)).or_else(|| manner(s, at))
}

/// Words that judge whatever stands around them, and those that need a person.
fn adjective(s: &Sentence, at: usize) -> Option<Range<usize>> {
    let judged = match s.word(at) {
        "careless" | "carelessly" | "carelessness" | "negligent" | "negligently" | "negligence" | "sloppy"
        | "sloppiness" | "incompetent" | "incompetence" | "irresponsible" | "irresponsibly" | "reckless"
        | "recklessly" | "foolish" | "foolishly" | "inattentive" | "inattention" | "inattentiveness" | "laziness"
        | "stupidity" | "complacent" | "complacency" | "incompetently" | "thoughtless" | "thoughtlessly"
        | "clueless" | "unprofessional" => true,
        "stupid" | "stupidly" | "dumb" | "dumbly" => {
            matches!(s.word(at + 1), "mistake" | "error" | "decision" | "idea" | "change" | "thing" | "move")
                || subject::before(s, at).is_somebody()
        }
        "lazy" | "ignorant" | "inexperienced" | "naive" | "lax" | "hasty" | "forgetful" | "distracted" => {
            ROLES.contains(&s.word(at + 1))
                || (matches!(s.word_before(at, 1), "was" | "were" | "too" | "got" | "being" | "so" | "am" | "been")
                    && subject::before(s, at - 1).is_somebody())
        }
        "judgement" | "judgment" => {
            matches!(s.word_before(at, 1), "poor" | "bad" | "lapse") || s.word_before(at, 2) == "error"
        }
        "lack" if s.word(at + 1) == "of" => {
            matches!(
                s.word(at + 2),
                "attention" | "care" | "diligence" | "discipline" | "vigilance" | "competence" | "common"
            )
        }
        "fault" => {
            matches!(s.word_before(at, 1), "my" | "our" | "his" | "her" | "their")
                || s.word_before(at, 1) == "at" && subject::before(s, at - 1).is_somebody_else()
                || s.word(at + 1) == "of" && (at + 2..at + 7).any(|index| ROLES.contains(&s.word(index)))
        }
        "blame" => s.word_before(at, 1) == "to" && subject::before(s, at - 1).is_somebody(),
        "guilty" => subject::before(s, at).is_somebody(),
        "screwed" | "messed" | "goofed" => {
            subject::before(s, at).is_somebody() && (s.word(at) == "goofed" || s.word(at + 1) == "up")
        }
        _ => false,
    };
    judged.then_some(at..at + 1)
}

/// What somebody did not do.
fn omission(s: &Sentence, at: usize) -> Option<Range<usize>> {
    let word = s.word(at);
    let next = s.word(at + 1);
    match word {
        "forgot" | "forget" | "forgets" | "forgetting" => {
            let is_past = matches!(word, "forgot") || word == "forgets";
            let who = subject::before(s, at);
            let is_note = matches!(who, Subject::Missing) && at == 0 && word == "forgot";
            (is_past && (who.is_somebody() || matches!(who, Subject::Customers) || is_note)
                || word == "forgetting"
                    && matches!(next, "to")
                    && !matches!(s.word_before(at, 1), "avoid" | "prevent" | "against"))
            .then_some(at..at + 1)
        }
        "forgotten" => {
            let by = s.word_before(at, 1);
            let who = subject::before(s, at);
            // "it was forgotten": somebody forgot it. "so that these do not get forgotten" looks ahead.
            (matches!(by, "was" | "were" | "been")
                || matches!(by, "had" | "have") && who.is_somebody()
                || s.word_before(at, 2) == "had" && who.is_somebody())
            .then_some(at..at + 1)
            .filter(|_| !s.has_any(&["won't", "will"]))
        }
        "failed" | "failing" | "fail" if next == "to" => {
            let verb = verb_after(s, at + 2);
            let who = subject::before(s, at);
            let blamed = match who {
                Subject::Us => word == "failed" && !ATTEMPTS.contains(&verb),
                Subject::Named => word == "failed",
                Subject::People("they" | "who" | "you") => word == "failed" && NOTICING.contains(&verb),
                Subject::People(_) => word == "failed" && (!ATTEMPTS.contains(&verb)),
                Subject::Missing => {
                    at == 0
                        && matches!(
                            verb,
                            "notice"
                                | "check"
                                | "realise"
                                | "realize"
                                | "communicate"
                                | "verify"
                                | "consider"
                                | "recognise"
                                | "recognize"
                                | "inform"
                                | "remember"
                                | "test"
                                | "escalate"
                                | "anticipate"
                                | "appreciate"
                                | "follow"
                        )
                }
                _ => false,
            };
            blamed.then_some(at..at + 2)
        }
        "neglected" | "neglecting" => {
            let who = subject::before(s, at);
            (who.is_somebody()
                || matches!(who, Subject::Missing) && next == "to"
                || matches!(s.word_before(at, 1), "was" | "were" | "been"))
            .then_some(at..at + 1)
        }
        "overlooked" => {
            let who = subject::before(s, at);
            (who.is_somebody()
                || matches!(s.word_before(at, 1), "was" | "were" | "been")
                || matches!(who, Subject::Missing) && at == 0)
                .then_some(at..at + 1)
                .filter(|_| !matches!(s.word_before(at, 1), "be" | "not"))
        }
        "missed" => {
            let who = subject::before(s, at);
            let passive_review = matches!(s.word_before(at, 1), "was" | "were" | "been" | "got")
                && (at + 1..at + 6).any(|index| {
                    matches!(
                        s.word(index),
                        "review" | "testing" | "qa" | "reviewer" | "reviewers" | "reviews" | "engineer" | "team" | "us"
                    )
                });
            let active = (who.is_somebody_else() || matches!(who, Subject::Us))
                && !matches!(s.word_before(at, 1), "was" | "were" | "been")
                && !matches!(next, "out" | "by")
                && !(at + 1..at + 7).any(|index| {
                    matches!(
                        s.word(index),
                        "objective" | "objectives" | "slo" | "slos" | "sla" | "target" | "targets" | "deadline"
                    )
                });
            (active || passive_review).then_some(at..at + 1)
        }
        "ignored" | "disregarded" | "dismissed" => {
            let who = subject::before(s, at);
            let passive = matches!(s.word_before(at, 1), "was" | "were" | "been" | "got")
                && matches!(&who, Subject::Thing(head) if is_alarm(head));
            (passive
                || who.is_somebody()
                    && !matches!(s.word_before(at, 1), "was" | "were" | "been")
                    && !matches!(who, Subject::People("they" | "who")))
            .then_some(at..at + 1)
        }
        "violated" | "overreacted" | "panicked" => {
            let who = subject::before(s, at);
            (who.is_somebody() && !matches!(s.word_before(at, 1), "was" | "were" | "been")).then_some(at..at + 1)
        }
        "paying" if matches!(next, "attention" | "enough") && s.word_before(at, 1) == "not" => {
            subject::before(s, at).is_somebody().then_some(at..at + 1)
        }
        "slow" if matches!(next, "to") && matches!(s.word_before(at, 1), "was" | "were" | "too" | "been") => {
            subject::before(s, at).is_somebody().then_some(at..at + 1)
        }
        _ => None,
    }
}

fn is_alarm(head: &str) -> bool {
    matches!(
        head,
        "alert"
            | "alerts"
            | "warning"
            | "warnings"
            | "page"
            | "pages"
            | "email"
            | "emails"
            | "notification"
            | "notifications"
            | "alarm"
            | "alarms"
            | "ticket"
            | "tickets"
            | "reports"
            | "signs"
            | "this"
            | "it"
            | "message"
            | "messages"
    )
}

fn verb_after(s: &Sentence, from: usize) -> &str {
    let mut at = from;
    while s.word(at).ends_with("ly") || matches!(s.word(at), "even" | "also") {
        at += 1;
    }
    s.word(at)
}

/// `did not bother`, `did not think to`, `nobody checked`, `did not follow the runbook`, `without testing`.
fn refusal(s: &Sentence, at: usize) -> Option<Range<usize>> {
    let word = s.word(at);
    let next = s.word(at + 1);
    match word {
        "bother" | "bothered" | "bothering" => {
            let is_negative = (at.saturating_sub(3)..at).any(|index| {
                let word = s.word(index);
                word.ends_with("n't") || matches!(word, "not" | "never" | "nobody" | "without" | "one")
            });
            is_negative.then_some(at..at + 1)
        }
        "didn't" | "not" | "never" => {
            let is_past = word == "didn't" || word == "never" || matches!(s.word_before(at, 1), "did" | "had");
            let who = subject::before(s, at);
            if !is_past || !(who.is_somebody() || matches!(who, Subject::Customers)) {
                return None;
            }
            let verb = at + 1;
            let is_rule = (verb + 1..verb + 7).any(|index| {
                matches!(
                    s.word(index),
                    "process"
                        | "procedure"
                        | "procedures"
                        | "runbook"
                        | "checklist"
                        | "protocol"
                        | "instructions"
                        | "rules"
                        | "steps"
                        | "guidelines"
                        | "documentation"
                        | "policy"
                        | "playbook"
                )
            });
            match s.word(verb) {
                "think" | "thought" if matches!(s.word(verb + 1), "to" | "of" | "about") => Some(at..verb + 1),
                "bother" => Some(at..verb + 1),
                "follow" | "followed" | "read" if is_rule => Some(at..verb + 1),
                "properly" | "adequately" | "sufficiently" | "carefully" | "thoroughly" | "fully"
                    if matches!(
                        s.word(verb + 1),
                        "test"
                            | "check"
                            | "review"
                            | "verify"
                            | "communicate"
                            | "consider"
                            | "tested"
                            | "checked"
                            | "reviewed"
                            | "verified"
                            | "understand"
                            | "think"
                            | "plan"
                            | "validate"
                    ) =>
                {
                    Some(at..verb + 2)
                }
                "pay" if s.word(verb + 1).ends_with("attention") || s.word(verb + 2) == "attention" => {
                    Some(at..verb + 1)
                }
                _ => None,
            }
        }
        "nobody" | "no-one" | "noone" => careless_crowd(s, at, at + 1),
        "one" if s.word_before(at, 1) == "no" => careless_crowd(s, at - 1, at + 1),
        "without" => {
            let verb = if matches!(
                next,
                "properly" | "first" | "even" | "adequately" | "actually" | "fully" | "thoroughly" | "carefully"
            ) {
                at + 2
            } else {
                at + 1
            };
            let careless = matches!(
                s.word(verb),
                "testing"
                    | "checking"
                    | "thinking"
                    | "reading"
                    | "verifying"
                    | "telling"
                    | "asking"
                    | "notifying"
                    | "informing"
                    | "realising"
                    | "realizing"
                    | "consulting"
                    | "looking"
                    | "reviewing"
            );
            (careless && acts_before(s, at)).then_some(at..verb + 1)
        }
        "supposed" if next == "to" && matches!(s.word_before(at, 1), "was" | "were") => {
            let who = subject::before(s, at - 1);
            (who.is_somebody_else()).then_some(at..at + 2)
        }
        _ => None,
    }
}

fn careless_crowd(s: &Sentence, start: usize, from: usize) -> Option<Range<usize>> {
    let mut verb = from;
    while matches!(s.word(verb), "on" | "in" | "the" | "team" | "had" | "actually" | "ever" | "of" | "us" | "else") {
        verb += 1;
    }
    matches!(
        s.word(verb),
        "thought"
            | "bothered"
            | "checked"
            | "tested"
            | "reviewed"
            | "verified"
            | "followed"
            | "cared"
            | "questioned"
            | "looked"
            | "remembered"
            | "acted"
            | "responded"
            | "picked"
            | "took"
            | "paid"
    )
    .then_some(start..verb + 1)
}

/// Somebody acts earlier in the sentence: "Bob pushed the change without testing".
fn acts_before(s: &Sentence, until: usize) -> bool {
    (1..until).any(|index| {
        let word = s.word(index);
        (word.ends_with("ed") || matches!(word, "ran" | "made" | "put" | "sent" | "did"))
            && !matches!(s.word(index - 1), "was" | "were" | "been" | "be")
            && subject::before(s, index).is_somebody()
    })
}

/// How somebody did it: *mistakenly*, *accidentally*, *wrongly assumed*.
fn manner(s: &Sentence, at: usize) -> Option<Range<usize>> {
    let word = s.word(at);
    match word {
        "mistakenly" | "unwisely" | "blindly" | "hastily" => {
            // "The scheduler mistakenly marked nodes as down" judges nobody.
            let is_passive = matches!(s.word_before(at, 1), "was" | "were" | "been" | "be" | "is" | "are" | "got");
            (is_passive || !matches!(subject::before(s, at), Subject::Thing(_))).then_some(at..at + 1)
        }
        "accidentally" | "inadvertently" | "erroneously" | "unintentionally" | "wrongly" | "incorrectly"
        | "accidently" | "wrongfully" | "absentmindedly" => {
            let next = s.word(at + 1);
            let is_active = next.len() > 3
                && (next.ends_with("ed")
                    || matches!(
                        next,
                        "ran" | "left" | "made" | "set" | "put" | "sent" | "took" | "thought" | "shut" | "gave"
                    ));
            let who = subject::before(s, at);
            let by_somebody = is_active
                && !matches!(s.word_before(at, 1), "was" | "were" | "been" | "be" | "is" | "are" | "being" | "got")
                && (who.is_somebody_else() || matches!(who, Subject::Us | Subject::People("who" | "they")));
            let assumed =
                matches!(next, "assumed" | "believed" | "thought" | "concluded" | "interpreted") && who.is_somebody();
            (by_somebody || assumed).then_some(at..at + 1)
        }
        "misread" | "misjudged" | "misunderstood" | "mistyped" | "misremembered" | "miscommunicated"
        | "misdiagnosed" | "miscalculated" | "underestimated" => {
            let who = subject::before(s, at);
            let is_passive = matches!(s.word_before(at, 1), "was" | "were" | "been");
            (who.is_somebody() && !is_passive && (who.is_somebody_else() || word != "underestimated"))
                .then_some(at..at + 1)
        }
        "assumption" | "assumptions" => {
            let made = (at.saturating_sub(4)..at).find(|&index| matches!(s.word(index), "made" | "making"));
            let is_wrong = (at.saturating_sub(2)..at)
                .any(|index| matches!(s.word(index), "incorrect" | "wrong" | "false" | "bad" | "mistaken" | "faulty"));
            made.filter(|&verb| is_wrong && subject::before(s, verb).is_somebody()).map(|_| at - 1..at + 1)
        }
        "wrong" => wrong_choice(s, at),
        _ => None,
    }
}

/// "the engineer ran the wrong command"
fn wrong_choice(s: &Sentence, at: usize) -> Option<Range<usize>> {
    if s.word_before(at, 1) != "the" {
        return None;
    }
    let verb = (at.saturating_sub(4)..at).find(|&index| {
        matches!(
            s.word(index),
            "ran"
                | "deleted"
                | "used"
                | "picked"
                | "selected"
                | "applied"
                | "pushed"
                | "typed"
                | "entered"
                | "chose"
                | "clicked"
                | "copied"
                | "restored"
                | "dropped"
                | "executed"
                | "edited"
                | "changed"
                | "unplugged"
                | "rebooted"
                | "merged"
                | "removed"
                | "pulled"
        )
    })?;
    subject::before(s, verb).is_somebody_else().then_some(at - 1..at + 1)
}
