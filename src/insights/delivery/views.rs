//! The page.

use askama::Template;

use super::model::{Figures, Spread, Step, Stretch};
use super::queries::WINDOW;
use crate::insights::share::Share;
use crate::services::model::{Service, ServiceName};
use crate::web::layout::Layout;
use crate::web::times::{Zone, duration};

/// `GET /insights` before there is a service.
#[derive(Template)]
#[template(path = "insights/blank.html")]
pub struct Blank {
    /// The frame.
    pub layout: Layout,
}

/// `GET /insights`
#[derive(Template)]
#[template(path = "insights/delivery.html")]
pub struct Show {
    /// The frame.
    pub layout: Layout,
    /// Services to choose from.
    pub services: Vec<ServiceName>,
    /// The chosen one.
    pub service: Service,
    /// The chosen environment.
    pub environment: String,
    /// Environments to choose from.
    pub environments: Vec<String>,
    /// What is shown.
    pub figures: Figures,
    /// The period in equal stretches, the newest first.
    pub stretches: Vec<Line>,
    /// The period in days.
    pub days: i64,
    /// The period in words.
    pub period: &'static str,
    /// Incidents of the service that began in the period.
    pub incidents: usize,
    /// How long they hurt, all together, in seconds.
    pub hurt_s: i64,
    /// Whether there were more deploys than the figures look at.
    pub is_cut: bool,
}

/// A stretch of the period.
pub struct Line {
    /// `2 to 9 Nov 2026`
    pub span: String,
    /// Deploys that went live.
    pub live: usize,
    /// Of them, those that failed.
    pub failed: usize,
}

impl Line {
    /// A stretch as the table shows it.
    pub fn new(stretch: &Stretch, zone: &Zone) -> Self {
        Line {
            span: format!("{} to {}", zone.day(stretch.from), zone.day(stretch.to)),
            live: stretch.live,
            failed: stretch.failed,
        }
    }

    /// The failed ones of a hundred.
    pub fn share(&self) -> String {
        Share { part: self.failed, whole: self.live }.words()
    }
}

/// One of the figures.
pub struct Card {
    /// Its name.
    pub name: &'static str,
    /// The figure.
    pub value: String,
    /// What it was counted from.
    pub n: String,
    /// The answer of the quick check, or what the field has.
    pub beside: String,
    /// What it means here.
    pub meaning: &'static str,
}

/// Left out of a spread, in words.
fn left_out(spread: &Spread, missing: &str) -> String {
    let mut words = format!("n = {}", spread.n());
    if spread.missing > 0 {
        words.push_str(&format!("; {} without {missing}", spread.missing));
    }
    if spread.negative > 0 {
        words.push_str(&format!("; {} would be negative", spread.negative));
    }
    words
}

fn lengths(spread: &Spread) -> String {
    match (spread.at_percent(50), spread.at_percent(90)) {
        (Some(middle), Some(most)) => format!("{} · 90 % within {}", duration(middle), duration(most)),
        _ => "not enough data".to_owned(),
    }
}

fn step(step: Option<Step>, industry: &str) -> String {
    step.map_or_else(
        || format!("industry {industry} of 10"),
        |step| format!("step {} of 6, {}: {} of 10, industry {industry}", step.place, step.words, step.of_ten()),
    )
}

impl Show {
    /// Periods to choose from.
    pub fn periods(&self) -> Vec<(String, &'static str)> {
        super::pages::PERIODS.iter().map(|(days, label)| (days.to_string(), *label)).collect()
    }

    /// The chosen period.
    pub fn chosen(&self) -> String {
        self.days.to_string()
    }

    /// What is told when there were more deploys than are looked at.
    pub fn cut(&self) -> String {
        if self.is_cut {
            format!("The figures look at the last {WINDOW} deploys of the period.")
        } else {
            String::new()
        }
    }

    /// How often, how soon, and how soon again.
    pub fn throughput(&self) -> [Card; 3] {
        let figures = &self.figures;
        let a_day = figures.live as f64 / figures.days as f64;
        [
            Card {
                name: "Change lead time",
                value: lengths(&figures.lead),
                n: left_out(&figures.lead, "an author's time"),
                beside: step(figures.lead.at_percent(50).map(Step::of_length), "5.5"),
                meaning: "From the commit (an author's time on the deploy's trail) to the deploy's finish: the median over changes. The first deploy on record has none.",
            },
            Card {
                name: "Deployment frequency",
                value: if figures.live == 0 { "none".to_owned() } else { format!("{a_day:.2} a day") },
                n: format!("n = {}, on {} of {} days", figures.live, figures.active_days, figures.days),
                beside: step(Some(Step::of_frequency(figures.live, figures.days)), "4.8"),
                meaning: "Deploys that went live, a day. Rollbacks are deploys.",
            },
            Card {
                name: "Failed deployment recovery time",
                value: lengths(&figures.recovery),
                n: left_out(&figures.recovery, "an end"),
                beside: step(figures.recovery.at_percent(50).map(Step::of_length), "7.4"),
                meaning: "From the finish of the deploy that caused an incident until it was fixed, mitigated or resolved: the median over incidents that a deploy caused.",
            },
        ]
    }

    /// How often it hurts, and how much is made again.
    pub fn instability(&self) -> [Card; 2] {
        let figures = &self.figures;
        let suspected = figures.change_fail_suspected;
        let band = if suspected.part > figures.change_fail.part && suspected.is_enough() {
            format!("up to {} with those that are suspected; industry 19 %", suspected.words())
        } else {
            "industry 19 %".to_owned()
        };
        [
            Card {
                name: "Change fail rate",
                value: figures.change_fail.words(),
                n: figures.change_fail.count(),
                beside: band,
                meaning: "Deploys with a confirmed incident, rolled back or hot-fixed, of those that went live.",
            },
            Card {
                name: "Deployment rework rate",
                value: figures.rework.words(),
                n: figures.rework.count(),
                beside: "industry 22 %".to_owned(),
                meaning: "Deploys made because of an incident: they fixed one or mended an earlier deploy, of those that went live.",
            },
        ]
    }

    /// The service's incidents, in a sentence.
    pub fn reliability(&self) -> String {
        match self.incidents {
            0 => "No incident began here in this time.".to_owned(),
            1 => format!("1 incident began here in this time; it hurt for {}.", duration(self.hurt_s)),
            n => format!("{n} incidents began here in this time; together they hurt for {}.", duration(self.hurt_s)),
        }
    }
}
