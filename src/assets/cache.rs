//! A cache that forgets what was used longest ago when it holds too many bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What was loaded under which name. What it returns never depends on what it holds.
#[derive(Debug)]
pub(super) struct Cache<T> {
    limit_bytes: usize,
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    entries: BTreeMap<String, Entry<T>>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<T> {
    value: Arc<T>,
    bytes: usize,
    used: u64,
}

impl<T> Cache<T> {
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, state: Mutex::new(State { entries: BTreeMap::new(), bytes: 0, clock: 0 }) }
    }

    /// The value of a name, loaded if it is not held. `load` also says how many bytes the value takes. Loading happens
    /// outside the lock: two threads may load the same value once each.
    pub(super) fn get<E>(&self, name: &str, load: impl FnOnce() -> Result<(T, usize), E>) -> Result<Arc<T>, E> {
        if let Some(value) = self.lock().find(name) {
            return Ok(value);
        }
        let (value, bytes) = load()?;
        let value = Arc::new(value);
        let mut state = self.lock();
        state.insert(name, Arc::clone(&value), bytes);
        state.shrink(self.limit_bytes);
        Ok(value)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        // entries are inserted whole: a panic elsewhere leaves nothing half done
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    fn find(&mut self, name: &str) -> Option<Arc<T>> {
        self.clock += 1;
        let entry = self.entries.get_mut(name)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.value))
    }

    fn insert(&mut self, name: &str, value: Arc<T>, bytes: usize) {
        let entry = Entry { value, bytes, used: self.clock };
        let replaced = self.entries.insert(name.to_owned(), entry).map_or(0, |e| e.bytes);
        self.bytes = self.bytes + bytes - replaced;
    }

    fn shrink(&mut self, limit_bytes: usize) {
        while self.bytes > limit_bytes {
            let oldest = self.entries.iter().min_by_key(|(_, e)| e.used).map(|(name, _)| name.clone());
            let Some(entry) = oldest.and_then(|name| self.entries.remove(&name)) else {
                return;
            };
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_the_latest_within_its_limit() {
        let cache = Cache::new(10);
        let get = |name: &str, bytes| {
            let mut loaded = false;
            let value = cache.get(name, || {
                loaded = true;
                Ok::<_, String>((name.to_owned(), bytes))
            });
            assert_eq!(value.unwrap().as_str(), name);
            loaded
        };
        assert!(get("a", 4) && get("b", 4));
        assert!(!get("a", 4), "held");
        assert!(get("c", 4), "b, used longest ago, makes room");
        assert!(!get("a", 4) && !get("c", 4) && get("b", 4));
        assert!(get("huge", 11) && get("huge", 11), "too large to hold, still returned");
        assert!(cache.get("bad", || Err::<(String, usize), _>("no")).is_err());
    }
}
