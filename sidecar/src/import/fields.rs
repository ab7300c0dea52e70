//! The fields of each kind of record, as the mapping language names them.

use makegood_proto::v1 as api;

use super::rows::Kind;

/// The most bytes of an id, as in the API.
pub(super) const MAX_ID_BYTES: usize = 128;

/// A field of a record.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name in the mapping.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) ty: Type,
    /// Whether a mapping must have it.
    pub(super) is_required: bool,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    /// Text of at most so many characters.
    Text(usize),
    /// An id: 1 to 128 bytes.
    Id,
    /// A moment.
    Time,
    /// A length of time.
    Duration,
    /// Yes or no.
    Bool,
    /// A whole number from 0 to this.
    Count(i32),
    /// A value on the scale of the score.
    ScoreValue,
    /// An amount in the currency of the record.
    Money,
    /// A currency of ISO 4217.
    Currency,
    /// A time zone of the IANA.
    TimeZone,
    /// A language tag of BCP 47.
    Language,
    /// Several texts of at most so many characters.
    Texts(usize),
    /// Telephone numbers.
    Phones,
    /// Mail addresses.
    Emails,
    /// One of some words, which stand for numbers.
    Word(&'static [(&'static str, i32)]),
}

const fn must(name: &'static str, ty: Type) -> Field {
    Field { name, ty, is_required: true }
}

const fn may(name: &'static str, ty: Type) -> Field {
    Field { name, ty, is_required: false }
}

const NAME: Type = Type::Text(200);
const LABEL: Type = Type::Text(128);
const SENTENCE: Type = Type::Text(200);
const WORDS: Type = Type::Text(2_000);

const CUSTOMER: &[Field] = &[
    must("name", NAME),
    may("short_name", NAME),
    may("tier", LABEL),
    may("since", Type::Time),
    may("time_zone", Type::TimeZone),
    may("language", Type::Language),
    may("phone", Type::Phones),
    may("email", Type::Emails),
    may("account", Type::Texts(MAX_ID_BYTES)),
    may("region", LABEL),
];

const AGENT: &[Field] = &[
    must("name", NAME),
    may("team", LABEL),
    may("role", LABEL),
    may("hired", Type::Time),
    may("site", LABEL),
];

const INTERACTION: &[Field] = &[
    may("customer", Type::Id),
    may("agent", Type::Id),
    may("at", Type::Time),
    may("start", Type::Time),
    may("connect", Type::Time),
    may("end", Type::Time),
    may("wait", Type::Duration),
    may("channel", Type::Word(CHANNEL)),
    may("reason", Type::Texts(128)),
    may("team", LABEL),
    may("site", LABEL),
    may("region", LABEL),
    may("touch_point", LABEL),
    may("lifecycle_stage", LABEL),
    may("severity", Type::Count(5)),
    may("product", LABEL),
    may("transfer_count", Type::Count(i32::MAX)),
    may("repeat_of", Type::Id),
    may("resolved_agent", Type::Bool),
    may("resolved_customer", Type::Bool),
    may("case", Type::Id),
];

const SCORE: &[Field] = &[
    must("customer", Type::Id),
    must("scale", Type::Word(SCALE)),
    must("value", Type::ScoreValue),
    must("responded", Type::Time),
    may("scale_version", Type::Count(i32::MAX)),
    may("interaction", Type::Id),
    may("invited", Type::Time),
    may("invited_by", LABEL),
    may("words", WORDS),
    may("question", Type::Text(500)),
];

const PREFERENCE: &[Field] = &[
    must("customer", Type::Id),
    must("text", SENTENCE),
    may("about", Type::Word(ABOUT)),
    may("learned_from", Type::Word(LEARNED_FROM)),
    must("learned", Type::Time),
    may("confirmed", Type::Time),
    may("expires", Type::Time),
    may("situational", Type::Bool),
    may("interaction", Type::Id),
];

const PROMISE: &[Field] = &[
    must("customer", Type::Id),
    may("agent", Type::Id),
    must("text", SENTENCE),
    must("made", Type::Time),
    must("due", Type::Time),
    may("outcome", Type::Word(OUTCOME)),
    may("settled", Type::Time),
    may("moved_by", Type::Word(MOVED_BY)),
    may("interaction", Type::Id),
];

const PURCHASE: &[Field] = &[
    must("customer", Type::Id),
    must("at", Type::Time),
    must("currency", Type::Currency),
    must("revenue", Type::Money),
    may("margin", Type::Money),
    may("acquired_by", LABEL),
    may("product", LABEL),
    may("quantity", Type::Count(i32::MAX)),
];

const CHANNEL: &[(&str, i32)] = &[
    ("phone", api::Channel::Phone as i32),
    ("chat", api::Channel::Chat as i32),
    ("email", api::Channel::Email as i32),
    ("store", api::Channel::Store as i32),
    ("web", api::Channel::Web as i32),
    ("field", api::Channel::Field as i32),
];

const SCALE: &[(&str, i32)] = &[
    ("recommend", api::ScoreKind::Recommend as i32),
    ("satisfaction", api::ScoreKind::Satisfaction as i32),
    ("effort", api::ScoreKind::Effort as i32),
    ("yes_no", api::ScoreKind::YesNo as i32),
];

const ABOUT: &[(&str, i32)] = &[
    ("contact_hours", api::PreferenceKind::ContactHours as i32),
    ("channel", api::PreferenceKind::Channel as i32),
    ("language", api::PreferenceKind::Language as i32),
    ("need", api::PreferenceKind::Need as i32),
    ("usage", api::PreferenceKind::Usage as i32),
    ("other", api::PreferenceKind::Other as i32),
];

const LEARNED_FROM: &[(&str, i32)] = &[
    ("told_us", api::PreferenceSource::ToldUs as i32),
    ("noticed", api::PreferenceSource::Noticed as i32),
    ("imported", api::PreferenceSource::Imported as i32),
];

/// The numbers are those of `makegood.records.v1.Promise.outcome`.
const OUTCOME: &[(&str, i32)] = &[("open", 0), ("kept", 1), ("broken", 2), ("cancelled", 3)];

/// The numbers are those of `makegood.records.v1.Promise.moved_by`.
const MOVED_BY: &[(&str, i32)] = &[("nobody", 0), ("customer", 1), ("company", 2)];

/// The fields of a kind; none for a kind that cannot be imported by a mapping, because the sidecar
/// alone writes it.
pub(super) fn of(kind: Kind) -> &'static [Field] {
    match kind {
        Kind::Customer => CUSTOMER,
        Kind::Agent => AGENT,
        Kind::Interaction => INTERACTION,
        Kind::Score => SCORE,
        Kind::Preference => PREFERENCE,
        Kind::Promise => PROMISE,
        Kind::Action => &[],
        Kind::Purchase => PURCHASE,
    }
}

/// The smallest and the largest value of a scale.
pub(super) fn range(scale: i32) -> (i32, i32) {
    match api::ScoreKind::try_from(scale) {
        Ok(api::ScoreKind::Recommend) => (0, 10),
        Ok(api::ScoreKind::Satisfaction) => (1, 5),
        Ok(api::ScoreKind::Effort) => (1, 7),
        Ok(api::ScoreKind::YesNo | api::ScoreKind::Unspecified) | Err(_) => (0, 1),
    }
}

/// Checks the length of an id and that it is one line.
///
/// # Errors
/// If it is empty, longer than 128 bytes, or has control characters.
pub(super) fn check_id(name: &str, id: &str) -> Result<(), String> {
    if id.is_empty() || id.len() > MAX_ID_BYTES {
        return Err(format!("{name} has {} bytes; it needs 1 to {MAX_ID_BYTES}", id.len()));
    }
    if id.chars().any(char::is_control) {
        return Err(format!("{name} has a control character; ids are one line of text"));
    }
    Ok(())
}
