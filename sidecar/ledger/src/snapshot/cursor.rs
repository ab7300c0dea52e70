//! Takes fields off the front of bytes.

use std::str::FromStr;

use crate::codec::DecodeError;

/// Bytes that have not been taken yet.
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// What they hold, for messages.
    what: &'static str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    /// The error that these bytes are not what they should be.
    pub(super) fn fault(&self) -> DecodeError {
        DecodeError { field: self.what }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.fault())?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.fault())?;
        self.rest = rest;
        Ok(*taken)
    }

    /// A text with its length in front, which is empty for nothing.
    pub(super) fn optional<T: FromStr>(&mut self) -> Result<Option<T>, DecodeError> {
        let [length] = self.array()?;
        if length == 0 {
            return Ok(None);
        }
        let text = std::str::from_utf8(self.take(length.into())?).map_err(|_| self.fault())?;
        text.parse().map(Some).map_err(|_| self.fault())
    }

    /// As [`Cursor::optional`], where there must be something.
    pub(super) fn parsed<T: FromStr>(&mut self) -> Result<T, DecodeError> {
        self.optional()?.ok_or_else(|| self.fault())
    }

    /// Makes sure that nothing is left.
    pub(super) fn end(&self) -> Result<(), DecodeError> {
        if self.is_empty() { Ok(()) } else { Err(self.fault()) }
    }
}
