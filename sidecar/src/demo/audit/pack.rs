//! The audit pack of the demo: made by the product's own export from the live journal, and its
//! files under `/audit/`, for the browser.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{self, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse as _, Response};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{apart, command, days};
use crate::audit::{self, Export, Exported, Silent};
use crate::demo::Demo;
use crate::vault;
use makegood_core::ids::Digest;
use makegood_verify::report::hex;

/// The report has its own style and its plots in itself; nothing else is loaded, and no script runs.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// A pack that was made.
#[derive(Debug)]
struct Pack {
    /// Drawn at random: a tab that is opened brings no token, so that the address has to do.
    id: String,
    folder: PathBuf,
    /// The files by their names within the folder: nothing else is ever served.
    files: BTreeMap<String, u64>,
}

/// The newest pack, which can be read while the next one is made.
#[derive(Debug, Default)]
pub(in crate::demo) struct Packs {
    /// Held while one is made: for as long as the export takes.
    making: Mutex<()>,
    /// Held for moments, also by what must not wait.
    newest: Mutex<Option<Pack>>,
}

impl Packs {
    /// Makes a pack, one at a time, in a new folder within `parent`, where nothing else is; the one
    /// before it is gone then, and of one that fails nothing is left.
    fn make<T>(
        &self,
        parent: &Path,
        fill: impl FnOnce(&str, &Path) -> anyhow::Result<(BTreeMap<String, u64>, T)>,
    ) -> anyhow::Result<T> {
        let _one = self.making.lock();
        let id: [u8; 16] = vault::random()?;
        let id = hex(&id);
        let folder = parent.join(&id);
        if self.newest.lock().is_none() && parent.is_dir() {
            // Those of an earlier run, which nobody has the address of.
            fs::remove_dir_all(parent)?;
        }
        fs::create_dir_all(parent)?;
        match fill(&id, &folder) {
            Ok((files, shown)) => {
                let former = self.newest.lock().replace(Pack { id, folder, files });
                former.map_or(Ok(()), |former| fs::remove_dir_all(former.folder))?;
                Ok(shown)
            }
            Err(error) => {
                // There may be nothing yet.
                drop(fs::remove_dir_all(folder));
                Err(error)
            }
        }
    }

    /// Where a file of the newest pack lies.
    fn find(&self, id: &str, name: &str) -> Option<PathBuf> {
        let newest = self.newest.lock();
        let pack = newest.as_ref().filter(|pack| pack.id == id)?;
        pack.files.contains_key(name).then(|| pack.folder.join(name))
    }
}

/// Makes a pack of the newest days; the one before it is gone then.
pub(in crate::demo) async fn make(State(demo): State<Arc<Demo>>) -> Result<Json<Value>, Response> {
    demo.everything_is_signed().await;
    let made = apart(&demo, |demo| {
        demo.packs.make(&demo.audit_folder().join("packs"), |id, folder| export(demo, id, folder))
    });
    made.await.map(Json)
}

fn export(demo: &Demo, id: &str, folder: &Path) -> anyhow::Result<(BTreeMap<String, u64>, Value)> {
    let (began, period) = (Instant::now(), days()?);
    let export = Export {
        tenant_folder: demo.house.folder().to_owned(),
        tenant: demo.tenant.clone(),
        period,
        size: None,
        out: folder.to_owned(),
    };
    let Exported { first, end, tree_size, manifest } = audit::export(&export, &mut Silent)?;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let verdict = demo.verdict(folder)?;
    let mut files = BTreeMap::new();
    list(folder, "", &mut files)?;
    let listed = files.iter().map(|(name, bytes)| {
        json!({ "name": name, "bytes": bytes, "href": format!("/audit/{id}/{name}") })
    });
    let shown = json!({
        "report": format!("/audit/{id}/report.html"),
        "files": listed.collect::<Vec<_>>(),
        "from": period.from().to_string(),
        "to": period.to().to_string(),
        "entry_count": end - first,
        "tree_size": tree_size,
        "manifest_sha256": Digest::from_bytes(manifest).to_string(),
        "took_ms": took_ms,
        "verdict": verdict,
        "command": format!(
            "{} audit export --data {} --from {} --to {} --out pack",
            command("makegood"),
            demo.data.display(),
            period.from(),
            period.to(),
        ),
    });
    Ok((files, shown))
}

/// Every file below a folder with its length, named from there on.
fn list(folder: &Path, prefix: &str, files: &mut BTreeMap<String, u64>) -> io::Result<()> {
    for item in fs::read_dir(folder)? {
        let item = item?;
        let name = format!("{prefix}{}", item.file_name().to_string_lossy());
        if item.file_type()?.is_dir() {
            list(&item.path(), &format!("{name}/"), files)?;
        } else {
            files.insert(name, item.metadata()?.len());
        }
    }
    Ok(())
}

/// One file of the pack, to whoever knows its address.
pub(in crate::demo) async fn file(
    State(demo): State<Arc<Demo>>,
    extract::Path((id, name)): extract::Path<(String, String)>,
) -> Response {
    let Some(path) = demo.packs.find(&id, &name) else { return not_found() };
    let Ok(Ok(bytes)) = tokio::task::spawn_blocking(move || fs::read(path)).await else {
        return not_found();
    };
    let (kind, disposition) = how(&name);
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_DISPOSITION, disposition),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, bytes).into_response()
}

/// The content type of a file, and whether the browser shows it or saves it.
fn how(name: &str) -> (&'static str, &'static str) {
    let ending = Path::new(name).extension().and_then(|ending| ending.to_str());
    match ending.unwrap_or_default() {
        "html" => ("text/html; charset=utf-8", "inline"),
        "txt" | "json" | "toml" | "proof" => ("text/plain; charset=utf-8", "inline"),
        _ => ("application/octet-stream", "attachment"),
    }
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "no such file in the newest pack; make it again\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pack_before_is_read_while_the_next_is_made_and_goes_when_that_is_there() {
        let parent = tempfile::tempdir().unwrap();
        let packs = Packs::default();
        let fill = |id: &str, folder: &Path| {
            fs::create_dir(folder)?;
            fs::write(folder.join("a"), id)?;
            Ok((BTreeMap::from([("a".to_owned(), 32)]), id.to_owned()))
        };
        let first = packs.make(parent.path(), fill).unwrap();
        let second = packs.make(parent.path(), |id, folder| {
            assert!(packs.newest.try_lock().is_some(), "whoever reads a file waits for the export");
            assert_eq!(fs::read_to_string(packs.find(&first, "a").unwrap()).unwrap(), first);
            fill(id, folder)
        });
        let second = second.unwrap();
        let failed: anyhow::Result<()> = packs.make(parent.path(), |id, folder| {
            fill(id, folder)?;
            anyhow::bail!("the disk is full")
        });
        failed.unwrap_err();
        assert_eq!((packs.find(&first, "a"), packs.find(&second, "b")), (None, None));
        assert_eq!(fs::read_to_string(packs.find(&second, "a").unwrap()).unwrap(), second);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn lists_files_by_the_names_that_are_served_and_shows_none_as_a_page_but_the_report() {
        let folder = std::env::temp_dir().join(format!("makegood-pack-{}", std::process::id()));
        fs::create_dir_all(folder.join("csv")).unwrap();
        fs::write(folder.join("report.html"), "r").unwrap();
        fs::write(folder.join("csv/a.csv"), "ab").unwrap();
        let mut files = BTreeMap::new();
        list(&folder, "", &mut files).unwrap();
        let expected = [("csv/a.csv".to_owned(), 2), ("report.html".to_owned(), 1)];
        assert_eq!(files, BTreeMap::from(expected));
        fs::remove_dir_all(&folder).unwrap();
        for (name, kind) in [
            ("report.html", ("text/html; charset=utf-8", "inline")),
            ("manifest.json", ("text/plain; charset=utf-8", "inline")),
            ("csv/a.csv", ("application/octet-stream", "attachment")),
            ("no-ending", ("application/octet-stream", "attachment")),
        ] {
            assert_eq!(how(name), kind, "{name}");
        }
    }
}
