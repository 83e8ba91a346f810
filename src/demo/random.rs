//! A small, seeded source of chance (splitmix64), so that one seed always tells the same year.
//! It must never be used for secrets.

/// One stream of numbers. Streams forked under different labels do not disturb each other.
#[derive(Debug, Clone)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of a seed.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A stream of its own for one part of the world: a longer story here shuffles nothing there.
    #[must_use]
    pub fn fork(&self, label: &str) -> Self {
        // FNV-1a over the label, mixed with the parent's state.
        let hash = label
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self { state: self.state.rotate_left(17) ^ hash }
    }

    /// The next 64 bits.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number from `low` to `high`, both included; `low` when the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let Some(width) = high.checked_sub(low).and_then(|gap| u64::try_from(gap).ok()) else {
            return low;
        };
        let step = self.draw() % (width + 1);
        low + i64::try_from(step).expect("a step inside an i64 range fits an i64")
    }

    /// True in about `permille` of a thousand draws.
    pub fn happens(&mut self, permille: i64) -> bool {
        self.between(0, 999) < permille
    }

    /// One of a non-empty slice.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let last = i64::try_from(from.len()).expect("slices here are short") - 1;
        let place = usize::try_from(self.between(0, last)).expect("between starts at zero");
        from[place]
    }

    /// A commit id: 40 lower-case hex digits.
    pub fn commit(&mut self) -> String {
        let (a, b, c) = (self.draw(), self.draw(), self.draw());
        format!("{a:016x}{b:016x}{:08x}", c >> 32)
    }
}
