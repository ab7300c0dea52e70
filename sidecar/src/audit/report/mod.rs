//! `report.html`: the period at a glance, for people; self-contained, without a script, printable.

mod figures;
mod page;
mod peers;
mod plot;

pub(super) use figures::Figures;
pub(super) use page::{Facts, html};
