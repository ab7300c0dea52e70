//! The report of a scenario over time: a page of pictures without anything from elsewhere, and its
//! figures as lines of JSON.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::chart::{Chart, Scale, Series, escaped};
use crate::report::{Report, float, per_second};
use crate::timeline::{KINDS, Kind, Slot, write_lines};

const STYLE: &str = include_str!("page.css");
/// The names of the two files.
const PAGE: &str = "index.html";
const LINES: &str = "figures.jsonl";

/// What a report is about.
pub(crate) struct Page<'a> {
    /// The headline.
    pub(crate) title: &'a str,
    /// What was done, in a sentence or two.
    pub(crate) about: &'a str,
    /// The axis of time as figures name it, such as `hour`.
    pub(crate) axis: &'static str,
    /// The axis of time as pictures label it.
    pub(crate) axis_label: &'static str,
    /// What happened.
    pub(crate) slots: &'a [Slot],
    /// The sums.
    pub(crate) report: &'a Report,
}

impl Page<'_> {
    /// Writes page and figures into a folder, which is made where it is missing, and returns where
    /// the page is.
    ///
    /// # Errors
    /// They cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        fs::create_dir_all(folder).with_context(|| format!("out: make {}", folder.display()))?;
        write_lines(&folder.join(LINES), self.axis, self.slots)?;
        let page = folder.join(PAGE);
        fs::write(&page, self.html()).with_context(|| format!("out: write {}", page.display()))?;
        Ok(page)
    }

    fn html(&self) -> String {
        let (title, about) = (escaped(self.title), escaped(self.about));
        let pictures: String = self.charts().iter().map(Chart::svg).collect();
        let row = |(name, value): (String, String)| {
            [
                "<tr><td>",
                &escaped(&name),
                "</td><td>",
                &escaped(&value),
                "</td></tr>
",
            ]
            .concat()
        };
        let rows: String = self.report.rows().map(row).collect();
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
             <style>\n{STYLE}</style></head><body>\n<h1>{title}</h1>\n<p>{about}</p>\n{pictures}\
             <table>\n{rows}</table>\n</body></html>\n"
        )
    }

    fn charts(&self) -> Vec<Chart> {
        let mut charts = vec![
            self.chart("Calls answered", "calls a second", Scale::Linear, self.rates()),
            self.chart(
                "Time to the answer, from the moment each call was meant to begin",
                "milliseconds",
                Scale::Log,
                self.times(),
            ),
            self.chart("Calls not done, by reason", "calls a second", Scale::Linear, self.shed()),
            self.chart("Processor", "cores", Scale::Linear, self.cores()),
            self.chart(
                "Open desks",
                "desks",
                Scale::Linear,
                vec![self.line("desks", |slot| float(slot.desk_count))],
            ),
            self.chart(
                "Messages to desks",
                "messages a second",
                Scale::Linear,
                vec![self.line("messages", |slot| per_second(slot.message_count, slot.length))],
            ),
        ];
        let memory = |slot: &Slot| slot.server_rss_bytes.map_or(f64::NAN, |it| float(it) / 1e6);
        let memory = self.line("server", memory);
        charts.push(self.chart("Resident memory", "megabytes", Scale::Linear, vec![memory]));
        charts.retain(|chart| !chart.series.is_empty());
        charts
    }

    fn chart(
        &self,
        title: &'static str,
        y_label: &'static str,
        scale: Scale,
        series: Vec<Series>,
    ) -> Chart {
        let shown = |series: &Series| series.points.iter().any(|(_, y)| y.is_finite());
        let series = series.into_iter().filter(shown).collect();
        Chart { title, x_label: self.axis_label, y_label, scale, series }
    }

    fn line(&self, name: &str, value: impl Fn(&Slot) -> f64) -> Series {
        let points = self.slots.iter().map(|slot| (slot.at, value(slot))).collect();
        Series { name: name.to_owned(), points }
    }

    fn rates(&self) -> Vec<Series> {
        let rate = |slot: &Slot, is_meant: fn(Kind) -> bool| {
            per_second(slot.sum(is_meant).done_count(), slot.length)
        };
        vec![
            self.line("durable writes", |slot| rate(slot, Kind::is_durable)),
            self.line("reads", |slot| rate(slot, |kind| !kind.is_durable())),
        ]
    }

    fn times(&self) -> Vec<Series> {
        let quantile = |is_meant: fn(Kind) -> bool, quantile: f64| {
            move |slot: &Slot| match slot.sum(is_meant) {
                none if none.done_count() == 0 => f64::NAN,
                some => float(some.done_us(quantile)) / 1e3,
            }
        };
        let is_panel = |kind| kind == Kind::Panel;
        vec![
            self.line("panel p50", quantile(is_panel, 0.5)),
            self.line("panel p99", quantile(is_panel, 0.99)),
            self.line("write p50", quantile(Kind::is_durable, 0.5)),
            self.line("write p99", quantile(Kind::is_durable, 0.99)),
        ]
    }

    /// The five most frequent reasons; where all was done, a line at zero says so.
    fn shed(&self) -> Vec<Series> {
        let mut sums = std::collections::BTreeMap::<String, u64>::new();
        for slot in self.slots {
            for (reason, count) in slot.sum(|_| true).reasons() {
                *sums.entry(reason.clone()).or_default() += count;
            }
        }
        let mut reasons: Vec<_> = sums.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        reasons.truncate(5);
        if reasons.is_empty() {
            return vec![self.line("none", |_| 0.0)];
        }
        let rate = |reason: String| {
            let name = reason.clone();
            self.line(&name, move |slot| {
                let count = slot.sum(|_| true).reasons().get(&reason).copied();
                per_second(count.unwrap_or(0), slot.length)
            })
        };
        reasons.into_iter().map(|(reason, _)| rate(reason)).collect()
    }

    fn cores(&self) -> Vec<Series> {
        vec![
            self.line("server", |slot| slot.server_cores.unwrap_or(f64::NAN)),
            self.line("generator", |slot| slot.generator_cores),
        ]
    }
}

/// Puts the sums of all slots into a report, each kind of call for itself.
pub(crate) fn put_sums(report: &mut Report, slots: &[Slot]) {
    for kind in KINDS {
        let mut sum = crate::recorder::Recorder::default();
        slots.iter().filter_map(|slot| slot.calls.get(&kind)).for_each(|it| sum.add(it));
        if sum.done_count() > 0 || !sum.reasons().is_empty() {
            report.put_calls(&format!("{}_", kind.name()), &sum);
        }
    }
    let busiest = slots.iter().filter_map(|slot| slot.server_cores).fold(0.0, f64::max);
    let largest = slots.iter().filter_map(|slot| slot.server_rss_bytes).max();
    if let Some(largest) = largest {
        report.put_rounded("server_cores_max", busiest);
        report.put("server_rss_bytes_max", largest);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::recorder::Recorder;

    fn slot(at: f64) -> Slot {
        let mut panels = Recorder::default();
        panels.note_time(Duration::from_millis(3));
        panels.count("OVERLOADED");
        Slot {
            at,
            length: Duration::from_secs(1),
            calls: BTreeMap::from([(Kind::Panel, panels)]),
            message_count: 4,
            desk_count: 2,
            server_cores: Some(0.5),
            server_rss_bytes: Some(100_000_000),
            generator_cores: 0.1,
        }
    }

    #[test]
    fn writes_a_page_that_needs_nothing_else_and_its_figures() {
        let slots = [slot(1.0), slot(2.0)];
        let mut report = Report::of("day");
        put_sums(&mut report, &slots);
        assert_eq!(report.json()["panel_calls"], 2);
        let page = Page {
            title: "A day",
            about: "One <day>.",
            axis: "hour",
            axis_label: "hour of the day",
            slots: &slots,
            report: &report,
        };
        let folder = tempfile::tempdir().unwrap();
        let path = page.write(&folder.path().join("deep/er")).unwrap();
        let html = fs::read_to_string(path).unwrap();
        assert!(html.contains("One &lt;day&gt;.") && html.contains("OVERLOADED"));
        for outside in ["http:", "https:", "src=", "@import", "url("] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert_eq!(html.matches("<svg").count(), 7);
    }
}
