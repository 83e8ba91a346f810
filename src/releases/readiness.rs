//! The answer to a pipeline's "may I deploy this now". Pure.

use serde::Serialize;
use utoipa::ToSchema;

use crate::text_enum;

text_enum! {
    /// Go or wait.
    pub enum Answer {
        /// Nothing speaks against it.
        Go = "go",
        /// Something does; the reasons say what.
        Wait = "wait",
    }
}

text_enum! {
    /// What speaks against it.
    pub enum ReasonKind {
        /// A freeze window.
        Freeze = "freeze",
        /// A live SEV1 or SEV2 on the service or on what it depends on.
        Incident = "incident",
        /// The checklist of the last deploy is not done.
        Checklist = "checklist",
    }
}

/// One reason to wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReadinessReason)]
pub struct Reason {
    /// What sort of reason.
    pub kind: ReasonKind,
    /// In words.
    pub text: String,
    /// A page about it.
    pub url: Option<String>,
}

/// The answer with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Readiness {
    /// The service's slug.
    pub service: String,
    /// Where.
    pub environment: String,
    /// Go or wait.
    pub answer: Answer,
    /// Whether "wait" is meant as a refusal (409): only where the service's team says so.
    pub locked: bool,
    /// In a sentence, for a pipeline's log.
    pub summary: String,
    /// Why to wait; empty for go.
    pub reasons: Vec<Reason>,
}

impl Readiness {
    /// Weighs the reasons: any is enough to wait.
    pub fn weigh(service: &str, environment: &str, reasons: Vec<Reason>, is_binding: Binding) -> Self {
        let answer = if reasons.is_empty() { Answer::Go } else { Answer::Wait };
        let summary = match reasons.len() {
            0 => format!("Go: nothing speaks against a deploy of {service} to {environment}."),
            1 => format!("Wait: {}", reasons[0].text),
            count => format!("Wait, for {count} reasons: {}", reasons[0].text),
        };
        Readiness {
            service: service.to_owned(),
            environment: environment.to_owned(),
            answer,
            locked: answer == Answer::Wait && is_binding == Binding::Yes,
            summary,
            reasons,
        }
    }
}

/// Whether the team made "wait" a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// It did.
    Yes,
    /// It is advice.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_reason_is_enough_and_only_a_binding_one_locks() {
        let reason = Reason { kind: ReasonKind::Freeze, text: "Frozen until Monday.".to_owned(), url: None };
        let go = Readiness::weigh("shop", "production", Vec::new(), Binding::Yes);
        assert_eq!((go.answer, go.locked), (Answer::Go, false));
        let advice = Readiness::weigh("shop", "production", vec![reason.clone()], Binding::No);
        assert_eq!((advice.answer, advice.locked), (Answer::Wait, false));
        assert_eq!(advice.summary, "Wait: Frozen until Monday.");
        assert!(Readiness::weigh("shop", "production", vec![reason], Binding::Yes).locked);
    }
}
