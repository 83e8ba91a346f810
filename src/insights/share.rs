//! A share that is told with what it is a share of.

use crate::suspects::model::ENOUGH;

/// A part of a whole, told with both; nothing is claimed about a few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many of them.
    pub part: usize,
    /// Of how many.
    pub whole: usize,
}

impl Share {
    /// Counts one more.
    pub fn add(&mut self, counts: bool) {
        self.whole += 1;
        self.part += usize::from(counts);
    }

    /// Whether it is enough to say something.
    pub const fn is_enough(self) -> bool {
        self.whole >= ENOUGH
    }

    /// `72 %`, or that it is too early to say.
    pub fn words(self) -> String {
        if self.is_enough() {
            format!("{:.0} %", 100.0 * self.part as f64 / self.whole as f64)
        } else {
            "not enough data".to_owned()
        }
    }

    /// `18 of 25`
    pub fn count(self) -> String {
        format!("{} of {}", self.part, self.whole)
    }
}
