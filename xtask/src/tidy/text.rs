//! Rules for every text file: nothing unfinished, nothing of one machine, no stray blanks.

use crate::tidy::{Finding, Source};

/// Split, so that this file does not find itself.
const UNFINISHED: [&str; 5] = [
    concat!("FIX", "ME"),
    concat!("TO", "DO"),
    concat!("db", "g!("),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];

/// Folders that exist on somebody's machine only.
const MACHINE_FOLDERS: [&str; 4] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Us", "ers/"), concat!("/ho", "me/")];

/// Where packages come from is each machine's own setting.
const REGISTRY_HOSTS: [&str; 6] = [
    concat!("registry.", "npmjs.org"),
    concat!("registry.", "yarnpkg.com"),
    concat!("files.", "pythonhosted.org"),
    concat!("static.", "crates.io"),
    concat!("index.", "crates.io"),
    concat!("deb.", "debian.org"),
];

/// Line endings and blanks are part of what these test.
const VERBATIM: [&str; 4] = ["csv", "tsv", "jsonl", "txt"];

pub(super) fn check(source: &Source, findings: &mut Vec<Finding>) {
    let verbatim = VERBATIM.contains(&source.extension());
    for (number, line) in source.lines() {
        if !verbatim && line.trim_end() != line {
            findings.push(source.finding(number, "trailing white space: remove it"));
        }
        if let Some(word) = UNFINISHED.iter().find(|word| line.contains(*word)) {
            findings.push(source.finding(number, format!("`{word}`: finish it, or take it out")));
        }
        if let Some(folder) = MACHINE_FOLDERS.iter().find(|folder| names_folder(line, folder)) {
            let message = format!("`{folder}` exists on one machine: use a relative path");
            findings.push(source.finding(number, message));
        }
        if let Some(host) = REGISTRY_HOSTS.iter().find(|host| line.contains(*host)) {
            let message = format!("`{host}`: a registry is the machine's setting, leave it out");
            findings.push(source.finding(number, message));
        }
        if source.path.ends_with("package-lock.json")
            && line.trim().starts_with("\"resolved\": \"h")
        {
            let message =
                "a registry's address: set omit-lockfile-registry-resolved and lock again";
            findings.push(source.finding(number, message));
        }
    }
    if !verbatim && !source.text.is_empty() && !source.text.ends_with('\n') {
        findings.push(source.finding(source.text.lines().count(), "end the file with a new line"));
    }
}

/// The folder at the root, not one of the same name inside another or in a web address.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|character| !character.is_alphanumeric() && !"./_-}$".contains(character))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::found;

    #[test]
    fn finds_what_is_of_one_machine() {
        let text = concat!("read /ho", "me/me/x\nsee docs/ho", "me/x and ${dir}/ro", "ot/x\n");
        assert_eq!(found(check, "a.md", text), [1]);
    }

    #[test]
    fn finds_stray_blanks_but_not_in_data() {
        assert_eq!(found(check, "a.rs", "a \nb"), [1, 2]);
        assert_eq!(found(check, "a.csv", "a \nb"), [0; 0]);
    }

    #[test]
    fn finds_unfinished_work() {
        assert_eq!(found(check, "a.rs", concat!("x\n// TO", "DO\n")), [2]);
    }

    #[test]
    fn finds_registry_addresses() {
        let resolved = "{\n  \"resolved\": \"https://a.example/x.tgz\"\n}\n";
        assert_eq!(found(check, "w/package-lock.json", resolved), [2]);
        assert_eq!(
            found(check, "a.toml", concat!("url = \"https://index.", "crates.io/\"\n")),
            [1]
        );
    }
}
