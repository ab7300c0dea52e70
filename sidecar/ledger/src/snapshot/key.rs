//! The names of rows as bytes, by which a snapshot sorts them.
//!
//! One name has one spelling, for ever: a row is found by comparing bytes. A letter for the kind
//! comes first; texts have their length in front, and ids that may be absent a byte that says so.
//! A gesture and its first answer lie side by side, because they are looked up together.

use makegood_core::ids::{
    AgentPid, CasePid, CustomerPid, Digest, InteractionPid, LimitId, PoolId, ReasonCode, RequestId,
    SpendId,
};
use makegood_core::ledger::{CounterKey, Key, OperationId, ScopeKey, WindowKey};
use makegood_core::money::Currency;
use makegood_core::time::Time;

use super::cursor::Cursor;
use crate::codec::DecodeError;

const HEAD: u8 = b'h';
const ACTIVE_POLICY: u8 = b'p';
const POOL: u8 = b'q';
const BALANCE: u8 = b'b';
const COUNTER: u8 = b'c';
const SPEND: u8 = b's';
const REQUEST: u8 = b'r';
const CONSULT: u8 = b'o';
const PAUSE: u8 = b'z';
const PERIODS: u8 = b'e';
const POLICY: u8 = b'y';
const FINDING: u8 = b'f';

/// What lies under a spend's id.
const ROW: u8 = 0;
const ANSWER: u8 = 1;
const REVIEW: u8 = 2;
/// What lies under a request's id besides an operation's answer.
const ACT: u8 = 2;
/// Stands for the currency of what is counted whatever its currency.
const NO_CURRENCY: &[u8; 3] = b"---";

const INTERACTION: u8 = 1;
const CASE: u8 = 2;
const CALENDAR: u8 = 3;
const ROLLING: u8 = 4;
const LIFETIME: u8 = 5;

/// The bytes of a name.
pub(super) fn encode(key: &Key) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    match key {
        Key::Head => bytes.push(HEAD),
        Key::ActivePolicy => bytes.push(ACTIVE_POLICY),
        Key::Pool(pool, currency) => {
            bytes.push(POOL);
            text(&mut bytes, pool.as_str());
            bytes.extend_from_slice(currency.code().as_bytes());
        }
        Key::Balance(account, currency) => {
            bytes.push(BALANCE);
            text(&mut bytes, &account.to_string());
            bytes.extend_from_slice(currency.code().as_bytes());
        }
        Key::Counter(counter) => self::counter(&mut bytes, counter),
        Key::Spend(spend) => id(&mut bytes, SPEND, spend.as_bytes(), ROW),
        Key::Outcome(OperationId::Spend(spend)) => id(&mut bytes, SPEND, spend.as_bytes(), ANSWER),
        Key::Outcome(OperationId::Request(request)) => {
            id(&mut bytes, REQUEST, request.as_bytes(), ANSWER);
        }
        Key::Consult(consult) => id(&mut bytes, CONSULT, consult.as_bytes(), ROW),
        Key::Pause => bytes.push(PAUSE),
        Key::Periods => bytes.push(PERIODS),
        Key::Policy(digest) => {
            bytes.push(POLICY);
            bytes.extend_from_slice(digest.as_bytes());
        }
        Key::Act(request) => id(&mut bytes, REQUEST, request.as_bytes(), ACT),
        Key::Review(spend) => id(&mut bytes, SPEND, spend.as_bytes(), REVIEW),
        Key::Finding(position) => {
            bytes.push(FINDING);
            bytes.extend_from_slice(&position.to_be_bytes());
        }
    }
    bytes
}

fn id(bytes: &mut Vec<u8>, kind: u8, id: &[u8; 16], part: u8) {
    bytes.push(kind);
    bytes.extend_from_slice(id);
    bytes.push(part);
}

fn counter(bytes: &mut Vec<u8>, counter: &CounterKey) {
    let CounterKey { limit, scope, window, currency } = counter;
    let ScopeKey { pool, agent, customer, case, interaction, reason } = scope;
    bytes.push(COUNTER);
    pid(bytes, customer.as_ref().map(CustomerPid::as_bytes));
    pid(bytes, agent.as_ref().map(AgentPid::as_bytes));
    pid(bytes, case.as_ref().map(CasePid::as_bytes));
    pid(bytes, interaction.as_ref().map(InteractionPid::as_bytes));
    text(bytes, pool.as_ref().map_or("", PoolId::as_str));
    text(bytes, reason.as_ref().map_or("", ReasonCode::as_str));
    text(bytes, limit.as_str());
    match window {
        WindowKey::Interaction(of) => {
            bytes.push(INTERACTION);
            bytes.extend_from_slice(of.as_bytes());
        }
        WindowKey::Case(of) => {
            bytes.push(CASE);
            bytes.extend_from_slice(of.as_bytes());
        }
        WindowKey::Calendar { start, end } => {
            bytes.push(CALENDAR);
            bytes.extend_from_slice(&start.as_nanos().to_be_bytes());
            bytes.extend_from_slice(&end.as_nanos().to_be_bytes());
        }
        WindowKey::Rolling { duration_ns } => {
            bytes.push(ROLLING);
            bytes.extend_from_slice(&duration_ns.to_be_bytes());
        }
        WindowKey::Lifetime => bytes.push(LIFETIME),
    }
    match currency {
        Some(currency) => bytes.extend_from_slice(currency.code().as_bytes()),
        None => bytes.extend_from_slice(NO_CURRENCY),
    }
}

fn pid(bytes: &mut Vec<u8>, pid: Option<&[u8; 15]>) {
    bytes.push(u8::from(pid.is_some()));
    bytes.extend_from_slice(pid.map(<[u8; 15]>::as_slice).unwrap_or_default());
}

/// Codes have at most 40 characters, and accounts a few more.
fn text(bytes: &mut Vec<u8>, text: &str) {
    bytes.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    bytes.extend_from_slice(text.as_bytes());
}

/// The name that the bytes spell.
///
/// # Errors
/// When they spell none; a newer release may have written them.
pub(super) fn decode(bytes: &[u8]) -> Result<Key, DecodeError> {
    let mut from = Cursor::new(bytes, "key");
    let [kind] = from.array()?;
    let key = match kind {
        HEAD => Key::Head,
        ACTIVE_POLICY => Key::ActivePolicy,
        POOL => Key::Pool(from.parsed()?, currency(&mut from)?),
        BALANCE => Key::Balance(from.parsed()?, currency(&mut from)?),
        COUNTER => Key::Counter(decode_counter(&mut from)?),
        SPEND => {
            let spend = SpendId::from_bytes(from.array()?);
            match from.array()? {
                [ROW] => Key::Spend(spend),
                [ANSWER] => Key::Outcome(OperationId::Spend(spend)),
                [REVIEW] => Key::Review(spend),
                _ => return Err(from.fault()),
            }
        }
        REQUEST => {
            let request = RequestId::from_bytes(from.array()?);
            match from.array()? {
                [ANSWER] => Key::Outcome(OperationId::Request(request)),
                [ACT] => Key::Act(request),
                _ => return Err(from.fault()),
            }
        }
        CONSULT => {
            let consult = RequestId::from_bytes(from.array()?);
            let [ROW] = from.array()? else { return Err(from.fault()) };
            Key::Consult(consult)
        }
        PAUSE => Key::Pause,
        PERIODS => Key::Periods,
        POLICY => Key::Policy(Digest::from_bytes(from.array()?)),
        FINDING => Key::Finding(u64::from_be_bytes(from.array()?)),
        _ => return Err(from.fault()),
    };
    from.end()?;
    Ok(key)
}

fn decode_counter(from: &mut Cursor<'_>) -> Result<CounterKey, DecodeError> {
    let customer = optional_pid(from)?.map(CustomerPid::from_bytes);
    let agent = optional_pid(from)?.map(AgentPid::from_bytes);
    let case = optional_pid(from)?.map(CasePid::from_bytes);
    let interaction = optional_pid(from)?.map(InteractionPid::from_bytes);
    let (pool, reason) = (from.optional()?, from.optional()?);
    let limit: LimitId = from.parsed()?;
    let window = match from.array()? {
        [INTERACTION] => WindowKey::Interaction(InteractionPid::from_bytes(from.array()?)),
        [CASE] => WindowKey::Case(CasePid::from_bytes(from.array()?)),
        [CALENDAR] => WindowKey::Calendar { start: instant(from)?, end: instant(from)? },
        [ROLLING] => WindowKey::Rolling { duration_ns: i64::from_be_bytes(from.array()?) },
        [LIFETIME] => WindowKey::Lifetime,
        _ => return Err(from.fault()),
    };
    let scope = ScopeKey { pool, agent, customer, case, interaction, reason };
    Ok(CounterKey { limit, scope, window, currency: optional_currency(from)? })
}

fn optional_pid(from: &mut Cursor<'_>) -> Result<Option<[u8; 15]>, DecodeError> {
    match from.array()? {
        [0] => Ok(None),
        [1] => from.array().map(Some),
        _ => Err(from.fault()),
    }
}

fn instant(from: &mut Cursor<'_>) -> Result<Time, DecodeError> {
    Ok(Time::from_nanos(i64::from_be_bytes(from.array()?)))
}

fn optional_currency(from: &mut Cursor<'_>) -> Result<Option<Currency>, DecodeError> {
    let code: [u8; 3] = from.array()?;
    if code == *NO_CURRENCY { Ok(None) } else { spelled(code, from).map(Some) }
}

fn currency(from: &mut Cursor<'_>) -> Result<Currency, DecodeError> {
    let code: [u8; 3] = from.array()?;
    spelled(code, from)
}

fn spelled(code: [u8; 3], from: &Cursor<'_>) -> Result<Currency, DecodeError> {
    let code = std::str::from_utf8(&code).map_err(|_| from.fault())?;
    Currency::parse(code).map_err(|_| from.fault())
}
