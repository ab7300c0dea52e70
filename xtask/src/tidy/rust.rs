//! Rules for Rust files: each says first what is at home in it, and no test is switched off.

use crate::tidy::{Finding, Source};

const REFUSED: [(&str, &str); 2] = [
    (concat!("#[ig", "nore"), "a test that does not run proves nothing: mend or remove it"),
    (concat!("#[should_", "panic"), "assert on the error instead: a panic proves too little"),
];

pub(super) fn check(source: &Source, findings: &mut Vec<Finding>) {
    if !source.is_rust() {
        return;
    }
    if !source.text.starts_with("//!") {
        findings.push(source.finding(1, "start with `//!`: what is at home in this file?"));
    }
    for (number, line) in source.lines() {
        let refused = REFUSED.iter().find(|(text, _)| line.trim_start().starts_with(text));
        if let Some((_, message)) = refused {
            findings.push(source.finding(number, *message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn asks_for_a_header_and_running_tests() {
        assert_eq!(found(check, "a.rs", "//! Says it.\nfn a() {}\n"), [0; 0]);
        assert_eq!(found(check, "a.rs", concat!("use b;\n#[ig", "nore]\n")), [1, 2]);
        assert_eq!(found(check, "a.js", "let a;\n"), [0; 0]);
    }
}
