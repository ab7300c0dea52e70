//! Records of the customer's side, sealed under the key of the person they are about.
//!
//! In the clear an [`Envelope`] holds only what is needed to find a record and to erase it. The
//! same record id written again replaces the record.

use makegood_proto::records::v1::{Envelope, IndexKind, IndexTerm, RecordKind};
use prost::Message;

use crate::vault::{Binding, Pid, Vault, VaultError};

/// The version byte in front of every stored envelope.
const FORMAT_VERSION: u8 = 1;

/// The origin of what the sidecar itself took down during a call.
pub const LIVE: &str = "live";

/// What is wrong with a stored record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes are no envelope of a known version.
    #[error("a stored record has an unknown format; it may come from a newer release")]
    Format,
    /// The content cannot be opened.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// An entry of the ledger, as a record names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Its position.
    pub position: u64,
    /// Its Merkle leaf hash.
    pub hash: [u8; 32],
}

/// A record in the clear, ready to be sealed and written.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it is.
    pub kind: RecordKind,
    /// Whose key seals it.
    pub subject: Pid,
    /// The record's id, the same for every version of it.
    pub record_id: [u8; 16],
    /// Where it stands in a timeline, in nanoseconds since the Unix epoch; never changes.
    pub sort_time_ns: i64,
    /// By what the subject is found.
    pub index_terms: Vec<IndexTerm>,
    /// The encoded message of `makegood.records.v1`.
    pub content: Vec<u8>,
}

impl Draft {
    /// A record that adds nothing to the index.
    pub fn new(
        kind: RecordKind,
        subject: Pid,
        record_id: [u8; 16],
        sort_time_ns: i64,
        content: &impl Message,
    ) -> Self {
        let content = content.encode_to_vec();
        Self { kind, subject, record_id, sort_time_ns, index_terms: Vec::new(), content }
    }

    /// Lets the subject be found by `value`.
    pub fn find_by(&mut self, vault: &Vault, kind: IndexKind, value: &str) {
        let hash = vault.index_hash(kind.into(), value).to_vec();
        self.index_terms.push(IndexTerm { kind: kind.into(), hash });
    }

    /// Seals the record at `record_time_ns`; `entry` is the ledger entry that it belongs to.
    ///
    /// # Errors
    /// When the subject was erased.
    pub fn seal(
        &self,
        vault: &Vault,
        record_time_ns: i64,
        entry: Option<Leaf>,
    ) -> Result<Envelope, VaultError> {
        let binding = Binding { kind: self.kind.into(), record_id: &self.record_id };
        Ok(Envelope {
            kind: self.kind.into(),
            subject_pid: self.subject.to_vec(),
            record_id: self.record_id.to_vec(),
            sort_time_ns: self.sort_time_ns,
            record_time_ns,
            content_hash: vault.content_hash(&self.subject, &self.content)?.to_vec(),
            index_terms: self.index_terms.clone(),
            sealed: vault.seal(&self.subject, binding, &self.content)?,
            ledger_position: entry.map_or(0, |leaf| leaf.position.cast_signed()),
            ledger_leaf_hash: entry.map(|leaf| leaf.hash.to_vec()).unwrap_or_default(),
        })
    }
}

/// The stored bytes of an envelope.
pub fn encode(envelope: &Envelope) -> Vec<u8> {
    let mut bytes = vec![FORMAT_VERSION];
    envelope.encode_raw(&mut bytes);
    bytes
}

/// Reads stored bytes back.
///
/// # Errors
/// [`RecordError::Format`] for anything that [`encode`] did not write.
pub fn decode(bytes: &[u8]) -> Result<Envelope, RecordError> {
    match bytes.split_first() {
        Some((&FORMAT_VERSION, message)) => {
            Envelope::decode(message).map_err(|_| RecordError::Format)
        }
        _ => Err(RecordError::Format),
    }
}

/// Whose record it is.
///
/// # Errors
/// [`RecordError::Format`] when the pseudonym has another length.
pub fn subject(envelope: &Envelope) -> Result<Pid, RecordError> {
    Pid::try_from(envelope.subject_pid.as_slice()).map_err(|_| RecordError::Format)
}

/// Opens the content of an envelope.
///
/// # Errors
/// When the subject was erased, the bytes were changed, or the content has an unknown format.
pub fn open<M: Message + Default>(vault: &Vault, envelope: &Envelope) -> Result<M, RecordError> {
    let binding = Binding { kind: envelope.kind, record_id: &envelope.record_id };
    let content = vault.open_sealed(&subject(envelope)?, binding, &envelope.sealed)?;
    M::decode(content.as_slice()).map_err(|_| RecordError::Format)
}
