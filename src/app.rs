//! What every handler can reach: the database, the clock, the settings, the figures.

use std::sync::Arc;

use crate::auth::answers::Answers;
use crate::auth::nav::Navs;
use crate::auth::sealed::Seal;
use crate::auth::who::Doors;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::db::together::Together;
use crate::mail::Sender;
use crate::outbound::Client;
use crate::web::lanes::Lanes;
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
    /// Hands mail to the operator's server, when there is one.
    pub mailer: Option<Sender>,
    /// Who watches which retro on this node.
    pub live: Arc<crate::retros::live::Hub>,
    /// So that no route holds every connection.
    pub lanes: Arc<Lanes>,
    /// What the navigation shows each person.
    pub navs: Arc<Navs>,
    /// Deliveries that wait for the commit they share.
    pub arrivals: Together<crate::hooks::queries_arrivals::Arrivals>,
    /// Sources whose deliveries came a moment ago.
    pub known_sources: Arc<crate::hooks::known::Known>,
    /// Who came in a moment ago.
    pub doors: Arc<Doors>,
    /// The answers of a moment ago.
    pub answers: Arc<Answers>,
    /// The one door for calls to other programs.
    pub outbound: Client,
    /// Seals the secrets of other programs.
    pub seal: Seal,
}

impl App {
    /// An application on an open database.
    pub fn new(db: Db, clock: Clock, config: Config) -> Self {
        let node = format!("{}-{}", std::process::id(), crate::auth::secrets::random_hex(4));
        let outbound = Client::new(&config.outbound_allow);
        let seal = Seal::new(config.secret_key.clone(), &config.target);
        let metrics = Arc::new(Metrics::new());
        let mailer = config.mail.as_ref().map(Sender::new);
        let live = Arc::default();
        let lanes = Arc::new(Lanes::new(db.reader_count()));
        App {
            arrivals: Together::new(db.clone()),
            db,
            clock,
            config: Arc::new(config),
            metrics,
            node: node.into(),
            mailer,
            live,
            lanes,
            navs: Arc::default(),
            known_sources: Arc::default(),
            doors: Arc::default(),
            answers: Arc::default(),
            outbound,
            seal,
        }
    }
}
