//! Puts the widget's built files into the binary, where they are built; else an empty table, and
//! the sidecar says how to build them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let dist = Path::new("../widget-wasm/dist").to_owned();
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut table = String::from("&[\n");
    for path in built_files(&dist)? {
        println!("cargo:rerun-if-changed={}", path.display());
        let path = path.canonicalize()?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut brotli = path.clone().into_os_string();
        brotli.push(".br");
        let brotli = PathBuf::from(brotli);
        let compressed = if brotli.try_exists()? {
            format!("Some({})", include(&brotli))
        } else {
            "None".to_owned()
        };
        let (plain, kind) = (include(&path), content_type(name));
        writeln!(table, "({name:?}, {kind:?}, {plain}, {compressed}),")
            .map_err(io::Error::other)?;
    }
    table.push(']');
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    fs::write(Path::new(&out).join("widget_files.rs"), table)
}

fn include(path: &Path) -> String {
    format!("include_bytes!({:?})", path.to_string_lossy())
}

/// The files to serve, in the order of their names; compressed siblings go along with them.
fn built_files(dist: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dist) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_file() && path.extension().is_some_and(|it| it != "br") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
