//! What an agent may still give now, and what a given amount would leave.

use crate::ids::{CasePid, CustomerPid, GestureCode, InteractionPid, LimitId, ReasonCode};
use crate::money::{Currency, MAX_AMOUNT_MINOR};
use crate::policy::{Counts, GestureKind, Policy};
use crate::time::Time;

use super::weigh::{binding, refusal, weigh};
use super::{
    Access, Caller, Command, Fault, GestureRequest, LimitState, PauseReason, Read, Refusal,
    SpendRow, WindowBounds,
};

/// Whose headroom, for whom, when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Who would give.
    pub caller: Caller,
    /// For whom and why.
    pub subject: Subject,
    /// In which currency.
    pub currency: Currency,
    /// When.
    pub at: Time,
    /// The bounds of the calendar windows at `at`.
    pub windows: Vec<WindowBounds>,
}

/// For whom and why something would be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// For whom.
    pub customer: CustomerPid,
    /// During which interaction.
    pub interaction: InteractionPid,
    /// In which case.
    pub case: Option<CasePid>,
    /// Why; while it is not chosen yet, limits that look at reasons are left out.
    pub reason: Option<ReasonCode>,
}

impl Question {
    /// Whether a gesture may be given, asked by a command that is decided at `now`.
    pub(crate) fn of(command: &Command, request: &GestureRequest, now: Time) -> Self {
        Self {
            caller: command.caller.clone(),
            subject: Subject {
                customer: request.customer,
                interaction: request.interaction,
                case: request.case,
                reason: Some(request.reason.clone()),
            },
            currency: request.amount.currency,
            at: now,
            windows: command.windows.clone(),
        }
    }

    /// Whether a second person, who asks the command, may grant more for a gesture that is held.
    pub(crate) fn of_approver(command: &Command, row: &SpendRow, now: Time) -> Self {
        Self {
            caller: command.caller.clone(),
            subject: Subject {
                customer: row.about.customer,
                interaction: row.about.interaction,
                case: row.about.case,
                reason: Some(row.about.reason.clone()),
            },
            currency: row.currency,
            at: now,
            windows: command.windows.clone(),
        }
    }

    /// Whether a gesture might have been given for another reason, by whose it is.
    pub(crate) fn of_correction(
        command: &Command,
        row: &SpendRow,
        reason: &ReasonCode,
        now: Time,
    ) -> Self {
        let asked = Self::of_approver(command, row, now);
        let caller = Caller {
            agent: row.about.agent,
            access: Access::Agent,
            role: row.role.clone(),
            team: None,
            tenure_days: row.tenure_days,
        };
        let subject = Subject { reason: Some(reason.clone()), ..asked.subject };
        Self { caller, subject, ..asked }
    }
}

/// What may still be given now, without asking anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headroom {
    /// The currency of every amount.
    pub currency: Currency,
    /// What the tightest limit leaves, in minor units; zero without authority.
    pub available_minor: i64,
    /// The cap of the tightest limit on amounts, in minor units.
    pub cap_minor: i64,
    /// What was given in that limit's window, in minor units.
    pub given_minor: i64,
    /// What is held in that limit's window, in minor units.
    pub held_minor: i64,
    /// The tightest limit, which may be one that counts gestures; `None` where no limit gives authority.
    pub binding: Option<LimitId>,
    /// The name of its window; empty without authority.
    pub label: String,
    /// When something comes free by itself.
    pub resets_at: Option<Time>,
    /// Every limit that applies, in the policy's order, the pool's cap last.
    pub limits: Vec<LimitState>,
    /// Why giving is paused for everyone, and since when; what the limits leave is still said.
    pub paused: Option<(PauseReason, Time)>,
}

/// What an amount would lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The headroom before.
    pub headroom: Headroom,
    /// Why it would be refused; `None` where it would be held.
    pub refusal: Option<Refusal>,
    /// What would be left, in minor units; unchanged where it would be refused.
    pub available_after_minor: i64,
}

/// What the caller may still give.
///
/// Holds whose time has come count until their end is written; `expire_due` over an overlay
/// writes it.
///
/// # Errors
/// [`Fault::NotAuthorized`] for those who never spend, then the faults of policy, currency and
/// calendar windows.
pub fn headroom(rows: &impl Read, policy: &Policy, question: &Question) -> Result<Headroom, Fault> {
    check_spends(question.caller.access)?;
    check_in_force(rows, policy)?;
    let limits = weigh(rows, policy, question)?;
    Ok(Headroom { paused: rows.paused(), ..Headroom::of(question.currency, limits) })
}

/// What a reservation of this amount would lead to now; nothing is written.
///
/// # Errors
/// As [`headroom`], and the faults of the amount's shape, of the reason and of the gesture.
pub fn preview(
    rows: &impl Read,
    policy: &Policy,
    question: &Question,
    gesture: &GestureCode,
    amount_minor: i64,
) -> Result<Preview, Fault> {
    check_spends(question.caller.access)?;
    check_amount(amount_minor)?;
    check_in_force(rows, policy)?;
    if let Some(reason) = &question.subject.reason {
        check_reason(policy, reason)?;
    }
    check_gesture(policy, gesture)?;
    let headroom = headroom(rows, policy, question)?;
    let asker = (&question.caller.role, question.currency);
    let refusal = headroom
        .paused
        .map(|(reason, _)| Refusal::Paused { reason })
        .or_else(|| refusal(&headroom.limits, asker, amount_minor));
    let available_after_minor = match &refusal {
        Some(_) => headroom.available_minor,
        None => room_after(&headroom.limits, amount_minor),
    };
    Ok(Preview { headroom, refusal, available_after_minor })
}

/// What every limit leaves after an amount is held as well.
fn room_after(limits: &[LimitState], amount_minor: i64) -> i64 {
    let after = limits.iter().map(|state| {
        let held_minor = state.held_minor.saturating_add(state.counts.share_of(amount_minor));
        LimitState { held_minor, ..state.clone() }.room_minor()
    });
    after.min().unwrap_or(0)
}

impl Headroom {
    fn of(currency: Currency, limits: Vec<LimitState>) -> Self {
        let tightest = binding(&limits).cloned();
        let on_amounts = |state: &&LimitState| state.counts == Counts::Amounts;
        let on_amounts = limits.iter().filter(on_amounts).min_by_key(|state| state.room_minor());
        let (cap_minor, given_minor, held_minor) = on_amounts
            .map_or((0, 0, 0), |state| (state.cap_minor, state.given_minor, state.held_minor));
        let none = Self {
            currency,
            available_minor: 0,
            cap_minor,
            given_minor,
            held_minor,
            binding: None,
            label: String::new(),
            resets_at: None,
            limits,
            paused: None,
        };
        match tightest {
            None => none,
            Some(state) => Self {
                available_minor: state.room_minor(),
                binding: Some(state.limit),
                label: state.label,
                resets_at: state.resets_at,
                ..none
            },
        }
    }
}

/// Only agents and supervisors spend: a reviewer or an author of policies never does.
pub(crate) fn check_spends(access: Access) -> Result<(), Fault> {
    match access {
        Access::Agent | Access::Supervisor => Ok(()),
        Access::Auditor | Access::Admin | Access::System => {
            Err(Fault::NotAuthorized { access, needed: "agent or supervisor" })
        }
    }
}

pub(crate) fn check_amount(amount_minor: i64) -> Result<(), Fault> {
    if amount_minor <= 0 {
        return Err(Fault::AmountNotPositive { amount_minor });
    }
    if amount_minor > MAX_AMOUNT_MINOR {
        return Err(Fault::AmountOverflow { amount_minor });
    }
    Ok(())
}

pub(crate) fn check_in_force(rows: &impl Read, policy: &Policy) -> Result<(), Fault> {
    let active = rows.active_policy().ok_or(Fault::NoPolicy)?;
    if active.digest == policy.digest {
        Ok(())
    } else {
        Err(Fault::PolicyNotInForce { given: policy.digest })
    }
}

pub(crate) fn check_reason(policy: &Policy, code: &ReasonCode) -> Result<(), Fault> {
    if policy.reason(code).is_some() {
        Ok(())
    } else {
        Err(Fault::UnknownReason { code: code.clone() })
    }
}

/// What kind of gesture it is; only those that move money can be given.
pub(crate) fn check_gesture(policy: &Policy, code: &GestureCode) -> Result<GestureKind, Fault> {
    match policy.gesture(code) {
        None => Err(Fault::UnknownGesture { code: code.clone() }),
        Some(gesture) if !gesture.kind.moves_money() => {
            Err(Fault::GestureIsFree { code: code.clone() })
        }
        Some(gesture) => Ok(gesture.kind),
    }
}
