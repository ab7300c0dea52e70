//! The digest of all balances and pools, by which two ledgers can be compared in one line.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::ids::Digest;
use crate::money::Currency;

use super::{BalanceRow, Key, PoolRow, Read, Row};

const ACCOUNT: u8 = 1;
const POOL: u8 = 2;
const WITHOUT_CAP: u8 = 0;
const WITH_CAP: u8 = 1;

/// SHA-256 of every account and every pool, as they stand.
///
/// Each is one record, and the records are hashed one behind the other in the order of their
/// bytes, with nothing between them. All numbers are big-endian, sums in two's complement.
///
/// - An account: the byte 1, the length of its number in a byte, its number as shown (such as
///   `A200.house`), the currency's three letters, debits and credits in 16 bytes each.
/// - A pool: the byte 2, the length of its id in a byte, its id, the currency's three letters, the
///   byte 0 where it has no cap or the byte 1 and what is allotted in 8 bytes, what is held and what
///   is given in 8 bytes each.
pub fn balances_digest(rows: &impl Read) -> Digest {
    let records: BTreeSet<Vec<u8>> = rows
        .books()
        .into_iter()
        .filter_map(|(key, row)| match (key, row) {
            (Key::Balance(account, currency), Row::Balance(row)) => {
                Some(account_record(&account.to_string(), *currency, row))
            }
            (Key::Pool(pool, currency), Row::Pool(row)) => {
                Some(pool_record(pool.as_str(), *currency, row))
            }
            _ => None,
        })
        .collect();
    let hash = records.iter().fold(Sha256::new(), Sha256::chain_update);
    Digest::from_bytes(hash.finalize().into())
}

fn account_record(number: &str, currency: Currency, row: &BalanceRow) -> Vec<u8> {
    let mut record = named(ACCOUNT, number, currency);
    record.extend(row.debit_minor.to_be_bytes());
    record.extend(row.credit_minor.to_be_bytes());
    record
}

fn pool_record(id: &str, currency: Currency, row: &PoolRow) -> Vec<u8> {
    let mut record = named(POOL, id, currency);
    match row.allotted_minor {
        None => record.push(WITHOUT_CAP),
        Some(allotted_minor) => {
            record.push(WITH_CAP);
            record.extend(allotted_minor.to_be_bytes());
        }
    }
    record.extend(row.held_minor.to_be_bytes());
    record.extend(row.given_minor.to_be_bytes());
    record
}

fn named(kind: u8, name: &str, currency: Currency) -> Vec<u8> {
    // Names are short codes, with a few characters in front at most.
    let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
    let mut record = vec![kind, length];
    record.extend(name.as_bytes());
    record.extend(currency.code().as_bytes());
    record
}
