//! Reads and writes the messages of the API. The types are prost's; going through them by one loop
//! and a table for each message takes a third of its code in the WASM, and tests hold every table
//! to what prost itself writes.

/// The bytes are not a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// What a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    /// A number.
    Number(u64),
    /// Text, bytes, or a message.
    Bytes(&'a [u8]),
}

/// A message that can be read.
pub(crate) trait Wire {
    /// Takes one field; one that is not known is skipped.
    fn set(&mut self, tag: u64, value: Value<'_>) -> Result<(), Malformed>;
}

/// Reads a whole message.
pub(crate) fn decode<M: Wire + Default>(bytes: &[u8]) -> Result<M, Malformed> {
    let mut message = M::default();
    read(bytes, &mut message)?;
    Ok(message)
}

fn read(mut bytes: &[u8], message: &mut dyn Wire) -> Result<(), Malformed> {
    while !bytes.is_empty() {
        let key = number(&mut bytes)?;
        let value = match key & 7 {
            0 => Value::Number(number(&mut bytes)?),
            1 => Value::Bytes(take(&mut bytes, 8)?),
            2 => {
                let length = number(&mut bytes)?;
                Value::Bytes(take(&mut bytes, usize::try_from(length).map_err(|_| Malformed)?)?)
            }
            5 => Value::Bytes(take(&mut bytes, 4)?),
            _ => return Err(Malformed),
        };
        message.set(key >> 3, value)?;
    }
    Ok(())
}

fn number(bytes: &mut &[u8]) -> Result<u64, Malformed> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first().ok_or(Malformed)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Malformed)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Result<&'a [u8], Malformed> {
    let (value, rest) = bytes.split_at_checked(length).ok_or(Malformed)?;
    *bytes = rest;
    Ok(value)
}

/// Reads UTF-8, one character at a time: the standard library's way is faster, and takes a kilobyte
/// more.
pub(super) fn text(mut bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    while let Some((first, rest)) = bytes.split_first() {
        let ones = first.leading_ones();
        let length = match ones {
            0 => 1,
            2..=4 => ones as usize,
            _ => return None,
        };
        let (tail, rest) = rest.split_at_checked(length - 1)?;
        let mut point = u32::from(first & (0x7f >> ones));
        for byte in tail {
            point = point << 6 | u32::from(byte ^ 0x80);
            if byte & 0xc0 != 0x80 {
                return None;
            }
        }
        let letter = char::from_u32(point).filter(|letter| letter.len_utf8() == length)?;
        text.push(letter);
        bytes = rest;
    }
    Some(text)
}

impl<'a> Value<'a> {
    #[expect(clippy::cast_possible_wrap, reason = "the format has negative numbers wrap")]
    fn number(self) -> Result<i64, Malformed> {
        match self {
            Value::Number(value) => Ok(value as i64),
            Value::Bytes(_) => Err(Malformed),
        }
    }

    /// Reads a message into one that is there.
    pub(crate) fn read_into(self, message: &mut dyn Wire) -> Result<(), Malformed> {
        read(self.bytes()?, message)
    }

    fn bytes(self) -> Result<&'a [u8], Malformed> {
        match self {
            Value::Bytes(value) => Ok(value),
            Value::Number(_) => Err(Malformed),
        }
    }
}

/// A message that can be written.
pub(crate) trait Put {
    /// Adds the fields that are not empty.
    fn put(&self, out: &mut Vec<u8>);
}

/// Writes a whole message.
pub(crate) fn encode(message: &dyn Put) -> Vec<u8> {
    let mut out = Vec::new();
    message.put(&mut out);
    out
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
fn put_number(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_bytes(out: &mut Vec<u8>, tag: u64, bytes: &[u8]) {
    put_number(out, tag << 3 | 2);
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// How each kind of field is read and written.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "the tables hand every field on in the same way"
)]
pub(crate) mod kind {
    /// Text.
    pub(crate) mod text {
        use super::super::{Malformed, Value, put_bytes};

        pub(crate) fn read(field: &mut String, value: Value<'_>) -> Result<(), Malformed> {
            *field = super::super::text(value.bytes()?).ok_or(Malformed)?;
            Ok(())
        }

        pub(crate) fn write(field: &str, tag: u64, out: &mut Vec<u8>) {
            if !field.is_empty() {
                put_bytes(out, tag, field.as_bytes());
            }
        }
    }

    /// Bytes.
    pub(crate) mod bytes {
        use super::super::{Malformed, Value, put_bytes};

        pub(crate) fn read(field: &mut Vec<u8>, value: Value<'_>) -> Result<(), Malformed> {
            value.bytes()?.clone_into(field);
            Ok(())
        }

        pub(crate) fn write(field: &[u8], tag: u64, out: &mut Vec<u8>) {
            if !field.is_empty() {
                put_bytes(out, tag, field);
            }
        }
    }

    /// A number of 64 bits.
    pub(crate) mod long {
        use super::super::{Malformed, Value, put_number};

        pub(crate) fn read(field: &mut i64, value: Value<'_>) -> Result<(), Malformed> {
            *field = value.number()?;
            Ok(())
        }

        #[expect(clippy::cast_sign_loss, reason = "the format has negative numbers wrap")]
        pub(crate) fn write(field: &i64, tag: u64, out: &mut Vec<u8>) {
            if *field != 0 {
                put_number(out, tag << 3);
                put_number(out, *field as u64);
            }
        }
    }

    /// A number of 32 bits, or an enum.
    pub(crate) mod int {
        use super::super::{Malformed, Value};

        #[expect(clippy::cast_possible_truncation, reason = "the format has wider numbers cut")]
        pub(crate) fn read(field: &mut i32, value: Value<'_>) -> Result<(), Malformed> {
            *field = value.number()? as i32;
            Ok(())
        }

        pub(crate) fn write(field: &i32, tag: u64, out: &mut Vec<u8>) {
            super::long::write(&i64::from(*field), tag, out);
        }
    }

    /// A number of 32 bits that may be absent.
    pub(crate) mod maybe_int {
        use super::super::{Malformed, Value};

        pub(crate) fn read(field: &mut Option<i32>, value: Value<'_>) -> Result<(), Malformed> {
            super::int::read(field.get_or_insert_default(), value)
        }
    }

    /// Yes or no.
    pub(crate) mod flag {
        use super::super::{Malformed, Value};

        pub(crate) fn read(field: &mut bool, value: Value<'_>) -> Result<(), Malformed> {
            *field = value.number()? != 0;
            Ok(())
        }

        pub(crate) fn write(field: &bool, tag: u64, out: &mut Vec<u8>) {
            super::long::write(&i64::from(*field), tag, out);
        }
    }

    /// A message that may be absent.
    pub(crate) mod message {
        use super::super::{Malformed, Put, Value, Wire, encode, put_bytes};

        pub(crate) fn read<M: Wire + Default>(
            field: &mut Option<M>,
            value: Value<'_>,
        ) -> Result<(), Malformed> {
            super::super::read(value.bytes()?, field.get_or_insert_default())
        }

        pub(crate) fn write<M: Put>(field: &Option<M>, tag: u64, out: &mut Vec<u8>) {
            if let Some(message) = field {
                put_bytes(out, tag, &encode(message));
            }
        }
    }

    /// Messages, as many as there are.
    pub(crate) mod list {
        use super::super::{Malformed, Put, Value, Wire, encode, put_bytes};

        pub(crate) fn read<M: Wire + Default>(
            field: &mut Vec<M>,
            value: Value<'_>,
        ) -> Result<(), Malformed> {
            field.push(M::default());
            // What was pushed is there.
            field.last_mut().map_or(Ok(()), |last| super::super::read(value.bytes()?, last))
        }

        pub(crate) fn write<M: Put>(field: &[M], tag: u64, out: &mut Vec<u8>) {
            for message in field {
                put_bytes(out, tag, &encode(message));
            }
        }
    }
}

/// Declares how the fields of a message are read or written: number, kind, name.
macro_rules! wire {
    (read $message:ty { $($tag:literal $kind:ident $field:ident,)* }) => {
        impl $crate::rpc::wire::Wire for $message {
            fn set(
                &mut self,
                tag: u64,
                value: $crate::rpc::wire::Value<'_>,
            ) -> Result<(), $crate::rpc::wire::Malformed> {
                match tag {
                    $($tag => $crate::rpc::wire::kind::$kind::read(&mut self.$field, value),)*
                    _ => Ok(()),
                }
            }
        }
    };
    (write $message:ty { $($tag:literal $kind:ident $field:ident,)* }) => {
        impl $crate::rpc::wire::Put for $message {
            fn put(&self, out: &mut Vec<u8>) {
                $($crate::rpc::wire::kind::$kind::write(&self.$field, $tag, out);)*
            }
        }
    };
}
pub(crate) use wire;
