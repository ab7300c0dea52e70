//! Templates: text with columns in it, `Customer {customer_id:.8}`.

use super::input::Place;

/// A parsed template. Without columns it is a constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A column by its index in the mapping's list, and how many characters of it are wanted.
    Column(usize, Option<usize>),
    Row,
    Line,
    File,
}

/// The columns that a mapping names, each once, in the order in which it names them.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// The names.
    pub(super) names: Vec<String>,
}

impl Columns {
    /// The index of a column; a new name is added.
    pub(super) fn index_of(&mut self, name: &str) -> usize {
        self.names.iter().position(|it| it == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }
}

impl Template {
    /// Reads a template: `{column}`, `{column:.8}` for its first eight characters, `{#row}`,
    /// `{#line}` and `{#file}`; `{{` and `}}` stand for braces.
    ///
    /// # Errors
    /// A brace that is not closed or not opened, an empty name, an unknown `{#…}`.
    pub(super) fn parse(text: &str, columns: &mut Columns) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let from = &rest[at..];
            if from.starts_with("{{") || from.starts_with("}}") {
                plain.push_str(&from[..1]);
                rest = &from[2..];
                continue;
            }
            let Some(end) = from.strip_prefix('{').and_then(|it| it.find('}')) else {
                return Err(format!(
                    "{text:?} has a single brace; write {{{{ or }}}} for a brace itself"
                ));
            };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::parse(&from[1..=end], columns)?);
            rest = &from[end + 2..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self { parts })
    }

    /// Fills the template in; absent if a column in it has no value, or if nothing comes out.
    pub(super) fn fill(&self, place: &Place<'_>) -> Option<String> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Column(index, None) => out.push_str(place.cell(*index)?),
                Part::Column(index, Some(count)) => {
                    out.extend(place.cell(*index)?.chars().take(*count));
                }

                Part::Row => out.push_str(&place.row.to_string()),
                Part::Line => out.push_str(&place.line.to_string()),
                Part::File => out.push_str(place.file),
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// The indexes of the columns in it.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().filter_map(|part| match part {
            Part::Column(index, _) => Some(*index),
            _ => None,
        })
    }
}

impl Part {
    fn parse(inside: &str, columns: &mut Columns) -> Result<Self, String> {
        match inside {
            "" => return Err("{} names no column".to_owned()),
            "#row" => return Ok(Self::Row),
            "#line" => return Ok(Self::Line),
            "#file" => return Ok(Self::File),
            other if other.starts_with('#') => {
                return Err(format!(
                    "{{{other}}} is unknown; there are {{#row}}, {{#line}}, {{#file}}"
                ));
            }
            _ => {}
        }
        let cut =
            inside.rsplit_once(":.").and_then(|(name, count)| Some((name, count.parse().ok()?)));
        Ok(match cut {
            Some((name, count)) => Self::Column(columns.index_of(name), Some(count)),
            None => Self::Column(columns.index_of(inside), None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::input::Record;

    fn fill(text: &str, cells: &[Option<&str>]) -> Option<String> {
        let mut columns = Columns { names: vec!["a".to_owned(), "b c".to_owned()] };
        let template = Template::parse(text, &mut columns).unwrap();
        let mut record = Record::default();
        for cell in cells {
            record.push(*cell);
        }
        template.fill(&Place { record: &record, row: 3, line: 7, file: "f.csv", missing: &[] })
    }

    #[test]
    fn fills_columns_constants_and_numbers() {
        let cells = [Some("one"), Some("zwölf")];
        assert_eq!(fill("{a}-{b c}", &cells).as_deref(), Some("one-zwölf"));
        assert_eq!(fill("Customer {b c:.3}", &cells).as_deref(), Some("Customer zwö"));
        assert_eq!(fill("{#file}:{#row}:{#line}", &cells).as_deref(), Some("f.csv:3:7"));
        assert_eq!(fill("{{a}} 100 %", &cells).as_deref(), Some("{a} 100 %"));
    }

    #[test]
    fn is_absent_when_a_column_is() {
        assert_eq!(fill("x {a}", &[None, Some("b")]), None);
        assert_eq!(fill("", &[None, None]), None);
    }

    #[test]
    fn refuses_braces_that_do_not_fit() {
        for text in ["{a", "a}", "{}", "{#rows}"] {
            assert!(Template::parse(text, &mut Columns::default()).is_err(), "{text}");
        }
    }
}
