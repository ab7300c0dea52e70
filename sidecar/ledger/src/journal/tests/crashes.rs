//! Failing operations and power cuts: what was acknowledged survives, the rest is all or nothing.

use std::sync::Arc;

use proptest::prelude::*;

use super::{SimDisk, contents, open, payloads, reopen};
use crate::journal::Journal;
use crate::journal::error::JournalError;
use crate::journal::reader::Reader;
use crate::journal::sim::{Fault, Random};

/// What must be in the journal, and the batch that may be.
#[derive(Debug, Default)]
struct Expected {
    acknowledged: Vec<Vec<u8>>,
    in_doubt: Vec<Vec<u8>>,
}

impl Expected {
    /// Appends batches of one to five records and confirms now and then, until something fails or
    /// `steps` are done; returns what failed.
    fn run(
        &mut self,
        journal: &mut Journal,
        steps: usize,
        random: &mut Random,
    ) -> Result<(), JournalError> {
        for _ in 0..steps {
            if random.below(4) == 0 {
                journal.confirm()?;
                continue;
            }
            let first = self.acknowledged.len();
            self.in_doubt = payloads(first..first + 1 + random.below(5));
            journal.append(&self.in_doubt)?;
            self.acknowledged.append(&mut self.in_doubt);
        }
        Ok(())
    }

    /// Verifies what a sound journal holds.
    fn verify(&self, contents: &[Vec<u8>]) {
        let with_doubt = [&self.acknowledged[..], &self.in_doubt[..]].concat();
        assert!(
            contents == self.acknowledged || contents == with_doubt,
            "{} records are there; {} are acknowledged, {} in doubt",
            contents.len(),
            self.acknowledged.len(),
            self.in_doubt.len()
        );
    }

    /// Takes over what an opened journal has decided; from now on, that must stay.
    fn settle(&mut self, journal: &Journal) {
        if journal.next_position() > self.acknowledged.len() as u64 {
            self.acknowledged.append(&mut self.in_doubt);
        }
        self.in_doubt.clear();
        assert_eq!(journal.next_position(), self.acknowledged.len() as u64);
    }
}

/// A life of a journal: open, append, until `fault` strikes at the `nth` operation or never.
/// Returns whether it struck.
fn live(disk: &SimDisk, expected: &mut Expected, life: Life, random: &mut Random) -> bool {
    disk.plan(life.nth as u64, life.fault);
    if let Ok((mut journal, _)) = open(disk) {
        expected.settle(&journal);
        let outcome = expected.run(&mut journal, life.steps, random);
        if outcome.is_err() && life.fault == Fault::Error {
            refuses_more(&mut journal, expected);
        }
    }
    let has_struck = disk.unplan();
    if life.fault == Fault::PowerCut {
        disk.restore_power();
    }
    has_struck
}

/// A poisoned journal writes nothing more and still reads.
fn refuses_more(journal: &mut Journal, expected: &Expected) {
    let refused = journal.append(&payloads(0..1)).unwrap_err();
    assert!(matches!(refused, JournalError::Poisoned { .. }), "{refused}");
    assert!(matches!(journal.confirm(), Err(JournalError::Poisoned { .. })));
    let read = contents(&journal.reader()).unwrap();
    assert_eq!(read[..expected.acknowledged.len()], expected.acknowledged);
}

#[derive(Debug, Clone, Copy)]
struct Life {
    steps: usize,
    nth: usize,
    fault: Fault,
}

#[test]
fn keeps_what_was_acknowledged_whichever_operation_fails() {
    for fault in [Fault::Error, Fault::PowerCut] {
        let mut nth = 0;
        loop {
            let (disk, mut expected) = (SimDisk::new(nth as u64), Expected::default());
            let life = Life { steps: 200, nth, fault };
            let has_struck = live(&disk, &mut expected, life, &mut Random::new(0));
            let kept = reopen(&disk);
            expected.verify(&kept);
            // What a start has kept and confirmed must be durable, not only visible.
            disk.restore_power();
            assert_eq!(confirmed(&disk), kept.len() as u64);
            assert_eq!(reopen(&disk), kept);
            if !has_struck {
                break;
            }
            nth += 1;
        }
        assert!(nth > 400, "the script has only {nth} operations");
    }
}

fn confirmed(disk: &SimDisk) -> u64 {
    let reader = Reader::open_on(Arc::new(disk.clone()));
    reader.confirmed_position().unwrap()
}

#[test]
fn confirms_durably() {
    for seed in 0..20 {
        let disk = SimDisk::new(seed);
        let (mut journal, _) = open(&disk).unwrap();
        journal.append(&payloads(0..3)).unwrap();
        journal.confirm().unwrap();
        disk.restore_power();
        assert_eq!(confirmed(&disk), 3);
    }
}

#[test]
fn a_batch_once_cut_stays_cut() {
    // The first frame of the batch ends where a sector ends.
    let batch = [vec![1; 64], vec![2; 64], vec![3; 64]];
    let mut rounds = 0;
    for seed in 0..1_000 {
        let disk = SimDisk::new(seed);
        let (mut journal, _) = open(&disk).unwrap();
        journal.append(&[vec![0; 400]]).unwrap();
        journal.confirm().unwrap();
        // A power cut tears the batch; the start after it fails while it cuts.
        disk.plan(1, Fault::PowerCut);
        journal.append(&batch).unwrap_err();
        disk.restore_power();
        disk.plan(seed % 20, Fault::Error);
        drop(open(&disk));
        disk.unplan();
        // The next start sees a clean end; then a power cut tears a batch that begins alike.
        let (mut journal, _) = open(&disk).unwrap();
        if journal.next_position() == 1 {
            disk.plan(1, Fault::PowerCut);
            journal.append(&batch[..2]).unwrap_err();
            disk.restore_power();
            assert!([1, 3].contains(&reopen(&disk).len()), "seed {seed}");
            rounds += 1;
        }
    }
    assert!(rounds > 500, "only {rounds} rounds");
}

fn life() -> impl Strategy<Value = Life> {
    let fault = prop_oneof![2 => Just(Fault::PowerCut), 1 => Just(Fault::Error)];
    // Many a fault strikes already while the journal is being opened.
    let nth = prop_oneof![0..24_usize, 0..160_usize];
    (1..60_usize, nth, fault).prop_map(|(steps, nth, fault)| Life { steps, nth, fault })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Each life ends by a fault, and the next one begins with what that left.
    #[test]
    fn survives_power_cuts_and_failures_in_any_order(
        seed: u64,
        lives in prop::collection::vec(life(), 1..8),
    ) {
        let (disk, mut expected) = (SimDisk::new(seed), Expected::default());
        let mut random = Random::new(seed);
        for life in lives {
            live(&disk, &mut expected, life, &mut random);
            // A copy is looked at, so that the next life recovers by itself, with faults.
            expected.verify(&reopen(&disk.copy()));
        }
        disk.restore_power();
        expected.verify(&reopen(&disk));
    }
}
