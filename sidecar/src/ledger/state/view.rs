//! Rows in memory and rows from the snapshot, as one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use makegood_core::ids::{RequestId, SpendId};
use makegood_core::ledger::{Base, Key, Read, Row, Rows};
use makegood_core::time::Time;
use parking_lot::RwLockReadGuard;

use super::Hot;
use makegood_ledger::snapshot::{Snapshot, SnapshotError};

/// Rows that were loaded by name, each from the same snapshot.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    base: Option<Arc<Snapshot>>,
    /// None for what is not there.
    rows: BTreeMap<Key, Option<Row>>,
}

/// The ledger's rows at one moment, whether they are in memory or were loaded.
///
/// A row that may be in the snapshot and was not loaded is noted, and looks absent for now; what
/// was made of it is thrown away, and made again once it is loaded.
#[derive(Debug)]
pub struct View<'a> {
    hot: &'a Hot,
    loaded: &'a Loaded,
    missing: RefCell<Vec<Key>>,
}

/// Rows that stay as they are for as long as this is held, with all that was asked for loaded.
pub struct Reading<'s> {
    pub(super) hot: RwLockReadGuard<'s, Hot>,
    pub(super) loaded: Loaded,
}

impl Loaded {
    /// Forgets what was loaded from another snapshot: rows may have changed between the two.
    pub(super) fn keep_if_of(&mut self, base: Option<&Arc<Snapshot>>) {
        let is_same = match (&self.base, base) {
            (Some(own), Some(base)) => Arc::ptr_eq(own, base),
            (own, base) => own.is_none() && base.is_none(),
        };
        if !is_same {
            *self = Self { base: base.cloned(), rows: BTreeMap::new() };
        }
    }

    pub(super) fn load(
        &mut self,
        base: &Snapshot,
        mut names: Vec<Key>,
    ) -> Result<(), SnapshotError> {
        // In their order, so that names which lie together are read together.
        names.sort_unstable();
        names.dedup();
        for name in names {
            let row = base.get(&name)?;
            self.rows.insert(name, row);
        }
        Ok(())
    }
}

impl<'a> View<'a> {
    pub(super) fn new(hot: &'a Hot, loaded: &'a Loaded) -> Self {
        Self { hot, loaded, missing: RefCell::default() }
    }

    /// The rows that are always in memory, every open hold among them.
    pub fn resident(&self) -> &'a Rows {
        &self.hot.rows
    }

    /// Asks for rows by name.
    pub fn touch(&self, names: &[Key]) {
        for name in names {
            self.get(name);
        }
    }

    /// Whether all rows are in memory, so that none needs to be loaded.
    pub fn is_whole(&self) -> bool {
        self.hot.base.is_none()
    }

    /// Whether every row that was asked for was at hand.
    pub fn had_all(&self) -> bool {
        self.missing.borrow().is_empty()
    }

    pub(super) fn into_missing(self) -> Vec<Key> {
        self.missing.into_inner()
    }
}

impl Read for View<'_> {
    fn get(&self, key: &Key) -> Option<&Row> {
        if let Some(row) = self.hot.get(key) {
            return Some(row);
        }
        if self.is_whole() || key.is_resident() {
            return None;
        }
        if let Some(row) = self.loaded.rows.get(key) {
            return row.as_ref();
        }
        self.missing.borrow_mut().push(key.clone());
        None
    }

    fn books(&self) -> BTreeMap<&Key, &Row> {
        self.hot.rows.books()
    }
}

impl Base for View<'_> {
    fn due(&self, now: Time) -> impl Iterator<Item = SpendId> {
        self.hot.rows.due(now)
    }

    fn due_consults(&self, now: Time) -> impl Iterator<Item = RequestId> {
        self.hot.rows.due_consults(now)
    }
}

impl Reading<'_> {
    /// The rows.
    pub fn view(&self) -> View<'_> {
        View::new(&self.hot, &self.loaded)
    }
}
