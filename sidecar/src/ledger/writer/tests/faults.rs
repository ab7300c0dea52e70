//! Each operation of the disk fails in turn: what was acknowledged stays, what was not is there
//! whole or not at all, and a start finds the very state that was served.

use std::collections::BTreeSet;

use makegood_core::ledger::{Operation, Rows, VoidReason};

use super::super::WriteError;
use super::WriterLoop;
use super::stage::{Asked, Stage, Stored, activation, ask, id, request, spend};
use makegood_ledger::journal::sim::{Fault, Random, SimDisk};

/// So many things are asked.
const OPERATIONS: usize = 200;

/// How many steps are played before the one that fails, and after the start that follows.
const STEPS_AROUND: usize = 1;

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

/// What there is before each step when nothing fails, and at the end.
struct Reference {
    steps: Vec<Step>,
    disks: Vec<SimDisk>,
    /// How many entries there are, and which records.
    stored: Vec<(usize, BTreeSet<Vec<u8>>)>,
    rows: Vec<Rows>,
    /// The entries at the end.
    ledger: Vec<Vec<u8>>,
}

impl Reference {
    fn new(stage: &Stage) -> Self {
        let steps = story(stage);
        let disk = SimDisk::new(0);
        let mut writer = stage.start(&disk).unwrap();
        let (mut disks, mut stored, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for step in 0..=steps.len() {
            let found = Stored::read(&disk);
            rows.push(found.verify());
            stored.push((found.ledger.len(), found.records));
            disks.push(disk.copy());
            steps.get(step).map_or(Ok(()), |step| play(stage, &mut writer, step)).unwrap();
        }
        let ledger = Stored::read(&disk).ledger;
        Self { steps, disks, stored, rows, ledger }
    }

    /// Fails the `nth` operation of a step; whether that has struck.
    fn fail(&self, stage: &Stage, step: usize, (nth, fault): (u64, Fault)) -> bool {
        let what = format!("{fault:?} at operation {nth} of step {step}");
        // Some steps before, so that what they have prepared is there.
        let first = step.saturating_sub(STEPS_AROUND);
        let disk = self.disks[first].copy();
        let mut writer = stage.start(&disk).unwrap();
        for before in &self.steps[first..step] {
            play(stage, &mut writer, before).unwrap();
        }
        disk.plan(nth, fault);
        let played = play(stage, &mut writer, &self.steps[step]);
        let has_struck = disk.unplan();
        if let Err(error) = &played {
            self.check_refusing(stage, &mut writer, (&disk, error));
        }
        let reached = if played.is_ok() { step + 1 } else { step };
        self.check_served(&writer, reached, &what);
        if fault == Fault::PowerCut {
            disk.restore_power();
        }
        self.check_recovery(stage, &disk, reached, &what);
        has_struck
    }

    /// Fails the `nth` operation of a start; whether that has struck.
    fn fail_start(&self, stage: &Stage, step: usize, (nth, fault): (u64, Fault)) -> bool {
        let what = format!("{fault:?} at operation {nth} of a start at step {step}");
        let disk = self.disks[step].copy();
        disk.plan(nth, fault);
        drop(stage.start(&disk));
        let has_struck = disk.unplan();
        if fault == Fault::PowerCut {
            disk.restore_power();
        }
        self.check_recovery(stage, &disk, step, &what);
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

    /// What is served is what was acknowledged. Filling the next segment may fail after a step was
    /// answered.
    fn check_served(&self, writer: &WriterLoop, reached: usize, what: &str) {
        let rows = writer.parts.state.rows();
        let is_after = self.rows.get(reached + 1).is_some_and(|after| *rows == *after);
        assert!(*rows == self.rows[reached] || is_after, "{what}");
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
        let kept = self.stored.iter().position(|it| it.0 == found.ledger.len()).unwrap();
        assert_eq!(*writer.parts.state.rows(), self.rows[kept], "{what}");
        let end = (reached + STEPS_AROUND).min(self.steps.len());
        for step in &self.steps[reached..end] {
            play(stage, &mut writer, step).unwrap();
        }
        let (entries, records) = &self.stored[end];
        let found = Stored::read(disk);
        assert_eq!(found.ledger, self.ledger[..*entries], "{what}: after asking again");
        assert_eq!(found.records, *records, "{what}: after asking again");
    }
}

/// Fails every operation of the story in turn, and every one of some starts.
fn fail_each(fault: Fault) {
    let stage = Stage::new(0);
    let reference = Reference::new(&stage);
    assert!(reference.ledger.len() > OPERATIONS, "{} entries", reference.ledger.len());
    let mut struck = 0;
    for step in 0..reference.steps.len() {
        struck += count(|nth| reference.fail(&stage, step, (nth, fault)));
    }
    assert!(struck > 2 * OPERATIONS as u64, "the story has only {struck} operations");
    for step in [0, reference.steps.len() / 2, reference.steps.len()] {
        struck = count(|nth| reference.fail_start(&stage, step, (nth, fault)));
        assert!(struck > 10, "a start has only {struck} operations");
    }
}

/// How many operations there are to strike, from the first on.
fn count(strikes: impl Fn(u64) -> bool) -> u64 {
    let mut nth = 0;
    while strikes(nth) {
        nth += 1;
    }
    nth
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
