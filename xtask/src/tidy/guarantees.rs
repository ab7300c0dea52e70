//! GUARANTEES.md names the test of each guarantee, and figures; each of those exists.
//!
//! A test is named in backticks: `name_of_the_test`, or `path/to/file.rs::name_of_the_test`. A path
//! alone, such as that of a browser test, names the file. A figure of a bench is named alone.

use crate::tidy::{Finding, Source};

const FILE: &str = "GUARANTEES.md";
const BENCHES: &str = "xtask/src/bench/";

pub(super) fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    let Some(guarantees) = sources.iter().find(|source| source.path == FILE) else {
        return;
    };
    let mut named = 0;
    for (number, line) in guarantees.lines() {
        for reference in line.split('`').skip(1).step_by(2).filter_map(Reference::parse) {
            named += 1;
            if !reference.exists(sources) {
                let message = format!("there is no test and no figure {reference:?}");
                findings.push(guarantees.finding(number, message));
            }
        }
    }
    if named == 0 {
        findings.push(guarantees.finding(1, "name the test of each guarantee in backticks"));
    }
}

/// A test as GUARANTEES.md names it.
#[derive(Debug)]
struct Reference<'a> {
    path: Option<&'a str>,
    test: Option<&'a str>,
}

impl<'a> Reference<'a> {
    /// `None` where the word is something else, such as a command or a type.
    fn parse(word: &'a str) -> Option<Self> {
        let (path, test) = match word.rsplit_once("::") {
            Some((path, test)) => (Some(path), Some(test)),
            None if word.contains('/') => (Some(word), None),
            None => (None, Some(word)),
        };
        let is_path = path.is_none_or(|path| path.contains('/') && path.contains('.'));
        let is_test = test.is_none_or(|test| test.contains('_') && test.bytes().all(in_test_name));
        (is_path && is_test && !word.contains(' ')).then_some(Self { path, test })
    }

    fn exists(&self, sources: &[Source]) -> bool {
        let definition = self.test.map(|test| format!("fn {test}("));
        let is_test = sources
            .iter()
            .filter(|source| self.path.is_none_or(|path| source.path == path))
            .any(|source| definition.as_ref().is_none_or(|text| source.text.contains(text)));
        is_test || self.is_figure(sources)
    }

    fn is_figure(&self, sources: &[Source]) -> bool {
        let (None, Some(name)) = (self.path, self.test) else {
            return false;
        };
        let definition = format!("name: \"{name}\"");
        let mut benches = sources.iter().filter(|source| source.path.starts_with(BENCHES));
        benches.any(|source| source.text.contains(&definition))
    }
}

fn in_test_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::source;

    #[test]
    fn finds_tests_that_are_not_there() {
        let text = "# G\n1. `keeps_its_word`\n2. `a/b.rs::keeps_its_word`\n3. `a/c.mjs`\n\
                    4. `keeps_no_word`\n5. `a/d.rs::keeps_its_word`\n6. `cargo xtask ci`, `fdatasync`\n\
                    7. `speed_of_it`, `no_speed`\n";
        let sources = [
            source(FILE, text),
            source("a/b.rs", "fn keeps_its_word() {}"),
            source("a/c.mjs", ""),
            source("xtask/src/bench/a.rs", "Aim { name: \"speed_of_it\" }"),
        ];
        let mut findings = Vec::new();
        check(&sources, &mut findings);
        let lines: Vec<usize> = findings.iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [5, 6, 8]);
    }
}
