//! The wire format of protocol buffers, written straight into bytes and passed over in place: for
//! the few messages that most of a ledger consists of.
//!
//! As everywhere in proto3, a field that holds its default is left out.

const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
const DELIMITED: u32 = 2;
const FIXED_32: u32 = 5;

/// A message that is being written; its fields have to come in the order of their numbers.
pub(super) struct Wire<'a> {
    bytes: &'a mut Vec<u8>,
}

impl<'a> Wire<'a> {
    pub(super) fn new(bytes: &'a mut Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Where the message goes, for fields that are encoded by other means.
    pub(super) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        self.bytes
    }

    /// A whole number of any width, or the number of an enum's value.
    pub(super) fn int(&mut self, field: u32, value: impl Into<i64>) {
        let value = value.into();
        if value != 0 {
            self.chosen_int(field, value);
        }
    }

    /// A number that is written even where it is zero: an optional field, or one of several.
    pub(super) fn chosen_int(&mut self, field: u32, value: i64) {
        self.key(field, VARINT);
        self.varint(value.cast_unsigned());
    }

    pub(super) fn flag(&mut self, field: u32, value: bool) {
        self.int(field, value);
    }

    pub(super) fn text(&mut self, field: u32, value: &str) {
        self.blob(field, value.as_bytes());
    }

    pub(super) fn blob(&mut self, field: u32, value: &[u8]) {
        if !value.is_empty() {
            self.key(field, DELIMITED);
            self.varint(value.len() as u64);
            self.bytes.extend_from_slice(value);
        }
    }

    /// Several parts as one text or blob, which is written even where it is empty.
    pub(super) fn joined(&mut self, field: u32, parts: &[&[u8]]) {
        self.key(field, DELIMITED);
        self.varint(parts.iter().map(|part| part.len()).sum::<usize>() as u64);
        for part in parts {
            self.bytes.extend_from_slice(part);
        }
    }

    /// A message within this one.
    pub(super) fn message(&mut self, field: u32, write: impl FnOnce(&mut Wire<'_>)) {
        self.key(field, DELIMITED);
        let length_at = self.bytes.len();
        // Most messages are below 128 bytes, whose length takes one.
        self.bytes.push(0);
        let start = self.bytes.len();
        write(&mut Wire { bytes: self.bytes });
        let mut length = (self.bytes.len() - start) as u64;
        let mut at = length_at;
        while length >= 0x80 {
            self.bytes[at] = low_bits(length) | 0x80;
            at += 1;
            self.bytes.insert(at, 0);
            length >>= 7;
        }
        self.bytes[at] = low_bits(length);
    }

    fn key(&mut self, field: u32, wire_type: u32) {
        self.varint(u64::from(field << 3 | wire_type));
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(low_bits(value) | 0x80);
            value >>= 7;
        }
        self.bytes.push(low_bits(value));
    }
}

/// The lowest seven bits: what a byte of a number carries, besides the mark that more follow.
fn low_bits(value: u64) -> u8 {
    (value & 0x7f) as u8
}

/// What a field holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// Nothing: it is left out.
    #[default]
    Absent,
    Number(u64),
    /// A text, bytes, a message, or a number of fixed width.
    Blob(&'a [u8]),
}

impl<'a> Value<'a> {
    /// A whole number of any width; zero where there is none.
    pub(super) fn int(self) -> i64 {
        match self {
            Self::Number(value) => value.cast_signed(),
            Self::Absent | Self::Blob(_) => 0,
        }
    }

    /// The bytes; none where there are none.
    pub(super) fn blob(self) -> &'a [u8] {
        match self {
            Self::Absent | Self::Number(_) => &[],
            Self::Blob(bytes) => bytes,
        }
    }

    /// The text; empty where there is none.
    pub(super) fn text(self) -> &'a str {
        str::from_utf8(self.blob()).unwrap_or_default()
    }
}

/// The fields of a message below `N` by their numbers, of each the last; `None` where the bytes are
/// no message.
pub(super) fn fields<const N: usize>(message: &[u8]) -> Option<[Value<'_>; N]> {
    let mut fields = [Value::default(); N];
    let mut rest = message;
    while !rest.is_empty() {
        let (number, value) = take_field(&mut rest)?;
        if let Some(field) = fields.get_mut(usize::try_from(number).ok()?) {
            *field = value;
        }
    }
    Some(fields)
}

/// A message without some of its fields; `None` where the bytes are no message.
pub(super) fn without(message: &[u8], left_out: &[u32]) -> Option<Vec<u8>> {
    let mut kept = Vec::with_capacity(message.len());
    let mut rest = message;
    while !rest.is_empty() {
        let field = rest;
        let (number, _) = take_field(&mut rest)?;
        if !left_out.contains(&number) {
            kept.extend_from_slice(field.get(..field.len() - rest.len())?);
        }
    }
    Some(kept)
}

fn take_field<'a>(rest: &mut &'a [u8]) -> Option<(u32, Value<'a>)> {
    let key = u32::try_from(take_varint(rest)?).ok()?;
    let length = match key & 7 {
        VARINT => return Some((key >> 3, Value::Number(take_varint(rest)?))),
        FIXED_64 => 8,
        FIXED_32 => 4,
        DELIMITED => usize::try_from(take_varint(rest)?).ok()?,
        _ => return None,
    };
    let (blob, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some((key >> 3, Value::Blob(blob)))
}

fn take_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    // Ten bytes of seven bits are the most that a number takes.
    for shift in (0..70).step_by(7) {
        let (&byte, behind) = rest.split_first()?;
        *rest = behind;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
