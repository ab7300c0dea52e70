//! The checkpoint of a pack: the one that the ledger issued at the size of the export.

use std::fs;
use std::io::{ErrorKind, Result};
use std::path::Path;

use makegood_ledger::checkpoint::SignedCheckpoint;

/// The log of every checkpoint issued: each note with an empty line behind it.
const LOG: &str = "checkpoints";

/// Every checkpoint that a tenant's ledger has issued, in order; none where it issues none.
///
/// What the process was writing when it ended is left out.
pub(super) fn issued(tenant_folder: &Path) -> Result<Vec<SignedCheckpoint>> {
    let text = match fs::read_to_string(tenant_folder.join(LOG)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    // A note has one empty line in it, before its signatures.
    let parts: Vec<&str> = text.split("\n\n").collect();
    let notes = parts.chunks_exact(2).map(|note| format!("{}\n", note.join("\n\n")));
    Ok(notes.filter_map(|note| SignedCheckpoint::parse(&note).ok()).collect())
}

#[cfg(test)]
mod tests {
    use makegood_ledger::checkpoint::{Checkpoint, KeyKind, SigningKey};
    use makegood_ledger::proof::TreeHead;

    use super::*;

    #[test]
    fn reads_every_whole_note_of_the_log() {
        let origin = "makegood.invalid/house/ledger";
        let key = SigningKey::from_seed(origin, KeyKind::Log, &[7; 32]).unwrap();
        let signed = |size| {
            let head = TreeHead { size, root: [3; 32] };
            Checkpoint { origin: origin.to_owned(), head }.sign(std::slice::from_ref(&key))
        };
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(issued(folder.path()).unwrap(), Vec::new());
        let torn = &signed(9).to_string()[..60];
        let log = format!("{}\n{}\n{torn}", signed(1), signed(5));
        fs::write(folder.path().join(LOG), log).unwrap();
        assert_eq!(issued(folder.path()).unwrap(), [signed(1), signed(5)]);
    }
}
