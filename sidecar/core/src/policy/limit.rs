//! Limits: whom one counts together, in which window, up to which cap.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{LimitId, ReasonCode, RoleCode};
use crate::money::Currency;

/// A rule that caps what may be given; the rule holds wherever it applies.
///
/// A limit applies when the caller's role and tenure and the gesture's reason are among those it
/// names. Changing a limit's window starts a new count; changing its cap does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The limit's id, kept across versions of the policy so that counts go on.
    pub id: LimitId,
    /// What the panel calls its window, such as `this stay`.
    pub label: String,
    /// Whom and what the limit counts together; the tenant is always one of them.
    pub scope: BTreeSet<Dimension>,
    /// Over which time it counts.
    pub window: Window,
    /// The roles that it applies to; `None` is every role.
    pub roles: Option<BTreeSet<RoleCode>>,
    /// It applies from this tenure on, in days.
    pub min_tenure_days: u32,
    /// It applies below this tenure only, in days; `None` has no upper end.
    pub below_tenure_days: Option<u32>,
    /// The reasons that it applies to; `None` is every reason.
    pub reasons: Option<BTreeSet<ReasonCode>>,
    /// What it counts.
    pub counts: Counts,
    /// The most that may be held and given, in minor units per currency (inclusive); empty where
    /// gestures are counted.
    pub caps: BTreeMap<Currency, i64>,
    /// The most gestures (inclusive), where those are counted.
    pub cap_times: Option<u32>,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counts {
    /// Amounts given and held, per currency.
    #[default]
    Amounts,
    /// Gestures of which something is held or stands as given, whatever their amount and currency.
    Times,
    /// Amounts that the caller granted others above their limits, per currency: the authority of
    /// second persons.
    Grants,
}

/// What a limit tells apart: amounts with different values here are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The whole house together.
    Tenant,
    /// Each team's pool.
    Pool,
    /// Each agent.
    Agent,
    /// Each customer.
    Customer,
    /// Each case; gestures without a case count together.
    Case,
    /// Each interaction.
    Interaction,
    /// Each reason.
    Reason,
}

/// Over which time a limit counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// One interaction.
    Interaction,
    /// One case; where a gesture has no case, rolling time instead.
    Case {
        /// The length of the rolling window without a case, in nanoseconds.
        otherwise_ns: i64,
    },
    /// A unit of the calendar in a time zone; its bounds come with each command.
    Calendar {
        /// The unit.
        unit: CalendarUnit,
        /// The IANA name of the time zone.
        zone: String,
    },
    /// The last so many nanoseconds before now, exactly.
    Rolling {
        /// The length of the window, in nanoseconds.
        duration_ns: i64,
    },
    /// All time.
    Lifetime,
}

/// A unit of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CalendarUnit {
    /// From midnight to midnight.
    Day,
    /// From Monday to Sunday (ISO 8601).
    Week,
    /// A month.
    Month,
    /// A quarter of a year.
    Quarter,
    /// A year.
    Year,
}

impl Limit {
    /// A limit on what each agent gives each customer: for every role, tenure and reason, with its
    /// id for a label; to be changed where another is meant.
    pub fn on_amounts(id: LimitId, window: Window, caps: BTreeMap<Currency, i64>) -> Self {
        Self {
            label: id.to_string(),
            id,
            scope: BTreeSet::from([Dimension::Agent, Dimension::Customer]),
            window,
            roles: None,
            min_tenure_days: 0,
            below_tenure_days: None,
            reasons: None,
            counts: Counts::Amounts,
            caps,
            cap_times: None,
        }
    }

    /// Whether the limit applies to an agent of this role and tenure, and to this reason.
    ///
    /// Without a reason, limits that look at reasons do not apply.
    pub fn applies(&self, role: &RoleCode, tenure_days: u32, reason: Option<&ReasonCode>) -> bool {
        let role_fits = self.roles.as_ref().is_none_or(|roles| roles.contains(role));
        let tenure_fits = tenure_days >= self.min_tenure_days
            && self.below_tenure_days.is_none_or(|below| tenure_days < below);
        role_fits && tenure_fits && self.fits_reason(reason)
    }

    fn fits_reason(&self, reason: Option<&ReasonCode>) -> bool {
        match reason {
            Some(reason) => self.reasons.as_ref().is_none_or(|reasons| reasons.contains(reason)),
            None => !self.looks_at_reasons(),
        }
    }

    /// Whether another reason can be another matter to it.
    pub fn looks_at_reasons(&self) -> bool {
        self.reasons.is_some() || self.scope.contains(&Dimension::Reason)
    }
}
