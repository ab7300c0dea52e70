//! Who watches what: tells open desks that something they show has changed.
//!
//! Nothing is queued. A desk learns *that* an interaction changed and reads the state itself, so a
//! slow reader gets the latest and memory stays bounded.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::vault::Pid;

/// Something that can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Anything about a customer.
    Customer(Pid),
    /// Anything about an agent's own budget.
    Agent(Pid),
    /// The call itself.
    Interaction(Pid),
}

/// The open desks and their topics.
#[derive(Debug, Default)]
pub struct Hub {
    watchers: Mutex<HashMap<Topic, Vec<Watcher>>>,
}

#[derive(Debug)]
struct Watcher {
    desk: Weak<Desk>,
    interaction: String,
}

/// One open stream: which of its interactions changed since it last looked.
#[derive(Debug, Default)]
pub struct Desk {
    changed: Mutex<BTreeSet<String>>,
    notify: Notify,
}

impl Hub {
    /// Lets `desk` know whenever `topic` changes, by the name of the interaction that shows it.
    pub fn watch(&self, topic: Topic, desk: &Arc<Desk>, interaction: &str) {
        let mut watchers = self.watchers.lock();
        let list = watchers.entry(topic).or_default();
        let is_known = |it: &Watcher| it.is_of(desk) && it.interaction == interaction;
        if !list.iter().any(is_known) {
            list.push(Watcher { desk: Arc::downgrade(desk), interaction: interaction.to_owned() });
        }
    }

    /// Forgets what `desk` watches for an interaction.
    pub fn forget(&self, desk: &Arc<Desk>, interaction: &str) {
        self.retain(|watcher| !watcher.is_of(desk) || watcher.interaction != interaction);
    }

    /// Forgets a desk whose stream has ended.
    pub fn close(&self, desk: &Arc<Desk>) {
        self.retain(|watcher| !watcher.is_of(desk));
    }

    fn retain(&self, keep: impl Fn(&Watcher) -> bool) {
        let mut watchers = self.watchers.lock();
        watchers.values_mut().for_each(|list| list.retain(&keep));
        watchers.retain(|_, list| !list.is_empty());
    }

    /// Tells every desk about everything that it watches.
    pub fn publish_all(&self) {
        for watcher in self.watchers.lock().values().flatten() {
            if let Some(desk) = watcher.desk.upgrade() {
                desk.mark(&watcher.interaction);
            }
        }
    }

    /// Tells every desk that watches one of the topics.
    pub fn publish(&self, topics: impl IntoIterator<Item = Topic>) {
        let watchers = self.watchers.lock();
        let lists = topics.into_iter().filter_map(|topic| watchers.get(&topic));
        for watcher in lists.flatten() {
            if let Some(desk) = watcher.desk.upgrade() {
                desk.mark(&watcher.interaction);
            }
        }
    }
}

impl Watcher {
    fn is_of(&self, desk: &Arc<Desk>) -> bool {
        self.desk.as_ptr() == Arc::as_ptr(desk)
    }
}

impl Desk {
    /// Marks an interaction as changed.
    pub fn mark(&self, interaction: &str) {
        self.changed.lock().insert(interaction.to_owned());
        self.notify.notify_one();
    }

    /// Waits until something changed and takes all of it.
    pub async fn changed(&self) -> BTreeSet<String> {
        loop {
            let changed = std::mem::take(&mut *self.changed.lock());
            if !changed.is_empty() {
                return changed;
            }
            self.notify.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tells_a_desk_once_of_many_changes() {
        let hub = Hub::default();
        let desk = Arc::new(Desk::default());
        hub.watch(Topic::Customer([1; 15]), &desk, "c-1");
        hub.watch(Topic::Agent([2; 15]), &desk, "c-2");
        for _ in 0..3 {
            hub.publish([Topic::Customer([1; 15]), Topic::Customer([9; 15])]);
        }
        hub.publish([Topic::Agent([2; 15])]);
        assert_eq!(desk.changed().await, BTreeSet::from(["c-1".to_owned(), "c-2".to_owned()]));
        assert!(desk.changed.lock().is_empty());
    }

    #[test]
    fn forgets_what_is_dropped_and_who_has_left() {
        let hub = Hub::default();
        let desk = Arc::new(Desk::default());
        hub.watch(Topic::Customer([1; 15]), &desk, "c-1");
        hub.forget(&desk, "c-1");
        hub.publish([Topic::Customer([1; 15])]);
        assert!(desk.changed.lock().is_empty());

        hub.watch(Topic::Customer([1; 15]), &desk, "c-1");
        hub.close(&desk);
        assert!(hub.watchers.lock().is_empty());
    }
}
