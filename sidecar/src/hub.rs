//! Who watches what: tells open desks that something they show has changed, and knows who is there.
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
    /// The consults that wait for an agent's answer.
    Queue(Pid),
}

/// The open desks and their topics.
#[derive(Debug, Default)]
pub struct Hub {
    watchers: Mutex<HashMap<Topic, Vec<Watcher>>>,
}

#[derive(Debug)]
struct Watcher {
    desk: Weak<Desk>,
    shown: Shown,
}

/// What a desk shows.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    /// The panel of an interaction.
    Panel(String),
    /// The consults that wait for its agent.
    Queue,
}

/// One open stream: what of it changed since it last looked.
#[derive(Debug, Default)]
pub struct Desk {
    changed: Mutex<Changed>,
    notify: Notify,
}

/// What of a desk changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// The interactions whose panels did.
    pub interactions: BTreeSet<String>,
    /// Whether the consults that wait for its agent did.
    pub queue: bool,
}

impl Hub {
    /// Lets `desk` know whenever `topic` changes, by the name of the interaction that shows it.
    pub fn watch(&self, topic: Topic, desk: &Arc<Desk>, interaction: &str) {
        self.add(topic, desk, Shown::Panel(interaction.to_owned()));
    }

    /// Lets `desk` know whenever a consult begins or ends to wait for its agent; from then on until
    /// the desk is closed the agent counts as being there.
    pub fn seat(&self, agent: Pid, desk: &Arc<Desk>) {
        self.add(Topic::Queue(agent), desk, Shown::Queue);
    }

    /// The agents who are there: those with an open desk.
    pub fn present(&self) -> BTreeSet<Pid> {
        let watchers = self.watchers.lock();
        let seated = watchers.keys().filter_map(|topic| match topic {
            Topic::Queue(agent) => Some(*agent),
            Topic::Customer(_) | Topic::Agent(_) | Topic::Interaction(_) => None,
        });
        seated.collect()
    }

    fn add(&self, topic: Topic, desk: &Arc<Desk>, shown: Shown) {
        let mut watchers = self.watchers.lock();
        let list = watchers.entry(topic).or_default();
        if !list.iter().any(|it| it.is_of(desk) && it.shown == shown) {
            list.push(Watcher { desk: Arc::downgrade(desk), shown });
        }
    }

    /// Forgets what `desk` watches for an interaction.
    pub fn forget(&self, desk: &Arc<Desk>, interaction: &str) {
        let is_it = |shown: &Shown| matches!(shown, Shown::Panel(name) if name == interaction);
        self.retain(|watcher| !watcher.is_of(desk) || !is_it(&watcher.shown));
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
        tell(self.watchers.lock().values().flatten());
    }

    /// Tells every desk that watches one of the topics, once.
    pub fn publish(&self, topics: impl IntoIterator<Item = Topic>) {
        let watchers = self.watchers.lock();
        let lists = topics.into_iter().filter_map(|topic| watchers.get(&topic));
        tell(lists.flatten());
    }
}

/// Wakes a desk only after all that changed is marked, so that it sends one message about it.
fn tell<'a>(watchers: impl Iterator<Item = &'a Watcher>) {
    let marked: Vec<Arc<Desk>> = watchers.filter_map(Watcher::mark).collect();
    for desk in &marked {
        desk.notify.notify_one();
    }
}

impl Watcher {
    fn is_of(&self, desk: &Arc<Desk>) -> bool {
        self.desk.as_ptr() == Arc::as_ptr(desk)
    }

    /// Marks what the desk shows as changed; none where its stream has ended.
    fn mark(&self) -> Option<Arc<Desk>> {
        let desk = self.desk.upgrade()?;
        let mut changed = desk.changed.lock();
        match &self.shown {
            Shown::Panel(interaction) => {
                changed.interactions.insert(interaction.clone());
            }
            Shown::Queue => changed.queue = true,
        }
        drop(changed);
        Some(desk)
    }
}

impl Desk {
    /// Marks an interaction as changed.
    pub fn mark(&self, interaction: &str) {
        self.changed.lock().interactions.insert(interaction.to_owned());
        self.notify.notify_one();
    }

    /// Waits until something changed and takes all of it.
    pub async fn changed(&self) -> Changed {
        loop {
            let changed = std::mem::take(&mut *self.changed.lock());
            if changed != Changed::default() {
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
        let interactions = BTreeSet::from(["c-1".to_owned(), "c-2".to_owned()]);
        assert_eq!(desk.changed().await, Changed { interactions, queue: false });
        assert_eq!(*desk.changed.lock(), Changed::default());
    }

    #[tokio::test]
    async fn knows_who_is_there_and_tells_them_what_waits() {
        let hub = Hub::default();
        let (desk, other) = (Arc::new(Desk::default()), Arc::new(Desk::default()));
        hub.seat([1; 15], &desk);
        hub.seat([1; 15], &other);
        hub.seat([2; 15], &other);
        assert_eq!(hub.present(), BTreeSet::from([[1; 15], [2; 15]]));
        hub.publish([Topic::Queue([1; 15]), Topic::Agent([2; 15])]);
        assert_eq!(desk.changed().await, Changed { queue: true, ..Changed::default() });

        hub.close(&other);
        assert_eq!(hub.present(), BTreeSet::from([[1; 15]]), "who has another desk is still there");
        hub.close(&desk);
        assert!(hub.present().is_empty());
    }

    #[test]
    fn forgets_what_is_dropped_and_who_has_left() {
        let hub = Hub::default();
        let desk = Arc::new(Desk::default());
        hub.watch(Topic::Customer([1; 15]), &desk, "c-1");
        hub.forget(&desk, "c-1");
        hub.publish([Topic::Customer([1; 15])]);
        assert_eq!(*desk.changed.lock(), Changed::default());

        hub.watch(Topic::Customer([1; 15]), &desk, "c-1");
        hub.close(&desk);
        assert!(hub.watchers.lock().is_empty());
    }
}
