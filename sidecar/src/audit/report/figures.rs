//! What the report counts, entry by entry.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use makegood_core::ids::{AgentPid, GestureCode, ReasonCode};
use makegood_core::ledger::{Act, CounterKey, Entry, EntryBody};
use makegood_core::money::Currency;
use makegood_core::time::Time;

use super::super::event::Event;
use super::super::period::{Period, date};

/// A span of more days than these is shown by month.
const DAYS_BY_WEEK: i32 = 400;

/// The counts of a period.
#[derive(Debug)]
pub(in super::super) struct Figures {
    period: Period,
    /// Each currency's sums.
    pub(super) currencies: BTreeMap<Currency, Sums>,
    /// Given and taken back, by week.
    pub(super) spans: BTreeMap<(Currency, Date), Sums>,
    /// Given, by agent and week, in minor units.
    pub(super) heat: BTreeMap<(Currency, AgentPid, Date), i128>,
    /// What each agent gave for each reason and gesture.
    pub(super) gifts: BTreeMap<(Currency, AgentPid), BTreeMap<Cell, Gifts>>,
    /// The fullest that each window of a limit was, in thousandths of its cap.
    pub(super) windows: BTreeMap<CounterKey, i64>,
    /// How many entries there are of each kind.
    pub(super) kinds: BTreeMap<&'static str, u64>,
    /// How many refusals there are for each reason.
    pub(super) refusals: BTreeMap<String, u64>,
    /// How long each decision took, in milliseconds.
    pub(super) decided_ms: Vec<u32>,
    /// How many findings the ledger took in, by rule.
    pub(super) raised: BTreeMap<String, u64>,
    /// How findings were settled.
    pub(super) dispositions: BTreeMap<&'static str, u64>,
    /// Where reviews were brought to.
    pub(super) reviews: BTreeMap<&'static str, u64>,
    /// The last entry.
    pub(super) last: Option<Time>,
}

/// A reason and a gesture: gifts are compared with others of the same.
pub(super) type Cell = (Option<ReasonCode>, Option<GestureCode>);

/// The sums of a currency.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    /// Gestures given.
    pub(super) given_count: u64,
    /// Their sum, in minor units.
    pub(super) given_minor: i128,
    /// Gestures taken back.
    pub(super) reversed_count: u64,
    /// Their sum, in minor units.
    pub(super) reversed_minor: i128,
}

/// Gifts of one kind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gifts {
    /// How many.
    pub(super) count: u64,
    /// Their sum, in minor units.
    pub(super) sum: i128,
    /// The sum of their squares.
    pub(super) squares: i128,
}

impl Figures {
    /// The counts of a period in which nothing has happened yet.
    pub(in super::super) fn of(period: Period) -> Self {
        Self {
            period,
            currencies: BTreeMap::new(),
            spans: BTreeMap::new(),
            heat: BTreeMap::new(),
            gifts: BTreeMap::new(),
            windows: BTreeMap::new(),
            kinds: BTreeMap::new(),
            refusals: BTreeMap::new(),
            decided_ms: Vec::new(),
            raised: BTreeMap::new(),
            dispositions: BTreeMap::new(),
            reviews: BTreeMap::new(),
            last: None,
        }
    }

    /// Counts an entry.
    pub(in super::super) fn see(&mut self, entry: &Entry, event: &Event) {
        self.last = Some(entry.at);
        *self.kinds.entry(entry.body.kind()).or_default() += 1;
        self.decided_ms.extend(event.decided_ms);
        self.fill(entry);
        match &entry.body {
            EntryBody::Committed { amount_minor, .. } => self.give(entry, event, *amount_minor),
            EntryBody::Reversed { amount_minor, .. } => self.take_back(entry, *amount_minor),
            EntryBody::Refused { refusal, .. } => {
                *self.refusals.entry(refusal.reason().to_owned()).or_default() += 1;
            }
            EntryBody::Act { act, .. } => self.act(act),
            _ => {}
        }
    }

    /// The currency in which most was given, by number of gestures.
    pub(super) fn main_currency(&self) -> Option<Currency> {
        let most = self.currencies.iter().max_by_key(|(_, sums)| sums.given_count);
        most.map(|(currency, _)| *currency)
    }

    /// The first days of the weeks, or in long periods of the months, up to the last entry.
    pub(super) fn starts(&self) -> Vec<Date> {
        let last = self.last.map_or(self.period.from(), date);
        let mut starts = vec![self.start_of(self.period.from())];
        while let Some(start) = starts.last().copied().and_then(|start| self.next(start))
            && start <= last
        {
            starts.push(start);
        }
        starts
    }

    /// Whether the report goes by month rather than by week.
    pub(super) fn is_by_month(&self) -> bool {
        let days = self.period.from().until(self.period.to()).map_or(0, |span| span.get_days());
        days > DAYS_BY_WEEK
    }

    fn next(&self, start: Date) -> Option<Date> {
        let step = if self.is_by_month() { 1.month() } else { 1.week() };
        start.checked_add(step).ok()
    }

    fn start_of(&self, day: Date) -> Date {
        if self.is_by_month() {
            return day.first_of_month();
        }
        let since = i64::from(day.weekday().since(Weekday::Monday));
        day.checked_sub(since.days()).unwrap_or(day)
    }

    fn give(&mut self, entry: &Entry, event: &Event, amount_minor: i64) {
        let Some(currency) = entry.currency else {
            return;
        };
        let amount = i128::from(amount_minor);
        let start = self.start_of(date(entry.at));
        for sums in [
            self.currencies.entry(currency).or_default(),
            self.spans.entry((currency, start)).or_default(),
        ] {
            sums.given_count += 1;
            sums.given_minor += amount;
        }
        let agent = event.agent.unwrap_or(entry.caller.agent);
        *self.heat.entry((currency, agent, start)).or_default() += amount;
        let cell = (event.reason.clone(), event.gesture.clone());
        let gifts = self.gifts.entry((currency, agent)).or_default().entry(cell).or_default();
        gifts.count += 1;
        gifts.sum += amount;
        gifts.squares += amount * amount;
    }

    fn take_back(&mut self, entry: &Entry, amount_minor: i64) {
        let Some(currency) = entry.currency else {
            return;
        };
        let start = self.start_of(date(entry.at));
        for sums in [
            self.currencies.entry(currency).or_default(),
            self.spans.entry((currency, start)).or_default(),
        ] {
            sums.reversed_count += 1;
            sums.reversed_minor += i128::from(amount_minor);
        }
    }

    /// Keeps how full the windows of limits were; a refusal leaves them as they were.
    fn fill(&mut self, entry: &Entry) {
        let Some(currency) = entry.currency else {
            return;
        };
        let charged = entry.trace.iter().filter(|trace| trace.cap_minor > 0);
        for trace in charged {
            let used = i128::from(trace.after_minor) * 1_000 / i128::from(trace.cap_minor);
            let used = i64::try_from(used).unwrap_or(i64::MAX);
            let fullest = self.windows.entry(trace.counter(currency)).or_default();
            *fullest = used.max(*fullest);
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::RaiseFinding(finding) => {
                *self.raised.entry(finding.rule.to_string()).or_default() += 1;
            }
            Act::DisposeFinding { disposition, .. } => {
                *self.dispositions.entry(disposition.code()).or_default() += 1;
            }
            Act::Note { state, .. } => *self.reviews.entry(state.code()).or_default() += 1,
            _ => {}
        }
    }
}
