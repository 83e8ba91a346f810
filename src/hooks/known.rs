//! Sources whose deliveries came not long ago, so that a busy one is not looked up for each of them.
//!
//! What is kept here may be out of date: it decides nothing alone. A delivery that fits no kept source is held against
//! the database, and the transaction that stores one looks whether its source still stands as it was
//! ([`super::queries_arrivals`]).

use std::sync::Arc;

use super::model::{Sender, Source};
use super::proof::Knock;
use super::queries;
use crate::app::App;
use crate::error::Error;
use crate::kept::Kept;

/// Bytes of each half of the memory: some hundred sources.
const HALF_BYTES: usize = 64 * 1024;
/// What one of them takes, about.
const SOURCE_BYTES: usize = 400;

/// The sources by slug. Only such as are switched on are kept.
#[derive(Debug)]
pub struct Known(Kept<String, Arc<Source>>);

impl Default for Known {
    fn default() -> Self {
        Known(Kept::new(HALF_BYTES))
    }
}

/// Which door a delivery knocks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Address<'a> {
    /// The sender's word in the address.
    pub sender: &'a str,
    /// The source's.
    pub slug: &'a str,
}

impl Address<'_> {
    fn fits(self, source: &Source, knock: Knock<'_>) -> bool {
        Sender::named(self.sender) == Ok(source.sender) && source.knows(knock)
    }
}

/// The source that a delivery proves to come from, as it was not long ago.
pub(super) fn recent(app: &App, address: Address<'_>, knock: Knock<'_>) -> Option<Arc<Source>> {
    app.known_sources.0.find(address.slug).filter(|source| address.fits(source, knock))
}

/// The source that a delivery proves to come from, as it is.
///
/// # Errors
/// The database's.
pub(super) async fn current(app: &App, address: Address<'_>, knock: Knock<'_>) -> Result<Option<Arc<Source>>, Error> {
    let slug = address.slug.to_owned();
    let found = app.db.look(move |c| queries::find(c, &slug)).await?.map(Arc::new);
    if let Some(source) = found.iter().find(|source| source.disabled_at.is_none()) {
        app.known_sources.0.keep(source.slug.clone(), SOURCE_BYTES, source.clone());
    }
    Ok(found.filter(|source| address.fits(source, knock)))
}
