//! Plots as inline SVG: no script, no font of their own, colours by class so that print can differ.
#![expect(
    clippy::cast_precision_loss,
    reason = "what is drawn is rounded to a tenth of a pixel anyway"
)]

pub(super) mod bars;
pub(super) mod funnel;
pub(super) mod heat;
pub(super) mod limits;
pub(super) mod timeline;

use std::fmt;

/// The width of every plot, in its own units.
const WIDTH: f64 = 720.0;

/// A drawing in the making.
struct Drawing {
    height: f64,
    title: String,
    parts: Vec<String>,
}

/// Where a text stands beside its point.
#[derive(Clone, Copy)]
enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    /// An empty drawing; the title is what a screen reader says.
    fn new(height: f64, title: impl fmt::Display) -> Self {
        Self { height, title: title.to_string(), parts: Vec::new() }
    }

    /// A box; nothing is drawn of one without width or height.
    fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), tip: &str) {
        if width <= 0.0 || height <= 0.0 {
            return;
        }
        self.parts.push(format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
             height=\"{height:.1}\"><title>{}</title></rect>",
            escaped(tip)
        ));
    }

    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        self.parts.push(format!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        self.parts.push(format!("<polyline class=\"{class}\" points=\"{}\"/>", points.join(" ")));
    }

    fn dot(&mut self, class: &str, (x, y): (f64, f64), tip: &str) {
        self.parts.push(format!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"><title>{}</title>\
             </circle>",
            escaped(tip)
        ));
    }

    fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        self.parts.push(format!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escaped(text)
        ));
    }

    fn finish(self) -> String {
        let Self { height, title, parts } = self;
        let title = escaped(&title);
        format!(
            "<svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-label=\"{title}\">{}</svg>",
            parts.concat()
        )
    }
}

/// Text as markup takes it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Round numbers from zero to at least `most`, at most six of them.
fn ticks(most: f64) -> Vec<f64> {
    if most <= 0.0 {
        return vec![0.0, 1.0];
    }
    // Multiplied out, because logarithms differ from machine to machine in their last digit.
    let mut magnitude = 1.0;
    while magnitude * 10.0 <= most / 5.0 {
        magnitude *= 10.0;
    }
    while magnitude > most / 5.0 {
        magnitude /= 10.0;
    }
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    let step = steps.iter().map(|step| step * magnitude).find(|step| most / step <= 5.0);
    let step = step.unwrap_or(most);
    let mut ticks = vec![0.0];
    while let Some(last) = ticks.last().copied()
        && last < most
    {
        ticks.push(last + step);
    }
    ticks
}

/// A number with its thousands set apart by thin spaces, and no more decimals than it needs.
fn grouped(number: f64) -> String {
    let text =
        if number.fract().abs() < 1e-9 { format!("{number:.0}") } else { format!("{number:.2}") };
    group(&text)
}

/// Digits with thin spaces between the thousands.
pub(super) fn group(text: &str) -> String {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut groups = Vec::new();
    let mut rest = whole;
    while rest.len() > 3 {
        let (before, last) = rest.split_at(rest.len() - 3);
        groups.push(last);
        rest = before;
    }
    groups.push(rest);
    groups.reverse();
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", groups.join("\u{202f}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_the_most() {
        for (most, expected) in [
            (0.0, vec![0.0, 1.0]),
            (5.0, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
            (7.0, vec![0.0, 2.0, 4.0, 6.0, 8.0]),
            (1_000.0, vec![0.0, 200.0, 400.0, 600.0, 800.0, 1_000.0]),
        ] {
            assert_eq!(ticks(most), expected, "{most}");
        }
    }

    #[test]
    fn sets_thousands_apart_and_keeps_markup_out() {
        assert_eq!(group("1234567.80"), "1\u{202f}234\u{202f}567.80");
        assert_eq!(group("-999"), "\u{2212}999");
        assert_eq!(escaped("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
