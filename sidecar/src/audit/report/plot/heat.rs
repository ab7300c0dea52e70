//! Agents by week: where what was given concentrates.

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::ids::AgentPid;
use makegood_core::money::Currency;

use super::super::figures::Figures;
use super::{Anchor, Drawing, WIDTH, grouped};

/// So many agents at most: those who gave most.
pub(in super::super) const AGENTS: usize = 40;
const LEFT: f64 = 96.0;
/// Room for the half of a label.
const RIGHT: f64 = WIDTH - 16.0;
const TOP: f64 = 22.0;
const ROW: f64 = 15.0;
const SHADES: usize = 6;

/// Draws it.
pub(in super::super) fn draw(figures: &Figures, currency: Currency) -> String {
    let starts = figures.starts();
    let agents = agents(figures, currency);
    let unit = 10_f64.powi(i32::from(currency.exponent()));
    let of = |agent: &AgentPid, start| {
        figures.heat.get(&(currency, *agent, start)).copied().unwrap_or(0)
    };
    let pairs = agents.iter().flat_map(|agent| starts.iter().map(move |start| (agent, *start)));
    let most = pairs.map(|(agent, start)| of(agent, start)).max().unwrap_or(0).max(1);
    let height = TOP + agents.len() as f64 * ROW + 34.0;
    let mut drawing = Drawing::new(height, "what each agent gave in each week");
    let step = (RIGHT - LEFT) / starts.len() as f64;
    let every = (starts.len() as f64 * 46.0 / (RIGHT - LEFT)).ceil().max(1.0);
    for (index, start) in starts.iter().enumerate() {
        if (index as f64 % every).abs() < 0.5 {
            let label = start.strftime(if figures.is_by_month() { "%b %y" } else { "%-d %b" });
            let place = (LEFT + (index as f64 + 0.5) * step, TOP - 8.0);
            drawing.text("tick", place, Anchor::Middle, &label.to_string());
        }
    }
    for (row, agent) in agents.iter().enumerate() {
        let y = TOP + row as f64 * ROW;
        let name = short(agent);
        drawing.text("pid", (LEFT - 8.0, y + 11.0), Anchor::End, &name);
        for (column, start) in starts.iter().enumerate() {
            let amount = of(agent, *start);
            let shade = shade(amount, most);
            let tip = format!("{name}, {start}: {}", grouped(amount as f64 / unit));
            let place = (LEFT + column as f64 * step, y);
            let size = ((step - 1.0).max(step * 0.8), ROW - 1.5);
            drawing.rect(&format!("heat h{shade}"), place, size, &tip);
        }
    }
    legend(&mut drawing, TOP + agents.len() as f64 * ROW + 12.0, most as f64 / unit);
    drawing.finish()
}

/// The first characters of a pseudonym, by which people find it in the tables.
pub(in super::super) fn short(agent: &AgentPid) -> String {
    agent.to_string().chars().take(8).collect()
}

/// Those who gave most, in the order of their pseudonyms: the plot is no ranking.
fn agents(figures: &Figures, currency: Currency) -> Vec<AgentPid> {
    let mut sums: BTreeMap<AgentPid, i128> = BTreeMap::new();
    for ((of, agent, _), amount) in &figures.heat {
        if *of == currency {
            *sums.entry(*agent).or_default() += amount;
        }
    }
    let mut agents: Vec<_> = sums.into_iter().collect();
    agents.sort_by_key(|(agent, amount)| (-*amount, *agent));
    let shown: BTreeSet<_> = agents.into_iter().take(AGENTS).map(|(agent, _)| agent).collect();
    shown.into_iter().collect()
}

/// The shade of an amount: zero is the lightest; the others go by the square root of their share,
/// because a few large amounts would make all others look alike.
fn shade(amount: i128, most: i128) -> usize {
    if amount <= 0 {
        return 0;
    }
    let share = (amount as f64 / most as f64).sqrt();
    let bounds = (1..SHADES).filter(|bound| share > *bound as f64 / SHADES as f64);
    bounds.count().clamp(1, SHADES - 1)
}

fn legend(drawing: &mut Drawing, y: f64, most: f64) {
    drawing.text("tick", (LEFT, y + 10.0), Anchor::Start, "none");
    for shade in 0..SHADES {
        let place = (LEFT + 34.0 + shade as f64 * 22.0, y);
        drawing.rect(&format!("heat h{shade}"), place, (20.0, 12.0), "");
    }
    let end = LEFT + 34.0 + SHADES as f64 * 22.0 + 6.0;
    drawing.text("tick", (end, y + 10.0), Anchor::Start, &grouped(most.round()));
}
