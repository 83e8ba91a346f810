//! Repeatable chance.

/// A stream of numbers from a seed (splitmix64).
pub struct Chance(u64);

impl Chance {
    /// A stream of its own for one kind of rows, so that more of one kind shuffles nothing of another.
    pub fn of(seed: u64, label: &str) -> Self {
        let hash = label
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Chance(seed.rotate_left(23) ^ hash)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `count - 1`.
    pub fn below(&mut self, count: i64) -> i64 {
        (self.draw() % count.unsigned_abs().max(1)) as i64
    }

    /// From `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high - low + 1)
    }

    /// True in about `share` of a thousand draws.
    pub fn happens(&mut self, share: i64) -> bool {
        self.below(1000) < share
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as i64) as usize]
    }

    /// Small numbers more often than great ones, from 0 to `count - 1`: few services ship most of the changes.
    pub fn skewed(&mut self, count: i64) -> i64 {
        let one = self.below(1 << 20);
        let other = self.below(1 << 20);
        (one * other / (1 << 20)) * count / (1 << 20)
    }

    /// 40 lower-case hex digits.
    pub fn commit(&mut self) -> String {
        let (a, b, c) = (self.draw(), self.draw(), self.draw());
        format!("{a:016x}{b:016x}{:08x}", c >> 32)
    }
}
