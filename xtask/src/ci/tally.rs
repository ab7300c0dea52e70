//! Counts what the test runners say of themselves, so that the last line can say it of them all.

/// Tests of every runner together.
#[derive(Default)]
pub(super) struct Tally {
    passed: u64,
    failed: u64,
    ran: bool,
}

impl Tally {
    /// Takes in one line of a runner's output: cargo's `test result:` or a plain
    /// `12 passed, 0 failed`.
    pub(super) fn read(&mut self, line: &str) {
        let counts = match line.strip_prefix("test result: ") {
            Some(result) => result.split_once(". ").map(|(_, counts)| counts),
            None => Some(line),
        };
        let Some((passed, failed)) = counts.and_then(parse) else {
            return;
        };
        self.passed += passed;
        self.failed += failed;
        self.ran = true;
    }

    /// The sum in the plain form, once a runner has ended.
    pub(super) fn line(&self) -> Option<String> {
        self.ran.then(|| format!("tests: {} passed, {} failed", self.passed, self.failed))
    }
}

/// `12 passed; 0 failed` or `12 passed, 0 failed`, with anything behind it.
fn parse(counts: &str) -> Option<(u64, u64)> {
    let mut parts = counts.split([';', ',']);
    let passed = count(parts.next()?, "passed")?;
    let failed = count(parts.next()?, "failed")?;
    Some((passed, failed))
}

fn count(part: &str, what: &str) -> Option<u64> {
    let mut words = part.split_whitespace();
    let number = words.next()?.parse().ok()?;
    (words.next() == Some(what)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_the_runners() {
        let mut tally = Tally::default();
        tally.read("running 3 tests");
        tally.read("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; finished in 0.1s");
        tally.read("test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured");
        tally.read("8 passed, 0 failed in 2.5 s");
        assert_eq!(tally.line().as_deref(), Some("tests: 12 passed, 2 failed"));
    }

    #[test]
    fn says_nothing_where_no_runner_ran() {
        let mut tally = Tally::default();
        tally.read("12 passed the gate, 3 did not");
        assert_eq!(tally.line(), None);
    }
}
