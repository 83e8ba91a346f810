//! The families of worlds.

use crate::world::{Guilt, Plan, Spread};

pub fn plans() -> Vec<Plan> {
    let usual = Plan {
        name: "usual team",
        services: (10, 40),
        needs: (1, 3),
        days: 120.0,
        incidents: 150,
        changes_a_day: 0.8,
        rate_spread: 1.0,
        burst_share: 0.12,
        caused: (0.6, 0.7),
        unrecorded: (0.1, 0.2),
        lag_median_min: 40.0,
        lag_spread: 1.2,
        tail_share: 0.08,
        tail_factor: 20.0,
        elsewhere: 0.5,
        spread: Spread::Upwards(0.25),
        guilt: Guilt::ByChange,
        skew_s: 60.0,
    };
    vec![
        usual.clone(),
        Plan { name: "minutes", lag_median_min: 5.0, lag_spread: 1.0, skew_s: 90.0, ..usual.clone() },
        Plan { name: "hours", lag_median_min: 240.0, lag_spread: 1.0, ..usual.clone() },
        Plan { name: "broad lag", lag_median_min: 30.0, lag_spread: 2.0, tail_share: 0.0, ..usual.clone() },
        Plan {
            name: "busy team",
            changes_a_day: 4.0,
            lag_median_min: 20.0,
            days: 60.0,
            rate_spread: 1.3,
            ..usual.clone()
        },
        Plan { name: "calm team", changes_a_day: 0.15, lag_median_min: 60.0, days: 300.0, ..usual.clone() },
        Plan { name: "far alerts", spread: Spread::AnyAbove, needs: (1, 2), ..usual.clone() },
        Plan { name: "either direction", spread: Spread::Neighbour, ..usual.clone() },
        Plan { name: "guilt by service", guilt: Guilt::ByService, rate_spread: 1.4, ..usual.clone() },
        Plan { name: "uneven guilt", guilt: Guilt::Uneven(1.0), ..usual.clone() },
        Plan { name: "dense graph, bad clocks", needs: (2, 5), skew_s: 180.0, lag_median_min: 15.0, ..usual.clone() },
        Plan { name: "few incidents", incidents: 25, ..usual.clone() },
        Plan { name: "tight bursts", burst_share: 0.4, lag_median_min: 25.0, ..usual },
    ]
}
