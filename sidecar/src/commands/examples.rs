//! An example of every command, at the end of its help and of its page of the manual.

use clap::Command;

/// What stands for `{remote}` in an example: every command that asks a sidecar names it like this.
const REMOTE: &str = "--server http://127.0.0.1:7070 --token my.token";

/// A gesture, a consult or a request in an example.
const UUID: &str = "5f0c6d0e-7a3e-4d57-9a0b-2f6f3a1c9d10";

/// A policy in an example.
const DIGEST: &str = "3b1f0c9c1f0f3f7b5d0a7a2c1e4d6f8091a2b3c4d5e6f708192a3b4c5d6e7f80";

/// A ledger's public key in an example.
const VKEY: &str =
    "makegood.invalid/house/ledger+f46a58a9+AdnG5+ImHb2WgnkIbOS+uX18qUojOjAINEIAw0u4mV3k";

/// Each command by its path, and what may follow it.
const EXAMPLES: &[(&str, &str)] = &[
    ("serve", "--data makegood-data --listen 127.0.0.1:7070"),
    ("demo", "--port 7070"),
    ("demo generate", "--customers 1000 --agents 50 --files centre"),
    ("demo year", "--entries 100000 --seed 101"),
    ("import", "--mapping history.toml contacts.csv --dry-run"),
    ("ledger list", "--names --limit 20"),
    ("audit export", "--from 2026-01-01 --to 2026-03-31 --out pack {remote}"),
    ("audit findings", "--from 2026-01-01 --to 2026-01-31 --record {remote}"),
    ("audit sample", "--from 2026-01-01 --to 2026-03-31 --method records --count 25 --seed autumn"),
    ("review list", "--state questioned"),
    ("review show", "{uuid}"),
    ("review findings", "--all"),
    ("review note", "{uuid} {remote}"),
    ("review question", "{uuid} {remote}"),
    ("review answer", "{uuid} {remote}"),
    ("review escalate", "{uuid} {remote}"),
    ("review clear", "{uuid} {remote}"),
    ("review praise", "{uuid} {remote}"),
    ("review dispose", "4711 confirmed {remote}"),
    ("consult list", "{remote}"),
    ("consult show", "{uuid} {remote}"),
    ("consult answer", "{uuid} --approve 80.00 {remote}"),
    ("consult withdraw", "{uuid} {remote}"),
    ("checkpoint keygen", "--data makegood-data"),
    ("checkpoint keys", "--json"),
    ("checkpoint retire", "5ef79742"),
    ("checkpoint show", "--data makegood-data"),
    ("checkpoint receipt", "--spend {uuid}"),
    ("checkpoint verify", "gesture.tlog-proof --key {vkey}"),
    ("witness keygen", "--name audit.example/witness --key witness.key"),
    ("witness serve", "--state witness --key witness.key --origin {vkey}"),
    ("policy check", "policy.toml"),
    ("policy standard", "> policy.toml"),
    ("policy draft", "policy.toml {remote}"),
    ("policy publish", "{digest} {remote}"),
    ("policy schedule", "{digest} --at 2027-01-31T00:00:00Z {remote}"),
    ("policy withdraw", "{digest} {remote}"),
    ("policy list", "{remote}"),
    ("policy show", "{remote}"),
    ("policy pause", "--reason fraud {remote}"),
    ("policy resume", "{remote}"),
    ("pool list", "{remote}"),
    ("pool allocate", "--to west --amount 250.00 --currency USD {remote}"),
    ("period show", "{remote}"),
    ("period close", "--from 2027-01-01T00:00:00Z --to 2027-02-01T00:00:00Z {remote}"),
    ("period reopen", "--from 2027-01-01T00:00:00Z --to 2027-02-01T00:00:00Z {remote}"),
    ("period second", "--from 2027-01-01T00:00:00Z --to 2027-02-01T00:00:00Z {remote}"),
    ("period digest", "{remote}"),
    ("subject export", "--customer crm:C-1 --out customer.json {remote}"),
    ("subject ask-erasure", "--agent A-17 --basis retention {remote}"),
    ("subject erase", "--customer crm:C-1 --basis request {remote}"),
    ("keys rotate", "--new-kek new-kek"),
    ("token mint", "--agent A-17 --access auditor > my.token"),
    ("config", "--config makegood.toml"),
    ("doctor", "--data makegood-data"),
    ("completions", "bash > /etc/bash_completion.d/makegood"),
    ("man", "--out /usr/local/share/man/man1"),
];

/// The command with an example of each of its commands.
pub(super) fn illustrated(command: Command) -> Command {
    below("", command)
}

fn below(path: &str, command: Command) -> Command {
    let command = command.mut_subcommands(|one| {
        let path = format!("{path} {}", one.get_name());
        below(path.trim_start(), one)
    });
    let Some(example) = example_of(path) else {
        return command;
    };
    let before = command.get_after_help().map(|help| format!("{help}\n\n")).unwrap_or_default();
    command.after_help(format!("{before}Example:\n  {example}"))
}

/// The line to type.
fn example_of(path: &str) -> Option<String> {
    let (_, rest) = EXAMPLES.iter().find(|(name, _)| *name == path)?;
    let rest = rest
        .replace("{remote}", REMOTE)
        .replace("{uuid}", UUID)
        .replace("{digest}", DIGEST)
        .replace("{vkey}", VKEY);
    Some(format!("makegood {path} {rest}"))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::super::Cli;
    use super::*;

    /// The paths of every command that does something.
    fn paths(before: &str, command: &Command) -> Vec<String> {
        let own = |one: &Command| format!("{before} {}", one.get_name()).trim_start().to_owned();
        let subcommands = command.get_subcommands().filter(|one| one.get_name() != "help");
        subcommands
            .flat_map(|one| {
                let path = own(one);
                let has_own = !one.is_subcommand_required_set();
                let below = paths(&path, one);
                has_own.then_some(path).into_iter().chain(below)
            })
            .collect()
    }

    #[test]
    fn every_command_has_an_example_that_can_be_typed() {
        for path in paths("", &Cli::command()) {
            let example = example_of(&path).unwrap_or_else(|| panic!("{path} has no example"));
            let typed = example.split(" > ").next().unwrap();
            if let Err(error) = Cli::try_parse_from(typed.split_whitespace()) {
                panic!("{example}: {error}");
            }
        }
        for (path, _) in EXAMPLES {
            assert!(paths("", &Cli::command()).iter().any(|one| one == path), "{path}");
        }
    }
}
