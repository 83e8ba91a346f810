//! Answers for load balancers and supervisors.

use actix_web::{HttpResponse, web};
use diesel::connection::SimpleConnection;

use crate::app::App;
use crate::error::Error;

/// `GET /healthz`: the process is alive. Asks nothing of the database, so that a busy one restarts nobody.
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// `GET /readyz`: requests can be served.
///
/// # Errors
/// 503 while the database does not answer.
pub async fn ready(app: web::Data<App>) -> Result<HttpResponse, Error> {
    app.db.read(|c| c.batch_execute("SELECT 1").map_err(Error::from)).await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
}
