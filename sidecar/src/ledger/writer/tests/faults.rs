//! Each operation of the disk fails in turn: what was acknowledged stays, what was not is there
//! whole or not at all, and a start finds the very state that was served.

use std::collections::BTreeSet;

use makegood_core::ledger::{Operation, VoidReason};

use super::super::WriteError;
use super::WriterLoop;
use super::stage::{Asked, Stage, Stored, activation, ask, id, request, spend};
use crate::journal::sim::{Fault, Random, SimDisk};

/// So many things are asked.
const OPERATIONS: usize = 200;

/// How far a writer is followed after it was started again.
const STEPS_AFTER: usize = 3;

/// A moment of the story: what is asked at once, and when. Where nothing is, the writer is idle.
#[derive(Debug)]
struct Step {
    at_seconds: usize,
    asked: Vec<Asked>,
}

/// A story of gifts, holds that are settled in every way or forgotten, and records.
fn story(stage: &Stage) -> Vec<Step> {
    let mut random = Random::new(11);
    let mut steps = vec![Step { at_seconds: 0, asked: vec![activation()] }];
    let (mut held, mut number) = (Vec::new(), 0);
    while number < OPERATIONS {
        let mut asked = Vec::new();
        for _ in 0..random.below(5) {
            number += 1;
            asked.push(operation(stage, number, &mut random, &mut held));
        }
        // Now and then so long that forgotten holds end.
        let at_seconds = steps.len() * 10 + number / 50 * 7_200;
        steps.push(Step { at_seconds, asked });
    }
    steps
}

fn operation(stage: &Stage, number: usize, random: &mut Random, held: &mut Vec<usize>) -> Asked {
    let own = spend(number);
    let (kind, amount_minor) = (random.below(10), 100);
    if kind < 3 || held.is_empty() {
        held.push(number);
        return ask(Operation::Reserve(stage.gesture(own, amount_minor)));
    }
    let request = request(number);
    let nth = random.below(held.len());
    let record = Some(id(6, number));
    match kind {
        3 => ask(Operation::Extend { request, spend: spend(held[nth]) }),
        4 => {
            let spend = spend(held.swap_remove(nth));
            ask(Operation::Commit { request, spend, amount_minor, is_final: true })
        }
        5 => {
            let spend = spend(held.swap_remove(nth));
            ask(Operation::Void { request, spend, reason: VoidReason::CustomerDeclined })
        }
        // Far above any limit: the refusal is an entry, too.
        6 => ask(Operation::Give(stage.gesture(own, 900_000))),
        7 => Asked { action: None, record },
        _ => Asked { record, ..ask(Operation::Give(stage.gesture(own, amount_minor))) },
    }
}

/// Plays one step; whether all of it was answered. What the rules refuse is an answer.
fn play(stage: &Stage, writer: &mut WriterLoop, step: &Step) -> Result<(), WriteError> {
    stage.set_clock(step.at_seconds);
    let answers = stage.submit(writer, &step.asked);
    if step.asked.is_empty() {
        writer.confirm();
    }
    for answer in answers {
        match answer {
            Ok(_) | Err(WriteError::Fault(_)) => {}
            Err(error) => return Err(error),
        }
    }
    if writer.flags.is_poisoned() { Err(WriteError::Poisoned) } else { Ok(()) }
}

/// What is stored after each step when nothing fails.
struct Reference {
    steps: Vec<Step>,
    /// The entries and records there are before each step, and at the end.
    stored: Vec<(usize, BTreeSet<Vec<u8>>)>,
    ledger: Vec<Vec<u8>>,
    operations: u64,
}

impl Reference {
    fn new(stage: &Stage) -> Self {
        let steps = story(stage);
        let disk = SimDisk::new(0);
        let mut writer = stage.start(&disk).unwrap();
        let mut stored = Vec::new();
        // Reading is an operation, too, so that it is done on a copy.
        for step in &steps {
            let found = Stored::read(&disk.copy());
            stored.push((found.ledger.len(), found.records));
            play(stage, &mut writer, step).unwrap();
        }
        let operations = disk.operations();
        let end = Stored::read(&disk);
        stored.push((end.ledger.len(), end.records));
        Self { steps, stored, ledger: end.ledger, operations }
    }

    /// Fails the `nth` operation of the disk; whether that has struck.
    fn fail(&self, stage: &Stage, nth: u64, fault: Fault) -> bool {
        let what = format!("{fault:?} at operation {nth}");
        let disk = SimDisk::new(nth);
        disk.plan(nth, fault);
        let mut reached = 0;
        if let Ok(mut writer) = stage.start(&disk) {
            while let Some(step) = self.steps.get(reached) {
                if let Err(error) = play(stage, &mut writer, step) {
                    self.check_refusing(stage, &mut writer, (&disk, &error));
                    break;
                }
                reached += 1;
            }
            self.check_served(&writer, reached, &what);
        }
        let has_struck = disk.unplan();
        if fault == Fault::PowerCut {
            disk.restore_power();
        }
        self.check_recovery(stage, &disk, reached, &what);
        has_struck
    }

    /// A failed writer touches the disk no more, and one that found no room has not failed.
    fn check_refusing(
        &self,
        stage: &Stage,
        writer: &mut WriterLoop,
        (disk, error): (&SimDisk, &WriteError),
    ) {
        let is_poisoned = matches!(error, WriteError::Poisoned);
        assert!(is_poisoned || matches!(error, WriteError::DiskFull), "{error}");
        assert_eq!(writer.flags.is_poisoned(), is_poisoned);
        if is_poisoned {
            let before = disk.operations();
            let answers = stage.submit(writer, &self.steps[0].asked);
            writer.confirm();
            assert!(answers.iter().all(|it| matches!(it, Err(WriteError::Poisoned))));
            assert_eq!(disk.operations(), before, "the disk was touched after a failure");
        }
    }

    /// What is served is what was acknowledged.
    fn check_served(&self, writer: &WriterLoop, reached: usize, what: &str) {
        let served = usize::try_from(writer.parts.state.entry_count()).unwrap();
        let before = self.stored[reached].0;
        // Filling the next segment may fail after a step was answered.
        let after = self.stored.get(reached + 1).map_or(before, |it| it.0);
        assert!(served == before || served == after, "{what}: {served} entries are served");
        let ledger = self.ledger[..served].to_vec();
        let acknowledged = Stored { ledger, records: BTreeSet::new() };
        assert_eq!(*writer.parts.state.rows(), acknowledged.verify(), "{what}");
    }

    /// Whether the whole step is stored or nothing of it. Records without an entry are stored before
    /// the step's entries, and count by themselves.
    fn is_before_or_after(&self, step: usize, found: &Stored) -> bool {
        let is = |(entries, records): &(usize, BTreeSet<Vec<u8>>)| {
            found.ledger == self.ledger[..*entries] && found.records == *records
        };
        let (entries, mut records) = self.stored[step].clone();
        let asked = self.steps.get(step).map_or(&[][..], |step| &step.asked);
        let alone = asked.iter().filter(|asked| asked.action.is_none());
        records.extend(alone.filter_map(|asked| Some(asked.record?.to_vec())));
        let is_after = self.stored.get(step + 1).is_some_and(is);
        is(&self.stored[step]) || is(&(entries, records)) || is_after
    }

    /// Starts again, asks again what was not answered, and goes on for some steps.
    fn check_recovery(&self, stage: &Stage, disk: &SimDisk, reached: usize, what: &str) {
        let mut writer = stage.start(disk).unwrap_or_else(|error| panic!("{what}: {error}"));
        let found = Stored::read(disk);
        assert!(self.is_before_or_after(reached, &found), "{what}: neither before nor after");
        assert_eq!(*writer.parts.state.rows(), found.verify(), "{what}");
        let end = (reached + STEPS_AFTER).min(self.steps.len());
        for step in &self.steps[reached..end] {
            play(stage, &mut writer, step).unwrap();
        }
        let (entries, records) = &self.stored[end];
        let found = Stored::read(disk);
        assert_eq!(found.ledger, self.ledger[..*entries], "{what}: after asking again");
        assert_eq!(found.records, *records, "{what}: after asking again");
    }
}

/// Fails every operation of the story in turn.
fn fail_each(fault: Fault) {
    let stage = Stage::new(0);
    let reference = Reference::new(&stage);
    assert!(reference.ledger.len() > OPERATIONS, "{} entries", reference.ledger.len());
    let struck = (0..reference.operations).filter(|nth| reference.fail(&stage, *nth, fault));
    assert_eq!(struck.count() as u64, reference.operations);
}

#[test]
fn keeps_what_was_acknowledged_whichever_operation_of_the_disk_fails() {
    fail_each(Fault::Error);
}

#[test]
fn keeps_what_was_acknowledged_whenever_the_power_goes() {
    fail_each(Fault::PowerCut);
}

#[test]
fn keeps_what_was_acknowledged_whichever_allocation_finds_no_room() {
    fail_each(Fault::NoRoom);
}
