//! A generated contact centre: customers, employees and what happened between them, for the demo
//! and for measurements.
//!
//! The rows are a function of the [`Config`] alone, the same on every machine: no clock, no floating
//! point, and a generator (PCG, from `rand_pcg`) whose values its authors keep stable. Every
//! customer has a stream of their own, so that a customer is the same in a small centre and in a
//! large one, and memory holds one customer at a time.
//!
//! Everything is invented. Mail addresses end in domains kept for examples; telephone numbers have
//! the exchange 555.

mod aftermath;
mod calendar;
mod cast;
mod contacts;
mod customer;
mod dice;
mod names;
mod reasons;
mod staff;
mod words;

pub use cast::{CastMember, cast};
pub use staff::{Employee, staff};

use crate::import::rows::{PutError, Row, Sink};
use customer::Customer;

/// The source of every generated row.
pub const SOURCE: &str = "generated";

/// After how many customers the sink makes them durable.
const FLUSH_EVERY: u32 = 1_024;

/// The size of a contact centre, and where its history ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Config {
    /// Which of all contact centres. Another seed gives other people and another history, but for
    /// the cast.
    pub seed: u64,
    /// How many customers there are besides the cast.
    pub customer_count: u32,
    /// How many employees there are; at least the three whom the cast has met.
    pub agent_count: u32,
    /// How many days of interactions lie before `now_ns`; at least one.
    pub days: u32,
    /// The end of the history, in nanoseconds since the Unix epoch: nothing has happened after it.
    pub now_ns: i64,
}

/// Puts a contact centre into a sink: the employees, the cast, then customer after customer, each
/// with all that belongs to them.
///
/// Goes on after a row that the sink refuses, as an import does; the refused are counted in the
/// result.
///
/// # Errors
/// If the sink fails.
pub fn generate(config: &Config, sink: &mut dyn Sink) -> Result<Generated, PutError> {
    let config = Config {
        agent_count: config.agent_count.max(staff::LEAST),
        days: config.days.max(1),
        ..*config
    };
    let mut out = Out { sink, generated: Generated::default() };
    let employees = staff(config.seed, config.agent_count);
    for employee in &employees {
        out.put(employee.row(config.now_ns))?;
    }
    cast::play(config.now_ns, &mut out)?;
    for index in 0..config.customer_count {
        let mut customer = Customer::new(&config, index);
        out.put(customer.row(config.now_ns))?;
        customer.put_preferences(&config, &mut out)?;
        customer.put_purchases(&config, &mut out)?;
        contacts::put_contacts(&mut customer, &config, &employees, &mut out)?;
        if (index + 1).is_multiple_of(FLUSH_EVERY) {
            out.sink.flush()?;
        }
    }
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
        Ok(())
    }
}

#[cfg(test)]
mod tests;
