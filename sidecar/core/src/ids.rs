//! Names of things: pseudonyms, ids that clients choose, short codes of the policy, digests.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;
use thiserror::Error;

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &[u8; 16] = b"0123456789abcdef";
/// The longest short code, in characters.
pub const CODE_MAX_CHARS: usize = 40;

/// What is wrong with the text of an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IdError {
    /// A pseudonym is not 24 characters of upper-case base32.
    #[error("{kind} must be 24 characters of A-Z and 2-7")]
    Pseudonym {
        /// Which id.
        kind: &'static str,
    },
    /// An id is not the text of a UUID.
    #[error("{kind} must be a uuid such as 018f3b1c-7d2e-7a10-9c3f-5b6a7c8d9e0f")]
    Uuid {
        /// Which id.
        kind: &'static str,
    },
    /// A short code has other characters or another length.
    #[error("{kind} must be 1 to {CODE_MAX_CHARS} characters of a-z, 0-9, _ and -")]
    Code {
        /// Which code.
        kind: &'static str,
    },
    /// A digest is not 64 hexadecimal digits.
    #[error("digest must be 64 hexadecimal digits in lower case")]
    Digest,
}

macro_rules! pseudonym {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        ///
        /// Fifteen random bytes, shown as 24 characters of RFC 4648 base32, which fits the 25
        /// characters that audit standards allow for a user.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 15]);

        impl $name {
            /// Takes the fifteen bytes.
            pub const fn from_bytes(bytes: [u8; 15]) -> Self {
                Self(bytes)
            }

            /// The fifteen bytes.
            pub const fn as_bytes(&self) -> &[u8; 15] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_base32(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_base32(f, &self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                base32_bytes(text)
                    .map(Self)
                    .ok_or(IdError::Pseudonym { kind: $kind })
            }
        }
    };
}

macro_rules! uuid_text {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        ///
        /// Sixteen bytes chosen by the client, shown as the text of a UUID.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// Takes the sixteen bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The sixteen bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_uuid(f, &self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Reads `8-4-4-4-12` hexadecimal digits in either case.
            fn from_str(text: &str) -> Result<Self, IdError> {
                uuid_bytes(text)
                    .map(Self)
                    .ok_or(IdError::Uuid { kind: $kind })
            }
        }
    };
}

macro_rules! short_code {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        ///
        /// One to 40 characters of `a-z`, `0-9`, `_` and `-`; cheap to clone, and to make where it
        /// has no more than 23.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_short_code(text) {
                    Ok(Self(SmolStr::new(text)))
                } else {
                    Err(IdError::Code { kind: $kind })
                }
            }
        }
    };
}

pseudonym!(
    /// An employee, as the ledger knows them.
    AgentPid, "agent"
);
pseudonym!(
    /// A customer, as the ledger knows them.
    CustomerPid, "customer"
);
pseudonym!(
    /// One contact on one channel.
    InteractionPid, "interaction"
);
pseudonym!(
    /// Interactions about one matter, such as a hotel's stay.
    CasePid, "case"
);
uuid_text!(
    /// A gesture of value; also the idempotency key of its reservation.
    SpendId, "spend_id"
);
uuid_text!(
    /// One request about a gesture (extend, commit, void, reverse); its idempotency key.
    RequestId, "request_id"
);
short_code!(
    /// Why a gesture is given.
    ReasonCode, "reason code"
);
short_code!(
    /// What is given.
    GestureCode, "gesture code"
);
short_code!(
    /// A rule that caps what may be given.
    LimitId, "limit id"
);
short_code!(
    /// A team's shared budget.
    PoolId, "pool id"
);
short_code!(
    /// A team of agents.
    TeamId, "team id"
);
short_code!(
    /// A rule that finds what a reviewer should look at, such as `f1`.
    RuleCode, "rule code"
);
short_code!(
    /// An employee's role, such as `agent` or `team_lead`.
    RoleCode, "role code"
);

macro_rules! known_code {
    ($($name:ident),*) => {
        $(impl $name {
            /// A code that this crate itself makes, known to be well formed.
            pub(crate) fn known(text: &str) -> Self {
                assert!(is_short_code(text), "known codes are well formed");
                Self(SmolStr::new(text))
            }
        })*
    };
}

known_code!(ReasonCode, GestureCode, LimitId, PoolId, RoleCode, RuleCode);

/// A SHA-256 digest: of a policy's text, or a salted commitment to a note.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Takes the 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(f, &self.0)
    }
}

impl FromStr for Digest {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(IdError::Digest);
        }
        hex_bytes(text.as_bytes()).map(Self).ok_or(IdError::Digest)
    }
}

/// Whether the text may be a short code.
fn is_short_code(text: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    !text.is_empty() && text.len() <= CODE_MAX_CHARS && text.bytes().all(allowed)
}

fn write_base32(f: &mut fmt::Formatter<'_>, bytes: &[u8; 15]) -> fmt::Result {
    for group in bytes.chunks_exact(5) {
        let bits = group.iter().fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        for index in (0..8).rev() {
            let digit = (bits >> (index * 5)) & 31;
            write_digit(f, BASE32, digit)?;
        }
    }
    Ok(())
}

fn write_digit(f: &mut fmt::Formatter<'_>, alphabet: &[u8], digit: u64) -> fmt::Result {
    use fmt::Write as _;
    let byte =
        usize::try_from(digit).ok().and_then(|index| alphabet.get(index)).ok_or(fmt::Error)?;
    f.write_char(char::from(*byte))
}

fn base32_bytes(text: &str) -> Option<[u8; 15]> {
    if text.len() != 24 {
        return None;
    }
    let mut bytes = [0_u8; 15];
    for (group, out) in text.as_bytes().chunks_exact(8).zip(bytes.chunks_exact_mut(5)) {
        let mut bits = 0_u64;
        for byte in group {
            let digit = BASE32.iter().position(|letter| letter == byte)?;
            bits = (bits << 5) | u64::try_from(digit).ok()?;
        }
        out.copy_from_slice(bits.to_be_bytes().get(3..)?);
    }
    Some(bytes)
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for byte in bytes {
        write_digit(f, HEX, u64::from(byte >> 4))?;
        write_digit(f, HEX, u64::from(byte & 15))?;
    }
    Ok(())
}

fn hex_bytes<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != N * 2 {
        return None;
    }
    let mut bytes = [0_u8; N];
    for (pair, out) in text.chunks_exact(2).zip(&mut bytes) {
        let mut value = 0;
        for digit in pair {
            value = value << 4 | char::from(*digit).to_digit(16)?;
        }
        *out = u8::try_from(value).ok()?;
    }
    Some(bytes)
}

fn write_uuid(f: &mut fmt::Formatter<'_>, bytes: &[u8; 16]) -> fmt::Result {
    let mut rest = bytes.as_slice();
    for (index, length) in [4, 2, 2, 2, 6].into_iter().enumerate() {
        let (part, after) = rest.split_at(length);
        if index > 0 {
            f.write_str("-")?;
        }
        write_hex(f, part)?;
        rest = after;
    }
    Ok(())
}

fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let lengths = text.split('-').map(str::len);
    if !lengths.eq([8, 4, 4, 4, 12]) {
        return None;
    }
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    hex_bytes(&digits)
}
