//! Given and taken back, week by week.

use makegood_core::money::Currency;

use super::super::figures::Figures;
use super::{Anchor, Drawing, WIDTH, grouped, ticks};

const HEIGHT: f64 = 210.0;
const LEFT: f64 = 64.0;
/// Room for the half of a label.
const RIGHT: f64 = WIDTH - 16.0;
const TOP: f64 = 12.0;
const BASE: f64 = 178.0;

/// Draws it.
pub(in super::super) fn draw(figures: &Figures, currency: Currency) -> String {
    let starts = figures.starts();
    let unit = 10_f64.powi(i32::from(currency.exponent()));
    let sums = |start| figures.spans.get(&(currency, start)).copied().unwrap_or_default();
    let most = starts.iter().map(|start| sums(*start).given_minor).max().unwrap_or(0);
    let ticks = ticks(most as f64 / unit);
    let top = ticks.last().copied().unwrap_or(1.0);
    let y = |amount: f64| BASE - amount / top * (BASE - TOP);
    let mut drawing = Drawing::new(HEIGHT, format_args!("given by week in {}", currency.code()));
    for tick in &ticks {
        drawing.line("grid", (LEFT, y(*tick)), (RIGHT, y(*tick)));
        drawing.text("tick", (LEFT - 8.0, y(*tick) + 3.5), Anchor::End, &grouped(*tick));
    }
    let step = (RIGHT - LEFT) / starts.len() as f64;
    let every = (starts.len() as f64 * 46.0 / (RIGHT - LEFT)).ceil().max(1.0);
    for (index, start) in starts.iter().enumerate() {
        let sums = sums(*start);
        let (given, reversed) = (sums.given_minor as f64 / unit, sums.reversed_minor as f64 / unit);
        let x = LEFT + index as f64 * step;
        let tip = format!("{start}: {} given, {} taken back", grouped(given), grouped(reversed));
        let width = (step * 0.72).min(40.0);
        let left = x + (step - width) / 2.0;
        drawing.rect("bar", (left, y(given)), (width, BASE - y(given)), &tip);
        drawing.rect("back", (left, y(reversed)), (width, BASE - y(reversed)), &tip);
        if (index as f64 % every).abs() < 0.5 {
            let label = start.strftime(if figures.is_by_month() { "%b %y" } else { "%-d %b" });
            drawing.text("tick", (x + step / 2.0, BASE + 16.0), Anchor::Middle, &label.to_string());
        }
    }
    drawing.line("axis", (LEFT, BASE), (RIGHT, BASE));
    drawing.finish()
}
