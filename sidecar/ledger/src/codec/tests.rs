//! Whatever an entry says is there again after it was stored.

use std::collections::{BTreeSet, HashSet};

use makegood_core::ids::{
    AgentPid, CasePid, CustomerPid, Digest, InteractionPid, RequestId, SpendId,
};
use makegood_core::ledger::{
    Access, Account, Caller, Entry, EntryBody, GestureRequest, LimitTrace, Operation, Posting,
    RULES_VERSION, Refusal, ReverseReason, ScopeKey, Side, SpendAbout, SpendState, VoidReason,
    WindowKey,
};
use makegood_core::money::{Currency, Money};
use makegood_core::policy::{Counts, GestureKind};
use makegood_core::time::Time;

use super::{decode, decode_asked, encode, is_development, message};

mod acts;
mod consults;

const INTERACTION: InteractionPid = InteractionPid::from_bytes([3; 15]);
const CASE: CasePid = CasePid::from_bytes([4; 15]);
const SPEND: SpendId = SpendId::from_bytes([5; 16]);
const REQUEST: RequestId = RequestId::from_bytes([6; 16]);

fn gesture() -> GestureRequest {
    GestureRequest {
        spend: SPEND,
        customer: CustomerPid::from_bytes([2; 15]),
        interaction: INTERACTION,
        case: Some(CASE),
        amount: Money::new(Currency::USD, 4_500),
        reason: "delay".parse().unwrap(),
        gesture: "waive_fee".parse().unwrap(),
        note: Some(Digest::from_bytes([7; 32])),
        decided_ms: 41_000,
        suggestion: Some("waive_fee".parse().unwrap()),
    }
}

fn about() -> SpendAbout {
    let GestureRequest { spend, customer, interaction, case, reason, gesture, .. } = gesture();
    SpendAbout {
        spend,
        agent: AgentPid::from_bytes([1; 15]),
        customer,
        interaction,
        case,
        reason,
        gesture,
        kind: GestureKind::FeeWaiver,
        pool: "house".parse().unwrap(),
    }
}

fn trace(window: WindowKey) -> LimitTrace {
    LimitTrace {
        limit: "customer_case".parse().unwrap(),
        scope: ScopeKey {
            pool: Some("house".parse().unwrap()),
            agent: Some(AgentPid::from_bytes([1; 15])),
            customer: Some(CustomerPid::from_bytes([2; 15])),
            case: Some(CASE),
            interaction: Some(INTERACTION),
            reason: Some("delay".parse().unwrap()),
        },
        window,
        before_minor: 36_000,
        amount_minor: -4_500,
        after_minor: 31_500,
        cap_minor: 200_000,
        counts: Counts::Times,
        granted_minor: 77,
    }
}

fn entry(body: EntryBody) -> Entry {
    Entry {
        position: 41,
        at: Time::from_nanos(1_790_000_000_000_000_001),
        caller: Caller {
            agent: AgentPid::from_bytes([1; 15]),
            access: Access::Supervisor,
            role: "senior".parse().unwrap(),
            team: Some("orders".parse().unwrap()),
            tenure_days: 420,
        },
        policy: Digest::from_bytes([8; 32]),
        rules_version: RULES_VERSION,
        currency: Some(Currency::USD),
        trace: [
            WindowKey::Interaction(INTERACTION),
            WindowKey::Case(CASE),
            WindowKey::Calendar { start: Time::from_nanos(-1), end: Time::from_nanos(9) },
            WindowKey::Rolling { duration_ns: 30 },
            WindowKey::Lifetime,
        ]
        .map(trace)
        .to_vec(),
        postings: vec![Posting {
            account: Account::Encumbered("house".parse().unwrap()),
            side: Side::Credit,
            amount_minor: 4_500,
        }],
        effective_at: Some(Time::from_nanos(3)),
        is_post_close: true,
        body,
    }
}

fn refusals() -> Vec<Refusal> {
    let (requested_minor, currency) = (9_000, Currency::USD);
    let at = Time::from_nanos(5);
    let mut refusals = vec![
        Refusal::HoldExpired { at },
        Refusal::HoldResolved { state: SpendState::Voided },
        Refusal::AmountAboveHold { held_minor: 1, requested_minor, currency },
        Refusal::AmountAboveGiven { given_minor: 1, requested_minor, currency },
        Refusal::UndoWindowClosed { ended_at: at },
        Refusal::NoAuthority { role: "guest".parse().unwrap() },
        Refusal::LimitExceeded {
            limit: "customer_case".parse().unwrap(),
            label: "this case".to_owned(),
            available_minor: 1,
            requested_minor,
            currency,
        },
    ];
    refusals.extend(consults::refusals());
    refusals
}

fn operations() -> Vec<Operation> {
    let (request, spend, amount_minor) = (REQUEST, SPEND, 4_500);
    let mut operations = vec![
        Operation::Reserve(Box::new(gesture())),
        Operation::Give(Box::new(gesture())),
        Operation::Extend { request, spend },
        Operation::Commit { request, spend, amount_minor, is_final: true },
        Operation::Void { request, spend, reason: VoidReason::Misidentified },
        Operation::Reverse {
            request,
            spend,
            amount_minor,
            reason: ReverseReason::MisEntry,
            effective_at: Some(Time::from_nanos(5)),
        },
    ];
    operations.extend(consults::operations());
    operations
}

fn bodies() -> Vec<EntryBody> {
    let mut bodies = vec![
        EntryBody::PolicyActivated {
            name: "standard".to_owned(),
            version: "1".to_owned(),
            previous: Some(Digest::from_bytes([9; 32])),
        },
        EntryBody::PoolOpened {
            pool: "house".parse().unwrap(),
            team: Some("orders".parse().unwrap()),
            allotted_minor: Some(0),
            previous_minor: None,
        },
        EntryBody::Reserved {
            request: Box::new(gesture()),
            kind: GestureKind::FeeWaiver,
            pool: "house".parse().unwrap(),
            expire_at: Time::from_nanos(77),
            is_give: true,
            consult: Some(REQUEST),
        },
        EntryBody::Extended {
            request: REQUEST,
            about: Box::new(about()),
            previous_expire_at: Time::from_nanos(77),
            expire_at: Time::from_nanos(99),
        },
        EntryBody::Committed {
            request: None,
            about: Box::new(about()),
            amount_minor: 4_000,
            is_final: true,
            released_minor: 500,
        },
        EntryBody::Expired { about: Box::new(about()), released_minor: 4_500 },
    ];
    bodies.extend(changes());
    bodies.extend(consults::bodies());
    bodies.extend(acts::bodies());
    bodies.extend(refused());
    bodies
}

/// Releases and reversals for every reason.
fn changes() -> Vec<EntryBody> {
    let mut bodies = Vec::new();
    for reason in [VoidReason::CustomerDeclined, VoidReason::Misidentified, VoidReason::Other] {
        let (request, about) = (REQUEST, Box::new(about()));
        bodies.push(EntryBody::Voided { request, about, reason, released_minor: 4_500 });
    }
    let reasons = [
        ReverseReason::MisEntry,
        ReverseReason::CustomerReturned,
        ReverseReason::Duplicate,
        ReverseReason::Other,
    ];
    for reason in reasons {
        let (request, about) = (REQUEST, Box::new(about()));
        bodies.push(EntryBody::Reversed { request, about, amount_minor: 4_500, reason });
    }
    bodies
}

/// Every operation refused, and every refusal.
fn refused() -> Vec<EntryBody> {
    let refusal = || refusals().remove(0);
    let operation = || operations().remove(0);
    let of_operations = operations().into_iter().map(|operation| EntryBody::Refused {
        operation,
        refusal: refusal(),
        about: Some(Box::new(about())),
    });
    let of_refusals = refusals().into_iter().map(|refusal| EntryBody::Refused {
        operation: operation(),
        refusal,
        about: None,
    });
    of_operations.chain(of_refusals).collect()
}

#[test]
fn says_the_same_after_it_was_stored() {
    for body in bodies() {
        let entry = entry(body);
        let bytes = encode(&entry, true);
        assert_eq!(decode(&bytes).as_ref(), Ok(&entry));
        assert!(message(&bytes).unwrap().development);
        assert!(is_development(&bytes) && !is_development(&encode(&entry, false)));
    }
}

/// What is written straight into bytes is what the schema's own encoding writes, bare entries too.
#[test]
fn stores_the_bytes_of_its_schema() {
    let bare = |body| {
        let whole = entry(body);
        Entry {
            position: 0,
            caller: Caller { team: None, tenure_days: 0, ..whole.caller },
            currency: None,
            trace: vec![LimitTrace { scope: ScopeKey::default(), ..trace(WindowKey::Lifetime) }],
            postings: Vec::new(),
            effective_at: None,
            is_post_close: false,
            ..whole
        }
    };
    let entries = bodies().into_iter().flat_map(|body| [entry(body.clone()), bare(body)]);
    for entry in entries {
        for development in [false, true] {
            let bytes = encode(&entry, development);
            let message = prost::Message::encode_to_vec(&message(&bytes).unwrap());
            assert_eq!(bytes, [vec![1], message].concat(), "{entry:?}");
        }
    }
}

#[test]
fn reads_what_was_asked_without_what_came_of_it() {
    for body in bodies() {
        let whole = entry(body);
        let bytes = encode(&whole, true);
        let asked = Entry { trace: Vec::new(), postings: Vec::new(), ..whole };
        assert_eq!(decode_asked(&bytes), Ok(asked));
        for length in 0..bytes.len() {
            // Cut anywhere it is refused, or lacks a field; it never stops the reader.
            drop(decode_asked(&bytes[..length]));
        }
    }
}

#[test]
fn names_the_field_that_a_newer_release_wrote() {
    let bytes = encode(&entry(bodies().remove(2)), false);
    let mut newer = bytes.clone();
    newer[0] = 2;
    assert_eq!(decode(&newer).unwrap_err().field, "version");

    let mut unknown = message(&bytes).unwrap();
    unknown.access = 99;
    let stored = [vec![1], prost::Message::encode_to_vec(&unknown)].concat();
    assert_eq!(decode(&stored).unwrap_err().field, "access");
}

/// The next kind of entry, operation or refusal cannot be forgotten here: each is told apart.
#[test]
fn stores_every_kind_there_is() {
    let kinds: BTreeSet<&str> = bodies().iter().map(EntryBody::kind).collect();
    let of_gestures = [
        "POLICY_ACTIVATED",
        "POOL_OPENED",
        "RESERVED",
        "REFUSED",
        "EXTENDED",
        "COMMITTED",
        "VOIDED",
        "EXPIRED",
        "REVERSED",
        "INCREASED",
        "CORRECTED",
        "CONSULT_ASKED",
        "CONSULT_PASSED",
        "CONSULT_APPROVED",
        "CONSULT_CLOSED",
    ];
    let all: BTreeSet<&str> = of_gestures.into_iter().chain(acts::kinds()).collect();
    assert_eq!(kinds, all);
    let reasons: BTreeSet<&str> = refusals().iter().map(Refusal::reason).collect();
    assert_eq!(reasons.len(), refusals().len());
    let operations: Vec<_> = operations().iter().map(std::mem::discriminant).collect();
    let distinct: HashSet<_> = operations.iter().collect();
    assert_eq!((operations.len(), distinct.len(), reasons.len()), (11, 11, 16));
}
