//! Deliberate mistakes, each of which the simulation must find.

use std::process::ExitCode;

use makegood_core::mutants::{Mutant, choose};

/// What is played with each, at most.
const SEEDS: u64 = 40;
const COMMANDS: u64 = 3_000;

/// The list; a mistake that the code knows and the list does not have is missed, too.
const LIST: &str = include_str!("../mutants.txt");

/// Plays with each mistake until it is found, and tells how.
pub(crate) fn all_are_found() -> ExitCode {
    // The simulation stops by panics that are looked for here.
    std::panic::set_hook(Box::new(|_| {}));
    let listed: Vec<&str> = LIST.lines().filter(|line| !line.starts_with('#')).collect();
    let mut missed: Vec<String> = Mutant::ALL
        .iter()
        .map(|mutant| mutant.code())
        .filter(|code| !listed.contains(code))
        .map(|code| format!("{code} is not in the list"))
        .collect();
    for code in &listed {
        let Some(mutant) = Mutant::from_code(code) else {
            missed.push(format!("{code} is no mistake that the code knows"));
            continue;
        };
        choose(Some(mutant));
        match crate::play(1, SEEDS, COMMANDS) {
            Ok(_) => missed.push(format!("{code} was not found")),
            Err((seed, error)) => println!("{code}: found by seed {seed}, {}", last_line(&error)),
        }
    }
    choose(None);
    println!("{} mistakes, {} missed", listed.len(), missed.len());
    for line in &missed {
        eprintln!("{line}");
    }
    if missed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The end of the story is what was wrong.
fn last_line(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    text.lines().last().unwrap_or_default().chars().take(160).collect()
}
