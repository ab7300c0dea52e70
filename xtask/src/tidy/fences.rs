//! Which part of the tree may name which crate: the boundaries of ARCHITECTURE.md.

use crate::tidy::{Finding, Source};

/// A crate, or a family of crates with its name and an underscore, and the places that may name it.
struct Fence {
    crate_name: &'static str,
    allowed: &'static [&'static str],
    instead: &'static str,
}

const FENCES: [Fence; 2] = [
    Fence {
        crate_name: "tonic",
        allowed: &[
            "sidecar/src/grpc/",
            "sidecar/src/guard",
            "sidecar/src/server",
            "sidecar/src/demo/robot/",
            "sidecar/src/commands/remote",
            "sidecar/src/commands/subject/remote.rs",
            "sidecar/tests/",
            "proto/",
            "examples/",
            "xtask/",
        ],
        instead: "gRPC belongs in sidecar/src/grpc",
    },
    Fence {
        crate_name: "sled",
        allowed: &[
            "sidecar/src/read_model/sled",
            "sidecar/src/telemetry/",
            "sidecar/tests/",
            "xtask/src/tidy/",
        ],
        instead: "the engine belongs behind the port, in sidecar/src/read_model/sled*",
    },
];

/// The pure core's manifest names no crate but these: error types, a table of currencies, SHA-256,
/// and short strings without an allocation, which codes are.
const CORE_MANIFEST: &str = "sidecar/core/Cargo.toml";
const CORE_DEPENDENCIES: [&str; 4] = ["iso_currency", "sha2", "smol_str", "thiserror"];

pub(super) fn check(source: &Source, findings: &mut Vec<Finding>) {
    if source.path == CORE_MANIFEST {
        check_core_manifest(source, findings);
    }
    if !source.is_rust() {
        return;
    }
    for fence in &FENCES {
        if fence.allowed.iter().any(|allowed| source.path.starts_with(allowed)) {
            continue;
        }
        for (number, line) in source.lines() {
            if !line.trim_start().starts_with("//") && names(line, fence.crate_name) {
                let message = format!("names {}: {}", fence.crate_name, fence.instead);
                findings.push(source.finding(number, message));
            }
        }
    }
}

fn check_core_manifest(source: &Source, findings: &mut Vec<Finding>) {
    let mut section = "";
    for (number, line) in source.lines() {
        if line.starts_with('[') {
            section = line.trim();
            continue;
        }
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        let dependency = section == "[dependencies]" && !name.is_empty() && !name.starts_with('#');
        if dependency && !CORE_DEPENDENCIES.contains(&name) {
            let message = format!("{name}: the core is pure and depends on no such crate");
            findings.push(source.finding(number, message));
        }
    }
}

/// Whether the line holds `name::` or `name_…::` as the first segment of a path.
fn names(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = &line[..at];
        let identifier = |character: char| character.is_alphanumeric() || character == '_';
        let starts_word = !before.ends_with(identifier) && !before.ends_with("::");
        let after = &line[at + name.len()..];
        let family =
            after.strip_prefix('_').map_or(after, |rest| rest.trim_start_matches(identifier));
        starts_word && family.starts_with("::")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn keeps_crates_inside_their_fence() {
        let text = "//! Says it.\nuse tonic::Status;\nlet e = tonic_types::ErrorInfo;\n";
        assert_eq!(found(check, "sidecar/src/ledger.rs", text), [2, 3]);
        assert_eq!(found(check, "sidecar/src/grpc/budget.rs", text), [0; 0]);
    }

    #[test]
    fn knows_a_crate_from_a_module_or_a_comment() {
        let text = "use crate::store::sled::Store;\n// sled::Db spins\nunassailed::x();\n";
        assert_eq!(found(check, "sidecar/src/app.rs", text), [0; 0]);
        assert_eq!(found(check, "sidecar/src/app.rs", "let db = sled::open(path);\n"), [1]);
    }

    #[test]
    fn keeps_the_core_pure() {
        let text = "[dependencies]\nthiserror.workspace = true\ntokio.workspace = true\n\n\
                    [dev-dependencies]\nproptest.workspace = true\n";
        assert_eq!(found(check, CORE_MANIFEST, text), [3]);
    }
}
