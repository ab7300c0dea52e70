//! What must hold of an entry by itself.

use super::super::{Book, Entry, EntryBody, LimitTrace, Side};
use super::Violation;

/// Checks one entry by itself: its lines balance in one currency, what it holds passes no cap but
/// by what second persons granted, nobody approves their own, and it counts for no later time.
///
/// # Errors
/// The first violation.
pub fn check_entry(entry: &Entry) -> Result<(), Violation> {
    check_lines(entry)?;
    check_currency(entry)?;
    check_caps(entry)?;
    check_persons(entry)?;
    let position = entry.position;
    let is_later = entry.effective_at.is_some_and(|effective_at| effective_at > entry.at);
    if is_later || (entry.is_post_close && entry.effective_at.is_none()) {
        return Err(Violation::EffectiveTime { position });
    }
    Ok(())
}

fn check_lines(entry: &Entry) -> Result<(), Violation> {
    let position = entry.position;
    let is_line_whole = |amount_minor: i64| amount_minor > 0 && entry.currency.is_some();
    if !entry.postings.iter().all(|posting| is_line_whole(posting.amount_minor)) {
        return Err(Violation::LineWithoutAmount { position });
    }
    for book in [Book::Authority, Book::Expense] {
        let lines = entry.postings.iter().filter(|posting| posting.account.book() == book);
        let difference_minor = lines.fold(0_i128, |sum, posting| {
            let amount = i128::from(posting.amount_minor);
            match posting.side {
                Side::Debit => sum.saturating_add(amount),
                Side::Credit => sum.saturating_sub(amount),
            }
        });
        if difference_minor != 0 {
            return Err(Violation::EntryUnbalanced { position, book, difference_minor });
        }
    }
    Ok(())
}

/// No entry mixes currencies: what is reserved is in the currency of its lines and counts.
fn check_currency(entry: &Entry) -> Result<(), Violation> {
    let reserved = match &entry.body {
        EntryBody::Reserved { request, .. } => Some(request.amount.currency),
        _ => entry.currency,
    };
    if reserved == entry.currency {
        Ok(())
    } else {
        Err(Violation::CurrencyMixed { position: entry.position })
    }
}

fn check_caps(entry: &Entry) -> Result<(), Violation> {
    let is_passed = |trace: &&LimitTrace| {
        let by_agents = trace.after_minor.saturating_sub(trace.granted_minor);
        let is_within = match entry.body {
            EntryBody::Reserved { .. }
            | EntryBody::Increased { .. }
            | EntryBody::Corrected { .. } => by_agents <= trace.cap_minor,
            // A cap may have been lowered since; then all that is added was granted.
            EntryBody::ConsultApproved { .. } => {
                by_agents <= trace.cap_minor.max(trace.before_minor)
            }
            _ => true,
        };
        trace.amount_minor > 0 && !is_within
    };
    match entry.trace.iter().find(is_passed) {
        None => Ok(()),
        Some(trace) => Err(Violation::AboveCap {
            position: entry.position,
            limit: trace.limit.clone(),
            after_minor: trace.after_minor,
            cap_minor: trace.cap_minor.saturating_add(trace.granted_minor),
        }),
    }
}

/// Nobody approves their own, at any amount.
fn check_persons(entry: &Entry) -> Result<(), Violation> {
    let second = match &entry.body {
        EntryBody::ConsultAsked { about, to, .. } | EntryBody::ConsultPassed { about, to, .. } => {
            Some((about.agent, *to))
        }
        EntryBody::ConsultApproved { about, .. } => Some((about.agent, entry.caller.agent)),
        _ => None,
    };
    match second {
        Some((agent, second)) if agent == second => {
            Err(Violation::OwnApproval { position: entry.position })
        }
        _ => Ok(()),
    }
}
