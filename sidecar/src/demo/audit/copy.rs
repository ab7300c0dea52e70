//! Copies of a ledger's folder: all that proves it, and no key that opens or signs anything.

use std::fs;
use std::io;
use std::path::Path;

use crate::proofs::{COSIGNED, ISSUED, SIGNING, TREE};

/// Copies a tenant's folder as an auditor gets it, over whatever an earlier copy has left.
pub(super) fn copy(tenant: &Path, to: &Path) -> io::Result<()> {
    if to.is_dir() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    for folder in ["ledger", "policies", TREE, SIGNING] {
        if tenant.join(folder).is_dir() {
            copy_folder(&tenant.join(folder), &to.join(folder))?;
        }
    }
    for file in [ISSUED, COSIGNED] {
        if tenant.join(file).is_file() {
            fs::copy(tenant.join(file), to.join(file))?;
        }
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    let is_signing = from.ends_with(SIGNING);
    fs::create_dir_all(to)?;
    for item in fs::read_dir(from)? {
        let (from, to) = item.map(|item| (item.path(), to.join(item.file_name())))?;
        let is_public = from.extension().is_some_and(|ending| ending == "vkey");
        if from.is_dir() {
            copy_folder(&from, &to)?;
        } else if !is_signing || is_public {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}
