//! Who goes first, who is told to come back, and how waiting ends.

use makegood_core::ids::{AgentPid, RequestId, SpendId};
use makegood_core::ledger::{Access, Caller, ReverseReason, VoidReason};
use tokio::sync::oneshot;

use super::*;

const NO_WAIT: Duration = Duration::ZERO;

fn caller() -> Caller {
    Caller {
        agent: AgentPid::from_bytes([1; 15]),
        access: Access::Agent,
        role: "agent".parse().unwrap(),
        team: None,
        tenure_days: 0,
    }
}

/// A job, and its number as the id of what it is about.
fn job(action: Option<Action>) -> Job {
    let ask = action.map(|action| (caller(), action));
    Job { work: Work { ask, ..Work::default() }, reply: oneshot::channel().0 }
}

fn settling(number: u16) -> Job {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    let request = RequestId::from_bytes(id);
    let spend = SpendId::from_bytes(id);
    job(Some(Action::Spend(Operation::Extend { request, spend })))
}

fn lanes_of(jobs: &VecDeque<Job>) -> Vec<Lane> {
    jobs.iter().map(|job| Lane::of(&job.work)).collect()
}

fn take(exit: &Exit, most: usize) -> VecDeque<Job> {
    match exit.take(most, NO_WAIT) {
        Taken::Jobs(jobs) => jobs,
        Taken::Nothing | Taken::End => VecDeque::new(),
    }
}

#[test]
fn counts_everything_that_settles_a_hold_as_settling() {
    let (request, spend) = (RequestId::from_bytes([1; 16]), SpendId::from_bytes([2; 16]));
    let (amount_minor, is_final) = (1, true);
    let operations = [
        Operation::Extend { request, spend },
        Operation::Commit { request, spend, amount_minor, is_final },
        Operation::Void { request, spend, reason: VoidReason::CustomerDeclined },
        Operation::Reverse {
            request,
            spend,
            amount_minor,
            reason: ReverseReason::MisEntry,
            effective_at: None,
        },
    ];
    for operation in operations {
        let job = job(Some(Action::Spend(operation)));
        assert_eq!(Lane::of(&job.work), Lane::Settling, "{:?}", job.work);
    }
    assert_eq!(Lane::of(&job(None).work), Lane::Ordinary);
}

#[test]
fn takes_settling_work_first_and_each_lane_in_its_order() {
    let (entrance, exit) = lanes();
    for number in 0..3 {
        entrance.put(job(None)).unwrap();
        entrance.put(settling(number)).unwrap();
    }
    let (settling, ordinary) = (Lane::Settling, Lane::Ordinary);
    assert_eq!(lanes_of(&take(&exit, 4)), [settling, settling, settling, ordinary]);
    assert_eq!(lanes_of(&take(&exit, 4)), [ordinary, ordinary]);
}

#[test]
fn takes_settling_work_long_after_new_work_is_told_to_come_back() {
    let (entrance, exit) = lanes();
    for _ in 0..1_024 {
        entrance.put(job(None)).unwrap();
    }
    assert_eq!(entrance.put(job(None)), Err(NotTaken::Full));
    for number in 0..4_096 {
        entrance.put(settling(number)).unwrap();
    }
    assert_eq!(entrance.put(settling(4_096)), Err(NotTaken::Full));
    // New work goes on, however much is to be settled.
    let jobs = take(&exit, 256);
    let settling_count = lanes_of(&jobs).iter().filter(|lane| **lane == Lane::Settling).count();
    assert_eq!((jobs.len(), settling_count), (256, 224));
    entrance.put(job(None)).unwrap();
}

#[test]
fn ends_once_everything_was_taken_and_no_handle_is_left() {
    let (entrance, exit) = lanes();
    entrance.put(settling(0)).unwrap();
    assert!(matches!(exit.take(1, NO_WAIT), Taken::Jobs(_)));
    assert!(matches!(exit.take(1, NO_WAIT), Taken::Nothing));
    entrance.put(job(None)).unwrap();
    drop(entrance);
    assert!(matches!(exit.take(1, NO_WAIT), Taken::Jobs(_)));
    assert!(matches!(exit.take(1, NO_WAIT), Taken::End));
}

#[test]
fn tells_whoever_waits_that_the_writer_has_gone() {
    let (entrance, exit) = lanes();
    let (reply, answer) = oneshot::channel();
    entrance.put(Job { work: Work::default(), reply }).unwrap();
    for _ in 1..1_024 {
        entrance.put(job(None)).unwrap();
    }
    let waits = std::thread::spawn(move || entrance.put_when_room(job(None)));
    drop(exit);
    assert_eq!(waits.join().unwrap(), Err(NotTaken::Gone));
    assert!(answer.blocking_recv().is_err());
}

#[test]
fn lets_in_whoever_waits_for_room() {
    let (entrance, exit) = lanes();
    for _ in 0..1_024 {
        entrance.put(job(None)).unwrap();
    }
    let waits = std::thread::spawn(move || entrance.put_when_room(job(None)));
    assert_eq!(take(&exit, 1).len(), 1);
    assert_eq!(waits.join().unwrap(), Ok(()));
    assert_eq!(take(&exit, 2_000).len(), 1_024);
}
