//! The auditor's part of the demo: what the rules find, the pack to take away, the proof of one gift,
//! and what the verifier makes of a ledger of which one byte was changed.

mod copy;
pub(super) mod findings;
pub(super) mod pack;
pub(super) mod receipt;
pub(super) mod tamper;

use std::path::PathBuf;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use makegood_ledger::checkpoint::VerifierKey;
use makegood_verify::checkpoints::Keys;
use makegood_verify::folder::{self, Options};

use super::Demo;
use crate::audit::{Day, Period, PeriodError};
use crate::proofs::{KeyFolder, SIGNING};

/// How many days the auditor looks back; the demo's history is not longer.
const DAYS: i64 = 30;

impl Demo {
    /// The folder for what auditors take away; made anew by each demo.
    fn audit_folder(&self) -> PathBuf {
        self.data.join("audit")
    }

    /// The public keys of the ledger, as its operator hands them out.
    fn public_keys(&self) -> anyhow::Result<Vec<VerifierKey>> {
        Ok(KeyFolder::new(&self.house.folder().join(SIGNING)).publics()?)
    }

    /// What the verifier says of a folder that claims to hold this ledger.
    fn verdict(&self, folder: &std::path::Path) -> anyhow::Result<Verdict> {
        let mut keys = Keys::default();
        self.public_keys()?.into_iter().for_each(|key| keys.add(key));
        let options = Options { keys, ..Options::default() };
        let report = folder::verify(folder, &options, &|_, _| ())?;
        Ok(Verdict { is_ok: report.problems.is_empty(), text: report.to_string() })
    }

    /// Waits until a checkpoint covers every entry that there is now.
    async fn everything_is_signed(&self) {
        let count = self.house.ledger_state().entry_count();
        if let (Some(book), Some(last)) = (self.house.book(), count.checked_sub(1)) {
            book.wait_for(last).await;
        }
    }
}

/// What the verifier says.
#[derive(Debug, serde::Serialize)]
struct Verdict {
    is_ok: bool,
    text: String,
}

/// The days that are looked at, by the clock of the wall and UTC.
fn days() -> Result<Period, PeriodError> {
    let today: Date = jiff::tz::Offset::UTC.to_datetime(Timestamp::now()).date();
    Period::new(Day(today.saturating_sub(Span::new().days(DAYS))), Day(today))
}

/// Does what reads and writes files away from the runtime.
async fn apart<T: Send + 'static>(
    demo: &Arc<Demo>,
    work: impl FnOnce(&Demo) -> anyhow::Result<T> + Send + 'static,
) -> Result<T, Response> {
    let demo = Arc::clone(demo);
    let done = tokio::task::spawn_blocking(move || work(&demo)).await;
    done.map_err(anyhow::Error::from).flatten().map_err(|error| {
        tracing::error!("the auditor's part of the demo failed: {error:#}");
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response()
    })
}

/// How a command is typed in another terminal: by its path where it lies beside this program.
fn command(name: &str) -> String {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name(name));
    let built = beside.filter(|path| path.is_file());
    built.map_or_else(|| name.to_owned(), |path| path.display().to_string())
}
