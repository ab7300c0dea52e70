//! What a failed call says: the code, and the details that the sidecar adds to it.

use super::wire::{decode, text, wire};

/// The canonical codes of gRPC that the panel tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Succeeded.
    Ok,
    /// The request is malformed.
    InvalidArgument,
    /// The thing does not exist.
    NotFound,
    /// The same id came with other fields.
    AlreadyExists,
    /// The caller may not do this.
    PermissionDenied,
    /// The sidecar has too much to do; nothing happened.
    ResourceExhausted,
    /// A limit or a state forbids it.
    FailedPrecondition,
    /// The service is not there.
    Unimplemented,
    /// The token is missing or has ended.
    Unauthenticated,
    /// Everything after which the outcome is not known: no answer, a lost connection, a time
    /// limit, an internal error.
    Unknown,
}

impl Code {
    /// Reads the number of `grpc-status`.
    pub(crate) fn from_grpc(number: &str) -> Code {
        match number {
            "0" => Code::Ok,
            "3" | "11" => Code::InvalidArgument,
            "5" => Code::NotFound,
            "6" => Code::AlreadyExists,
            "7" => Code::PermissionDenied,
            "8" => Code::ResourceExhausted,
            "9" | "10" => Code::FailedPrecondition,
            "12" => Code::Unimplemented,
            "16" => Code::Unauthenticated,
            _ => Code::Unknown,
        }
    }

    /// Stands in for a missing `grpc-status` where the HTTP status already is a failure.
    pub(crate) fn from_http(status: i64) -> Code {
        match status {
            401 => Code::Unauthenticated,
            403 => Code::PermissionDenied,
            404 => Code::Unimplemented,
            429 => Code::ResourceExhausted,
            _ => Code::Unknown,
        }
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The canonical code.
    pub(crate) code: Code,
    /// The reason of the `ErrorInfo`, in `UPPER_SNAKE`. Empty if there is none.
    pub(crate) reason: String,
    /// The words for people, from `LocalizedMessage`. Empty if there are none.
    pub(crate) words: String,
}

impl Fault {
    /// A fault without details.
    pub(crate) fn new(code: Code) -> Fault {
        Fault { code, reason: String::new(), words: String::new() }
    }

    /// No answer came that says what happened.
    pub(crate) fn unknown() -> Fault {
        Fault::new(Code::Unknown)
    }

    /// Whether the request may have had its effect all the same.
    pub(crate) fn is_unknown(&self) -> bool {
        self.code == Code::Unknown
    }
}

/// Decodes base64; nothing if it is none.
pub(crate) type Base64 = fn(&str) -> Option<Vec<u8>>;

/// The fields of a trailer, or of headers, that say how a call ended.
#[derive(Default)]
pub(crate) struct Trailer {
    /// `grpc-status`.
    pub(crate) status: Option<String>,
    /// `grpc-status-details-bin`: base64 of a `google.rpc.Status`.
    pub(crate) details: Option<String>,
}

impl Trailer {
    /// Reads the lines of a trailer frame.
    pub(crate) fn from_lines(lines: &[u8]) -> Trailer {
        let mut trailer = Trailer::default();
        for line in lines.split(|byte| *byte == b'\n') {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else {
                continue;
            };
            let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            let value = text(value);
            if name.eq_ignore_ascii_case(b"grpc-status") {
                trailer.status = value;
            } else if name.eq_ignore_ascii_case(b"grpc-status-details-bin") {
                trailer.details = value;
            }
        }
        trailer
    }

    /// Says how the call ended; a missing status is a failure. The details are read by the base64
    /// that is at hand.
    pub(crate) fn outcome(&self, base64: Base64) -> Result<(), Fault> {
        let code = self.status.as_deref().map_or(Code::Unknown, Code::from_grpc);
        if code == Code::Ok {
            return Ok(());
        }
        let mut fault = Fault::new(code);
        let details = self.details.as_deref().and_then(base64).unwrap_or_default();
        let status: RpcStatus = decode(&details).unwrap_or_default();
        for detail in &status.details {
            detail.read_into(&mut fault);
        }
        Err(fault)
    }
}

/// `google.rpc.Status`, as far as it is read.
#[derive(Default)]
struct RpcStatus {
    details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Default)]
struct Detail {
    type_url: String,
    value: Vec<u8>,
}

/// `google.rpc.ErrorInfo` (field 1) and `google.rpc.LocalizedMessage` (field 2) alike: two texts.
#[derive(Default)]
struct Texts {
    first: String,
    second: String,
}

wire!(read RpcStatus { 3 list details, });
wire!(read Detail { 1 text type_url, 2 bytes value, });
wire!(read Texts { 1 text first, 2 text second, });

impl Detail {
    fn read_into(&self, fault: &mut Fault) {
        let Ok(texts) = decode::<Texts>(&self.value) else {
            return;
        };
        if self.type_url.ends_with("google.rpc.ErrorInfo") {
            fault.reason = texts.first;
        } else if self.type_url.ends_with("google.rpc.LocalizedMessage") {
            fault.words = texts.second;
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::format::joined;
    use crate::rpc::wire::encode;

    wire!(write RpcStatus { 3 list details, });
    wire!(write Detail { 1 text type_url, 2 bytes value, });
    wire!(write Texts { 1 text first, 2 text second, });

    fn outcome(lines: &str) -> Result<(), Fault> {
        Trailer::from_lines(lines.as_bytes()).outcome(|text| STANDARD.decode(text).ok())
    }

    #[test]
    fn missing_status_is_a_failure() {
        assert_eq!(outcome("grpc-message: all is well\r\n"), Err(Fault::unknown()));
    }

    #[test]
    fn reads_status_without_case_and_spaces() {
        assert_eq!(outcome("GRPC-Status:0\r\n"), Ok(()));
        let fault = outcome("grpc-status:  16\n").unwrap_err();
        assert_eq!(fault.code, Code::Unauthenticated);
    }

    #[test]
    fn reads_reason_and_words_from_the_details() {
        let detail = |name: &str, first: &str, second: &str| Detail {
            type_url: joined(&["type.googleapis.com/", name]),
            value: encode(&Texts { first: first.to_owned(), second: second.to_owned() }),
        };
        let status = RpcStatus {
            details: vec![
                detail("google.rpc.ErrorInfo", "LIMIT_EXCEEDED", "makegood"),
                detail("google.rpc.LocalizedMessage", "en", "That is too much."),
            ],
        };
        let details = STANDARD.encode(encode(&status));
        let lines = joined(&["grpc-status: 9\r\ngrpc-status-details-bin: ", &details]);
        let fault = outcome(&lines).unwrap_err();
        assert_eq!(fault.code, Code::FailedPrecondition);
        assert_eq!(fault.reason, "LIMIT_EXCEEDED");
        assert_eq!(fault.words, "That is too much.");
    }

    #[test]
    fn survives_details_that_are_not_base64() {
        let fault = outcome("grpc-status: 9\ngrpc-status-details-bin: %%%\n");
        assert_eq!(fault, Err(Fault::new(Code::FailedPrecondition)));
    }
}
