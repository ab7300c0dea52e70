//! The names of the rows that a command or an entry needs, so that no others have to be in memory.
//!
//! Some names are learnt from rows: a gesture's row says which counts it is charged to. So names
//! are asked for until no new ones come, which is the second time at the latest.

use crate::ids::{PoolId, SpendId};
use crate::money::Currency;
use crate::policy::Policy;

use super::account::ExpenseClass;
use super::headroom::Question;
use super::weigh::applying;
use super::{
    Account, Action, Command, Entry, EntryBody, GestureRequest, Key, Operation, OperationId, Read,
    SpendRow,
};

/// The rows that `decide` looks at and that applying its entries changes, as far as the rows at
/// hand tell; some names may come twice.
///
/// Once every row named here that exists is at hand, and no further ones are named, `decide` and
/// `apply` do over these rows what they do over all rows.
pub fn keys(rows: &impl Read, policy: &Policy, command: &Command) -> Vec<Key> {
    let mut keys = vec![Key::Head, Key::ActivePolicy];
    match &command.action {
        Action::ActivatePolicy { .. } => add_pools(&mut keys, policy),
        Action::Expire { spend } => add_spend(&mut keys, rows, *spend),
        Action::PassConsult { consult, .. } => keys.push(Key::Consult(*consult)),
        Action::Act { request, .. } => keys.extend(request.map(Key::Act)),
        Action::Spend(operation) => {
            keys.push(Key::Outcome(operation.id()));
            add_spend(&mut keys, rows, operation.spend());
            if let Operation::Reserve(request) | Operation::Give(request) = operation {
                add_question(&mut keys, rows, (policy, command), request);
            }
        }
    }
    keys
}

/// The rows that `apply` looks at and changes for an entry, as far as the rows at hand tell.
///
/// As [`keys`]; that a reservation's gesture and answer were not there before is taken for granted,
/// and what it was the first to be charged to counts as not there.
pub fn keys_of_entry(rows: &impl Read, entry: &Entry) -> Vec<Key> {
    let mut keys = vec![Key::Head, Key::ActivePolicy];
    match (&entry.body, entry.currency) {
        (EntryBody::PolicyActivated { .. }, _) => {}
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
        (body, _) => {
            if let Some(spend) = body.spend() {
                add_spend(&mut keys, rows, spend);
                // The commit of a gift completes the answer that its reservation began.
                keys.push(Key::Outcome(OperationId::Spend(spend)));
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
    let Some(SpendRow { about, currency, charged, .. }) = rows.spend(spend) else {
        return;
    };
    keys.extend(charged.iter().map(|charged| Key::Counter(charged.counter.clone())));
    add_pool(keys, &about.pool, *currency);
    add_expense(keys, ExpenseClass::of(about.kind), *currency);
}

/// Everything that a new gesture is held against and charged to.
fn add_question(
    keys: &mut Vec<Key>,
    rows: &impl Read,
    (policy, command): (&Policy, &Command),
    request: &GestureRequest,
) {
    let currency = request.amount.currency;
    let Some(pool) = policy.pool_of(command.caller.team.as_ref()) else {
        return;
    };
    let question = Question::of(command, request, rows.head().next_at(command.at));
    // A limit without its window stops the decision before any count is looked at.
    let limits = applying(policy, &question, &pool.id).flatten();
    keys.extend(limits.map(|limit| Key::Counter(limit.counter)));
    add_pool(keys, &pool.id, currency);
    if let Some(gesture) = policy.gesture(&request.gesture) {
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
