//! Lines over time as SVG, whose colours are the page's: light and dark need no second picture.
//!
//! The usual crates draw with fixed colours, and bring fonts and bitmaps.

use std::fmt::Write as _;

/// What a picture shows.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// What it is about, in a few words.
    pub(crate) title: &'static str,
    /// The axis of time with its unit.
    pub(crate) x_label: &'static str,
    /// The other axis with its unit.
    pub(crate) y_label: &'static str,
    /// How the other axis is divided.
    pub(crate) scale: Scale,
    /// The lines, at most six.
    pub(crate) series: Vec<Series>,
}

/// A line.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// In the order of time; what is not finite leaves a gap.
    pub(crate) points: Vec<(f64, f64)>,
}

/// How an axis is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From zero on, evenly.
    Linear,
    /// By powers of ten.
    Log,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 44.0;
/// About so many lines across.
const TICKS: f64 = 5.0;

/// The value range of an axis and where it marks it.
struct Axis {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Chart {
    /// The picture.
    pub(crate) fn svg(&self) -> String {
        let finite = || self.series.iter().flat_map(|it| &it.points).filter(|(_, y)| y.is_finite());
        let x = even(finite().map(|(x, _)| *x), false);
        let y = match self.scale {
            Scale::Linear => even(finite().map(|(_, y)| *y), true),
            Scale::Log => powers(finite().map(|(_, y)| *y)),
        };
        let mut svg = format!(
            "<figure><figcaption>{}</figcaption><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{}\">",
            escaped(self.title),
            escaped(self.title)
        );
        self.put_axes(&mut svg, &x, &y);
        self.put_lines(&mut svg, &x, &y);
        svg.push_str("</svg></figure>\n");
        svg
    }

    fn put_axes(&self, svg: &mut String, x: &Axis, y: &Axis) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in &y.ticks {
            let at = self.y_at(y, *tick);
            put(svg, format_args!("<path class=\"grid\" d=\"M{LEFT} {at:.1}H{right}\"/>"));
            let (left, text) = (LEFT - 8.0, short(*tick));
            put(
                svg,
                format_args!(
                    "<text x=\"{left}\" y=\"{:.1}\" class=\"end\">{text}</text>",
                    at + 4.0
                ),
            );
        }
        for tick in &x.ticks {
            let (at, text) = (x_at(x, *tick), short(*tick));
            let mark = bottom + 5.0;
            put(svg, format_args!("<path class=\"axis\" d=\"M{at:.1} {bottom}V{mark}\"/>"));
            put(
                svg,
                format_args!(
                    "<text x=\"{at:.1}\" y=\"{}\" class=\"middle\">{text}</text>",
                    bottom + 18.0
                ),
            );
        }
        put(svg, format_args!("<path class=\"axis\" d=\"M{LEFT} {bottom}H{right}\"/>"));
        let middle = f64::midpoint(LEFT, right);
        let label = escaped(self.x_label);
        put(
            svg,
            format_args!(
                "<text x=\"{middle}\" y=\"{}\" class=\"middle label\">{label}</text>",
                HEIGHT - 6.0
            ),
        );
        let label = escaped(self.y_label);
        put(svg, format_args!("<text x=\"4\" y=\"14\" class=\"label\">{label}</text>"));
    }

    fn put_lines(&self, svg: &mut String, x: &Axis, y: &Axis) {
        let mut legend = WIDTH - RIGHT;
        for (number, series) in self.series.iter().enumerate().rev() {
            let width = 36.0 + series.name.chars().map(width_of).sum::<f64>();
            legend -= width;
            let name = escaped(&series.name);
            put(svg, format_args!("<path class=\"line s{number}\" d=\"M{legend:.1} 10h16\"/>"));
            put(svg, format_args!("<text x=\"{:.1}\" y=\"14\">{name}</text>", legend + 20.0));
        }
        for (number, series) in self.series.iter().enumerate() {
            let d = self.path(series, x, y);
            put(svg, format_args!("<path class=\"line s{number}\" d=\"{d}\"/>"));
        }
    }

    fn path(&self, series: &Series, x: &Axis, y: &Axis) -> String {
        let (mut d, mut step) = (String::new(), 'M');
        for (at, value) in &series.points {
            let is_shown = value.is_finite() && (self.scale == Scale::Linear || *value > 0.0);
            if is_shown {
                put(&mut d, format_args!("{step}{:.1} {:.1}", x_at(x, *at), self.y_at(y, *value)));
            }
            // Behind a gap the line begins anew.
            step = if is_shown { 'L' } else { 'M' };
        }
        d
    }

    fn y_at(&self, axis: &Axis, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => (value - axis.low) / (axis.high - axis.low),
            Scale::Log => {
                (value.log10() - axis.low.log10()) / (axis.high.log10() - axis.low.log10())
            }
        };
        let bottom = HEIGHT - BOTTOM;
        bottom - part.clamp(0.0, 1.0) * (bottom - TOP)
    }
}

fn x_at(axis: &Axis, value: f64) -> f64 {
    LEFT + (value - axis.low) / (axis.high - axis.low) * (WIDTH - RIGHT - LEFT)
}

/// About how wide a character is in the page's type.
fn width_of(it: char) -> f64 {
    if it.is_uppercase() || it == '_' { 8.6 } else { 6.6 }
}

/// Even steps of 1, 2 or 5 times a power of ten, from zero where asked.
fn even(values: impl Iterator<Item = f64>, from_zero: bool) -> Axis {
    let (low, high) = range(values);
    let low = if from_zero { low.min(0.0) } else { low };
    let high = if high > low { high } else { low + 1.0 };
    let rough = (high - low) / TICKS;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].map(|it| it * power).into_iter().find(|it| *it >= rough);
    let step = step.unwrap_or(10.0 * power);
    let first = (low / step).ceil() * step;
    let ticks: Vec<f64> = (0..20_u32)
        .map(|it| first + step * f64::from(it))
        .take_while(|it| *it <= high * 1.000_001)
        .collect();
    let high = if from_zero { (high / step).ceil() * step } else { high };
    let top = ticks.last().copied().unwrap_or(high);
    let ticks = if from_zero && top < high { [ticks, vec![high]].concat() } else { ticks };
    Axis { low, high, ticks }
}

/// Whole powers of ten around the values above zero.
fn powers(values: impl Iterator<Item = f64>) -> Axis {
    let (low, high) = range(values.filter(|value| *value > 0.0).map(f64::log10));
    let (low, high) = (low.floor(), high.ceil().max(low.floor() + 1.0));
    let ticks = (0..20_u32).map(|it| low + f64::from(it)).take_while(|it| *it <= high);
    Axis {
        low: 10_f64.powf(low),
        high: 10_f64.powf(high),
        ticks: ticks.map(|it| 10_f64.powf(it)).collect(),
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let found = values.fold(None, |range: Option<(f64, f64)>, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    });
    found.unwrap_or((0.0, 1.0))
}

/// A number as short as an axis needs it.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{}M", trimmed(value / 1e6)),
        size if size >= 1e4 => format!("{}k", trimmed(value / 1e3)),
        _ => trimmed(value),
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Writing into a text cannot fail.
fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).unwrap_or(());
}

/// A text as it may stand in a page.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(scale: Scale, points: &[(f64, f64)]) -> String {
        let series = vec![Series { name: "a<b".to_owned(), points: points.to_vec() }];
        Chart { title: "t", x_label: "hour", y_label: "ms", scale, series }.svg()
    }

    #[test]
    fn draws_a_line_through_what_is_there_and_leaves_gaps() {
        let svg = chart(Scale::Linear, &[(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0), (3.0, 4.0)]);
        let line = svg.rsplit("d=\"").next().unwrap();
        assert_eq!(line.matches('M').count(), 2, "{line}");
        assert_eq!(line.matches('L').count(), 1, "{line}");
        assert!(svg.contains("a&lt;b"));
    }

    #[test]
    fn marks_powers_of_ten_and_leaves_out_what_has_none() {
        let svg = chart(Scale::Log, &[(0.0, 0.0), (1.0, 0.5), (2.0, 700.0)]);
        for tick in ["0.1", "1", "10", "100", "1000"] {
            assert!(svg.contains(&format!(">{tick}</text>")), "{tick}: {svg}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }

    #[test]
    fn draws_an_empty_picture_of_nothing() {
        for scale in [Scale::Linear, Scale::Log] {
            let svg = chart(scale, &[]);
            assert!(svg.ends_with("</svg></figure>\n"));
            assert!(!svg.contains("NaN"), "{svg}");
        }
    }

    #[test]
    fn shortens_numbers() {
        for (value, text) in
            [(0.0, "0"), (0.25, "0.25"), (500.0, "500"), (20_000.0, "20k"), (2.5e6, "2.5M")]
        {
            assert_eq!(short(value), text);
        }
    }
}
