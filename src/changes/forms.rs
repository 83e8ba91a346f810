//! What the page's address says.

use super::model::{Filter, Period};
use crate::clock::Moment;
use crate::deploys::forms::day_or_moment;
use crate::error::Error;
use crate::web::fields::{Check, Fields};
use crate::web::times::Zone;

impl Filter {
    /// From the query string. A day in `until` is meant to its end.
    ///
    /// # Errors
    /// 422 with a sentence for each field.
    pub fn from_query(fields: &Fields, zone: &Zone, now: Moment) -> Result<Self, Error> {
        let mut check = Check::new();
        let owned = |name: &str| fields.some(name).map(|text| text.trim().to_owned());
        let period = check.word_or("period", fields.some("period"), Period::Week);
        let kind = fields.some("kind").and_then(|word| check.word("kind", Some(word), ""));
        let until = day_or_moment(&mut check, "until", fields.some("until"), zone, 1);
        check.finish()?;
        Ok(Filter {
            period: period.unwrap_or(Period::Week),
            until: until.unwrap_or(now),
            service: owned("service"),
            team: owned("team"),
            environment: owned("environment"),
            kind,
            after: owned("after"),
        })
    }
}
