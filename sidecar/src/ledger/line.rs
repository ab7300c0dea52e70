//! One entry as people read it: who, for whom, how much, why, before and after.

use makegood_core::ids::{PoolId, SpendId};
use makegood_core::ledger::{
    Act, ConsultState, Entry, EntryBody, LimitTrace, Operation, ReverseReason, SpendAbout,
    VoidReason,
};
use makegood_core::policy::Counts;
use makegood_core::time::{NS_PER_S, Time};

use crate::vault::Pid;

/// An entry in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The position.
    pub position: u64,
    /// When it was written.
    pub at: Time,
    /// What happened, for example "given".
    pub kind: &'static str,
    /// Who acted; none for the sidecar itself.
    pub agent: Option<Pid>,
    /// The gesture that it is about.
    pub spend: Option<SpendId>,
    /// For whom.
    pub customer: Option<Pid>,
    /// The amount in minor units.
    pub amount_minor: Option<i64>,
    /// Its currency's code and exponent.
    pub currency: Option<(&'static str, u8)>,
    /// The gesture's code.
    pub gesture: String,
    /// Why.
    pub why: String,
    /// The limit that left least, with the headroom before and after in minor units.
    pub headroom: Option<(String, i64, i64)>,
    /// The first digits of the policy's digest.
    pub policy: String,
    /// Milliseconds from complaint to decision.
    pub decided_ms: Option<u32>,
}

impl Line {
    /// Says what an entry says.
    pub fn of(entry: &Entry) -> Self {
        let agent = *entry.caller.agent.as_bytes();
        let mut line = Self {
            position: entry.position,
            at: entry.at,
            kind: "",
            // The sidecar's own pseudonym is all zeros.
            agent: (agent != Pid::default()).then_some(agent),
            spend: entry.body.spend(),
            customer: None,
            amount_minor: None,
            currency: entry.currency.map(|currency| (currency.code(), currency.exponent())),
            gesture: String::new(),
            why: String::new(),
            headroom: tightest(&entry.trace),
            policy: entry.policy.to_string().chars().take(8).collect(),
            decided_ms: None,
        };
        line.fill(&entry.body);
        line
    }

    fn fill(&mut self, body: &EntryBody) {
        match body {
            EntryBody::PolicyActivated { name, version, .. } => {
                self.kind = "policy in force";
                self.why = format!("{name} {version}");
            }
            EntryBody::PoolOpened { pool, allotted_minor, .. } => {
                self.kind = "pool opened";
                self.why = pool.to_string();
                self.amount_minor = *allotted_minor;
            }
            EntryBody::Reserved { request, .. } => {
                self.kind = "held";
                self.customer = Some(*request.customer.as_bytes());
                self.amount_minor = Some(request.amount.amount_minor);
                self.gesture = request.gesture.to_string();
                self.why = request.reason.to_string();
                self.decided_ms = Some(request.decided_ms).filter(|ms| *ms > 0);
            }
            EntryBody::Refused { operation, refusal, about } => {
                self.kind = "refused";
                self.amount_minor = operation.amount_minor();
                if let Operation::Reserve(request)
                | Operation::Give(request)
                | Operation::Ask { gesture: request, .. } = operation
                {
                    self.customer = Some(*request.customer.as_bytes());
                    self.gesture = request.gesture.to_string();
                }
                if let Some(about) = about {
                    self.about(about);
                }
                self.why = refusal.reason().to_lowercase().replace('_', " ");
            }
            EntryBody::Extended { about, .. } => self.change("kept held", about, None),
            EntryBody::Committed { about, amount_minor, .. } => {
                self.change("given", about, Some(*amount_minor));
            }
            EntryBody::Voided { about, reason, released_minor, .. } => {
                self.change("released", about, Some(*released_minor));
                void_word(*reason).clone_into(&mut self.why);
            }
            EntryBody::Expired { about, released_minor } => {
                self.change("expired", about, Some(*released_minor));
            }
            EntryBody::Reversed { about, amount_minor, reason, .. } => {
                self.change("taken back", about, Some(*amount_minor));
                reverse_word(*reason).clone_into(&mut self.why);
            }
            EntryBody::Increased { about, amount_minor, .. } => {
                self.change("raised", about, Some(*amount_minor));
            }
            EntryBody::Corrected { about, amount_minor, gesture, reason, .. } => {
                self.change("corrected", about, Some(*amount_minor));
                self.gesture = gesture.to_string();
                self.why = reason.to_string();
            }
            EntryBody::ConsultAsked { .. }
            | EntryBody::ConsultPassed { .. }
            | EntryBody::ConsultApproved { .. }
            | EntryBody::ConsultClosed { .. } => self.consult(body),
            EntryBody::Act { act, .. } => self.act(act),
        }
    }

    /// What becomes of a question to a second person.
    fn consult(&mut self, body: &EntryBody) {
        match body {
            EntryBody::ConsultAsked { about, asked_minor, binding, .. } => {
                self.change("asked for more", about, Some(*asked_minor));
                self.why = format!("{binding} leaves less");
            }
            EntryBody::ConsultPassed { about, .. } => {
                self.change("asked the next person", about, None);
                "nobody answered in time".clone_into(&mut self.why);
            }
            EntryBody::ConsultApproved { about, approved_minor, waited_ns, .. } => {
                self.change("approved", about, Some(*approved_minor));
                // What is granted brings its own room.
                if let Some((_, before, after)) = &mut self.headroom {
                    *before = *after;
                }
                self.why = format!("after {} s", waited_ns / NS_PER_S);
            }
            EntryBody::ConsultClosed { about, end, .. } => {
                self.change(consult_word(*end), about, None);
            }
            _ => {}
        }
    }

    /// What was done about the ledger itself.
    fn act(&mut self, act: &Act) {
        self.kind = act_word(act);
        self.why = match act {
            Act::DraftPolicy(named) => format!("{} {}", named.name, named.version),
            Act::PublishPolicy { digest }
            | Act::SchedulePolicy { digest, .. }
            | Act::WithdrawPolicy { digest } => digest.to_string().chars().take(8).collect(),
            Act::Pause { reason, .. } => reason.code().to_owned(),
            Act::Allocate { from, to, .. } => {
                format!("from {} to {}", place(from.as_ref()), place(to.as_ref()))
            }
            Act::ClosePeriod(period) | Act::ReopenPeriod(period) | Act::SecondReopening(period) => {
                format!("{} to {}", period.start, period.end)
            }
            Act::RotateKey { kind, .. } => kind.code().replace('_', " "),
            Act::Export { first, end, purpose, .. } => {
                format!("entries {first} to before {end}, {}", purpose.code())
            }
            Act::ExportSubject { purpose, .. } => purpose.code().to_owned(),
            Act::AskErasure { basis, .. } | Act::EraseSubject { basis, .. } => {
                basis.code().to_owned()
            }
            Act::DrawSample(sample) => {
                format!("{} of {} gestures", sample.spend_count, sample.population_count)
            }
            Act::Note { state, .. } => state.code().to_owned(),
            Act::RaiseFinding(finding) => finding.rule.to_string(),
            Act::DisposeFinding { disposition, .. } => disposition.code().to_owned(),
            Act::Resume { .. } | Act::DigestBalances => String::new(),
        };
        if let Act::Allocate { amount, .. } = act {
            self.amount_minor = Some(amount.amount_minor);
        }
    }

    /// What happens to a gesture after its reservation.
    fn change(&mut self, kind: &'static str, about: &SpendAbout, amount_minor: Option<i64>) {
        self.kind = kind;
        self.amount_minor = amount_minor;
        self.about(about);
    }

    fn about(&mut self, about: &SpendAbout) {
        self.customer = Some(*about.customer.as_bytes());
        self.gesture = about.gesture.to_string();
        self.why = about.reason.to_string();
    }
}

/// Of several limits on amounts the one that left least after the entry.
fn tightest(trace: &[LimitTrace]) -> Option<(String, i64, i64)> {
    let left = |limit: &LimitTrace, used: i64| {
        limit.cap_minor.saturating_add(limit.granted_minor).saturating_sub(used)
    };
    let amounts = trace.iter().filter(|limit| limit.counts == Counts::Amounts);
    let tightest = amounts.min_by_key(|limit| left(limit, limit.after_minor))?;
    let (before, after) =
        (left(tightest, tightest.before_minor), left(tightest, tightest.after_minor));
    Some((tightest.limit.to_string(), before, after))
}

/// A side of an allocation, for people.
fn place(pool: Option<&PoolId>) -> String {
    pool.map_or_else(|| "the house".to_owned(), ToString::to_string)
}

fn consult_word(end: ConsultState) -> &'static str {
    match end {
        ConsultState::Open => "asked for more",
        ConsultState::Approved => "approved",
        ConsultState::Declined => "declined",
        ConsultState::TimedOut => "nobody answered",
        ConsultState::Withdrawn => "question taken back",
        ConsultState::Settled => "question settled",
    }
}

fn act_word(act: &Act) -> &'static str {
    match act {
        Act::DraftPolicy(_) => "policy drafted",
        Act::PublishPolicy { .. } => "policy published",
        Act::SchedulePolicy { .. } => "policy scheduled",
        Act::WithdrawPolicy { .. } => "policy withdrawn",
        Act::Pause { .. } => "giving paused",
        Act::Resume { .. } => "giving resumed",
        Act::Allocate { .. } => "allocated",
        Act::ClosePeriod(_) => "period closed",
        Act::ReopenPeriod(_) => "reopening asked",
        Act::SecondReopening(_) => "period reopened",
        Act::DigestBalances => "balances digested",
        Act::RotateKey { .. } => "key rotated",
        Act::Export { .. } => "exported",
        Act::ExportSubject { .. } => "person exported",
        Act::AskErasure { .. } => "erasure asked",
        Act::EraseSubject { .. } => "person erased",
        Act::DrawSample(_) => "sample drawn",
        Act::Note { .. } => "reviewed",
        Act::RaiseFinding(_) => "finding raised",
        Act::DisposeFinding { .. } => "finding settled",
    }
}

fn void_word(reason: VoidReason) -> &'static str {
    match reason {
        VoidReason::CustomerDeclined => "the customer declined",
        VoidReason::Misidentified => "held for the wrong customer",
        VoidReason::Other => "other",
    }
}

fn reverse_word(reason: ReverseReason) -> &'static str {
    match reason {
        ReverseReason::MisEntry => "undone as a slip",
        ReverseReason::CustomerReturned => "the customer gave it back",
        ReverseReason::Duplicate => "given twice",
        ReverseReason::Other => "other",
    }
}

/// An amount as decimal digits, for example `45.00`.
pub fn decimal(amount_minor: i64, exponent: u8) -> String {
    let digits = usize::from(exponent);
    let text = format!("{:0>width$}", amount_minor.unsigned_abs(), width = digits + 1);
    let (whole, rest) = text.split_at(text.len() - digits);
    let sign = if amount_minor < 0 { "-" } else { "" };
    if digits == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn writes_minor_units_as_the_currency_is_written() {
        for (minor, exponent, text) in [
            (4_500, 2, "45.00"),
            (5, 2, "0.05"),
            (-120, 2, "-1.20"),
            (4_500, 0, "4500"),
            (0, 3, "0.000"),
        ] {
            assert_eq!(decimal(minor, exponent), text);
        }
    }
}
