//! Work that must not be done twice at once in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// Locks by name, for work that must not run twice at once in this process.
#[derive(Clone, Debug, Default)]
pub struct Single(Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<Outcome>>>>>);

/// What came of the work, for those who waited for it meanwhile; forgotten when the last of them is gone.
pub type Outcome = Option<Box<dyn std::any::Any + Send>>;

impl Single {
    /// Waits until nobody else in this process does the work called `name`, and holds it until the guard is dropped.
    /// In the guard is what the one before left there, if it was done while this one waited.
    pub async fn flight(&self, name: &str) -> tokio::sync::OwnedMutexGuard<Outcome> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            locks.entry(name.to_owned()).or_default().clone()
        };
        lock.lock_owned().await
    }
}
