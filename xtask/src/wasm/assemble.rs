//! Puts together `widget-wasm/dist`: the files of `widget-wasm/web`, the frame's code and the glue in
//! one module, and each file once more in brotli.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::files;

/// The frame's code: it is appended to the glue, so that the frame asks for one file less.
const FRAME: &str = "frame.js";

/// The frame's style sheet, which imports its parts from a folder of their own.
const SHEET: &str = "panel.css";
const STYLES: &str = "styles";

/// Every file but the frame's code and the parts of its style sheet goes into `dist`, and nothing else stays there.
pub(super) fn write(bound: &Path, web: &Path, dist: &Path) -> anyhow::Result<()> {
    let mut outputs = vec![
        (PathBuf::from("panel.js"), module(bound, web)?),
        (PathBuf::from("panel.wasm"), read(&bound.join("panel_bg.wasm"))?),
    ];
    for file in files::below(web)? {
        if file == Path::new(SHEET) {
            outputs.push((file, sheet(web)?));
        } else if file != Path::new(FRAME) && !file.starts_with(STYLES) {
            let bytes = read(&web.join(&file))?;
            outputs.push((file, bytes));
        }
    }
    files::recreate(dist)?;
    for (name, bytes) in outputs {
        let path = dist.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, &bytes).with_context(|| format!("cannot write {}", path.display()))?;
        let sibling = compressed_name(&path);
        fs::write(&sibling, brotli(&bytes)?)
            .with_context(|| format!("cannot write {}", sibling.display()))?;
    }
    Ok(())
}

/// Whether every file that the frame asks for is there.
pub(super) fn complete(dist: &Path) -> bool {
    ["panel.js", "panel.wasm"].iter().all(|name| {
        let path = dist.join(name);
        path.is_file() && compressed_name(&path).is_file()
    })
}

/// `panel.js` is served beside `panel.js.br`.
pub(super) fn compressed_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".br");
    PathBuf::from(name)
}

/// Where the glue's own loader begins: it serves every way to load a module, and the frame has one.
const LOADER: &str = "async function __wbg_load(";

/// One module: the glue, which declares the imports and the exports, then the frame's code, which
/// loads the WASM. Comments and indentation stay behind.
fn module(bound: &Path, web: &Path) -> anyhow::Result<Vec<u8>> {
    let glue = String::from_utf8(read(&bound.join("panel.js"))?)?;
    let frame = String::from_utf8(read(&web.join(FRAME))?)?;
    let (glue, _) = glue.split_once(LOADER).context("the glue has another loader")?;
    let mut module = String::new();
    for line in glue.lines().chain(frame.lines()).map(str::trim) {
        let is_comment = ["//", "/*", "*"].iter().any(|sign| line.starts_with(sign));
        if !line.is_empty() && !is_comment {
            module.push_str(line);
            module.push('\n');
        }
    }
    Ok(module.into_bytes())
}

/// The style sheet with its parts in the places of their imports.
fn sheet(web: &Path) -> anyhow::Result<Vec<u8>> {
    let mut sheet = Vec::new();
    for line in String::from_utf8(read(&web.join(SHEET))?)?.lines() {
        let import = line.strip_prefix("@import \"").and_then(|it| it.strip_suffix("\";"));
        if let Some(part) = import {
            sheet.extend(read(&web.join(part))?);
        }
    }
    Ok(sheet)
}

fn brotli(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (buffer, quality, window) = (4096, 11, 22);
    let mut compressor = brotli::CompressorWriter::new(Vec::new(), buffer, quality, window);
    compressor.write_all(bytes)?;
    Ok(compressor.into_inner())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_the_frame_to_the_glue_and_joins_the_style_sheet() {
        let folder = std::env::temp_dir().join(format!("xtask-assemble-{}", std::process::id()));
        let (bound, web, dist) = (folder.join("bound"), folder.join("web"), folder.join("dist"));
        for folder in [&bound, &web] {
            files::recreate(folder).expect("creates");
        }
        let glue = "// What is exported.\n  start();\nasync function __wbg_load(module) {}";
        fs::write(bound.join("panel.js"), glue).expect("writes");
        fs::write(bound.join("panel_bg.wasm"), b"\0asm").expect("writes");
        fs::write(web.join("frame.js"), "load();").expect("writes");
        fs::write(web.join("frame.html"), "<p>").expect("writes");
        files::recreate(&web.join("styles")).expect("creates");
        let sheet = "/* Its parts. */\n@import \"styles/b.css\";\n@import \"styles/a.css\";\n";
        fs::write(web.join("panel.css"), sheet).expect("writes");
        fs::write(web.join("styles/a.css"), "a {}\n").expect("writes");
        fs::write(web.join("styles/b.css"), "b {}\n").expect("writes");

        write(&bound, &web, &dist).expect("assembles");

        let module = fs::read_to_string(dist.join("panel.js")).expect("reads");
        let sheet = fs::read_to_string(dist.join("panel.css")).expect("reads");
        let names = files::below(&dist).expect("lists");
        fs::remove_dir_all(&folder).expect("removes");
        assert_eq!(module, "start();\nload();\n");
        assert_eq!(sheet, "b {}\na {}\n");
        let expected = [
            "frame.html",
            "frame.html.br",
            "panel.css",
            "panel.css.br",
            "panel.js",
            "panel.js.br",
            "panel.wasm",
            "panel.wasm.br",
        ];
        assert_eq!(names, expected.map(PathBuf::from));
    }
}
