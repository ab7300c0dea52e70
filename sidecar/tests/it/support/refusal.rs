//! What every error must carry.

use std::collections::BTreeSet;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// What an error is to say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    pub(crate) code: Code,
    pub(crate) reason: &'static str,
    /// The keys of the metadata, all of them.
    pub(crate) keys: &'static [&'static str],
}

/// Checks code, reason, domain, metadata and the message for people.
pub(crate) fn assert_refused(what: &str, status: &Status, expected: Expected) {
    let Expected { code, reason, keys } = expected;
    assert_eq!(status.code(), code, "{what}: {status:?}");
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("{what}: no ErrorInfo in {status:?}"));
    assert_eq!(info.reason, reason, "{what}: {status:?}");
    assert_eq!(info.domain, "makegood", "{what}");
    let found: BTreeSet<&str> = info.metadata.keys().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = keys.iter().copied().collect();
    assert_eq!(found, wanted, "{what}: {info:?}");
    for (key, value) in &info.metadata {
        assert!(!value.is_empty(), "{what}: {key} is empty");
    }
    let message = status.get_details_localized_message();
    let message = message.unwrap_or_else(|| panic!("{what}: no message for people"));
    assert_eq!(message.locale, "en", "{what}");
    assert_eq!(message.message, status.message(), "{what}");
    let text = &message.message;
    assert!(!text.is_empty() && !text.ends_with('.'), "{what}: {text}");
    assert!(!text.starts_with(|first: char| first.is_uppercase()), "{what}: {text}");
    assert_details_fit(what, status, code);
}

/// Fields are named where they are at fault, and states and limits where they forbid.
fn assert_details_fit(what: &str, status: &Status, code: Code) {
    let details = status.get_error_details();
    let has_fields = details.bad_request().is_some();
    let has_violations = details.precondition_failure().is_some();
    assert_eq!(has_fields, code == Code::InvalidArgument, "{what}");
    if has_violations {
        assert_eq!(code, Code::FailedPrecondition, "{what}");
    }
}
