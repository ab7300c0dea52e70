//! What a row becomes as a record: its kind, its content, and by what its person is found.

use makegood_proto::records::v1::{self as pb, IndexKind, RecordKind};
use prost::Message as _;

use crate::house::before::sourced;
use crate::import::rows::{Content, Ref, Reject, Row};
use crate::ledger::writer::record_bytes;
use crate::records::Draft;
use crate::vault::{Pid, Vault};
use makegood_ledger::journal::frame::MAX_PAYLOAD_BYTES;

pub(super) fn record_kind(content: &Content) -> RecordKind {
    match content {
        Content::Customer(_) => RecordKind::Customer,
        Content::Agent(_) => RecordKind::Agent,
        Content::Interaction(_) => RecordKind::Interaction,
        Content::Score(_) => RecordKind::Score,
        Content::Preference(_) => RecordKind::Preference,
        Content::Promise(_) => RecordKind::Promise,
        Content::Action(_) => RecordKind::Action,
        Content::Purchase(_) => RecordKind::Purchase,
    }
}

/// Fills a record of somebody who is known by an id alone.
pub(super) fn fill_bare(draft: &mut Draft, vault: &Vault, who: &Ref) {
    let origin = Some(pb::Origin { source: who.source.clone(), source_id: who.id.clone() });
    let display_name = who.id.clone();
    if draft.kind == RecordKind::Agent {
        let agent = pb::Agent { origin, display_name, ..pb::Agent::default() };
        draft.content = agent.encode_to_vec();
        draft.find_by(vault, IndexKind::Agent, &who.id);
    } else {
        let customer = pb::Customer { origin, display_name, ..pb::Customer::default() };
        draft.content = customer.encode_to_vec();
        draft.find_by(vault, IndexKind::External, &who.id);
    }
}

/// Lets the person whose record it is be found.
pub(super) fn find_by(draft: &mut Draft, vault: &Vault, row: &Row) {
    match &row.content {
        Content::Customer(it) => {
            draft.find_by(vault, IndexKind::External, &row.source_id);
            it.phones.iter().for_each(|text| draft.find_by(vault, IndexKind::Phone, text));
            it.emails.iter().for_each(|text| draft.find_by(vault, IndexKind::Email, text));
            let accounts = it.account_numbers.iter();
            accounts.for_each(|text| draft.find_by(vault, IndexKind::Account, text));
        }
        Content::Agent(_) => draft.find_by(vault, IndexKind::Agent, &row.source_id),
        _ => {}
    }
}

/// The row's content with the pseudonyms that belong into it.
pub(super) fn encode(
    row: Row,
    vault: &Vault,
    (customer, agent): (Option<Pid>, Option<Pid>),
) -> Vec<u8> {
    let bytes = |pid: Option<Pid>| pid.map(|pid| pid.to_vec()).unwrap_or_default();
    match row.content {
        Content::Customer(it) => it.encode_to_vec(),
        Content::Agent(it) => it.encode_to_vec(),
        Content::Interaction(it) => {
            let name = |id: &str| sourced(&row.source, id);
            let case =
                (!it.case_id.is_empty()).then(|| vault.thing_pid("case", &name(&it.case_id)));
            let it = pb::Interaction {
                customer_pid: bytes(customer),
                agent_pid: bytes(agent),
                case_pid: bytes(case),
                interaction_pid: vault.thing_pid("interaction", &name(&row.source_id)).to_vec(),
                ..it
            };
            it.encode_to_vec()
        }
        Content::Score(it) => it.encode_to_vec(),
        Content::Preference(it) => it.encode_to_vec(),
        Content::Promise(it) => pb::Promise { owner_pid: bytes(agent), ..it }.encode_to_vec(),
        Content::Action(it) => pb::AdvocacyAction { agent_pid: bytes(agent), ..it }.encode_to_vec(),
        Content::Purchase(it) => it.encode_to_vec(),
    }
}

/// A row that the journal cannot take is at fault alone.
pub(super) fn check_size(draft: &Draft, field: &str) -> Result<(), Reject> {
    let bytes = record_bytes(draft);
    if bytes <= MAX_PAYLOAD_BYTES {
        return Ok(());
    }
    Err(Reject {
        field: field.to_owned(),
        reason: format!("takes {bytes} bytes of at most {MAX_PAYLOAD_BYTES}; shorten its texts"),
    })
}
