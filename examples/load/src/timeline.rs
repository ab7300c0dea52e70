//! What happened when: the calls of each kind and what the server used, slot by slot.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant as Tick, sleep_until};

use crate::open::Notes;
use crate::recorder::Recorder;
use crate::report::{counts, per_second};
use crate::usage::Usage;
use crate::wire::Outcome;

/// The kinds of calls that are told apart.
pub(crate) const KINDS: [Kind; 10] = [
    Kind::Start,
    Kind::Panel,
    Kind::Preview,
    Kind::Give,
    Kind::Hold,
    Kind::Commit,
    Kind::Release,
    Kind::Action,
    Kind::End,
    Kind::Topic,
];

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Start,
    Panel,
    Preview,
    Give,
    Hold,
    Commit,
    Release,
    Action,
    End,
    Topic,
}

impl Kind {
    /// The name in figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Panel => "panel",
            Self::Preview => "preview",
            Self::Give => "give",
            Self::Hold => "hold",
            Self::Commit => "commit",
            Self::Release => "release",
            Self::Action => "action",
            Self::End => "end",
            Self::Topic => "topic",
        }
    }

    /// Whether the answer waits for the disk.
    pub(crate) const fn is_durable(self) -> bool {
        !matches!(self, Self::Panel | Self::Preview | Self::Topic)
    }
}

/// Where calls are noted while they go on; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    notes: [Notes; KINDS.len()],
    desks: AtomicU64,
    messages: AtomicU64,
}

impl Log {
    /// Notes how a call ended that was meant to begin at `due`.
    pub(crate) fn note(&self, kind: Kind, due: Instant, outcome: &Outcome) {
        self.0.notes[kind as usize].note(due, outcome);
    }

    /// Counts a call that never began, by its reason.
    pub(crate) fn count(&self, kind: Kind, reason: &str) {
        self.0.notes[kind as usize].count(reason);
    }

    /// A desk was opened.
    pub(crate) fn desk_opened(&self) {
        self.0.desks.fetch_add(1, Ordering::Relaxed);
    }

    /// A desk was closed.
    pub(crate) fn desk_closed(&self) {
        self.0.desks.fetch_sub(1, Ordering::Relaxed);
    }

    /// A desk received a message.
    pub(crate) fn message(&self) {
        self.0.messages.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets the calls that were noted so far.
    pub(crate) fn forget(&self) {
        drop(self.take());
    }

    fn take(&self) -> BTreeMap<Kind, Recorder> {
        let taken = KINDS.map(|kind| (kind, self.0.notes[kind as usize].take()));
        taken.into_iter().collect()
    }
}

/// A stretch of time.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    /// Where it ends on the axis of time, in the axis' unit.
    pub(crate) at: f64,
    /// How long it was.
    pub(crate) length: Duration,
    /// The calls that ended in it.
    pub(crate) calls: BTreeMap<Kind, Recorder>,
    /// Messages that desks received in it.
    pub(crate) message_count: u64,
    /// Desks that were open at its end.
    pub(crate) desk_count: u64,
    /// Cores that the server kept busy, if it was told which process that is.
    pub(crate) server_cores: Option<f64>,
    /// The server's resident memory in bytes at its end.
    pub(crate) server_rss_bytes: Option<u64>,
    /// Cores that this process kept busy.
    pub(crate) generator_cores: f64,
}

impl Slot {
    /// The calls of all kinds for which `is_meant` holds.
    pub(crate) fn sum(&self, is_meant: impl Fn(Kind) -> bool) -> Recorder {
        let mut sum = Recorder::default();
        for (_, recorder) in self.calls.iter().filter(|(kind, _)| is_meant(**kind)) {
            sum.add(recorder);
        }
        sum
    }

    /// A line of figures.
    fn json(&self, axis: &str) -> Value {
        let kind = |(kind, recorder): (&Kind, &Recorder)| {
            let value = json!({
                "calls_per_s": per_second(recorder.done_count(), self.length),
                "p50_us": recorder.done_us(0.5),
                "p99_us": recorder.done_us(0.99),
                "not_done": counts(recorder.reasons()),
            });
            (kind.name().to_owned(), value)
        };
        let calls: serde_json::Map<_, _> = self.calls.iter().map(kind).collect();
        json!({
            axis: self.at,
            "length_ms": u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX),
            "calls": calls,
            "messages_per_s": per_second(self.message_count, self.length),
            "desks": self.desk_count,
            "server_cores": self.server_cores,
            "server_rss_bytes": self.server_rss_bytes,
            "generator_cores": self.generator_cores,
        })
    }
}

/// Slots as they end, until it is told to stop.
pub(crate) struct Timeline {
    stop: oneshot::Sender<()>,
    slots: JoinHandle<anyhow::Result<Vec<Slot>>>,
}

/// More slots than this no page can show.
const SLOTS_MAX: usize = 10_000;

impl Timeline {
    /// Begins now; each slot is `length` long, and the axis moves by `step` in it.
    pub(crate) fn begin(
        log: &Log,
        server_pid: Option<u32>,
        length: Duration,
        (from, step): (f64, f64),
    ) -> Self {
        let (end, ending) = oneshot::channel();
        let slots = tokio::spawn(watch(log.clone(), server_pid, length, (from, step), ending));
        Self { stop: end, slots }
    }

    /// The slots so far, the last one cut short.
    ///
    /// # Errors
    /// The server's process could not be looked at.
    pub(crate) async fn end(self) -> anyhow::Result<Vec<Slot>> {
        // Whoever could not look at the server has ended before.
        self.stop.send(()).unwrap_or(());
        self.slots.await?
    }
}

async fn watch(
    log: Log,
    server_pid: Option<u32>,
    length: Duration,
    (from, step): (f64, f64),
    mut ending: oneshot::Receiver<()>,
) -> anyhow::Result<Vec<Slot>> {
    let look =
        || anyhow::Ok((Instant::now(), server_pid.map(Usage::of).transpose()?, Usage::own()?));
    let start = Tick::now();
    let (mut slots, mut before) = (Vec::new(), look()?);
    let mut at = from;
    for number in 1..=SLOTS_MAX {
        let end = start + length * u32::try_from(number).unwrap_or(u32::MAX);
        let is_last = tokio::select! {
            () = sleep_until(end) => false,
            _ = &mut ending => true,
        };
        at += step;
        let now = look()?;
        let taken = now.0 - before.0;
        let cores = |before: Usage, now: Usage| {
            now.cpu.saturating_sub(before.cpu).as_secs_f64() / taken.as_secs_f64().max(1e-6)
        };
        slots.push(Slot {
            at,
            length: taken,
            calls: log.take(),
            message_count: log.0.messages.swap(0, Ordering::Relaxed),
            desk_count: log.0.desks.load(Ordering::Relaxed),
            server_cores: before.1.zip(now.1).map(|(before, now)| cores(before, now)),
            server_rss_bytes: now.1.map(|usage| usage.rss_bytes),
            generator_cores: cores(before.2, now.2),
        });
        before = now;
        if is_last {
            break;
        }
    }
    Ok(slots)
}

/// Writes a line of JSON for each slot.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write_lines(path: &Path, axis: &str, slots: &[Slot]) -> anyhow::Result<()> {
    let file = File::create(path).with_context(|| format!("out: write {}", path.display()))?;
    let mut file = BufWriter::new(file);
    for slot in slots {
        writeln!(file, "{}", slot.json(axis))?;
    }
    Ok(file.flush()?)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn finds_each_kind_at_its_own_place() {
        for (place, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, place, "{}", kind.name());
        }
    }

    #[tokio::test]
    async fn keeps_calls_in_the_slot_in_which_they_ended() {
        let log = Log::default();
        let timeline = Timeline::begin(&log, None, Duration::from_millis(50), (0.0, 10.0));
        log.note(Kind::Panel, Instant::now(), &Outcome::Done(Bytes::new()));
        tokio::time::sleep(Duration::from_millis(75)).await;
        log.note(Kind::Give, Instant::now(), &Outcome::Lost);
        log.desk_opened();
        let slots = timeline.end().await.unwrap();
        assert_eq!(slots[0].sum(|_| true).done_count(), 1);
        assert!((slots[0].at - 10.0).abs() < f64::EPSILON);
        let last = slots.last().unwrap();
        assert_eq!(last.sum(Kind::is_durable).reasons()["LOST"], 1);
        assert_eq!(last.desk_count, 1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figures.jsonl");
        write_lines(&path, "hour", &slots).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(first["hour"], 10.0);
        assert_eq!(text.lines().count(), slots.len());
    }
}
