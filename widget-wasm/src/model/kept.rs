//! What a tab keeps across a reload: notes that wait, and spends whose outcome is open. Never a
//! token.

use makegood_proto::v1 as pb;

use super::line::{Line, Op};
use super::notes::Note;
use crate::rpc::request::NoteKind;
use crate::rpc::wire::{decode, encode, wire};

/// Everything that is kept.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Kept {
    notes: Vec<KeptNote>,
    lines: Vec<KeptLine>,
}

/// A note that waits.
#[derive(Debug, Default, PartialEq)]
struct KeptNote {
    call: String,
    kind: i32,
    id: String,
    body: Vec<u8>,
    words: String,
    aside: String,
}

/// A spend whose outcome is open.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct KeptLine {
    /// What was asked for.
    pub(super) want: Option<pb::ReserveSpendRequest>,
    op: i32,
    /// The id of the last request.
    pub(super) request_id: String,
    /// The reason that went with it.
    pub(super) why: i32,
    /// The amount that went with it.
    pub(super) asked_minor: i64,
}

/// The order is the number that is kept: only ever add at the end.
const OPS: [Op; 6] = [Op::Reserve, Op::Give, Op::Commit, Op::Void, Op::Reverse, Op::Ask];

wire!(read Kept { 1 list notes, 2 list lines, });
wire!(read KeptNote { 1 text call, 2 int kind, 3 text id, 4 bytes body, 5 text words, 6 text aside, });
wire!(read KeptLine { 1 message want, 2 int op, 3 text request_id, 4 int why, 5 long asked_minor, });
wire!(write Kept { 1 list notes, 2 list lines, });
wire!(write KeptNote { 1 text call, 2 int kind, 3 text id, 4 bytes body, 5 text words, 6 text aside, });
wire!(write KeptLine { 1 message want, 2 int op, 3 text request_id, 4 int why, 5 long asked_minor, });

impl KeptLine {
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
            asked_minor: line.asked_minor,
        }
    }
}

impl Kept {
    /// Collects what has to survive.
    pub(super) fn new(notes: &[Note]) -> Kept {
        let mut kept = Kept::default();
        for note in notes {
            kept.notes.push(KeptNote::of(note));
        }
        kept
    }

    /// Adds a spend whose outcome is open.
    pub(super) fn add(&mut self, line: &Line) {
        self.lines.push(KeptLine::of(line));
    }

    /// The bytes to keep. Empty if there is nothing.
    pub(super) fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Reads what was kept; what cannot be read is gone.
    pub(crate) fn decode_or_empty(bytes: &[u8]) -> Kept {
        decode(bytes).unwrap_or_default()
    }

    /// The notes and the spends, as they were.
    pub(super) fn open(mut self, now: i64) -> (Vec<Note>, Vec<Line>) {
        let (mut notes, mut lines) = (Vec::new(), Vec::new());
        // The newest comes first.
        while let Some(note) = self.notes.pop() {
            if let Some(note) = note.open() {
                notes.insert(0, note);
            }
        }
        while let Some(line) = self.lines.pop() {
            lines.insert(0, Line::recalled(line, now));
        }
        (notes, lines)
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
