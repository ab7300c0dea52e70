//! A generated contact centre: customers, employees and what happened between them, for the demo,
//! for measurements and for trials.
//!
//! The rows are a function of the [`Config`] alone, the same on every machine: no clock, no floating
//! point, and a generator (PCG, from `rand_pcg`) whose values its authors keep stable. `shape` has
//! what was measured on real sets. First `plan` says who does what when, in twelve bytes an event;
//! then each event is told in the order of time, so that memory holds the plan and two days of
//! answers that are still to come.
//!
//! Everything is invented. Mail addresses end in domains kept for examples; telephone numbers have
//! the exchange 555.

mod aftermath;
mod calendar;
mod cast;
mod contacts;
mod customer;
mod dice;
pub mod files;
mod later;
mod names;
pub mod past;
mod plan;
mod reasons;
mod shape;
mod staff;
mod words;
pub mod year;

pub use cast::{CastMember, INES, MARIA, cast};
pub use staff::{Employee, Shift, staff};

use crate::import::rows::{PutError, Row, Sink};
use calendar::SECOND;
use contacts::Contact;
use customer::Customer;
use later::Later;
use plan::{Event, Stream, What};
use staff::Roster;

/// The source of every generated row.
pub const SOURCE: &str = "generated";

/// After how many rows the sink makes them durable.
const FLUSH_EVERY: u64 = 65_536;

/// After how many events it is told how far it is.
const TELL_EVERY: u64 = 4_096;

/// The most customers: numbers of streams are made of theirs.
pub const MOST_CUSTOMERS: u32 = 1 << 30;

/// The size of a contact centre, and where its history ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Which of all contact centres. Another seed gives other people and another history.
    pub seed: u64,
    /// How many customers there are, at most [`MOST_CUSTOMERS`].
    pub customer_count: u32,
    /// How many interactions all customers have together; without customers there are none.
    pub interaction_count: u64,
    /// How many employees there are; at least the three whom the cast has met.
    pub agent_count: u32,
    /// How many days of interactions lie before `now_ns`; at least one.
    pub days: u32,
    /// The end of the history, in nanoseconds since the Unix epoch, cut to whole seconds: nothing
    /// has happened after it.
    pub now_ns: i64,
}

/// Puts a contact centre into a sink: the employees, the customers, then everything that happened,
/// in the order of time. `tell` hears now and then how many people and events are done, and of how
/// many.
///
/// Goes on after a row that the sink refuses, as an import does; the refused are counted in the
/// result.
///
/// # Errors
/// If the sink fails.
pub fn generate(
    config: &Config,
    sink: &mut dyn Sink,
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Generated, PutError> {
    let config = Config {
        customer_count: config.customer_count.min(MOST_CUSTOMERS),
        agent_count: config.agent_count.max(staff::LEAST),
        days: config.days.max(1),
        now_ns: config.now_ns.max(plan::FIRST_NS) / SECOND * SECOND,
        ..*config
    };
    let events = plan::plan(&config);
    let employees = staff(config.seed, config.agent_count);
    let total = u64::from(config.customer_count) + events.len() as u64;
    let mut out = Out { sink, generated: Generated::default() };
    for employee in &employees {
        out.put(employee.row(config.now_ns))?;
    }
    let mut done = 0;
    let mut step = || {
        done += 1;
        if u64::is_multiple_of(done, TELL_EVERY) || done == total {
            tell(done, total);
        }
    };
    for index in 0..config.customer_count {
        out.put(Customer::new(&config, index).row())?;
        step();
    }
    let mut history = History { config: &config, roster: Roster::new(&employees), out };
    let mut later = Later::default();
    for event in events {
        while let Some(row) = later.take_until(event.at_ns()) {
            history.out.put(row)?;
        }
        history.put(event, &mut later)?;
        step();
    }
    while let Some(row) = later.take_until(i64::MAX) {
        history.out.put(row)?;
    }
    history.out.sink.flush()?;
    Ok(history.out.generated)
}

/// Puts the cast of the demo and their stories, told in days before `now_ns`.
///
/// # Errors
/// If the sink fails.
pub fn play_cast(now_ns: i64, sink: &mut dyn Sink) -> Result<Generated, PutError> {
    let mut out = Out { sink, generated: Generated::default() };
    cast::play(now_ns, &mut out)?;
    out.sink.flush()?;
    Ok(out.generated)
}

/// What was generated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Generated {
    /// The rows that the sink took.
    pub row_count: u64,
    /// The rows that the sink refused.
    pub rejected_count: u64,
}

/// Tells events.
struct History<'a> {
    config: &'a Config,
    roster: Roster<'a>,
    out: Out<'a>,
}

impl History<'_> {
    fn put(&mut self, event: Event, later: &mut Later) -> Result<(), PutError> {
        let Config { seed, now_ns, .. } = *self.config;
        let customer = Customer::new(self.config, event.customer());
        let at_ns = event.at_ns();
        match event.what() {
            What::Purchase(number) => self.out.put(customer.purchase(number, at_ns)),
            What::Preference(number) => self.out.put(customer.preference(number, at_ns, now_ns)),
            What::Contact { matter, attempt } => {
                let place = (matter, attempt);
                let mut contact = Contact::new(seed, &customer, place, at_ns, &self.roster);
                self.out.put(contact.interaction())?;
                let stream = Stream::Aftermath(event.what());
                let mut dice = plan::dice(seed, customer.index, stream);
                let rows = aftermath::rows(&contact, now_ns, &mut dice);
                rows.into_iter().flatten().for_each(|row| later.add(row));
                Ok(())
            }
        }
    }
}

/// The sink, and how much went into it.
struct Out<'a> {
    sink: &'a mut dyn Sink,
    generated: Generated,
}

impl Out<'_> {
    fn put(&mut self, row: Row) -> Result<(), PutError> {
        match self.sink.put(row) {
            Ok(_) => self.generated.row_count += 1,
            Err(PutError::Rejected(_)) => self.generated.rejected_count += 1,
            Err(error @ PutError::Failed(_)) => return Err(error),
        }
        if self.generated.row_count.is_multiple_of(FLUSH_EVERY) {
            self.sink.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
