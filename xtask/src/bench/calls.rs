//! Calls of the API from outside: one whose answer is looked at, and many of the same.
//!
//! `nghttp` asks once; `h2load` asks often with a request that is encoded beforehand, so that the
//! client is not what is measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

use crate::bench::Session;
use crate::process;

/// Connections of a burst, and calls at work at once on each: below every limit of the guard.
const CONNECTIONS: &str = "4";
const STREAMS: &str = "16";
/// How often, and after how long, a call is repeated while the server is not ready.
const PATIENCE_TRIES: usize = 100;
const PATIENCE_STEP: Duration = Duration::from_millis(100);
/// The flag, the length: what gRPC puts before each message.
const PREFIX_BYTES: usize = 5;

/// Who calls a server, and with what.
pub(super) struct Caller {
    nghttp: PathBuf,
    h2load: PathBuf,
    authority: String,
    token: String,
}

/// A method with a request in a file.
pub(super) struct Call {
    path: &'static str,
    request: PathBuf,
}

/// What a burst has brought.
pub(super) struct Burst {
    /// Bytes of all replies, prefixes included.
    pub(super) reply_bytes: u64,
}

impl Call {
    /// Writes the message into the folder, with its prefix.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub(super) fn new(path: &'static str, message: &[u8], folder: &Path) -> anyhow::Result<Self> {
        let request = folder.join(path.replace('/', "_"));
        let length = u32::try_from(message.len())?;
        let bytes = [&[0], length.to_be_bytes().as_slice(), message].concat();
        fs::write(&request, bytes)
            .with_context(|| format!("cannot write {}", request.display()))?;
        Ok(Self { path, request })
    }
}

impl Caller {
    /// Calls `authority` (`HOST:PORT`) with a token.
    ///
    /// # Errors
    ///
    /// When the clients are missing and cannot be installed.
    pub(super) fn new(session: &Session<'_>, authority: &str, token: &str) -> anyhow::Result<Self> {
        const PACKAGE: &str = "nghttp2-client";
        Ok(Self {
            nghttp: session.program("nghttp", PACKAGE)?,
            h2load: session.program("h2load", PACKAGE)?,
            authority: authority.to_owned(),
            token: token.to_owned(),
        })
    }

    /// The body of a page.
    ///
    /// # Errors
    ///
    /// When the client fails.
    pub(super) fn page(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let mut nghttp = Command::new(&self.nghttp);
        process::bytes(nghttp.arg(self.authorization()).arg(self.url(path)))
    }

    /// Calls once and returns the message of the answer.
    ///
    /// # Errors
    ///
    /// When there is no answer, or one without a message, as of every call that failed.
    pub(super) fn ask(&self, call: &Call) -> anyhow::Result<Vec<u8>> {
        let mut nghttp = Command::new(&self.nghttp);
        nghttp.arg("--data").arg(&call.request);
        let answer = process::bytes(nghttp.args(self.headers()).arg(self.url(call.path)))?;
        let Some((prefix, message)) = answer.split_at_checked(PREFIX_BYTES) else {
            anyhow::bail!("{} answered without a message", call.path);
        };
        let length = message.len().to_be_bytes();
        anyhow::ensure!(
            prefix[0] == 0 && length.ends_with(&prefix[1..]),
            "{} answered with something else than one message",
            call.path
        );
        Ok(message.to_vec())
    }

    /// Calls so many times; every call is answered.
    ///
    /// # Errors
    ///
    /// When one is not.
    pub(super) fn burst(&self, call: &Call, count: u32) -> anyhow::Result<Burst> {
        let mut h2load = Command::new(&self.h2load);
        h2load
            .args(["--threads=1", "--clients", CONNECTIONS])
            .args(["--max-concurrent-streams", STREAMS])
            .args(["--requests", &count.to_string()])
            .arg("--data")
            .arg(&call.request);
        let report = process::output(h2load.args(self.headers()).arg(self.url(call.path)))?;
        for expected in [format!("{count} succeeded"), format!("{count} 2xx")] {
            anyhow::ensure!(
                report.contains(&expected),
                "not every call of {} was answered:\n{report}",
                call.path
            );
        }
        let reply_bytes = reply_bytes(&report)
            .with_context(|| format!("h2load reports no traffic:\n{report}"))?;
        Ok(Burst { reply_bytes })
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.authority)
    }

    fn authorization(&self) -> String {
        format!("--header=authorization: Bearer {}", self.token)
    }

    fn headers(&self) -> [String; 3] {
        [
            "--header=content-type: application/grpc".to_owned(),
            "--header=te: trailers".to_owned(),
            self.authorization(),
        ]
    }
}

/// Calls until it succeeds: a server that has just started first reads what was there before.
///
/// # Errors
///
/// When there is still no good answer after ten seconds.
pub(super) fn patiently<T>(mut call: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    for _ in 0..PATIENCE_TRIES {
        if let Ok(answer) = call() {
            return Ok(answer);
        }
        thread::sleep(PATIENCE_STEP);
    }
    call()
}

/// `traffic: 9.31MB (9764096) total, 1.1MB (115200) headers (…), 7.1MB (7440000) data`: the last.
fn reply_bytes(report: &str) -> Option<u64> {
    let line = report.lines().find(|line| line.starts_with("traffic:"))?;
    let (before, _) = line.rsplit_once(") data")?;
    let (_, number) = before.rsplit_once('(')?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_h2load_reports() {
        let report = "requests: 9 total\ntraffic: 9.31KB (9529) total, 1.1KB (1152) headers (space \
                      savings 91.00%), 7.1KB (7440) data\nmin max";
        assert_eq!(reply_bytes(report), Some(7440));
        assert_eq!(reply_bytes("traffic: none"), None);
    }
}
