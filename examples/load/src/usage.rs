//! What a process uses: its CPU time and its resident memory, from `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::Context as _;

/// The kernel tells CPU time in ticks of a hundredth of a second (`USER_HZ`), whatever its own clock.
const TICK: Duration = Duration::from_millis(10);
/// Memory is told in pages of 4 KiB on the machines that Linux runs this on; larger ones would be
/// told too small.
const PAGE_BYTES: u64 = 4_096;

/// A process as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// CPU time of all its threads since it began.
    pub(crate) cpu: Duration,
    /// Its resident memory in bytes.
    pub(crate) rss_bytes: u64,
}

impl Usage {
    /// Reads what a process uses.
    ///
    /// # Errors
    /// There is no such process, or this is no Linux.
    pub(crate) fn of(pid: u32) -> anyhow::Result<Self> {
        Self::read(&pid.to_string())
    }

    /// Reads what this process uses.
    ///
    /// # Errors
    /// This is no Linux.
    pub(crate) fn own() -> anyhow::Result<Self> {
        Self::read("self")
    }

    fn read(process: &str) -> anyhow::Result<Self> {
        let path = format!("/proc/{process}/stat");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("server-pid: {path} cannot be read; is it running?"))?;
        parse(&text).with_context(|| format!("server-pid: {path} has another form than expected"))
    }
}

/// Reads a line of `/proc/PID/stat`; the name in brackets may hold anything, brackets too.
fn parse(stat: &str) -> Option<Usage> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // The fields 14 (utime), 15 (stime) and 24 (rss), counted from 1; the state is the third.
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let ticks = u32::try_from(number(14)? + number(15)?).ok()?;
    Some(Usage { cpu: TICK * ticks, rss_bytes: number(24)? * PAGE_BYTES })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_process_whatever_its_name() {
        let rest = "S 1 1 1 0 -1 4194560 90 0 0 0 150 25 0 0 20 0 8 0 100 1000000 2048 18446744 1";
        for name in ["makegood", "a b", "x) S 1 ("] {
            let usage = parse(&format!("4242 ({name}) {rest}")).unwrap();
            let expected =
                Usage { cpu: Duration::from_millis(1_750), rss_bytes: 2_048 * PAGE_BYTES };
            assert_eq!(usage, expected, "{name}");
        }
        assert_eq!(parse("4242 makegood S 1"), None);
    }

    #[test]
    fn reads_this_process() {
        assert!(Usage::own().unwrap().rss_bytes > 0);
        assert!(Usage::of(u32::MAX).is_err());
    }
}
