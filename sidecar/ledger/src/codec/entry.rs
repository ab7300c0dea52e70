//! Entries straight into bytes, without a message in between: the head of each entry, its traces
//! and lines, and what a gift says. What is rare goes by its message.
//!
//! The numbers are those of `makegood.ledger.v1`, and every struct is taken apart, so that a new
//! field cannot be left out.

use makegood_core::ledger::{
    Caller, Entry, EntryBody, GestureRequest, LimitTrace, Posting, ScopeKey, Side, SpendAbout,
    WindowKey,
};
use makegood_proto::ledger::v1 as pb;

use super::encode;
use super::wire::Wire;

/// The fields of an entry that its decision makes, whatever was asked.
pub(super) const LIMIT_TRACES: u32 = 10;
pub(super) const POSTINGS: u32 = 11;
/// The field that marks what was written in development mode.
pub(super) const DEVELOPMENT: usize = 12;

pub(super) fn entry(wire: &mut Wire<'_>, entry: &Entry, development: bool) {
    let Entry {
        position,
        at,
        caller,
        policy,
        rules_version,
        currency,
        trace,
        postings,
        effective_at,
        is_post_close,
        body,
    } = entry;
    let Caller { agent, access, role, team, tenure_days } = caller;
    wire.int(1, position.cast_signed());
    wire.int(2, at.as_nanos());
    wire.blob(3, agent.as_bytes());
    wire.int(4, i32::from(encode::access(*access)));
    wire.text(5, role.as_str());
    wire.text(6, team.as_ref().map_or("", |team| team.as_str()));
    wire.blob(7, policy.as_bytes());
    wire.int(8, rules_version.cast_signed());
    wire.text(9, currency.map_or("", |currency| currency.code()));
    for trace in trace {
        wire.message(LIMIT_TRACES, |wire| limit_trace(wire, trace));
    }
    for line in postings {
        wire.message(POSTINGS, |wire| posting(wire, line));
    }
    wire.flag(12, development);
    wire.int(13, tenure_days.cast_signed());
    if let Some(at) = effective_at {
        wire.chosen_int(14, at.as_nanos());
    }
    wire.flag(15, *is_post_close);
    self::body(wire, body);
}

fn limit_trace(wire: &mut Wire<'_>, trace: &LimitTrace) {
    let LimitTrace {
        limit,
        scope: counted,
        window: over,
        before_minor,
        amount_minor,
        after_minor,
        cap_minor,
        counts,
        granted_minor,
    } = trace;
    wire.text(1, limit.as_str());
    wire.message(2, |wire| scope(wire, counted));
    wire.message(3, |wire| window(wire, over));
    wire.int(4, *before_minor);
    wire.int(5, *amount_minor);
    wire.int(6, *after_minor);
    wire.int(7, *cap_minor);
    wire.int(8, i32::from(encode::counts(*counts)));
    wire.int(9, *granted_minor);
}

fn scope(wire: &mut Wire<'_>, scope: &ScopeKey) {
    let ScopeKey { pool, agent, customer, case, interaction, reason } = scope;
    wire.text(1, pool.as_ref().map_or("", |pool| pool.as_str()));
    wire.blob(2, agent.as_ref().map_or(&[], |pid| pid.as_bytes()));
    wire.blob(3, customer.as_ref().map_or(&[], |pid| pid.as_bytes()));
    wire.blob(4, case.as_ref().map_or(&[], |pid| pid.as_bytes()));
    wire.blob(5, interaction.as_ref().map_or(&[], |pid| pid.as_bytes()));
    wire.text(6, reason.as_ref().map_or("", |reason| reason.as_str()));
}

fn window(wire: &mut Wire<'_>, window: &WindowKey) {
    match window {
        WindowKey::Interaction(pid) => wire.blob(1, pid.as_bytes()),
        WindowKey::Case(pid) => wire.blob(2, pid.as_bytes()),
        WindowKey::Calendar { start, end } => wire.message(3, |wire| {
            wire.int(1, start.as_nanos());
            wire.int(2, end.as_nanos());
        }),
        WindowKey::Rolling { duration_ns } => wire.chosen_int(4, *duration_ns),
        WindowKey::Lifetime => wire.chosen_int(5, 1),
    }
}

fn posting(wire: &mut Wire<'_>, posting: &Posting) {
    let Posting { account, side, amount_minor } = posting;
    let side = match side {
        Side::Debit => pb::Side::Debit,
        Side::Credit => pb::Side::Credit,
    };
    let (number, pool) = account.parts();
    wire.joined(1, &[number.as_bytes(), pool.as_bytes()]);
    wire.int(2, i32::from(side));
    wire.int(3, *amount_minor);
}

fn body(wire: &mut Wire<'_>, body: &EntryBody) {
    match body {
        EntryBody::Reserved { request, kind, pool, expire_at, is_give, consult } => {
            wire.message(22, |wire| {
                wire.message(1, |wire| gesture(wire, request));
                wire.text(2, kind.code());
                wire.text(3, pool.as_str());
                wire.int(4, expire_at.as_nanos());
                wire.flag(5, *is_give);
                wire.blob(6, consult.as_ref().map_or(&[], |id| id.as_bytes()));
            });
        }
        EntryBody::Committed { request, about: what, amount_minor, is_final, released_minor } => {
            wire.message(25, |wire| {
                wire.blob(1, request.as_ref().map_or(&[], |id| id.as_bytes()));
                wire.message(2, |wire| about(wire, what));
                wire.int(3, *amount_minor);
                wire.flag(4, *is_final);
                wire.int(5, *released_minor);
            });
        }
        rare => encode::body(rare).encode(wire.bytes_mut()),
    }
}

fn gesture(wire: &mut Wire<'_>, request: &GestureRequest) {
    let GestureRequest {
        spend,
        customer,
        interaction,
        case,
        amount,
        reason,
        gesture,
        note,
        decided_ms,
        suggestion,
    } = request;
    wire.blob(1, spend.as_bytes());
    wire.blob(2, customer.as_bytes());
    wire.blob(3, interaction.as_bytes());
    wire.blob(4, case.as_ref().map_or(&[], |pid| pid.as_bytes()));
    wire.int(5, amount.amount_minor);
    wire.text(6, amount.currency.code());
    wire.text(7, reason.as_str());
    wire.text(8, gesture.as_str());
    wire.blob(9, note.as_ref().map_or(&[], |digest| digest.as_bytes()));
    wire.int(10, *decided_ms);
    wire.text(11, suggestion.as_ref().map_or("", |code| code.as_str()));
}

fn about(wire: &mut Wire<'_>, about: &SpendAbout) {
    let SpendAbout { spend, agent, customer, interaction, case, reason, gesture, kind, pool } =
        about;
    wire.blob(1, spend.as_bytes());
    wire.blob(2, agent.as_bytes());
    wire.blob(3, customer.as_bytes());
    wire.blob(4, interaction.as_bytes());
    wire.blob(5, case.as_ref().map_or(&[], |pid| pid.as_bytes()));
    wire.text(6, reason.as_str());
    wire.text(7, gesture.as_str());
    wire.text(8, kind.code());
    wire.text(9, pool.as_str());
}
