//! The command line: what each command says, and its exit code.

mod findings;
mod office;

use std::path::Path;
use std::process::Command;

use crate::support::{Makegood, Place, Rules, makegood, run, said};

fn with_data(args: &[&str], place: &Place) -> Command {
    let mut command = makegood(args);
    command.args([Path::new("--data"), &place.data()]);
    command
}

#[tokio::test]
async fn lists_the_ledger_beside_a_sidecar_that_serves_it() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    let given = call.give(call.gift(4_500)).await.unwrap();
    call.undo(&given.spend.unwrap().spend_id, 4_500).await.unwrap();

    let table = said(&mut with_data(&["ledger", "list"], &place));
    for text in ["policy in force", "held", "given", "taken back", "45.00 USD", "1955.00 USD"] {
        assert!(table.contains(text), "{text} is not in\n{table}");
    }
    assert!(!table.contains("Maria") && !table.contains("Sam"), "{table}");

    let named = said(&mut with_data(&["ledger", "list", "--names", "--json"], &place));
    let lines: Vec<serde_json::Value> =
        named.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let positions = lines.iter().map(|it| it["position"].as_u64().unwrap());
    assert!(positions.eq(0..lines.len() as u64), "{named}");
    let gift = lines.iter().find(|it| it["kind"] == "held").unwrap();
    assert_eq!((&gift["who"], &gift["for_whom"]), (&"Sam Rivera".into(), &"Maria Okafor".into()));
    assert_eq!((&gift["why"], &gift["amount_minor"]), (&"delay".into(), &4_500.into()));
    assert_eq!((&gift["before_minor"], &gift["after_minor"]), (&200_000.into(), &195_500.into()));
    let receipt = given.receipt.unwrap();
    let position = usize::try_from(receipt.ledger_position).unwrap();
    let leaf: [u8; 32] = receipt.leaf_hash.try_into().unwrap();
    let leaf = makegood_core::ids::Digest::from_bytes(leaf);
    assert_eq!(lines[position]["leaf_hash"], leaf.to_string());

    let part = ["ledger", "list", "--json", "--from", "3", "--limit", "1"];
    let part = said(&mut with_data(&part, &place));
    assert_eq!(part.lines().count(), 1);
    assert!(part.contains("\"position\":3"), "{part}");
}

#[test]
fn says_where_there_is_no_ledger() {
    let place = Place::empty(Rules::STANDARD);
    let (code, _, stderr) = run(&mut with_data(&["ledger", "list"], &place));
    assert_eq!(code, Some(1));
    let data = place.data().display().to_string();
    assert!(stderr.contains("read the ledger") && stderr.contains(&data), "{stderr}");
}

#[test]
fn checks_policies_and_names_each_problem() {
    let place = Place::empty(Rules::STANDARD);
    let policy = place.policy().display().to_string();
    let good = said(&mut makegood(&["policy", "check", &policy]));
    assert!(good.contains("tests") && good.contains("2000.00"), "{good}");

    let standard = said(&mut makegood(&["policy", "standard"]));
    std::fs::write(place.policy(), standard).unwrap();
    said(&mut makegood(&["policy", "check", &policy]));

    let spoilt = Rules::STANDARD.text().replace("10 min", "soon").replace("USD = ", "usd = ");
    std::fs::write(place.policy(), spoilt).unwrap();
    let (code, _, stderr) = run(&mut makegood(&["policy", "check", &policy]));
    assert_eq!(code, Some(1));
    for text in ["policy.toml", "hold", "30 s, 10 min or 30 days", "limits[0]"] {
        assert!(stderr.contains(text), "{text} is not in\n{stderr}");
    }
    let (code, _, stderr) = run(&mut makegood(&["policy", "check", "absent.toml"]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("absent.toml"), "{stderr}");
}

#[tokio::test]
async fn doctor_finds_what_keeps_from_serving() {
    let place = Place::new(Rules::STANDARD);
    let fresh = said(&mut with_data(&["doctor", "--listen", "127.0.0.1:0"], &place));
    assert!(fresh.contains("✓ ledger: none yet"), "{fresh}");
    place.fill().await;
    let args = ["doctor", "--listen", "127.0.0.1:0", "--json"];
    let lines = said(&mut with_data(&args, &place));
    let checks = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    assert!(checks.into_iter().all(|it| it["state"] != "bad"), "{lines}");
    let healthy = said(&mut with_data(&["doctor", "--listen", "127.0.0.1:0"], &place));
    assert!(healthy.contains("entries, all readable") && !healthy.contains('✗'), "{healthy}");

    let sidecar = Makegood::serve(&place);
    let listen = sidecar.address.to_string();
    let busy = said(&mut with_data(&["doctor", "--listen", &listen], &place));
    let pid = format!("process {}", sidecar.pid());
    assert!(busy.contains(&pid), "{busy}");
    drop(sidecar);

    let args = ["doctor", "--listen", "127.0.0.1:0", "--policy", "absent.toml"];
    let (code, stdout, _) = run(&mut with_data(&args, &place));
    assert_eq!(code, Some(1));
    assert!(stdout.contains("✗ policy") && stdout.contains("absent.toml"), "{stdout}");
    let (code, stdout, _) = run(&mut with_data(&["doctor", "--mode", "production"], &place));
    assert_eq!(code, Some(1));
    assert!(stdout.contains("token_keys") && stdout.contains("kek_file"), "{stdout}");
}

#[test]
fn shows_where_each_value_comes_from() {
    let place = Place::empty(Rules::STANDARD);
    let file = place.beside("makegood.toml");
    std::fs::write(&file, "default_region = \"AT\"\ntenant = \"file\"\n").unwrap();
    let file = file.display().to_string();
    let mut command = with_data(&["config", "--config", &file], &place);
    let shown = said(command.env("MAKEGOOD_TENANT", "north"));
    let line = |key: &str| shown.lines().find(|it| it.starts_with(key)).unwrap().to_owned();
    assert!(line("tenant ").contains("north") && line("tenant ").contains("MAKEGOOD_TENANT"));
    assert!(line("default_region").contains("AT") && line("default_region").contains(&file));
    assert!(line("data").contains("flag --data"), "{shown}");
    assert!(line("mode").ends_with("default"), "{shown}");
    let lines = said(&mut with_data(&["config", "--json"], &place));
    let data = lines.lines().find(|line| line.contains("\"data\"")).unwrap();
    assert!(data.contains("flag --data"), "{lines}");

    let mut command = makegood(&["config"]);
    let (code, _, stderr) = run(command.env("MAKEGOOD_TENNANT", "x"));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("MAKEGOOD_TENANT"), "{stderr}");
}

#[test]
fn refuses_to_serve_a_configuration_that_is_unsafe() {
    let public = ["serve", "--listen", "0.0.0.0:0"];
    let place = Place::empty(Rules::STANDARD);
    let (code, _, stderr) = run(&mut with_data(&public, &place));
    assert_eq!(code, Some(78), "{stderr}");
    assert!(stderr.contains("tls = ") && stderr.contains("token_keys = "), "{stderr}");
}

#[test]
fn helps_with_every_command() {
    let help = said(&mut makegood(&["--help"]));
    let commands = ["serve", "demo", "import", "ledger", "policy", "token", "config", "doctor"];
    for command in commands {
        assert!(help.contains(command), "{command} is not in\n{help}");
        let own = said(&mut makegood(&[command, "--help"]));
        assert!(own.starts_with(|it: char| it.is_uppercase()) && own.contains("Usage:"), "{own}");
    }
    let version = said(&mut makegood(&["--version"]));
    assert_eq!(version.trim(), format!("makegood {}", env!("CARGO_PKG_VERSION")));
    let (code, _, stderr) = run(&mut makegood(&["swerve"]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("serve"), "{stderr}");
}

#[tokio::test]
async fn mints_tokens_that_the_sidecar_takes() {
    let place = Place::new(Rules::STANDARD);
    let args = ["token", "mint", "--agent", "A-1", "--interaction", "call-1"];
    let token = said(&mut with_data(&args, &place));
    let served = place.serve().await;
    let client = served.client_with(token.trim());
    crate::support::Call::ring(client, "call-1", "C-1").await;
    served.stop().await;
}
