//! Which mode a folder was last opened in: once it was production, development mode may not have
//! it any more, where one person alone may put a policy in force.

use std::io;
use std::path::Path;

use makegood_ledger::codec;
use makegood_ledger::journal::Journal;

use super::OpenError;
use crate::proofs::replace;

/// The file that says so, in the tenant's folder.
const PRODUCTION: &str = "production";

/// Remembers a folder that is opened in production, and refuses one to development that was.
///
/// # Errors
/// [`OpenError::Production`], or when the folder or the ledger's last entry cannot be read.
pub(super) fn check(
    folder: &Path,
    ledger: &Journal,
    is_development: bool,
) -> Result<(), OpenError> {
    let mark = folder.join(PRODUCTION);
    let failed = |source: io::Error| OpenError::Folder { path: mark.clone(), source };
    let is_marked = mark.try_exists().map_err(failed)?;
    if is_development {
        // Whoever removes the file cannot change what the ledger says.
        return if is_marked || ends_in_production(ledger)? {
            Err(OpenError::Production { folder: folder.to_owned() })
        } else {
            Ok(())
        };
    }
    if is_marked { Ok(()) } else { replace(&mark, b"opened in production mode\n").map_err(failed) }
}

fn ends_in_production(ledger: &Journal) -> Result<bool, OpenError> {
    let Some(last) = ledger.next_position().checked_sub(1) else { return Ok(false) };
    let record = ledger.reader().get(last)?;
    Ok(record.is_some_and(|record| !codec::is_development(&record.payload)))
}
