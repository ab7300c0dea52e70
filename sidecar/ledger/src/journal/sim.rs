//! A disk in memory that fails, tears and forgets as real disks do, all decided by a seed.
//!
//! Each sector remembers what was written to it since the last sync. A power cut leaves any of
//! that, or a tear between two of them, or what was there before. A failed sync does the same and
//! then takes the sector for clean, while reads still show what was written.
#![expect(clippy::unwrap_used, reason = "a simulation that is broken must stop")]

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::journal::disk::{Access, Disk, SegmentFile, Space};

const SECTOR_BYTES: usize = 512;

/// What goes wrong at the chosen operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The operation fails, perhaps after a part of it was done; the next ones work again.
    Error,
    /// The power goes in the middle of it; everything fails until [`SimDisk::restore_power`].
    PowerCut,
    /// A write or a new file finds no room; any other operation fails.
    NoRoom,
}

/// A folder of the disk; clones and other folders share the disk.
#[derive(Clone)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
    /// What the names of all files in the folder begin with.
    folder: &'static str,
}

#[derive(Clone)]
struct State {
    random: Random,
    files: Vec<FileState>,
    /// The names on stable storage, then each later state up to the present one.
    names: Vec<BTreeMap<String, usize>>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    power_is_off: bool,
    /// How many bytes all files may take.
    capacity: usize,
}

#[derive(Clone, Default)]
struct FileState {
    size: usize,
    sectors: Vec<Sector>,
}

#[derive(Clone)]
struct Sector {
    seen: [u8; SECTOR_BYTES],
    stable: [u8; SECTOR_BYTES],
    /// What was written since the last sync, oldest first; empty where the sector is clean.
    unsynced: Vec<[u8; SECTOR_BYTES]>,
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    file: usize,
}

/// `SplitMix64`: small, and good enough to choose faults.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Numbers that follow from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % bound as u64).unwrap()
    }
}

impl fmt::Debug for SimDisk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SimDisk").finish_non_exhaustive()
    }
}

impl SimDisk {
    /// A disk whose faults follow from `seed`.
    pub fn new(seed: u64) -> Self {
        let state = State {
            random: Random::new(seed),
            files: Vec::new(),
            names: vec![BTreeMap::new()],
            operations: 0,
            fault: None,
            power_is_off: false,
            capacity: usize::MAX,
        };
        Self { state: Arc::new(Mutex::new(state)), folder: "" }
    }

    /// A folder of the same disk, which fails and loses power with it.
    #[must_use]
    pub fn folder(&self, folder: &'static str) -> Self {
        Self { state: Arc::clone(&self.state), folder }
    }

    /// An independent copy.
    #[must_use]
    pub fn copy(&self) -> Self {
        let state = Arc::new(Mutex::new(self.state().clone()));
        Self { state, folder: self.folder }
    }

    /// Leaves room for so many bytes more.
    pub fn leave(&self, bytes: usize) {
        let mut state = self.state();
        state.capacity = state.used().saturating_add(bytes);
    }

    /// The files that were begun and are no segments yet.
    pub fn names_of_unfinished(&self) -> Vec<String> {
        let mut names = self.names().unwrap();
        names.retain(|name| name.contains(".new"));
        names
    }

    /// How many operations there were.
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    fn name(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }

    /// Lets the `nth` operation from now go wrong, counting from zero.
    pub fn plan(&self, nth: u64, fault: Fault) {
        let mut state = self.state();
        state.fault = Some((state.operations + nth, fault));
    }

    /// Whether the planned fault has struck; forgets it if not.
    pub fn unplan(&self) -> bool {
        self.state().fault.take().is_none()
    }

    /// Brings the disk back with what a power cut at this moment leaves.
    pub fn restore_power(&self) {
        let mut state = self.state();
        let State { random, files, names, fault, power_is_off, .. } = &mut *state;
        for sector in files.iter_mut().flat_map(|file| &mut file.sectors) {
            sector.settle(random);
            sector.seen = sector.stable;
        }
        let kept = names.swap_remove(random.below(names.len()));
        *names = vec![kept];
        (*fault, *power_is_off) = (None, false);
    }

    /// Changes a file's stored bytes behind the journal's back.
    pub fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names.last().unwrap()[&self.name(name)];
        let mut bytes = state.files[file].bytes();
        change(&mut bytes);
        let mut edited = FileState::default();
        edited.write(&bytes, 0);
        edited.sectors.iter_mut().for_each(Sector::sync);
        state.files[file] = edited;
    }

    /// Adds, replaces or removes a whole file behind the journal's back.
    pub fn set(&self, name: &str, bytes: Option<&[u8]>) {
        let mut state = self.state();
        let own = self.name(name);
        state.names.last_mut().unwrap().remove(&own);
        if let Some(bytes) = bytes {
            let file = state.files.len();
            state.files.push(FileState::default());
            state.names.last_mut().unwrap().insert(own, file);
            drop(state);
            self.edit(name, |content| *content = bytes.to_vec());
        }
    }

    /// A file's bytes as a reader sees them.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let state = self.state();
        state.files[state.names.last().unwrap()[&self.name(name)]].bytes()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Carries out an operation on the names, unless it is to fail.
    fn rename_files<T>(
        &self,
        change: impl FnOnce(&mut State, &mut BTreeMap<String, usize>) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut state = self.state();
        let fault = state.begin()?;
        if let Some(fault) = fault.filter(|fault| *fault == Fault::NoRoom) {
            return Err(fault.error());
        }
        if fault.is_some() && state.random.below(2) == 0 {
            return Err(broken());
        }
        let mut names = state.names.last().unwrap().clone();
        let outcome = change(&mut state, &mut names)?;
        state.names.push(names);
        fault.map_or(Ok(outcome), |_| Err(broken()))
    }
}

impl State {
    /// Counts an operation and returns what goes wrong with it; an error where the power is off.
    fn begin(&mut self) -> io::Result<Option<Fault>> {
        if self.power_is_off {
            return Err(broken());
        }
        let now = self.operations;
        self.operations += 1;
        let fault = self.fault.take_if(|(at, _)| *at == now).map(|(_, fault)| fault);
        self.power_is_off = fault == Some(Fault::PowerCut);
        Ok(fault)
    }

    /// What the files with a name take, in bytes.
    fn used(&self) -> usize {
        let named = self.names.last().into_iter().flat_map(BTreeMap::values);
        named.map(|file| self.files[*file].size).sum()
    }

    fn available(&self) -> usize {
        self.capacity.saturating_sub(self.used())
    }
}

impl FileState {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.sectors.iter().flat_map(|sector| sector.seen).collect();
        bytes.truncate(self.size);
        bytes
    }

    fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        self.size = self.size.max(end);
        let count = self.size.div_ceil(SECTOR_BYTES);
        self.sectors.resize_with(count.max(self.sectors.len()), Sector::blank);
        let mut at = offset;
        while at < end {
            let (sector, start) = (at / SECTOR_BYTES, at % SECTOR_BYTES);
            let length = (SECTOR_BYTES - start).min(end - at);
            let sector = &mut self.sectors[sector];
            sector.seen[start..start + length].copy_from_slice(&bytes[at - offset..][..length]);
            sector.unsynced.push(sector.seen);
            at += length;
        }
    }
}

impl Sector {
    fn blank() -> Self {
        let zeros = [0; SECTOR_BYTES];
        Self { seen: zeros, stable: zeros, unsynced: Vec::new() }
    }

    fn sync(&mut self) {
        self.stable = self.unsynced.pop().unwrap_or(self.stable);
        self.unsynced.clear();
    }

    /// Leaves any of the unsynced states on stable storage, or a tear between two, or none.
    fn settle(&mut self, random: &mut Random) {
        let chosen = random.below(self.unsynced.len() + 1);
        for (nth, written) in self.unsynced.drain(..).take(chosen).enumerate() {
            let is_torn = nth + 1 == chosen && random.below(3) == 0;
            let length = if is_torn { random.below(SECTOR_BYTES) } else { SECTOR_BYTES };
            self.stable[..length].copy_from_slice(&written[..length]);
        }
    }
}

impl Disk for SimDisk {
    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("sim").join(self.name(name))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        let names = state.names.last().unwrap().keys();
        let own = names.filter_map(|name| name.strip_prefix(self.folder));
        Ok(own.map(ToOwned::to_owned).collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn SegmentFile>> {
        let file = self.rename_files(|state, names| {
            state.files.push(FileState::default());
            match names.insert(self.name(name), state.files.len() - 1) {
                None => Ok(state.files.len() - 1),
                Some(_) => Err(io::ErrorKind::AlreadyExists.into()),
            }
        })?;
        Ok(Box::new(SimFile { disk: self.clone(), file }))
    }

    fn open(&self, name: &str, _: Access) -> io::Result<Box<dyn SegmentFile>> {
        let names = self.state().names.last().unwrap().clone();
        let file = *names.get(&self.name(name)).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(SimFile { disk: self.clone(), file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.rename_files(|_, names| {
            let file = names.remove(&self.name(from)).ok_or(io::ErrorKind::NotFound)?;
            names.insert(self.name(to), file);
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.rename_files(|_, names| {
            names.remove(&self.name(name)).ok_or(io::ErrorKind::NotFound)?;
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        if state.begin()?.is_some() {
            return Err(broken());
        }
        let present = state.names.pop().unwrap();
        state.names = vec![present];
        Ok(())
    }

    fn space(&self) -> io::Result<Space> {
        let state = self.state();
        Ok(Space { available: state.available() as u64, total: state.capacity as u64 })
    }
}

impl SegmentFile for SimFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.state().files[self.file].size as u64)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        if state.begin()?.is_some() {
            return Err(broken());
        }
        let start = usize::try_from(offset).unwrap();
        let file = &state.files[self.file];
        if start + bytes.len() > file.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        while done < bytes.len() {
            let (sector, at) = ((start + done) / SECTOR_BYTES, (start + done) % SECTOR_BYTES);
            let length = (SECTOR_BYTES - at).min(bytes.len() - done);
            let seen = &file.sectors[sector].seen[at..at + length];
            bytes[done..done + length].copy_from_slice(seen);
            done += length;
        }
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.begin()?;
        let start = usize::try_from(offset).unwrap();
        let room = state.files[self.file].size.saturating_add(state.available());
        let length = match fault {
            Some(_) => state.random.below(bytes.len() + 1),
            None => bytes.len(),
        };
        let kept = length.min(room.saturating_sub(start));
        state.files[self.file].write(&bytes[..kept], start);
        if let Some(fault) = fault {
            return Err(fault.error());
        }
        if kept < length { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        let fault = state.begin()?;
        let State { files, random, .. } = &mut *state;
        let sectors = files[self.file].sectors.iter_mut();
        match fault {
            None => sectors.for_each(Sector::sync),
            Some(Fault::Error | Fault::NoRoom) => sectors.for_each(|it| it.settle(random)),
            Some(Fault::PowerCut) => {}
        }
        fault.map_or(Ok(()), |_| Err(broken()))
    }
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Self::NoRoom => io::ErrorKind::StorageFull.into(),
            Self::Error | Self::PowerCut => broken(),
        }
    }
}

fn broken() -> io::Error {
    io::Error::other("simulated fault")
}
