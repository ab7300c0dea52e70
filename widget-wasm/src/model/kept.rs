//! What a tab keeps across a reload: notes that wait, and spends whose outcome is open. Never a
//! token.

use makegood_proto::v1 as pb;
use prost::Message as _;

use super::line::{Line, Op};
use super::notes::Note;
use crate::rpc::request::NoteKind;

/// Everything that is kept.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Kept {
    #[prost(message, repeated, tag = "1")]
    notes: Vec<KeptNote>,
    #[prost(message, repeated, tag = "2")]
    lines: Vec<KeptLine>,
}

/// A note that waits.
#[derive(Clone, PartialEq, prost::Message)]
struct KeptNote {
    #[prost(string, tag = "1")]
    call: String,
    #[prost(int32, tag = "2")]
    kind: i32,
    #[prost(string, tag = "3")]
    id: String,
    #[prost(bytes = "vec", tag = "4")]
    body: Vec<u8>,
    #[prost(string, tag = "5")]
    words: String,
    #[prost(string, tag = "6")]
    aside: String,
}

/// A spend whose outcome is open.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct KeptLine {
    /// What was asked for.
    #[prost(message, optional, tag = "1")]
    pub(super) want: Option<pb::ReserveSpendRequest>,
    #[prost(int32, tag = "2")]
    op: i32,
    /// The id of the last request.
    #[prost(string, tag = "3")]
    pub(super) request_id: String,
    /// The reason that went with it.
    #[prost(int32, tag = "4")]
    pub(super) why: i32,
}

/// The order is the number that is kept: only ever add at the end.
const OPS: [Op; 5] = [Op::Reserve, Op::Give, Op::Commit, Op::Void, Op::Reverse];

impl KeptLine {
    /// The interaction it belongs to.
    pub(super) fn interaction_id(&self) -> &str {
        self.want.as_ref().map_or("", |want| &want.interaction_id)
    }

    /// What was asked last.
    pub(super) fn op(&self) -> Op {
        let index = usize::try_from(self.op).unwrap_or(0);
        OPS.get(index).copied().unwrap_or(Op::Reserve)
    }

    fn of(line: &Line) -> KeptLine {
        let op = OPS.iter().position(|op| *op == line.op).unwrap_or(0);
        KeptLine {
            want: Some(line.want.clone()),
            op: i32::try_from(op).unwrap_or(0),
            request_id: line.request_id.clone(),
            why: line.why,
        }
    }
}

impl Kept {
    /// Collects what has to survive.
    pub(super) fn new<'a>(
        notes: &[Note],
        lines: impl Iterator<Item = &'a Line>,
        parked: &[KeptLine],
    ) -> Kept {
        let lines = lines.map(KeptLine::of).chain(parked.iter().cloned()).collect();
        Kept { notes: notes.iter().map(KeptNote::of).collect(), lines }
    }

    /// The bytes to keep. Empty if there is nothing.
    pub(super) fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// Reads what was kept; what cannot be read is gone.
    pub(crate) fn decode_or_empty(bytes: &[u8]) -> Kept {
        Kept::decode(bytes).unwrap_or_default()
    }

    pub(super) fn open(self) -> (Vec<Note>, Vec<KeptLine>) {
        (self.notes.into_iter().filter_map(KeptNote::open).collect(), self.lines)
    }
}

impl KeptNote {
    fn of(note: &Note) -> KeptNote {
        KeptNote {
            call: note.call.clone(),
            kind: note.kind as i32,
            id: note.id.clone(),
            body: note.body.clone(),
            words: note.words.clone(),
            aside: note.aside.clone(),
        }
    }

    fn open(self) -> Option<Note> {
        let KeptNote { call, kind, id, body, words, aside } = self;
        let kind = *NoteKind::ALL.get(usize::try_from(kind).ok()?)?;
        Some(Note { call, kind, id, body, words, aside, sent: false })
    }
}
