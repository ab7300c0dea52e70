//! Bad input: each refusal with its code, its reason, its facts, and what it leaves in the ledger.

mod callers;
mod records;
mod refusals;
mod requests;
mod reused;

use tonic::Code;

use crate::support::Expected;

/// Fields of the request are at fault.
const INVALID_FIELDS: Expected =
    Expected { code: Code::InvalidArgument, reason: "INVALID_FIELDS", keys: &["fields"] };

const fn expected(code: Code, reason: &'static str, keys: &'static [&'static str]) -> Expected {
    Expected { code, reason, keys }
}
