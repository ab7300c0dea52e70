//! A mistyped name and the known one that was most likely meant.

/// The name in `known` that is most like `name`; `None` when none is like it at all.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this likeness (0 to 1) a proposal confuses more than it helps.
    const LEAST_LIKENESS: f64 = 0.7;
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= LEAST_LIKENESS)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}
