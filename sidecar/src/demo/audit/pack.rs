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

/// The pack that was made last.
#[derive(Debug)]
pub(in crate::demo) struct Pack {
    /// Drawn at random: a tab that is opened brings no token, so that the address has to do.
    id: String,
    folder: PathBuf,
    /// The files by their names within the folder: nothing else is ever served.
    files: BTreeMap<String, u64>,
}

/// Makes a pack of the newest days; the one before it is gone then.
pub(in crate::demo) async fn make(State(demo): State<Arc<Demo>>) -> Result<Json<Value>, Response> {
    demo.everything_is_signed().await;
    apart(&demo, export).await.map(Json)
}

fn export(demo: &Demo) -> anyhow::Result<Value> {
    // One at a time: the folder is one.
    let mut current = demo.pack.lock();
    *current = None;
    let folder = demo.audit_folder().join("pack");
    if folder.is_dir() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(demo.audit_folder())?;
    let (began, period) = (Instant::now(), days()?);
    let export = Export {
        tenant_folder: demo.house.folder().to_owned(),
        tenant: demo.tenant.clone(),
        period,
        size: None,
        out: folder.clone(),
    };
    let Exported { first, end, tree_size, manifest } = audit::export(&export, &mut Silent)?;
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let verdict = demo.verdict(&folder)?;
    let id: [u8; 16] = vault::random()?;
    let id = hex(&id);
    let mut files = BTreeMap::new();
    list(&folder, "", &mut files)?;
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
    *current = Some(Pack { id, folder, files });
    Ok(shown)
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
    let path = {
        let pack = demo.pack.lock();
        let pack = pack.as_ref().filter(|pack| pack.id == id);
        pack.filter(|pack| pack.files.contains_key(&name)).map(|pack| pack.folder.join(&name))
    };
    let Some(path) = path else { return not_found() };
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
