//! Agents beside their peers: a funnel, because few gifts vary more than many.

use makegood_core::money::Currency;

use super::super::peers::{LEAST_GIFTS, Peers, Point};
use super::heat::short;
use super::{Anchor, Drawing, WIDTH, grouped, ticks};

const HEIGHT: f64 = 280.0;
const LEFT: f64 = 64.0;
const TOP: f64 = 12.0;
const BASE: f64 = 244.0;
/// 95 and 99.9 in a hundred lie within so many standard errors.
const NEAR: f64 = 1.96;
const FAR: f64 = 3.29;

/// Draws it.
pub(in super::super) fn draw(peers: &Peers, currency: Currency) -> String {
    let unit = 10_f64.powi(i32::from(currency.exponent()));
    let most = peers.points.iter().map(|point| point.count).max().unwrap_or(LEAST_GIFTS) as f64;
    let counts = ticks(most);
    let right = counts.last().copied().unwrap_or(most);
    let farthest = peers.points.iter().map(|point| point.excess_minor.abs()).fold(0.0, f64::max);
    let first = LEAST_GIFTS as f64;
    let reach = farthest.max(peers.limit_minor(NEAR, first)) / unit * 1.05;
    let amounts = ticks(reach);
    let top = amounts.last().copied().unwrap_or(1.0);
    let middle = f64::midpoint(TOP, BASE);
    let x = |count: f64| LEFT + count / right * (WIDTH - LEFT - 12.0);
    let y = |amount: f64| middle - (amount / top).clamp(-1.0, 1.0) * (middle - TOP);
    let mut drawing = Drawing::new(HEIGHT, "what agents gave beyond the expected, by gifts");
    for amount in amounts.iter().flat_map(|amount| [*amount, -*amount]) {
        drawing.line("grid", (LEFT, y(amount)), (WIDTH, y(amount)));
        let label = if amount > 0.0 { format!("+{}", grouped(amount)) } else { grouped(amount) };
        let label = if amount.abs() < 1e-9 { "expected".to_owned() } else { label };
        drawing.text("tick", (LEFT - 8.0, y(amount) + 3.5), Anchor::End, &label);
    }
    for count in counts {
        drawing.text("tick", (x(count), BASE + 16.0), Anchor::Middle, &grouped(count));
    }
    drawing.text("tick", (WIDTH, BASE + 32.0), Anchor::End, "gifts in the period");
    for (class, z) in [("limit near", NEAR), ("limit far", FAR)] {
        for sign in [1.0, -1.0] {
            let steps = (0..=60).map(|step| first + (right - first) * f64::from(step) / 60.0);
            let steps = steps.filter(|count| *count > 0.0);
            let points: Vec<_> = steps
                .map(|count| (x(count), y(sign * peers.limit_minor(z, count) / unit)))
                .collect();
            drawing.path(class, &points);
        }
    }
    for point in &peers.points {
        let place = (x(point.count as f64), y(point.excess_minor / unit));
        let class = class(peers, point);
        let excess = grouped(point.excess_minor / unit);
        let name = short(&point.agent);
        drawing.dot(class, place, &format!("{name}: {} gifts, {excess} a gift", point.count));
        if class == "dot beyond" {
            drawing.text("pid", (place.0 + 7.0, place.1 + 3.5), Anchor::Start, &name);
        }
    }
    drawing.finish()
}

/// Whether chance explains where a point is.
fn class(peers: &Peers, point: &Point) -> &'static str {
    let count = point.count as f64;
    if point.excess_minor.abs() > peers.limit_minor(FAR, count) {
        "dot beyond"
    } else if point.excess_minor.abs() > peers.limit_minor(NEAR, count) {
        "dot outside"
    } else {
        "dot"
    }
}
