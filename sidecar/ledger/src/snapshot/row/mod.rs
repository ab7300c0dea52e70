//! Rows as bytes. Every struct is taken apart, so that a new field cannot be left out.
//!
//! These messages are a snapshot's own; a change that an older release cannot read needs another
//! format version of the snapshot.

mod acts;
mod decode;
mod encode;

use makegood_proto::ledger::v1 as pb;
use prost::Message;

pub(super) use decode::decode;
pub(super) use encode::encode;

#[derive(Clone, PartialEq, Message)]
pub(super) struct Head {
    #[prost(uint64, tag = "1")]
    pub(super) entry_count: u64,
    #[prost(int64, tag = "2")]
    pub(super) last_ns: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ActivePolicy {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) sha256: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(string, tag = "3")]
    pub(super) version: String,
    #[prost(uint64, tag = "4")]
    pub(super) position: u64,
    #[prost(int64, tag = "5")]
    pub(super) activated_ns: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Pool {
    #[prost(string, tag = "1")]
    pub(super) team: String,
    #[prost(int64, optional, tag = "2")]
    pub(super) allotted_minor: Option<i64>,
    #[prost(int64, tag = "3")]
    pub(super) held_minor: i64,
    #[prost(int64, tag = "4")]
    pub(super) given_minor: i64,
    #[prost(int64, tag = "5")]
    pub(super) moved_minor: i64,
}

/// Sums of 128 bits, as 16 bytes each, little-endian.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Balance {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) debit_minor: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) credit_minor: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Counter {
    #[prost(bool, tag = "1")]
    pub(super) is_rolling: bool,
    #[prost(int64, tag = "2")]
    pub(super) held_minor: i64,
    #[prost(int64, tag = "3")]
    pub(super) given_minor: i64,
    #[prost(message, repeated, tag = "4")]
    pub(super) charges: Vec<StoredCharge>,
    #[prost(int64, tag = "5")]
    pub(super) granted_minor: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StoredCharge {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) spend_id: Vec<u8>,
    #[prost(int64, tag = "2")]
    pub(super) at_ns: i64,
    #[prost(int64, tag = "3")]
    pub(super) held_minor: i64,
    #[prost(int64, tag = "4")]
    pub(super) given_minor: i64,
    #[prost(int64, tag = "5")]
    pub(super) granted_minor: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Spend {
    #[prost(message, optional, tag = "1")]
    pub(super) about: Option<pb::About>,
    #[prost(string, tag = "2")]
    pub(super) currency_code: String,
    #[prost(int64, tag = "3")]
    pub(super) amount_minor: i64,
    #[prost(int64, tag = "4")]
    pub(super) held_minor: i64,
    #[prost(int64, tag = "5")]
    pub(super) committed_minor: i64,
    #[prost(int64, tag = "6")]
    pub(super) reversed_minor: i64,
    #[prost(string, tag = "7")]
    pub(super) state: String,
    #[prost(int64, tag = "8")]
    pub(super) reserved_ns: i64,
    #[prost(int64, tag = "9")]
    pub(super) expire_ns: i64,
    #[prost(message, repeated, tag = "10")]
    pub(super) commits: Vec<StoredPart>,
    #[prost(message, repeated, tag = "11")]
    pub(super) charged: Vec<StoredCharged>,
    #[prost(bytes = "vec", tag = "12")]
    pub(super) policy_sha256: Vec<u8>,
    #[prost(bytes = "vec", tag = "13")]
    pub(super) consult_id: Vec<u8>,
    #[prost(bytes = "vec", repeated, tag = "14")]
    pub(super) approver_pids: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "15")]
    pub(super) party_pids: Vec<Vec<u8>>,
    #[prost(string, tag = "16")]
    pub(super) role: String,
    #[prost(uint32, tag = "17")]
    pub(super) tenure_days: u32,
    #[prost(int64, tag = "18")]
    pub(super) counted_ns: i64,
    #[prost(message, repeated, tag = "19")]
    pub(super) raises: Vec<StoredPart>,
    #[prost(message, optional, tag = "20")]
    pub(super) grant: Option<StoredPart>,
    #[prost(int64, optional, tag = "21")]
    pub(super) committed_ns: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StoredPart {
    #[prost(int64, tag = "1")]
    pub(super) at_ns: i64,
    #[prost(int64, tag = "2")]
    pub(super) amount_minor: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StoredCharged {
    #[prost(string, tag = "1")]
    pub(super) limit_id: String,
    #[prost(message, optional, tag = "2")]
    pub(super) scope: Option<pb::Scope>,
    #[prost(message, optional, tag = "3")]
    pub(super) window: Option<pb::Window>,
    #[prost(string, tag = "4")]
    pub(super) currency_code: String,
    #[prost(int64, tag = "5")]
    pub(super) cap_minor: i64,
    #[prost(enumeration = "pb::Counts", tag = "6")]
    pub(super) counts: i32,
    #[prost(int64, optional, tag = "7")]
    pub(super) granted_above_minor: Option<i64>,
    #[prost(int64, tag = "8")]
    pub(super) at_ns: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Answer {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) agent_pid: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    pub(super) operation: Option<pb::Operation>,
    #[prost(uint64, tag = "3")]
    pub(super) position: u64,
    #[prost(int64, tag = "4")]
    pub(super) at_ns: i64,
    #[prost(message, optional, tag = "5")]
    pub(super) spend: Option<Snapshot>,
    #[prost(message, optional, tag = "6")]
    pub(super) refusal: Option<pb::Refusal>,
    #[prost(message, optional, tag = "7")]
    pub(super) consult: Option<acts::Consult>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Snapshot {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) spend_id: Vec<u8>,
    #[prost(string, tag = "2")]
    pub(super) currency_code: String,
    #[prost(int64, tag = "3")]
    pub(super) amount_minor: i64,
    #[prost(int64, tag = "4")]
    pub(super) held_minor: i64,
    #[prost(int64, tag = "5")]
    pub(super) committed_minor: i64,
    #[prost(int64, tag = "6")]
    pub(super) reversed_minor: i64,
    #[prost(string, tag = "7")]
    pub(super) state: String,
    #[prost(int64, tag = "8")]
    pub(super) expire_ns: i64,
}
