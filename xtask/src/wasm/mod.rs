//! `wasm`: compiles the panel, binds it to JavaScript, assembles what the sidecar serves, and holds
//! it to its size budget.

mod assemble;
pub(crate) mod budget;
pub(crate) mod toolchain;

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::{env, io};

use anyhow::Context as _;
use wasm_bindgen_cli_support::{Bindgen, EncodeInto, Output};

use crate::progress::{self, Steps};
use crate::setup::node;
use crate::wasm::toolchain::Toolchain;
use crate::workspace::Workspace;
use crate::{files, process};

const WEB: &str = "widget-wasm/web";
const DIST: &str = "widget-wasm/dist";

/// Builds the panel into `widget-wasm/dist`; leaves the folder alone when its inputs are unchanged.
pub(crate) fn run(workspace: &Workspace) -> anyhow::Result<()> {
    let toolchain = toolchain::find(workspace)?;
    let mut steps = Steps::new(3);
    let wasm = steps.run("compile", toolchain.about(), || compile(workspace, toolchain))?;
    steps.run("assemble", DIST, || assemble_if_changed(workspace, &wasm))?;
    steps.run("budget", "sizes as they travel", || budget::check(&workspace.path(DIST)))
}

fn compile(workspace: &Workspace, toolchain: Toolchain) -> anyhow::Result<PathBuf> {
    let mut cargo = toolchain.cargo_build(workspace);
    cargo.args(["--package", "makegood-widget", "--lib", "--profile", "widget"]);
    process::run(&mut cargo)?;
    let built = "wasm32-unknown-unknown/widget/makegood_widget.wasm";
    Ok(workspace.target(toolchain.folder()).join(built))
}

fn assemble_if_changed(workspace: &Workspace, wasm: &Path) -> anyhow::Result<()> {
    let web = workspace.path(WEB);
    let dist = workspace.path(DIST);
    let wasm_opt = wasm_opt(workspace);
    let stamp = workspace.target("xtask/panel.stamp");
    let inputs = fingerprint(wasm, &web, wasm_opt.as_deref())?;
    let same_inputs = fs::read_to_string(&stamp).is_ok_and(|before| before == inputs);
    if same_inputs && assemble::complete(&dist) {
        progress::note("unchanged");
        return Ok(());
    }
    let bound = workspace.target("xtask/panel");
    bind(wasm, &bound)?;
    match wasm_opt {
        Some(program) => optimise(workspace, &program, &bound)?,
        None => progress::note(
            "wasm-opt is not installed: the WASM is about 4 % larger than it could be",
        ),
    }
    assemble::write(&bound, &web, &dist)?;
    fs::write(&stamp, inputs).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Writes `panel.js` and `panel_bg.wasm`.
fn bind(wasm: &Path, folder: &Path) -> anyhow::Result<()> {
    files::recreate(folder)?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("panel")
        .typescript(false)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .encode_into(EncodeInto::Always)
        .web(true)?;
    let mut output = bindgen.generate_output().context("wasm-bindgen cannot bind the panel")?;
    // The features are for linkers, and nothing links the panel any more.
    output.wasm_mut().customs.remove_raw("target_features");
    let names = shorten(&mut output);
    output.emit(folder)?;
    let glue = folder.join("panel.js");
    let text = fs::read_to_string(&glue)?;
    let text = names.iter().fold(text, |text, (long, short)| text.replace(long, short));
    fs::write(&glue, text).with_context(|| format!("cannot write {}", glue.display()))
}

/// Gives what the WASM imports and exports short names; returns which, for the glue. The long ones end
/// in hashes, which nothing compresses, or stand in both files.
fn shorten(output: &mut Output) -> Vec<(String, String)> {
    let wasm = output.wasm_mut();
    let imports = wasm.imports.iter_mut().map(|import| &mut import.name);
    // What the bindings alone know has an underscore; `start` and `memory` keep their names.
    let exports = wasm.exports.iter_mut().map(|export| &mut export.name);
    let exports = exports.filter(|name| name.contains('_'));
    let named = imports.chain(exports).enumerate().map(|(index, name)| {
        let short = format!("i{index}");
        (std::mem::replace(name, short.clone()), short)
    });
    named.collect()
}

fn wasm_opt(workspace: &Workspace) -> Option<PathBuf> {
    process::find(&["wasm-opt"]).or_else(|| node::program(workspace, "widget-wasm", "wasm-opt"))
}

fn optimise(workspace: &Workspace, program: &Path, folder: &Path) -> anyhow::Result<()> {
    progress::note(&format!("wasm-opt: {}", program.display()));
    let wasm = folder.join("panel_bg.wasm");
    let mut command = workspace.command(&program.to_string_lossy());
    command.arg("-Oz").arg(&wasm).arg("-o").arg(&wasm);
    // What the compiler uses by default; older releases of wasm-opt have to be told.
    command.args([
        "--enable-bulk-memory",
        "--enable-multivalue",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-sign-ext",
    ]);
    process::run(&mut command)
}

/// Tells whether anything that `dist` is made of has changed, this tool included.
fn fingerprint(wasm: &Path, web: &Path, wasm_opt: Option<&Path>) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    fs::read(wasm).with_context(|| format!("cannot read {}", wasm.display()))?.hash(&mut hasher);
    for file in files::below(web)? {
        file.hash(&mut hasher);
        fs::read(web.join(&file))?.hash(&mut hasher);
    }
    wasm_opt.hash(&mut hasher);
    tool_changed()?.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

fn tool_changed() -> io::Result<std::time::SystemTime> {
    env::current_exe()?.metadata()?.modified()
}
