//! The names of the rows that acts need.

use super::{Account, Act, Key};
use crate::ids::PoolId;
use crate::money::Currency;

/// The rows that deciding or applying an act looks at and changes, beside those of the head, the
/// policy in force and its answer.
///
/// A digest of balances looks at every pool and account; those are always in memory.
pub(super) fn keys_of_act(act: &Act) -> Vec<Key> {
    match act {
        Act::DraftPolicy(named) => vec![Key::Policy(named.digest)],
        Act::PublishPolicy { digest }
        | Act::SchedulePolicy { digest, .. }
        | Act::WithdrawPolicy { digest } => vec![Key::Policy(*digest)],
        Act::Pause { .. } | Act::Resume { .. } => vec![Key::Pause],
        Act::Allocate { from, to, amount } => {
            let named = |pool: &Option<PoolId>| pools(pool.as_ref(), amount.currency);
            [named(from), named(to)].concat()
        }
        Act::ClosePeriod(_) | Act::ReopenPeriod(_) | Act::SecondReopening(_) => {
            vec![Key::Periods]
        }
        Act::Note { spend, .. } => vec![Key::Spend(*spend), Key::Review(*spend)],
        Act::DisposeFinding { finding, .. } => vec![Key::Finding(*finding)],
        Act::EraseSubject { asked, .. } => asked.map(Key::Act).into_iter().collect(),
        Act::DigestBalances
        | Act::RotateKey { .. }
        | Act::Export { .. }
        | Act::ExportSubject { .. }
        | Act::AskErasure { .. }
        | Act::DrawSample(_)
        | Act::RaiseFinding(_) => Vec::new(),
    }
}

fn pools(pool: Option<&PoolId>, currency: Currency) -> Vec<Key> {
    match pool {
        None => vec![Key::Balance(Account::AuthorityTenant, currency)],
        Some(pool) => vec![
            Key::Pool(pool.clone(), currency),
            Key::Balance(Account::AuthorityPool(pool.clone()), currency),
        ],
    }
}
