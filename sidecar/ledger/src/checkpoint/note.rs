//! Signed notes: a text, a blank line, and signature lines (C2SP signed-note).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::KeyId;
use super::is_name;

/// The longest note that is read, in bytes; signatures of later kinds have thousands of bytes.
const MAX_NOTE_BYTES: usize = 1 << 20;
/// The most signature lines that are read.
const MAX_SIGNATURES: usize = 100;

/// What begins every signature line: an em dash and a space.
const SIGNATURE_START: &str = "\u{2014} ";

/// A note as it stands there; nothing about it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The signed text, with its last line's end.
    pub text: String,
    /// The signature lines, in order.
    pub signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub id: KeyId,
    /// What the key has made of the text.
    pub bytes: Vec<u8>,
}

/// Why a text is no note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is longer than any note.
    #[error("it has more than {MAX_NOTE_BYTES} bytes")]
    TooLong,
    /// There is a control sign in it.
    #[error("it holds a control character")]
    Control,
    /// No blank line parts text and signatures, or nothing follows it.
    #[error("it has no signatures behind a blank line")]
    NoSignatures,
    /// There are more signatures than anybody adds.
    #[error("it has more than {MAX_SIGNATURES} signatures")]
    TooMany,
    /// A signature line cannot be read.
    #[error("signature line {line} is not an em dash, a name and base64")]
    SignatureLine {
        /// Which, from one.
        line: usize,
    },
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// Why the text is none.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        if note.chars().any(|sign| sign.is_ascii_control() && sign != '\n') {
            return Err(NoteError::Control);
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::NoSignatures)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        let lines: Vec<&str> = lines.split('\n').collect();
        if lines.len() > MAX_SIGNATURES {
            return Err(NoteError::TooMany);
        }
        let read = |(line, text): (usize, &&str)| {
            NoteSignature::parse(text).ok_or(NoteError::SignatureLine { line: line + 1 })
        };
        let signatures = lines.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { text: format!("{text}\n"), signatures })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(formatter, "{signature}"))
    }
}

impl NoteSignature {
    /// Reads a signature line, without its end.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(SIGNATURE_START)?.split_once(' ')?;
        let bytes = BASE64.decode(encoded).ok()?;
        let (id, bytes) = bytes.split_first_chunk::<4>()?;
        if !is_name(name) || bytes.is_empty() {
            return None;
        }
        Some(Self { name: name.to_owned(), id: KeyId(*id), bytes: bytes.to_vec() })
    }
}

/// The signature line, without its end.
impl fmt::Display for NoteSignature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = BASE64.encode([&self.id.0, self.bytes.as_slice()].concat());
        write!(formatter, "{SIGNATURE_START}{} {encoded}", self.name)
    }
}
