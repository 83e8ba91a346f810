//! What was worked out about a text not long ago, so that a page that is opened again need not do it again.
//!
//! The functions of this floor stay pure: what is kept follows from the text alone (and from what its references lead
//! to), and whether it was kept shows in the time only.

use std::any::Any;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, LazyLock};

use crate::kept::Kept;

/// Bytes of each half of the memory.
const HALF_BYTES: usize = 3 * 1024 * 1024;

/// Two hashes with secret keys: nobody can make two texts that are taken for one.
type Key = (u64, u64);
type Shared = Arc<dyn Any + Send + Sync>;

static HASHERS: LazyLock<(RandomState, RandomState)> = LazyLock::new(Default::default);
static MEMORY: LazyLock<Kept<Key, Shared>> = LazyLock::new(|| Kept::new(HALF_BYTES));

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
    MEMORY.find(&key)?.downcast().ok()
}

/// Keeps an answer of about `bytes` bytes.
pub(super) fn keep<T: Send + Sync + 'static>(key: Key, bytes: usize, answer: T) -> Arc<T> {
    let answer = Arc::new(answer);
    MEMORY.keep(key, bytes, answer.clone());
    answer
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
}
