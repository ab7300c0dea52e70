//! Interleaved rounds, and the medians of what they gave.

use crate::bench::figure::Samples;

/// One of the things that are compared.
pub struct Contender<'a> {
    /// Its name in the table.
    pub name: &'static str,
    /// The unit of what it returns.
    pub unit: &'static str,
    /// Measures it once.
    pub measure: Box<dyn FnMut() -> anyhow::Result<f64> + 'a>,
}

/// Measures each contender once a round; every other round goes through them backwards, so that a
/// machine that slows down or warms up favours none.
///
/// # Errors
///
/// The first error of a contender.
pub fn interleave(
    rounds: usize,
    mut contenders: Vec<Contender<'_>>,
) -> anyhow::Result<Vec<Samples>> {
    let mut samples: Vec<Samples> = contenders
        .iter()
        .map(|contender| Samples { name: contender.name, unit: contender.unit, values: Vec::new() })
        .collect();
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let value = (contenders[index].measure)()?;
            samples[index].values.push(value);
        }
    }
    Ok(samples)
}

/// The middle value, or the mean of the two in the middle; zero when there is none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle)) {
        (_, None) => 0.0,
        (1, Some(value)) => *value,
        (_, Some(upper)) => f64::midpoint(sorted[middle - 1], *upper),
    }
}

/// The median over the rounds of `figure` divided by `limit` of the same round.
pub fn median_ratio(figure: &Samples, limit: &Samples) -> f64 {
    let pairs = figure.values.iter().zip(&limit.values);
    let ratios: Vec<f64> = pairs.map(|(figure, limit)| figure / limit).collect();
    median(&ratios)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn medians() {
        for (values, expected) in
            [(vec![], 0.0), (vec![3.0], 3.0), (vec![9.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0], 2.5)]
        {
            assert!((median(&values) - expected).abs() < 1e-9, "{values:?}");
        }
    }

    #[test]
    fn takes_turns_and_pairs_by_round() {
        let order = RefCell::new(String::new());
        let contender = |name: &'static str, value: f64| Contender {
            name,
            unit: "ms",
            measure: Box::new({
                let order = &order;
                move || {
                    order.borrow_mut().push_str(name);
                    Ok(value)
                }
            }),
        };

        let samples = interleave(3, vec![contender("a", 6.0), contender("b", 2.0)]).expect("runs");

        assert_eq!(*order.borrow(), "abbaab");
        assert!((median_ratio(&samples[0], &samples[1]) - 3.0).abs() < 1e-9);
    }
}
