//! Spend against limit: how many windows of each limit were how full at their fullest.

use std::collections::BTreeMap;

use makegood_core::ids::LimitId;
use makegood_core::money::Currency;

use super::super::figures::Figures;
use super::{Anchor, Drawing, WIDTH, grouped};

const PANEL_HEIGHT: f64 = 148.0;
const GAP: f64 = 36.0;
/// So many limits at most; the others are in the tables.
const LIMITS: usize = 8;
/// Tenths of the cap, and one more bin for what lies above it by grants.
const BINS: usize = 11;

/// How many windows there are of each limit, by tenths of the cap.
pub(in super::super) fn bins(
    figures: &Figures,
    currency: Currency,
) -> BTreeMap<LimitId, [u64; BINS]> {
    let mut bins: BTreeMap<LimitId, [u64; BINS]> = BTreeMap::new();
    for (counter, used) in &figures.windows {
        if counter.currency.is_some_and(|of| of != currency) {
            continue;
        }
        // Exactly full belongs to the last tenth.
        let bin = match *used {
            1_000 => BINS - 2,
            used => usize::try_from(used / 100).unwrap_or(0).min(BINS - 1),
        };
        if let Some(count) = bins.entry(counter.limit.clone()).or_default().get_mut(bin) {
            *count += 1;
        }
    }
    bins
}

/// Draws them, two beside each other.
pub(in super::super) fn draw(figures: &Figures, currency: Currency) -> String {
    let bins = bins(figures, currency);
    let shown: Vec<_> = bins.iter().take(LIMITS).collect();
    let rows = shown.len().div_ceil(2);
    let mut drawing = Drawing::new(
        rows as f64 * (PANEL_HEIGHT + 20.0),
        "how full the windows of each limit were at their fullest",
    );
    let width = (WIDTH - GAP) / 2.0;
    for (index, (limit, counts)) in shown.into_iter().enumerate() {
        let x = if index % 2 == 0 { 0.0 } else { width + GAP };
        let y = (index / 2) as f64 * (PANEL_HEIGHT + 20.0);
        panel(&mut drawing, (x, y), width, (limit, counts));
    }
    drawing.finish()
}

fn panel(
    drawing: &mut Drawing,
    (x, y): (f64, f64),
    width: f64,
    (limit, counts): (&LimitId, &[u64; BINS]),
) {
    let total: u64 = counts.iter().sum();
    let title = format!("{limit} \u{b7} {} windows", grouped(total as f64));
    drawing.text("label", (x, y + 12.0), Anchor::Start, &title);
    let (top, base) = (y + 34.0, y + PANEL_HEIGHT - 18.0);
    let most = counts.iter().max().copied().unwrap_or(0).max(1) as f64;
    let step = width / BINS as f64;
    for (index, count) in counts.iter().enumerate() {
        let height = *count as f64 / most * (base - top);
        let left = x + index as f64 * step;
        let class = match index {
            9 => "bar near",
            10 => "bar above",
            _ => "bar",
        };
        let tip = format!("{count} windows used {} % of the cap", bin_name(index));
        let shown = if *count > 0 { height.max(1.5) } else { 0.0 };
        drawing.rect(class, (left + 1.0, base - shown), (step - 2.0, shown), &tip);
        if *count > 0 {
            let middle = (left + step / 2.0, base - shown - 4.0);
            drawing.text("count", middle, Anchor::Middle, &grouped(*count as f64));
        }
    }
    drawing.line("axis", (x, base), (x + width, base));
    for (index, text, anchor) in [
        (0.0, "0 %", Anchor::Start),
        (5.0, "50 %", Anchor::Middle),
        (10.0, "100 %", Anchor::Middle),
    ] {
        drawing.text("tick", (x + index * step, base + 14.0), anchor, text);
    }
    drawing.line("cap", (x + 10.0 * step, top - 10.0), (x + 10.0 * step, base));
}

fn bin_name(index: usize) -> String {
    if index + 1 == BINS {
        return "more than 100".to_owned();
    }
    format!("{} to {}", index * 10, index * 10 + 10)
}
