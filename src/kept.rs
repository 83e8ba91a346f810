//! A bounded memory of what was worked out not long ago, so that it need not be worked out again.
//!
//! It is made of two halves: the young one is filled, and when it is full the old one is forgotten and the young one
//! becomes old. What is asked for again becomes young again. It must never decide whether what it holds is still true:
//! that is in the key, or whoever asks looks.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::{Mutex, PoisonError};

/// What an entry costs beside what it holds, about.
const ENTRY_BYTES: usize = 200;

#[derive(Debug)]
struct Half<K, V> {
    entries: HashMap<K, (usize, V)>,
    bytes: usize,
}

impl<K, V> Default for Half<K, V> {
    fn default() -> Self {
        Half { entries: HashMap::new(), bytes: 0 }
    }
}

#[derive(Debug)]
struct Halves<K, V> {
    young: Half<K, V>,
    old: Half<K, V>,
    half_bytes: usize,
}

/// The memory.
#[derive(Debug)]
pub struct Kept<K, V>(Mutex<Halves<K, V>>);

impl<K: Hash + Eq, V: Clone> Kept<K, V> {
    /// Holds at most about twice `half_bytes`.
    pub fn new(half_bytes: usize) -> Self {
        Kept(Mutex::new(Halves { young: Half::default(), old: Half::default(), half_bytes }))
    }

    /// What is kept under `key`.
    pub fn find<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        // Nothing is done under the lock that could leave it half done.
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((key, (bytes, value))) = halves.old.entries.remove_entry(key) {
            halves.old.bytes -= bytes;
            let found = value.clone();
            halves.put(key, bytes, value);
            return Some(found);
        }
        halves.young.entries.get(key).map(|(_, value)| value.clone())
    }

    /// Keeps `value`, which takes about `bytes` bytes.
    pub fn keep(&self, key: K, bytes: usize, value: V) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, bytes + ENTRY_BYTES, value);
    }
}

impl<K: Hash + Eq, V> Halves<K, V> {
    fn put(&mut self, key: K, bytes: usize, value: V) {
        if self.young.bytes + bytes > self.half_bytes {
            self.old = mem::take(&mut self.young);
        }
        let before = self.young.entries.insert(key, (bytes, value));
        self.young.bytes += bytes;
        self.young.bytes -= before.map_or(0, |(bytes, _)| bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_for_is_forgotten() {
        let kept: Kept<u64, u64> = Kept::new(4_000);
        for number in 0..40 {
            kept.keep(number, 800, number);
            assert_eq!(kept.find(&0), Some(0), "asked for again and again, after {number}");
            let halves = kept.0.lock().unwrap();
            assert!(halves.young.bytes <= 4_000 && halves.old.bytes <= 4_000);
        }
        assert_eq!(kept.find(&39), Some(39));
        assert_eq!(kept.find(&5), None);
    }

    #[test]
    fn the_last_word_holds() {
        let kept: Kept<String, u8> = Kept::new(4_000);
        kept.keep("one".to_owned(), 1, 1);
        kept.keep("one".to_owned(), 1, 2);
        assert_eq!(kept.find("one"), Some(2));
        assert_eq!(kept.find("two"), None);
    }
}
