//! Verifies an audit pack: its files against the manifest, its entries against the root.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use makegood_core::ids::Digest;
use makegood_ledger::checkpoint::SignedCheckpoint;
use makegood_ledger::tree::{Hash, Hashes as _, MemoryTree};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::checkpoints::Keys;
use crate::examine::{Examined, examine};
use crate::folder::{OnEntries, Options};
use crate::policies::Policies;
use crate::problem::{Problem, Unreadable, unreadable};
use crate::range_proof::RangeProof;
use crate::replay::Replay;
use crate::report::{Kind, Report};
use crate::tables;

/// The file that says what a pack holds.
pub(crate) const MANIFEST: &str = "manifest.json";
const ENTRIES: &str = "entries.bin";
const PROOF: &str = "entries.proof";

pub(crate) fn verify(
    dir: &Path,
    options: &Options,
    on: OnEntries<'_>,
) -> Result<Report, Unreadable> {
    let mut report = Report::begin(dir, Kind::AuditPack);
    let manifest_path = dir.join(MANIFEST);
    let text = fs::read(&manifest_path).map_err(|it| unreadable("read", &manifest_path, &it))?;
    let Ok(manifest) = serde_json::from_slice::<Value>(&text) else {
        report.problems.push(Problem::of(&manifest_path, "is not JSON"));
        return Ok(report.done());
    };
    report.problems.extend(wrong_files(dir, &manifest)?);
    let path = dir.join(PROOF);
    let text = fs::read(&path).map_err(|error| unreadable("read", &path, &error))?;
    let proof = match RangeProof::parse(&String::from_utf8_lossy(&text)) {
        Ok(proof) => proof,
        Err(what) => {
            report.problems.push(Problem::of(&path, what).at_position(0));
            return Ok(report.done());
        }
    };
    let policies = options.policies.clone().unwrap_or_else(|| dir.join("policies"));
    let policies = Policies::new(&policies);
    report.problems.extend(policies.wrong_files()?);
    let replay = (proof.first == 0).then(|| Replay::new(Some(policies)));
    if replay.is_none() {
        let lack = "decisions and balances: the pack does not begin with the first entry";
        report.warnings.push(lack.to_owned());
    }
    let entries = dir.join(ENTRIES);
    let (first, count) = (proof.first, proof.count);
    let read = |handing: crate::source::Handing| handing.pack(&entries, first);
    let examined = examine(read, replay, None, &|more| on(more, count))?;
    let leaves = leaves(&examined.tree);
    report.take_pack(&entries, &path, &proof, (&examined, &leaves));
    report.check_checkpoint(&path, &proof, options);
    for kept in &options.checkpoints {
        report.check_kept(kept, &proof, (&leaves, options))?;
    }
    check_manifest(&mut report, &manifest_path, &manifest, &proof);
    if report.problems.is_empty() {
        report.problems = tables::check(dir, &manifest, &entries, first)?;
    }
    let lack = "details, books and report: their hashes are the manifest's, and no signature is \
                over them; control totals and trial balance were added up from the entries";
    report.warnings.push(lack.to_owned());
    if first > 0 {
        let lack = "what each account stood at before the pack's first entry";
        report.warnings.push(lack.to_owned());
    }
    Ok(report.done())
}

impl Report {
    fn take_pack(
        &mut self,
        entries: &Path,
        path: &Path,
        proof: &RangeProof,
        (found, leaves): (&Examined, &[Hash]),
    ) {
        self.entry_count = found.tree.size();
        self.root = proof.root;
        self.add_replay(found.replay.as_ref());
        self.problems.extend(found.broken.clone());
        self.problems.extend(found.wrong.clone());
        if found.broken.is_some() {
            return;
        }
        if found.tree.size() != proof.count {
            let what = format!("holds {} entries, not {}", found.tree.size(), proof.count);
            let at = proof.first + found.tree.size().min(proof.count);
            self.problems.push(Problem::of(entries, what).at_position(at));
            return;
        }
        if let Err(what) = proof.check(leaves) {
            self.problems.push(Problem::of(path, what).at_position(proof.first));
        }
    }

    /// Signatures are held against the keys that were given, and no others: those of a pack would be
    /// the word of whoever made it.
    fn check_checkpoint(&mut self, path: &Path, proof: &RangeProof, options: &Options) {
        let keys = &options.keys;
        if keys.logs.is_empty() {
            let lack = "signatures: there is no key; give the ledger's with --key";
            self.warnings.push(lack.to_owned());
        }
        let Some(text) = &proof.checkpoint else {
            self.warnings.push("signatures: the pack holds no checkpoint".to_owned());
            if !options.keys.logs.is_empty() {
                let what = "has no checkpoint, so that the key that was given vouches for nothing";
                self.problems.push(Problem::of(path, what).at_position(proof.first));
            }
            return;
        };
        self.checkpoint_count = 1;
        match checkpoint(text, proof, keys) {
            Ok(note) => self.signed_size = Some(note.head().size),
            Err(what) => self.problems.push(Problem::of(path, what).at_position(proof.first)),
        }
    }

    /// Holds the pack's entries against a checkpoint that was kept elsewhere.
    fn check_kept(
        &mut self,
        path: &Path,
        proof: &RangeProof,
        (leaves, options): (&[Hash], &Options),
    ) -> Result<(), Unreadable> {
        let bytes = fs::read(path).map_err(|error| unreadable("read", path, &error))?;
        let text = String::from_utf8_lossy(&bytes);
        let note = SignedCheckpoint::parse(&text).map_err(|error| error.to_string());
        let note = note.and_then(|note| {
            if options.keys.logs.is_empty() {
                return Ok(note);
            }
            note.verify(&options.keys.all()).map(|_| note).map_err(|it| it.to_string())
        });
        let note = match note {
            Ok(note) => note,
            Err(what) => {
                self.problems.push(Problem::of(path, what));
                return Ok(());
            }
        };
        self.checkpoint_count += 1;
        let head = note.head();
        match proof.root_at(head.size, leaves) {
            Some(root) if root == head.root => {}
            Some(_) => {
                let what = format!("has another root than the {} entries it is over", head.size);
                self.problems.push(Problem::of(path, what).at_position(proof.first));
            }
            None => self.warnings.push(format!(
                "{}: it is over {} entries, and the pack has those from {} to {} alone",
                path.display(),
                head.size,
                proof.first,
                (proof.first + proof.count).saturating_sub(1)
            )),
        }
        Ok(())
    }
}

fn leaves(tree: &MemoryTree) -> Vec<Hash> {
    (0..tree.size()).filter_map(|index| tree.hash(0, index).ok()).collect()
}

fn checkpoint(text: &str, proof: &RangeProof, keys: &Keys) -> Result<SignedCheckpoint, String> {
    let note = SignedCheckpoint::parse(text).map_err(|error| error.to_string())?;
    if note.to_string() != text {
        return Err("its checkpoint is not written as a signed note is".to_owned());
    }
    let head = note.head();
    if head.size != proof.size || head.root != proof.root {
        return Err("its checkpoint is of another tree than the proof".to_owned());
    }
    if !keys.logs.is_empty() {
        note.verify(&keys.all()).map_err(|error| error.to_string())?;
    }
    Ok(note)
}

/// Every file of the pack whose bytes are not those that the manifest names, and every one that it
/// does not name.
fn wrong_files(dir: &Path, manifest: &Value) -> Result<Vec<Problem>, Unreadable> {
    let mut problems = Vec::new();
    let mut named = BTreeSet::from([PathBuf::from(MANIFEST)]);
    for file in manifest["files"].as_array().into_iter().flatten() {
        let relative = PathBuf::from(file["path"].as_str().unwrap_or_default());
        let is_inside =
            relative.components().all(|it| matches!(it, std::path::Component::Normal(_)));
        if !is_inside || relative.as_os_str().is_empty() {
            problems.push(Problem::of(&dir.join(MANIFEST), "names a file outside of the pack"));
            continue;
        }
        let path = dir.join(&relative);
        named.insert(relative);
        match fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                problems.push(Problem::of(&path, "is missing, though the manifest names it"));
            }
            Err(error) => return Err(unreadable("read", &path, &error)),
            Ok(bytes) => {
                let found = Digest::from_bytes(Sha256::digest(bytes).into()).to_string();
                if file["sha256"].as_str() != Some(found.as_str()) {
                    problems.push(Problem::of(&path, "has another hash than the manifest says"));
                }
            }
        }
    }
    let mut all = Vec::new();
    list(dir, &mut all)?;
    all.sort();
    for path in all {
        if !named.contains(path.strip_prefix(dir).unwrap_or(&path)) {
            problems.push(Problem::of(&path, "is not named by the manifest"));
        }
    }
    Ok(problems)
}

fn list(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Unreadable> {
    for entry in fs::read_dir(dir).map_err(|error| unreadable("list", dir, &error))? {
        let path = entry.map_err(|error| unreadable("list", dir, &error))?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// What the manifest says of the entries has to be what the proof says.
fn check_manifest(report: &mut Report, path: &Path, manifest: &Value, proof: &RangeProof) {
    let agrees = manifest["tree_size"].as_u64() == Some(proof.size)
        && manifest["entry_count"].as_u64() == Some(proof.count)
        && manifest["root_hash"].as_str() == Some(proof.root_text.as_str())
        && manifest["checkpoint"].as_str() == proof.checkpoint.as_deref();
    if !agrees {
        let what = "says another size, root or checkpoint than the proof of its entries";
        report.problems.push(Problem::of(path, what).at_position(proof.first));
    }
}
