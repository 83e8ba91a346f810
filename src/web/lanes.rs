//! No kind of page may hold every connection to the database: of those that read, each route has a lane as wide as half
//! of them. When one route is slow (a table that somebody locks, a search over years), requests for it queue up among
//! themselves, and all other pages go on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// How long a request waits in its lane before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// The lanes of this node, one for each route that was asked for.
#[derive(Debug)]
pub struct Lanes {
    width: usize,
    lanes: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Lanes {
    /// Lanes for a node with so many connections.
    pub fn new(connection_count: u32) -> Self {
        Lanes { width: usize::try_from(connection_count / 2).unwrap_or(1).max(1), lanes: Mutex::default() }
    }

    /// Waits for a place in the request's lane; it is held until the answer is there. Writers have a queue of their own
    /// and take none, and neither does what asks the database nothing.
    ///
    /// # Errors
    /// 503 when the lane stays full.
    pub async fn enter(&self, request: &ServiceRequest) -> Result<Option<OwnedSemaphorePermit>, Error> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(None);
        }
        let Some(route) = request.match_pattern().filter(|route| !is_free(route)) else { return Ok(None) };
        let lane = self.lane(route);
        match tokio::time::timeout(PATIENCE, lane.acquire_owned()).await {
            Ok(Ok(place)) => Ok(Some(place)),
            _ => Err(Error::Busy),
        }
    }

    /// Routes are few and fixed, so the map does not grow with requests.
    fn lane(&self, route: String) -> Arc<Semaphore> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.entry(route).or_insert_with(|| Arc::new(Semaphore::new(self.width))).clone()
    }
}

/// Answers from memory.
fn is_free(route: &str) -> bool {
    route == "/healthz" || route.starts_with("/assets/")
}
