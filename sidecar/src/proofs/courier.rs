//! Shows each checkpoint to a witness and keeps the cosignature, on a thread of its own: a witness
//! that is slow or away holds nobody up.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use makegood_ledger::checkpoint::{
    KeyError, KeyKind, NoteSignature, SignedCheckpoint, VerifierKey,
};
use makegood_ledger::proof::TreeHead;
use makegood_ledger::witness::{AddCheckpoint, state_file_name};
use ureq::Agent;

use super::anchor::Behind;
use super::book::{Book, ProveError, PublishError};

/// How often it looks for a newer checkpoint.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a witness that fails is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(10);
/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer that is read, in bytes: a few signature lines.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// A witness: its public key, and where it listens; written `key@http://host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessAddress {
    /// The witness' public key.
    pub key: VerifierKey,
    /// What `/add-checkpoint` is appended to.
    pub url: String,
}

/// Why a text names no witness.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessAddressError {
    /// Key and address are not both there.
    #[error("write the witness' public key and its address as KEY@http://HOST:PORT")]
    Form,
    /// The key is none.
    #[error("the witness' public key cannot be read: {0}")]
    Key(#[from] KeyError),
    /// The key is a ledger's.
    #[error("the public key is a ledger's, not a witness'; `makegood witness keygen` makes those")]
    Kind,
}

impl FromStr for WitnessAddress {
    type Err = WitnessAddressError;

    fn from_str(text: &str) -> Result<Self, WitnessAddressError> {
        let (key, url) = text.split_once("@http://").ok_or(WitnessAddressError::Form)?;
        let key = VerifierKey::parse(key)?;
        if key.kind() != KeyKind::Witness {
            return Err(WitnessAddressError::Kind);
        }
        let url = format!("http://{}", url.trim_end_matches('/'));
        Ok(Self { key, url })
    }
}

impl fmt::Display for WitnessAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.key, self.url)
    }
}

/// The thread of one witness; dropping it lets the thread end.
pub(super) struct Courier {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Courier {
    pub(super) fn start(
        witness: WitnessAddress,
        book: Arc<Book>,
        on_behind: Arc<dyn Fn(&Behind) + Send + Sync>,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT));
        let agent = config.http_status_as_error(false).max_redirects(0).build().into();
        let mut round = Round { witness, agent, book, seen: 0, on_behind, has_failed: false };
        let thread = thread::Builder::new().name("witness".into());
        let thread = thread.spawn(move || round.run(&stopped))?;
        Ok(Self { stop, thread })
    }
}

impl Drop for Courier {
    /// Not waited for: it may be in the middle of a request.
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.thread.thread().unpark();
    }
}

struct Round {
    witness: WitnessAddress,
    agent: Agent,
    book: Arc<Book>,
    /// The size that the witness has seen last, as far as we know.
    seen: u64,
    on_behind: Arc<dyn Fn(&Behind) + Send + Sync>,
    has_failed: bool,
}

/// What a witness has answered.
enum Answer {
    Cosigned,
    Seen(u64),
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
enum CourierError {
    #[error("the witness cannot be reached: {0}")]
    Http(#[from] ureq::Error),
    #[error("the witness answered {status}: {text}")]
    Refused { status: u16, text: String },
    #[error("the ledger does not go on from what the witness has cosigned")]
    Behind,
    #[error(
        "the witness says that it has seen another tree, but its signature is not on it: whoever \
         runs it, or stands between, has to show that at /checkpoints/"
    )]
    Unsigned,
    #[error("the witness has signed something else")]
    Signature,
    #[error(transparent)]
    Proof(#[from] ProveError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl Round {
    fn run(&mut self, stop: &AtomicBool) {
        let mut shown = None;
        while !stop.load(Ordering::Acquire) {
            let newest = self.book.newest().filter(|it| shown != Some(it.head()));
            let answered = newest.as_deref().map(|it| self.show(it).map(|()| it.head()));
            let wait = match answered {
                None => PERIOD,
                Some(Ok(head)) => {
                    shown = Some(head);
                    PERIOD
                }
                Some(Err(error)) => {
                    self.complain(&error);
                    RETRY_AFTER
                }
            };
            thread::park_timeout(wait);
        }
    }

    /// Once for each time that it begins to fail: a witness may be away for days.
    fn complain(&mut self, error: &CourierError) {
        if !self.has_failed {
            tracing::warn!(%error, witness = self.witness.key.name(), "a checkpoint is not cosigned");
        }
        self.has_failed = true;
    }

    /// Shows a checkpoint, from the size that the witness says it knows.
    fn show(&mut self, checkpoint: &SignedCheckpoint) -> Result<(), CourierError> {
        let head = checkpoint.head();
        if let Answer::Seen(size) = self.ask(checkpoint)? {
            if size > head.size {
                return Err(self.judge(head)?);
            }
            self.seen = size;
            if matches!(self.ask(checkpoint)?, Answer::Seen(_)) {
                return Err(CourierError::Refused { status: 409, text: "twice".to_owned() });
            }
        }
        self.seen = head.size;
        if self.has_failed {
            tracing::info!(witness = self.witness.key.name(), "checkpoints are cosigned again");
        }
        self.has_failed = false;
        Ok(())
    }

    /// The witness says that it has seen more, or another tree. Its bare answer could be anybody's,
    /// so that nothing is refused before its signature is on what it has seen.
    fn judge(&self, head: TreeHead) -> Result<CourierError, CourierError> {
        let seen = self.word()?.ok_or(CourierError::Unsigned)?;
        let name = self.witness.key.name();
        if seen.size > self.book.size() {
            let reason = format!(
                "witness {name} has cosigned {} entries, and there are {}",
                seen.size, head.size
            );
            (self.on_behind)(&Behind::by_witness(reason, head));
            return Ok(CourierError::Behind);
        }
        let (_, own, _) = self.book.consistency(seen.size, None)?;
        if own.root == seen.root {
            // What it says and what it has signed are two things.
            return Ok(CourierError::Unsigned);
        }
        let reason = format!("the ledger does not go on from what witness {name} has cosigned");
        (self.on_behind)(&Behind::by_witness(reason, head));
        Ok(CourierError::Behind)
    }

    /// What the witness has last seen of the ledger, by its signature; `None` where it shows none.
    fn word(&self) -> Result<Option<TreeHead>, CourierError> {
        let Some(newest) = self.book.newest() else { return Ok(None) };
        let origin = &newest.checkpoint().origin;
        let Some(name) = state_file_name(origin) else { return Ok(None) };
        let url = format!("{}/checkpoints/{name}", self.witness.url);
        let mut response = self.agent.get(&url).call()?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string()?;
        let key = &self.witness.key;
        let note = SignedCheckpoint::parse(&body).ok().filter(|note| {
            note.checkpoint().origin == *origin
                && note.signatures().iter().any(|line| note.is_signed_by(key, line))
        });
        Ok(note.map(|note| note.head()))
    }

    fn ask(&self, checkpoint: &SignedCheckpoint) -> Result<Answer, CourierError> {
        let head = checkpoint.head();
        let old_size = self.seen.min(head.size);
        let path = match old_size {
            0 => Vec::new(),
            old_size => self.book.consistency(old_size, Some(head.size))?.0,
        };
        let request = AddCheckpoint { old_size, path, checkpoint: checkpoint.clone() };
        let url = format!("{}/add-checkpoint", self.witness.url);
        let mut response = self.agent.post(&url).send(request.to_string())?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string()?;
        match (response.status().as_u16(), body.trim_end().parse()) {
            (200, _) => self.keep(checkpoint, &body),
            (409, Ok(size)) if size != old_size => Ok(Answer::Seen(size)),
            (409 | 422, _) => Err(self.judge(head)?),
            (status, _) => Err(CourierError::Refused { status, text: body.trim_end().to_owned() }),
        }
    }

    /// Verifies the cosignature, and keeps it with the checkpoint.
    fn keep(&self, checkpoint: &SignedCheckpoint, body: &str) -> Result<Answer, CourierError> {
        let key = &self.witness.key;
        let mut lines = body.lines().filter_map(NoteSignature::parse);
        let own = lines.find(|line| checkpoint.is_signed_by(key, line));
        let own = own.ok_or(CourierError::Signature)?;
        self.book.add_cosignature(checkpoint, own)?;
        Ok(Answer::Cosigned)
    }
}

#[cfg(test)]
mod tests;
