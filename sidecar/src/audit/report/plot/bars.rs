//! Counts beside each other, as bars with their names.

use super::{Anchor, Drawing, WIDTH, grouped};

const LEFT: f64 = 190.0;
const ROW: f64 = 24.0;

/// Draws them; each has a name, a count and a class.
pub(in super::super) fn draw(title: &str, bars: &[(String, u64, &str)]) -> String {
    let most = bars.iter().map(|(_, count, _)| *count).max().unwrap_or(0).max(1) as f64;
    let mut drawing = Drawing::new(bars.len() as f64 * ROW + 4.0, title);
    for (index, (name, count, class)) in bars.iter().enumerate() {
        let y = index as f64 * ROW + 2.0;
        let width = (*count as f64 / most * (WIDTH - LEFT - 90.0)).max(1.0);
        let shown = grouped(*count as f64);
        drawing.text("label", (LEFT - 10.0, y + 14.0), Anchor::End, name);
        drawing.rect(class, (LEFT, y + 2.0), (width, ROW - 8.0), &format!("{name}: {shown}"));
        drawing.text("count", (LEFT + width + 8.0, y + 14.0), Anchor::Start, &shown);
    }
    drawing.finish()
}
