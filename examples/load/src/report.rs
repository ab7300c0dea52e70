//! Figures, as a table for people or as one JSON object for programs.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use comfy_table::Table;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use serde_json::{Map, Value};

use crate::recorder::Recorder;
use crate::usage::Usage;

/// What a scenario found, in the order in which it is shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Report(Vec<(String, Value)>);

impl Report {
    /// A report of a scenario.
    pub(crate) fn of(scenario: &str) -> Self {
        let mut report = Self::default();
        report.put("scenario", scenario);
        report
    }

    /// Adds a figure; its name ends in its unit.
    pub(crate) fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// Adds a figure rounded to two digits after the point.
    pub(crate) fn put_rounded(&mut self, name: &str, value: f64) {
        self.put(name, (value * 100.0).round() / 100.0);
    }

    /// Adds quantiles of the calls that were done, and the counts of those that were not.
    pub(crate) fn put_calls(&mut self, prefix: &str, recorder: &Recorder) {
        self.put(&format!("{prefix}calls"), recorder.done_count());
        for (name, quantile) in [("p50_us", 0.5), ("p99_us", 0.99), ("max_us", 1.0)] {
            self.put(&format!("{prefix}{name}"), recorder.done_us(quantile));
        }
        self.put(&format!("{prefix}not_done"), counts(recorder.reasons()));
    }

    /// One object with all figures.
    pub(crate) fn json(&self) -> Value {
        Value::Object(self.0.iter().cloned().collect::<Map<_, _>>())
    }

    /// Prints the report on standard output.
    ///
    /// # Errors
    /// Standard output is closed.
    pub(crate) fn print(&self, as_json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if as_json {
            writeln!(out, "{}", self.json())?;
        } else {
            writeln!(out, "{}", self.table())?;
        }
        Ok(out.flush()?)
    }

    /// The figures for people: names and values.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (String, String)> {
        self.0.iter().map(|(name, value)| (name.replace('_', " "), shown(value)))
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(UTF8_HORIZONTAL_ONLY);
        for (name, value) in self.rows() {
            table.add_row([name, value]);
        }
        table
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(parts) if parts.is_empty() => "none".to_owned(),
        Value::Object(parts) => {
            let parts = parts.iter().map(|(name, value)| format!("{name} {}", shown(value)));
            parts.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// Counts by name as a JSON object.
pub(crate) fn counts(counts: &BTreeMap<String, u64>) -> Value {
    counts.iter().map(|(name, count)| (name.clone(), Value::from(*count))).collect()
}

/// So many in a time, a second.
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { float(count) / time.as_secs_f64() }
}

/// CPU time used between two looks at a process, in microseconds a call.
pub(crate) fn cpu_us_per_call(before: Usage, after: Usage, calls: u64) -> f64 {
    let used = after.cpu.saturating_sub(before.cpu);
    if calls == 0 { 0.0 } else { used.as_secs_f64() * 1e6 / float(calls) }
}

/// A count as a float; counts here are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_figure_in_one_object() {
        let mut report = Report::of("rate");
        report.put_rounded("calls_per_s", 1_234.567_8);
        let mut recorder = Recorder::default();
        recorder.note_time(Duration::from_micros(250));
        recorder.count("OVERLOADED");
        report.put_calls("give_", &recorder);
        let json = report.json();
        assert_eq!(json["scenario"], "rate");
        assert_eq!(json["calls_per_s"], 1_234.57);
        assert_eq!(json["give_p50_us"], 250);
        assert_eq!(json["give_not_done"]["OVERLOADED"], 1);
        assert!(report.table().to_string().contains("give not done"));
    }

    #[test]
    fn divides_by_nothing_without_a_fuss() {
        let usage = Usage { cpu: Duration::from_secs(1), rss_bytes: 0 };
        assert!(per_second(10, Duration::ZERO) < f64::EPSILON);
        assert!(cpu_us_per_call(usage, usage, 0) < f64::EPSILON);
    }
}
