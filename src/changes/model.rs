//! What the strip of one service shows.

use crate::charts::time_strip::Window;
use crate::clock::Moment;
use crate::deploys::model::{Deploy, DeployKind};
use crate::incidents::model::Incident;
use crate::services::model::Service;
use crate::text_enum;

text_enum! {
    /// How much time the strip shows.
    pub enum Period {
        /// A day.
        Day = "24h",
        /// A week.
        Week = "7d",
        /// A month.
        Month = "30d",
        /// A quarter.
        Quarter = "90d",
    }
}

impl Period {
    /// As a choice says it.
    pub const fn label(self) -> &'static str {
        match self {
            Period::Day => "24 hours",
            Period::Week => "7 days",
            Period::Month => "30 days",
            Period::Quarter => "90 days",
        }
    }

    /// Its length in seconds.
    pub const fn length_s(self) -> i64 {
        86_400
            * match self {
                Period::Day => 1,
                Period::Week => 7,
                Period::Month => 30,
                Period::Quarter => 90,
            }
    }

    /// How many counts a busy service's strip has.
    pub const fn buckets(self) -> i64 {
        match self {
            Period::Day => 48,
            Period::Week => 56,
            Period::Month => 60,
            Period::Quarter => 45,
        }
    }
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// How much time.
    pub period: Period,
    /// Until when.
    pub until: Moment,
    /// A service's slug.
    pub service: Option<String>,
    /// A team's slug.
    pub team: Option<String>,
    /// An environment.
    pub environment: Option<String>,
    /// A kind of change.
    pub kind: Option<DeployKind>,
    /// The last service of the page before.
    pub after: Option<String>,
}

impl Filter {
    /// The time that is shown.
    pub fn window(&self) -> Window {
        Window { from: self.until.plus_s(-self.period.length_s()), to: self.until }
    }
}

/// Most services on one page.
pub const LANE_LIMIT: usize = 40;
/// Most deploys of one service that are drawn one by one.
pub const EACH_LIMIT: usize = 16;
/// Counting in one bucket stops here.
pub const BUCKET_LIMIT: i64 = 25;
/// Most incidents that are laid over.
pub const INCIDENT_LIMIT: i64 = 400;

/// How many deploys fall into one bucket, up to [`BUCKET_LIMIT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its place, from 0.
    pub place: i64,
    /// All of them.
    pub count: i64,
    /// Those that failed or were rolled back.
    pub bad_count: i64,
}

/// The deploys of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marks {
    /// Each of them, the last first.
    Each(Vec<Deploy>),
    /// Counts, for a busy service.
    Buckets(Vec<Bucket>),
}

/// One service's part of the strip.
#[derive(Clone, Debug)]
pub struct Lane {
    /// The service.
    pub service: Service,
    /// Its deploys.
    pub marks: Marks,
    /// Incidents that hit it, the last first.
    pub incidents: Vec<Incident>,
}

/// How many deploys a lane shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// All of them.
    pub count: i64,
    /// Those that failed or were rolled back.
    pub bad_count: i64,
    /// Whether counting stopped somewhere, so that there are at least as many.
    pub is_least: bool,
}

impl Sum {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Sum) -> Sum {
        Sum {
            count: self.count + other.count,
            bad_count: self.bad_count + other.bad_count,
            is_least: self.is_least || other.is_least,
        }
    }

    /// `12`, or `at least 300`
    pub fn words(self) -> String {
        if self.is_least { format!("at least {}", self.count) } else { self.count.to_string() }
    }
}

impl Lane {
    /// How many deploys it shows.
    pub fn sum(&self) -> Sum {
        match &self.marks {
            Marks::Each(deploys) => Sum {
                count: deploys.len() as i64,
                bad_count: deploys.iter().filter(|deploy| is_bad(deploy)).count() as i64,
                is_least: false,
            },
            Marks::Buckets(buckets) => buckets.iter().fold(Sum::default(), |sum, bucket| {
                sum.plus(Sum {
                    count: bucket.count,
                    bad_count: bucket.bad_count,
                    is_least: bucket.count >= BUCKET_LIMIT,
                })
            }),
        }
    }
}

/// Whether a deploy did not stay.
pub fn is_bad(deploy: &Deploy) -> bool {
    use crate::deploys::model::DeployStatus;
    matches!(deploy.status, DeployStatus::Failed | DeployStatus::RolledBack)
}
