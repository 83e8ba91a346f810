//! What every handler can reach: the database, the clock, the settings, the figures.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::web::metrics::Metrics;

/// The running application. Cheap to clone; one for each worker thread.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// The operator's settings.
    pub config: Arc<Config>,
    /// Counters for `/metrics`.
    pub metrics: Arc<Metrics>,
    /// This node's name in leases and logs.
    pub node: Arc<str>,
}

impl App {
    /// An application on an open database.
    pub fn new(db: Db, clock: Clock, config: Config) -> Self {
        let node = format!("{}-{}", std::process::id(), crate::auth::secrets::random_hex(4));
        App { db, clock, config: Arc::new(config), metrics: Arc::new(Metrics::new()), node: node.into() }
    }
}
