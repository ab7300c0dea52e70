//! The names of the rows that a command or an entry needs, so that no others have to be in memory.
//!
//! Some names are learnt from rows: a gesture's row says which counts it is charged to. So names
//! are asked for until no new ones come, which is the second time at the latest.

use crate::ids::{GestureCode, PoolId, SpendId};
use crate::money::Currency;
use crate::policy::Policy;

use super::account::ExpenseClass;
use super::act_keys::keys_of_act;
use super::headroom::Question;
use super::weigh::{Authority, applying};
use super::{
    Account, Action, Command, Entry, EntryBody, Key, Operation, OperationId, Read, SpendRow,
};

/// The rows that `decide` looks at and that applying its entries changes, as far as the rows at
/// hand tell; some names may come twice.
///
/// Once every row named here that exists is at hand, and no further ones are named, `decide` and
/// `apply` do over these rows what they do over all rows.
pub fn keys(rows: &impl Read, policy: &Policy, command: &Command) -> Vec<Key> {
    let mut keys = vec![Key::Head, Key::ActivePolicy];
    match &command.action {
        Action::ActivatePolicy { digest } => {
            keys.push(Key::Policy(*digest));
            add_pools(&mut keys, policy);
        }
        Action::Expire { spend } => add_spend(&mut keys, rows, *spend),
        Action::PassConsult { consult, .. } => {
            keys.push(Key::Consult(*consult));
            if let Some(row) = rows.consult(*consult) {
                add_spend(&mut keys, rows, row.spend);
            }
        }
        Action::Act { request, act } => {
            // One id is not used for an act and for an operation.
            let ids = request.iter();
            keys.extend(
                ids.flat_map(|id| [Key::Act(*id), Key::Outcome(OperationId::Request(*id))]),
            );
            keys.extend(keys_of_act(act));
        }
        Action::Spend(operation) => {
            keys.push(Key::Outcome(operation.id()));
            if let OperationId::Request(request) = operation.id() {
                keys.push(Key::Act(request));
            }
            add_spend(&mut keys, rows, operation.spend());
            add_operation(&mut keys, rows, (policy, command), operation);
        }
    }
    keys
}

/// What an operation needs besides its gesture and its first answer.
fn add_operation(
    keys: &mut Vec<Key>,
    rows: &impl Read,
    (policy, command): (&Policy, &Command),
    operation: &Operation,
) {
    match operation {
        Operation::Reserve(gesture) | Operation::Give(gesture) => {
            keys.push(Key::Pause);
            let question = Question::of(command, gesture, rows.head().next_at(command.at));
            add_question(keys, policy, &question, Authority::Own);
            add_gesture(keys, policy, &gesture.gesture, gesture.amount.currency);
        }
        Operation::Ask { consult, gesture, .. } => {
            keys.extend([Key::Pause, Key::Consult(*consult)]);
            // What was reserved is what may be asked about anew.
            keys.push(Key::Outcome(OperationId::Spend(gesture.spend)));
            let question = Question::of(command, gesture, rows.head().next_at(command.at));
            add_question(keys, policy, &question, Authority::Own);
        }
        Operation::Answer { consult, spend, .. } => {
            keys.extend([Key::Pause, Key::Consult(*consult)]);
            if let Some(row) = rows.spend(*spend) {
                let now = rows.head().next_at(command.at);
                let question = Question::of_approver(command, row, now);
                add_question(keys, policy, &question, Authority::Second);
            }
        }
        Operation::Withdraw { consult, .. } => keys.push(Key::Consult(*consult)),
        Operation::Increment { .. } => keys.push(Key::Pause),
        Operation::Reverse { spend, .. } => {
            keys.push(Key::Periods);
            if let Some(row) = rows.spend(*spend) {
                keys.push(Key::Balance(Account::AuthorityLapsed, row.currency));
            }
        }
        Operation::Correct { spend, reason, gesture, .. } => {
            keys.push(Key::Periods);
            if let Some(row) = rows.spend(*spend) {
                let now = rows.head().next_at(command.at);
                let question = Question::of_correction(command, row, reason, now);
                add_counters(keys, policy, &question, (&row.about.pool, Authority::Own));
                add_gesture(keys, policy, gesture, row.currency);
            }
        }
        Operation::Extend { .. } | Operation::Commit { .. } | Operation::Void { .. } => {}
    }
}

/// The rows that `apply` looks at and changes for an entry, as far as the rows at hand tell.
///
/// As [`keys`]; that a reservation's gesture and answer were not there before is taken for granted,
/// and what it was the first to be charged to counts as not there.
pub fn keys_of_entry(rows: &impl Read, entry: &Entry) -> Vec<Key> {
    let mut keys = vec![Key::Head, Key::ActivePolicy];
    match (&entry.body, entry.currency) {
        (EntryBody::PolicyActivated { .. }, _) => keys.push(Key::Policy(entry.policy)),
        (EntryBody::Act { request, act, .. }, _) => {
            keys.extend(request.map(Key::Act));
            keys.extend(keys_of_act(act));
        }
        (EntryBody::PoolOpened { pool, .. }, Some(currency)) => {
            keys.push(Key::Pool(pool.clone(), currency));
        }
        (EntryBody::Reserved { pool, .. }, Some(currency)) => {
            // A count of nothing becomes what it would had there been no row, so that is not asked.
            let limits =
                entry.trace.iter().filter(|trace| !trace.is_pool() && trace.before_minor != 0);
            keys.extend(limits.map(|trace| Key::Counter(trace.counter(currency))));
            keys.push(Key::Pool(pool.clone(), currency));
        }
        (body, currency) => {
            if let Some(spend) = body.spend() {
                add_spend(&mut keys, rows, spend);
                // The commit of a gift completes the answer that its reservation began, and a
                // question repeats what was reserved.
                keys.push(Key::Outcome(OperationId::Spend(spend)));
            }
            if let Some(consult) = body.consult() {
                keys.push(Key::Consult(consult));
            }
            let is_charged_anew =
                matches!(body, EntryBody::ConsultApproved { .. } | EntryBody::Corrected { .. });
            if let (true, Some(currency)) = (is_charged_anew, currency) {
                // The limits of an approver, or of another reason, are new to the gesture.
                let limits = entry.trace.iter().filter(|trace| !trace.is_pool());
                keys.extend(limits.map(|trace| Key::Counter(trace.counter(currency))));
            }
        }
    }
    let accounts = entry.postings.iter().zip(entry.currency.iter().cycle());
    keys.extend(accounts.map(|(line, currency)| Key::Balance(line.account.clone(), *currency)));
    keys
}

/// A gesture and everything that moves with it.
fn add_spend(keys: &mut Vec<Key>, rows: &impl Read, spend: SpendId) {
    keys.push(Key::Spend(spend));
    let Some(SpendRow { about, currency, charged, consult, .. }) = rows.spend(spend) else {
        return;
    };
    keys.extend(consult.map(Key::Consult));
    keys.extend(charged.iter().map(|charged| Key::Counter(charged.counter.clone())));
    add_pool(keys, &about.pool, *currency);
    add_expense(keys, ExpenseClass::of(about.kind), *currency);
}

/// Every count that a question is weighed against, and the pool.
fn add_question(keys: &mut Vec<Key>, policy: &Policy, question: &Question, authority: Authority) {
    let Some(pool) = policy.pool_of(question.caller.team.as_ref()) else {
        return;
    };
    add_counters(keys, policy, question, (&pool.id, authority));
    add_pool(keys, &pool.id, question.currency);
}

fn add_counters(
    keys: &mut Vec<Key>,
    policy: &Policy,
    question: &Question,
    (pool, authority): (&PoolId, Authority),
) {
    // A limit without its window stops the decision before any count is looked at.
    let limits = applying(policy, question, pool, authority).flatten();
    keys.extend(limits.map(|limit| Key::Counter(limit.counter)));
}

fn add_gesture(keys: &mut Vec<Key>, policy: &Policy, gesture: &GestureCode, currency: Currency) {
    if let Some(gesture) = policy.gesture(gesture) {
        add_expense(keys, ExpenseClass::of(gesture.kind), currency);
    }
}

fn add_pools(keys: &mut Vec<Key>, policy: &Policy) {
    for pool in policy.pools_in_force() {
        policy.currencies.iter().for_each(|currency| add_pool(keys, &pool.id, *currency));
    }
    let house = |currency: &Currency| Key::Balance(Account::AuthorityTenant, *currency);
    keys.extend(policy.currencies.iter().map(house));
}

fn add_pool(keys: &mut Vec<Key>, pool: &PoolId, currency: Currency) {
    keys.push(Key::Pool(pool.clone(), currency));
    let accounts = [Account::AuthorityPool, Account::Encumbered, Account::Expended];
    keys.extend(accounts.map(|account| Key::Balance(account(pool.clone()), currency)));
}

fn add_expense(keys: &mut Vec<Key>, class: ExpenseClass, currency: Currency) {
    let accounts = [Account::Expense(class), Account::AdvocacyPayable];
    keys.extend(accounts.map(|account| Key::Balance(account, currency)));
}
