//! Verifies a folder, whatever it is: a tenant's data, a tree's tiles, or an audit pack.

use std::fs;
use std::path::{Path, PathBuf};

use makegood_ledger::checkpoint::SignedCheckpoint;
use makegood_ledger::journal::whole::{End, Whole};
use makegood_ledger::tiles::TileFolder;

use crate::checkpoints::{Keys, Seen, Truth};
use crate::examine::{Examined, examine};
use crate::pack;
use crate::policies::Policies;
use crate::problem::{Failure, Problem, Unreadable, unreadable};
use crate::replay::{InDevelopment, Replay};
use crate::report::{Kind, Report};
use crate::tiles::Tiles;

/// What a ledger is held against besides itself.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Public keys of the ledger and of witnesses, from elsewhere than the folder.
    pub keys: Keys,
    /// Checkpoints that were kept elsewhere.
    pub checkpoints: Vec<PathBuf>,
    /// The folder with the policies' texts, where it does not lie beside the entries.
    pub policies: Option<PathBuf>,
}

/// Told how many more entries are done, of how many in all.
pub type OnEntries<'a> = &'a dyn Fn(u64, u64);

/// Verifies a folder.
///
/// # Errors
/// [`Unreadable`] when it cannot be verified at all; what is wrong is in the report.
pub fn verify(dir: &Path, options: &Options, on: OnEntries<'_>) -> Result<Report, Unreadable> {
    match kind_of(dir)? {
        Kind::DataFolder => data_folder(dir, options, on),
        Kind::TileFolder => tile_folder(dir, options, on),
        Kind::AuditPack => pack::verify(dir, options, on),
    }
}

/// What a folder is, by what lies in it.
fn kind_of(dir: &Path) -> Result<Kind, Unreadable> {
    let entries = fs::read_dir(dir).map_err(|error| unreadable("list", dir, &error))?;
    let names: Vec<PathBuf> = entries.flatten().map(|entry| entry.file_name().into()).collect();
    let has = |name: &str| names.iter().any(|it| it == Path::new(name));
    if has(pack::MANIFEST) {
        return Ok(Kind::AuditPack);
    }
    if has("ledger") {
        return Ok(Kind::DataFolder);
    }
    if has("tile") || has("checkpoint") {
        return Ok(Kind::TileFolder);
    }
    let tenants = names.iter().filter(|name| dir.join(name).join("ledger").is_dir());
    let tenants: Vec<_> = tenants.map(|name| dir.join(name).display().to_string()).collect();
    let dir = dir.display();
    Err(Unreadable(if tenants.is_empty() {
        format!("{dir} holds no ledger, no tiles and no audit pack")
    } else {
        format!("{dir} holds the ledgers of tenants; name one: {}", tenants.join(", "))
    }))
}

fn data_folder(dir: &Path, options: &Options, on: OnEntries<'_>) -> Result<Report, Unreadable> {
    let mut report = Report::begin(dir, Kind::DataFolder);
    let policies = options.policies.clone().unwrap_or_else(|| dir.join("policies"));
    let policies = Policies::new(&policies);
    let wrong_policies = policies.wrong_files()?;
    let tree_dir = dir.join("tree");
    let tiles = tree_dir.is_dir().then(|| Tiles::list(&tree_dir)).transpose()?;
    let journal = match Whole::open(&dir.join("ledger")).map_err(Failure::from) {
        Ok(journal) => journal,
        Err(Failure::Bad(problem)) => {
            report.problems.push(problem);
            return Ok(report);
        }
        Err(Failure::Unreadable(error)) => return Err(error),
    };
    let replay = Replay::new(Some(policies));
    let read = |handing: crate::source::Handing| handing.journal(&journal);
    let total = journal.confirmed_position().unwrap_or(0);
    let examined = examine(read, Some(replay), tiles, &|count| on(count, total))?;
    let keys = report.keys(options, &dir.join("signing"))?;
    let log = dir.join("checkpoints");
    report.take(examined, &keys, options, (Some(&log), &tree_dir.join("checkpoint")))?;
    report.add_policies(wrong_policies);
    report.problems.extend(records(&dir.join("records"))?);
    Ok(report.done())
}

fn tile_folder(dir: &Path, options: &Options, on: OnEntries<'_>) -> Result<Report, Unreadable> {
    let mut report = Report::begin(dir, Kind::TileFolder);
    let folder = TileFolder::new(dir);
    let path = dir.join("checkpoint");
    let text = fs::read(&path).map_err(|error| unreadable("read", &path, &error))?;
    let note = String::from_utf8(text).ok().and_then(|it| SignedCheckpoint::parse(&it).ok());
    let Some(note) = note else {
        let problem = Problem::of(&path, "is no checkpoint, so that nothing tells the tree's size");
        report.problems.push(problem.at_position(0));
        return Ok(report);
    };
    let size = note.head().size;
    let beside = dir.parent().unwrap_or(dir).join("policies");
    let policies = options.policies.clone().or_else(|| beside.is_dir().then_some(beside));
    if policies.is_none() {
        let lack = "decisions: no policies lie beside the folder; name theirs with --policies";
        report.warnings.push(lack.to_owned());
    }
    let wrong_policies = match &policies {
        Some(policies) => Policies::new(policies).wrong_files()?,
        None => Vec::new(),
    };
    let replay = Replay::new(policies.map(|policies| Policies::new(&policies)));
    let tiles = Tiles::list(dir)?;
    let read = |handing: crate::source::Handing| handing.bundles(&folder, size);
    let examined = examine(read, Some(replay), Some(tiles), &|count| on(count, size))?;
    let keys = report.keys(options, &dir.parent().unwrap_or(dir).join("signing"))?;
    report.take(examined, &keys, options, (None, &path))?;
    report.add_policies(wrong_policies);
    Ok(report.done())
}

/// The size that a checkpoint states, which is still to be verified; zero where it states none.
fn stated_size(checkpoint: &Path) -> u64 {
    let text = fs::read_to_string(checkpoint).ok();
    let note = text.and_then(|text| SignedCheckpoint::parse(&text).ok());
    note.map_or(0, |note| note.head().size)
}

/// The journal of the customers' side holds what is private; only its framing is looked at.
fn records(dir: &Path) -> Result<Option<Problem>, Unreadable> {
    if !dir.is_dir() {
        return Ok(None);
    }
    let verify = || -> Result<(), Failure> {
        let journal = Whole::open(dir)?;
        let (mut end, mut buffer) = (End::default(), Vec::new());
        for number in 0..journal.segment_count() {
            end = journal.segment(number, end, &mut buffer, |_| {})?;
        }
        Ok(())
    };
    match verify() {
        Ok(()) => Ok(None),
        // Its positions are not those of the ledger.
        Err(Failure::Bad(problem)) => Ok(Some(Problem { position: None, ..problem })),
        Err(Failure::Unreadable(error)) => Err(error),
    }
}

impl Report {
    pub(crate) fn begin(dir: &Path, kind: Kind) -> Self {
        Self {
            folder: dir.to_owned(),
            kind,
            entry_count: 0,
            decision_count: 0,
            root: makegood_ledger::tree::empty_root(),
            checkpoint_count: 0,
            signed_size: None,
            witnesses: Vec::new(),
            tile_count: 0,
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// The keys to hold signatures against: those given, else those in the folder.
    pub(crate) fn keys(&mut self, options: &Options, beside: &Path) -> Result<Keys, Unreadable> {
        let mut keys = options.keys.clone();
        if !keys.logs.is_empty() {
            return Ok(keys);
        }
        match Keys::beside(beside) {
            Ok(found) => {
                keys.logs = found.logs;
                keys.witnesses.extend(found.witnesses);
            }
            Err(Failure::Bad(problem)) => self.problems.push(problem.at_position(0)),
            Err(Failure::Unreadable(error)) => return Err(error),
        }
        self.warnings.push(if keys.logs.is_empty() {
            "signatures: there is no key; give the ledger's with --key".to_owned()
        } else {
            "the ledger's keys: they lie in the folder itself; give them with --key".to_owned()
        });
        Ok(keys)
    }

    /// Takes over what was found out about entries, and looks at checkpoints and tiles.
    fn take(
        &mut self,
        examined: Examined,
        keys: &Keys,
        options: &Options,
        (log, checkpoint): (Option<&Path>, &Path),
    ) -> Result<(), Unreadable> {
        let Examined { tree, tiles, replay, broken, wrong } = examined;
        self.entry_count = tree.size();
        self.root = tree.root();
        let is_whole = broken.is_none();
        let mut found: Vec<Problem> = broken.into_iter().chain(wrong).collect();
        if let Some(tiles) = tiles {
            self.tile_count = tiles.count();
            // Where entries could not be read, tiles seem to have too many.
            let counts = |problem: &Problem| is_whole || problem.position < Some(tree.size());
            let size = stated_size(checkpoint).min(tree.size());
            let known_bad = found.iter().filter_map(|problem| problem.position).min();
            let problems = tiles.finish(&tree, size, known_bad)?;
            found.extend(problems.into_iter().filter(counts));
        }
        let known_bad = found.iter().filter_map(|problem| problem.position).min();
        let truth = Truth { tree: &tree, is_whole, keys, known_bad };
        let mut seen = Seen::default();
        // What was kept elsewhere comes first: it does not go by what lies in the folder.
        for path in &options.checkpoints {
            if !path.is_file() {
                return Err(Unreadable(format!("cannot read {}: no such file", path.display())));
            }
            found.extend(seen.file(path, truth)?);
        }
        if let Some(log) = log {
            found.extend(seen.log(log, truth)?);
        }
        found.extend(seen.file(checkpoint, truth)?);
        found.extend(self.unvouched(&seen, options, checkpoint));
        if seen.count == 0 {
            let lack = "that nothing was cut off: there is no checkpoint; give one that was kept \
                        elsewhere with --checkpoint";
            self.warnings.push(lack.to_owned());
        }
        self.checkpoint_count = seen.count;
        self.signed_size = seen.newest.map(|head| head.size);
        self.witnesses = seen.witnesses;
        self.problems.extend(found);
        self.add_replay(replay.as_ref());
        Ok(())
    }

    /// Whoever names a key, or a witness, wants to know that it vouches for the ledger.
    fn unvouched(&mut self, seen: &Seen, options: &Options, checkpoint: &Path) -> Vec<Problem> {
        let mut problems = Vec::new();
        let signed_size = seen.newest.map_or(0, |head| head.size);
        if signed_size < self.entry_count && seen.count > 0 {
            let tail = format!("entries from {signed_size} on: no checkpoint covers them");
            self.warnings.push(tail);
        }
        if seen.count == 0 && self.entry_count > 0 && !options.keys.logs.is_empty() {
            let what = "is missing, so that the key that was given vouches for nothing";
            problems.push(Problem::of(checkpoint, what));
        }
        for key in &options.keys.witnesses {
            if !seen.witnesses.iter().any(|name| name == key.name()) {
                let lack = format!("a cosignature of {}: none lies in this folder", key.name());
                self.warnings.push(lack);
            }
        }
        problems
    }

    pub(crate) fn add_replay(&mut self, replay: Option<&Replay>) {
        let Some(replay) = replay else { return };
        self.decision_count = replay.decisions();
        if let Some(InDevelopment { first, count }) = replay.made_in_development() {
            self.warnings.push(format!(
                "second persons for policies: {count} entries were written in development mode, \
                 from position {first} on"
            ));
        }
    }

    /// Texts that an entry has already been found to need are named once.
    pub(crate) fn add_policies(&mut self, wrong: Vec<Problem>) {
        let known: Vec<PathBuf> = self.problems.iter().map(|it| it.file.clone()).collect();
        self.problems.extend(wrong.into_iter().filter(|it| !known.contains(&it.file)));
    }

    pub(crate) fn done(mut self) -> Self {
        self.problems.sort_by_key(Problem::rank);
        self
    }
}
