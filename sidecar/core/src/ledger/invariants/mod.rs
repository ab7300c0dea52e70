//! What must always hold; shared by tests and by whoever audits.

mod entry;
mod lives;
mod rows;

use super::{Entry, Key, Read as _, Rows, apply};

pub use self::entry::check_entry;
pub use self::lives::check_lives;
pub use self::rows::check_rows;
pub use super::violation::Violation;

/// Rebuilds the rows from every entry there is, in order.
pub fn replay<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Rows {
    let mut rows = Rows::default();
    for entry in entries {
        apply(&mut rows, entry);
    }
    rows
}

/// Checks that positions are gap-free from 0 and that time strictly increases.
///
/// # Errors
/// The first violation.
pub fn check_sequence<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Result<(), Violation> {
    let mut last_at = None;
    for (expected, entry) in (0_u64..).zip(entries) {
        let position = entry.position;
        if position != expected {
            return Err(Violation::PositionGap { position, expected });
        }
        if last_at.is_some_and(|last_at| entry.at <= last_at) {
            return Err(Violation::TimeNotIncreasing { position });
        }
        last_at = Some(entry.at);
    }
    Ok(())
}

/// Checks that replaying the entries gives these rows.
///
/// # Errors
/// The first row, in the order of names, that differs.
pub fn check_replay<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    live: &Rows,
) -> Result<(), Violation> {
    let replayed = replay(entries);
    if replayed == *live {
        return Ok(());
    }
    let keys = live.iter().chain(replayed.iter()).map(|(key, _)| key);
    let differs = |key: &&Key| live.get(key) != replayed.get(key);
    // Indexes follow from rows, so unequal states differ in a row; the head stands for the rest.
    let key = keys.filter(differs).min().unwrap_or(&Key::Head);
    Err(Violation::ReplayDiffers { key: Box::new(key.clone()) })
}
