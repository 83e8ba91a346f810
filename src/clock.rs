//! Time, passed in. Nothing else in the house asks the operating system what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub use crate::db::types::Moment;

/// Where "now" comes from: the machine's clock, or one that a test moves by hand.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The operating system's clock.
    System,
    /// A clock that stands still until it is moved; milliseconds since 1970 UTC.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `moment` until [`Clock::advance_s`] moves it.
    pub fn fixed(moment: Moment) -> Self {
        Clock::Fixed(Arc::new(AtomicI64::new(moment.millis())))
    }

    /// The present instant, cut to the millisecond that both databases keep.
    pub fn now(&self) -> Moment {
        match self {
            Clock::System => Moment::from_chrono(chrono::Utc::now()),
            Clock::Fixed(at) => Moment::from_millis(at.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock forward by `seconds`; the system's clock cannot be moved and ignores it.
    pub fn advance_s(&self, seconds: i64) {
        if let Clock::Fixed(at) = self {
            at.fetch_add(seconds * 1000, Ordering::SeqCst);
        }
    }
}
