//! The handler.

use actix_web::{HttpResponse, web};

use super::{queries, views};
use crate::app::App;
use crate::auth::who::Viewer;
use crate::clock::Moment;
use crate::error::Error;
use crate::suspects::queries_learning;
use crate::web::body::Query;
use crate::web::layout::Section;
use crate::web::respond::page;
use crate::web::times::duration;

/// Periods to choose from, in days; the first is the usual one.
pub const PERIODS: [(i64, &str); 4] =
    [(365, "the last 365 days"), (90, "the last 90 days"), (30, "the last 30 days"), (0, "all time")];

/// `GET /insights/suspects`, also with `?days=90`
///
/// # Errors
/// The database's. A period that is not offered reads as the usual one.
pub async fn show(who: Viewer, app: web::Data<App>, query: Query) -> Result<HttpResponse, Error> {
    let asked: Option<i64> = query.0.some("days").and_then(|text| text.parse().ok());
    let (days, period) = PERIODS.into_iter().find(|(days, _)| Some(*days) == asked).unwrap_or(PERIODS[0]);
    let from = if days == 0 { Moment::from_millis(0) } else { who.now.plus_s(-days * 86_400) };
    let (figures, beliefs) =
        app.db.read(move |c| Ok::<_, Error>((queries::figures(c, from)?, queries_learning::beliefs(c)?))).await?;
    let (incidents, judged) = beliefs.seen();
    let (lag_min, caused) = beliefs.summary();
    let learned = match incidents {
        0 => "Nothing yet: the ranking goes by what is usual in the field. It learns from every incident that is over, and more from each verdict.".to_owned(),
        _ => format!(
            "Learned from the last {incidents} incidents, {judged} of them with a verdict. It takes changes here to hurt \
             after about {}, and a change on record to be behind {:.0} % of incidents.",
            duration((lag_min * 60.0) as i64),
            caused * 100.0
        ),
    };
    let layout = who.layout("How good the suspects are", Section::Insights);
    page(&views::Show { layout, figures, days, period, learned })
}
