//! What was worked out about a text not long ago, so that a page that is opened again need not do it again.
//!
//! The functions of this floor stay pure: what is kept follows from the text alone (and from what its references lead
//! to), and whether it was kept shows in the time only. The memory is bounded: what has not been asked for while
//! [`HALF_BYTES`] came in is forgotten.

use std::any::Any;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::mem;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Bytes of each of the two halves: the young one is filled, the old one is forgotten when it is full.
const HALF_BYTES: usize = 8 * 1024 * 1024;
/// What an entry costs beside its text, about.
const ENTRY_BYTES: usize = 200;

/// Two hashes with secret keys: nobody can make two texts that are taken for one.
type Key = (u64, u64);
type Shared = Arc<dyn Any + Send + Sync>;

#[derive(Default)]
struct Half {
    entries: HashMap<Key, (usize, Shared)>,
    bytes: usize,
}

#[derive(Default)]
struct Memory {
    young: Half,
    old: Half,
}

static HASHERS: LazyLock<(RandomState, RandomState)> = LazyLock::new(Default::default);
static MEMORY: LazyLock<Mutex<Memory>> = LazyLock::new(Default::default);

/// What is kept about a text: the name of the question and everything that the answer follows from.
pub(super) fn key(question: &'static str, from: &impl Hash) -> Key {
    let hash = |state: &RandomState| {
        let mut hasher = state.build_hasher();
        question.hash(&mut hasher);
        from.hash(&mut hasher);
        hasher.finish()
    };
    (hash(&HASHERS.0), hash(&HASHERS.1))
}

/// The answer that was kept.
pub(super) fn find<T: Send + Sync + 'static>(key: Key) -> Option<Arc<T>> {
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((bytes, found)) = memory.old.entries.remove(&key) {
        memory.old.bytes -= bytes;
        memory.put(key, bytes, found);
    }
    let (_, found) = memory.young.entries.get(&key)?;
    found.clone().downcast().ok()
}

/// Keeps an answer of about `bytes` bytes.
pub(super) fn keep<T: Send + Sync + 'static>(key: Key, bytes: usize, answer: T) -> Arc<T> {
    let answer = Arc::new(answer);
    let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
    memory.put(key, bytes + ENTRY_BYTES, answer.clone());
    answer
}

impl Memory {
    fn put(&mut self, key: Key, bytes: usize, answer: Shared) {
        if self.young.bytes + bytes > HALF_BYTES {
            self.old = mem::take(&mut self.young);
        }
        let before = self.young.entries.insert(key, (bytes, answer));
        self.young.bytes += bytes;
        self.young.bytes -= before.map_or(0, |(bytes, _)| bytes);
    }
}

/// The answer to `question` about `from`, kept or worked out.
pub(super) fn kept<T: Send + Sync + 'static>(
    question: &'static str,
    from: &impl Hash,
    size: impl FnOnce(&T) -> usize,
    work_out: impl FnOnce() -> T,
) -> Arc<T> {
    let key = key(question, from);
    find(key).unwrap_or_else(|| {
        let answer = work_out();
        let bytes = size(&answer);
        keep(key, bytes, answer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_by_what_it_follows_from() {
        let ask = |text: &str, answer: usize| *kept("test: length", &text, |_| 8, || answer);
        assert_eq!(ask("one", 1), 1);
        assert_eq!(ask("one", 2), 1);
        assert_eq!(ask("two", 2), 2);
        let other = *kept("test: another question", &"one", |_| 8, || 3_usize);
        assert_eq!(other, 3);
    }

    #[test]
    fn what_is_not_asked_for_is_forgotten() {
        let mut memory = Memory::default();
        let piece = HALF_BYTES / 4;
        for number in 0..40_u64 {
            memory.put((number, number), piece, Arc::new(number));
            assert!(memory.young.bytes <= HALF_BYTES && memory.old.bytes <= HALF_BYTES);
        }
        assert!(memory.young.entries.len() + memory.old.entries.len() <= 8);
        assert!(memory.young.entries.contains_key(&(39, 39)));
    }
}
