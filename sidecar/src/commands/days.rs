//! The days that a command of auditors looks at.

use anyhow::Context as _;

use super::setup;
use crate::audit::{Day, FactsOfDays, Period, PeriodError};
use crate::config::Config;

/// Some days of UTC.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Days {
    /// The first day, such as 2026-01-01; days are those of UTC.
    #[arg(long, value_name = "DATE")]
    from: Day,
    /// The last day, inclusive.
    #[arg(long, value_name = "DATE")]
    to: Day,
}

impl Days {
    /// The time from the beginning of the first to the end of the last.
    pub(super) fn period(self) -> Result<Period, PeriodError> {
        Period::new(self.from, self.to)
    }

    /// What the entries up to the last of the days say.
    pub(super) fn facts(self, config: &Config) -> anyhow::Result<FactsOfDays> {
        FactsOfDays::read(&config.tenant_folder(), self.period()?)
            .with_context(|| setup::reading(config))
    }
}
