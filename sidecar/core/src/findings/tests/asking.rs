//! Wishes that are refused and come again.

use super::*;

/// Every refusal is looked at, not the first alone.
#[test]
fn wishes_that_go_elsewhere_after_any_refusal_are_shopping() {
    let mut book = Book::ordinary();
    let at = |hour: i64| 50 * NS_PER_DAY + hour * NS_PER_HOUR;
    // A refusal that is taken, and days later one that is not.
    book.consult(1, (7, at(0)), 9_000, (40, false));
    book.consult(1, (7, at(240)), 8_000, (40, false));
    book.consult(1, (7, at(241)), 8_000, (41, false));
    book.consult(1, (7, at(242)), 8_000, (42, true));
    let found = book.found(Rule::ConsultShopping);
    assert_eq!(found.len(), 1, "what leads from one refusal to the next is one finding");
    let first_of_all = book.0.len() as u64 - 4 * 3;
    assert!(found[0].positions.iter().all(|position| *position >= first_of_all + 3));
    assert!(found[0].positions.len() >= 6);
}
