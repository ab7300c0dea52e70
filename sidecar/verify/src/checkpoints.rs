//! Checkpoints: each signed by a known key, and each over the entries as they are.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use makegood_ledger::checkpoint::{
    CheckpointError, KeyKind, NoteSignature, SignedCheckpoint, VerifierKey,
};
use makegood_ledger::proof::TreeHead;
use makegood_ledger::tree::{MemoryTree, root};

use crate::problem::{Failure, Problem, Unreadable, unreadable};

/// The public keys that signatures are held against.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// Of the ledger, current and retired.
    pub logs: Vec<VerifierKey>,
    /// Of witnesses.
    pub witnesses: Vec<VerifierKey>,
}

/// What is known of a ledger's checkpoints once all of them were looked at.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many there were.
    pub count: u64,
    /// The one over the most entries.
    pub newest: Option<TreeHead>,
    /// The witnesses that cosigned any, by name, each once.
    pub witnesses: Vec<String>,
    /// Up to where the entries are those that were signed.
    agreed_size: u64,
    origin: Option<String>,
}

/// What checkpoints are held against.
#[derive(Debug, Clone, Copy)]
pub struct Truth<'a> {
    /// The tree over the entries that could be read.
    pub tree: &'a MemoryTree,
    /// Whether those are all the entries there are, because nothing kept any from being read.
    pub is_whole: bool,
    /// The keys; without any, signatures are not looked at.
    pub keys: &'a Keys,
    /// The first entry that something else shows to be wrong: a root tells only that one is.
    pub known_bad: Option<u64>,
}

impl Keys {
    /// Reads the public keys that lie in a ledger's own folder.
    ///
    /// # Errors
    /// A key that is none, or a folder that cannot be read.
    pub fn beside(dir: &Path) -> Result<Self, Failure> {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(unreadable("list", dir, &error).into()),
        };
        let mut keys = Self::default();
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.extension().is_some_and(|it| it == "vkey")) {
            let text = fs::read_to_string(path).map_err(|it| unreadable("read", path, &it))?;
            let key = VerifierKey::parse(text.trim_end());
            let key = key.map_err(|error| Problem::of(path, error.to_string()))?;
            keys.add(key);
        }
        Ok(keys)
    }

    /// Takes a key for what it is.
    pub fn add(&mut self, key: VerifierKey) {
        match key.kind() {
            KeyKind::Log => self.logs.push(key),
            KeyKind::Witness => self.witnesses.push(key),
        }
    }

    /// Every key.
    pub fn all(&self) -> Vec<VerifierKey> {
        self.logs.iter().chain(&self.witnesses).cloned().collect()
    }

    /// Whether one of them made this signature line, right or wrong.
    fn knows(&self, line: &NoteSignature) -> bool {
        let made = |key: &VerifierKey| key.name() == line.name && key.id() == line.id;
        self.logs.iter().chain(&self.witnesses).any(made)
    }
}

impl Seen {
    /// Looks at every checkpoint of a log of them: notes, each followed by an empty line.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&mut self, path: &Path, truth: Truth<'_>) -> Result<Vec<Problem>, Unreadable> {
        let Some(bytes) = read(path)? else { return Ok(Vec::new()) };
        let Ok(text) = String::from_utf8(bytes) else {
            let problem = Problem::of(path, "is not text in UTF-8");
            return Ok(vec![problem.at_position(self.agreed_size)]);
        };
        let mut problems = Vec::new();
        let mut size = 0;
        for (start, note) in notes(&text) {
            let seen = self.one(path, note, truth);
            let seen = seen.and_then(|head| follows(path, &mut size, head));
            problems.extend(seen.err().map(|problem| problem.at_byte(start as u64)));
        }
        Ok(problems)
    }

    /// Looks at a file with one checkpoint.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn file(&mut self, path: &Path, truth: Truth<'_>) -> Result<Option<Problem>, Unreadable> {
        let Some(bytes) = read(path)? else { return Ok(None) };
        let Ok(text) = String::from_utf8(bytes) else {
            let problem = Problem::of(path, "is not text in UTF-8");
            return Ok(Some(problem.at_position(self.agreed_size)));
        };
        Ok(self.one(path, &text, truth).err())
    }

    /// Looks at one checkpoint.
    ///
    /// # Errors
    /// What is wrong with it, or with the entries that it is over.
    pub fn one(&mut self, path: &Path, text: &str, truth: Truth<'_>) -> Result<TreeHead, Problem> {
        self.count += 1;
        let agreed_size = self.agreed_size;
        let wrong = |what: String| Problem::of(path, what).at_position(agreed_size);
        let note = SignedCheckpoint::parse(text).map_err(|error| wrong(error.to_string()))?;
        if note.to_string() != text {
            return Err(wrong("is not written as a signed note is".to_owned()));
        }
        let head = note.head();
        self.check_signatures(&note, truth.keys).map_err(wrong)?;
        self.check_root(head, truth)
            .map_err(|(position, what)| Problem::of(path, what).at_position(position))?;
        let origin = &note.checkpoint().origin;
        if self.origin.get_or_insert_with(|| origin.clone()) != origin {
            let what = format!("is of {origin}, another ledger than the one before it");
            return Err(wrong(what));
        }
        self.agreed_size = self.agreed_size.max(head.size.min(truth.tree.size()));
        if self.newest.is_none_or(|newest| newest.size <= head.size) {
            self.newest = Some(head);
        }
        Ok(head)
    }

    /// Every signature is by a known key and right, but those of witnesses nobody named.
    fn check_signatures(&mut self, note: &SignedCheckpoint, keys: &Keys) -> Result<(), String> {
        if keys.logs.is_empty() {
            return Ok(());
        }
        let vouched = match note.verify(&keys.all()) {
            Ok(vouched) => vouched,
            Err(CheckpointError::Unsigned) => {
                return Err("is signed by none of the ledger's known keys".to_owned());
            }
            Err(error) => return Err(error.to_string()),
        };
        for (name, _) in vouched.witnesses {
            if !self.witnesses.contains(&name) {
                self.witnesses.push(name);
            }
        }
        let origin = &note.checkpoint().origin;
        let is_foreign = |line: &&NoteSignature| {
            !keys.knows(line) && (line.name == *origin || !keys.witnesses.is_empty())
        };
        match note.signatures().iter().find(is_foreign) {
            None => Ok(()),
            Some(line) => {
                Err(format!("bears a signature of {} by a key that is not known", line.name))
            }
        }
    }

    fn check_root(&self, head: TreeHead, truth: Truth<'_>) -> Result<(), (u64, String)> {
        let size = truth.tree.size();
        if head.size > size {
            if !truth.is_whole {
                return Ok(());
            }
            let what = format!(
                "is over {} entries, but the ledger has {size}: entries were cut off, or an older \
                 copy was put in its place",
                head.size
            );
            return Err((size, what));
        }
        // The tree has every subtree within its size.
        if root(truth.tree, head.size).ok() == Some(head.root) {
            return Ok(());
        }
        let agreed = self.agreed_size.min(head.size);
        let known = truth.known_bad.filter(|at| (agreed..head.size).contains(at));
        let what = format!(
            "has another root than the {} entries it is over: one from position {agreed} on is not \
             what was signed",
            head.size
        );
        Err((known.unwrap_or(agreed), what))
    }
}

/// The checkpoints of a log never shrink.
fn follows(path: &Path, size: &mut u64, head: TreeHead) -> Result<(), Problem> {
    if head.size < *size {
        let what = format!("is over {} entries, after one over {size}", head.size);
        return Err(Problem::of(path, what).at_position(head.size));
    }
    *size = head.size;
    Ok(())
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Unreadable> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable("read", path, &error)),
    }
}

/// The notes of a log with where each begins, in bytes. A note is a text, an empty line, signature
/// lines; another empty line ends it.
fn notes(log: &str) -> Vec<(usize, &str)> {
    let mut notes = Vec::new();
    let mut start = 0;
    let mut empty_lines = 0;
    let mut at = 0;
    for line in log.split_inclusive('\n') {
        let end = at + line.len();
        if line == "\n" {
            empty_lines += 1;
        }
        if empty_lines == 2 {
            notes.push((start, &log[start..at]));
            (start, empty_lines) = (end, 0);
        }
        at = end;
    }
    if start < log.len() {
        // Whatever follows the last note is none, and is to be found so.
        notes.push((start, &log[start..]));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_a_log_into_notes() {
        let log = "o\n1\nr\n\n- a b\n\no\n2\nr\n\n- a b\n- c d\n\n";
        let found = notes(log);
        assert_eq!(found, [(0, "o\n1\nr\n\n- a b\n"), (14, "o\n2\nr\n\n- a b\n- c d\n")]);
        assert_eq!(notes("rest"), [(0, "rest")]);
        assert!(notes("").is_empty());
    }
}
