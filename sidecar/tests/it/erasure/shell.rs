//! The commands: `makegood subject` and `makegood keys`, with a sidecar and without one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use makegood_core::ledger::{Act, EntryBody};
use makegood_sidecar::token::Access;
use serde_json::Value;

use crate::support::{Makegood, Place, Rules, StoredLedger, makegood, run, said, write_secret};

/// A command about this place's folder, with its policy.
fn on(place: &Place, args: &[&str]) -> Command {
    let mut command = makegood(args);
    command.args([Path::new("--data"), &place.data(), Path::new("--policy"), &place.policy()]);
    command
}

fn refused(command: &mut Command) -> String {
    let (code, _, stderr) = run(command);
    assert_eq!(code, Some(1));
    stderr
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[tokio::test]
async fn exports_and_erases_on_a_folder_by_itself() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let out = place.beside("maria.json");
    let mut export = on(&place, &["subject", "export", "--customer", "phone:202 555 0101"]);
    said(export.arg("--out").arg(&out));
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o077, 0);
    let told = json(&fs::read_to_string(&out).unwrap());
    assert_eq!(told["records"][0]["display_name"], "Maria Okafor");
    assert_eq!(told["records"][0]["phones"][0], "+12025550101");
    assert_eq!(
        (&told["subject"]["kind"], &told["subject"]["erased"]),
        (&"customer".into(), &Value::Null)
    );
    let pid = told["subject"]["subject_id"].as_str().unwrap().to_owned();

    let erase = ["subject", "erase", "--customer", "C-1", "--agent", "A-2", "--basis", "retention"];
    let erased = said(on(&place, &erase).arg("--json"));
    let erased: Vec<_> = erased.lines().map(json).collect();
    assert_eq!((erased.len(), &erased[0]["subject_id"]), (2, &Value::from(pid.clone())));
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    let position = usize::try_from(erased[1]["ledger_position"].as_u64().unwrap()).unwrap();
    assert!(matches!(
        &ledger.entries[position].body,
        EntryBody::Act { act: Act::EraseSubject { .. }, .. }
    ));

    let told = json(&said(&mut on(&place, &["subject", "export", "--customer", &pid])));
    assert_eq!(told["subject"]["erased"]["basis"], "retention");
    assert_eq!(told["subject"]["erased"]["ledger_position"], erased[0]["ledger_position"]);
    assert_eq!(told["records"], Value::Array(Vec::new()));
    for who in ["C-1", "crm:C-1", "mail:c-1@example.com", "account:ACC-C-1"] {
        let complaint = refused(&mut on(&place, &["subject", "export", "--customer", who]));
        assert!(complaint.contains("nobody is known like this"), "{who}: {complaint}");
    }
    let several =
        refused(&mut on(&place, &["subject", "export", "--customer", "phone:+12025550199"]));
    assert!(several.contains("several people"), "{several}");
    let complaint = refused(&mut on(&place, &["subject", "export"]));
    assert!(complaint.contains("--customer"), "{complaint}");
}

#[tokio::test]
async fn exports_and_erases_through_a_sidecar_that_serves() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(4_500)).await.unwrap();
    let token = place.beside("token");
    write_secret(&token, &place.token("R-1", Access::Admin, None));
    let url = format!("http://{}", sidecar.address);
    let asked = |args: &[&str]| {
        let mut command = makegood(args);
        command.args(["--server", &url, "--token"]).arg(&token);
        command
    };
    let online = json(&said(&mut asked(&["subject", "export", "--customer", "C-1"])));
    let offline = json(&said(&mut on(&place, &["subject", "export", "--customer", "C-1"])));
    assert_eq!(online, offline, "beside the sidecar as through it");
    let entries = online["ledger_entries"].as_array().unwrap();
    let kinds: Vec<_> = entries.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["held", "given", "person exported"]);

    // Where the answer has no place to go, nothing is asked.
    let out = place.beside("maria.json");
    fs::write(&out, "mine").unwrap();
    let to = |out: &Path| {
        let mut command = asked(&["subject", "export", "--customer", "C-1"]);
        command.arg("--out").arg(out);
        command
    };
    let in_the_way = refused(&mut to(&out));
    assert!(in_the_way.contains("maria.json"), "{in_the_way}");
    assert!(in_the_way.contains("exists"), "{in_the_way}");
    assert_eq!(fs::read_to_string(&out).unwrap(), "mine");
    let (once, again) = (place.beside("once.json"), place.beside("again.json"));
    let id = crate::support::id();
    for out in [&once, &again] {
        said(to(out).args(["--request-id", &id]));
    }
    let once = json(&fs::read_to_string(once).unwrap());
    let count = once["ledger_entries"].as_array().unwrap().len();
    assert_eq!(count, entries.len() + 1, "that which was refused, or the second, is an entry");
    assert_eq!(once, json(&fs::read_to_string(again).unwrap()));
    let nobody = place.beside("nobody.json");
    let mut unknown = asked(&["subject", "export", "--customer", "nobody"]);
    let unknown = refused(unknown.arg("--out").arg(&nobody));
    assert!(unknown.contains("--request-id"), "{unknown}");
    assert!(!nobody.try_exists().unwrap(), "a file is left although nothing was told");

    let in_use =
        refused(&mut on(&place, &["subject", "erase", "--customer", "C-1", "--basis", "court"]));
    assert!(in_use.contains("--server"), "{in_use}");
    let told = said(&mut asked(&["subject", "erase", "--customer", "C-1", "--basis", "court"]));
    assert!(told.contains("is erased: entry"), "{told}");
    let complaint = refused(&mut asked(&["subject", "export", "--customer", "C-1"]));
    assert!(complaint.contains("nobody is known like this"), "{complaint}");
    let again =
        said(&mut asked(&["subject", "erase", "--customer", &call.customer, "--basis", "court"]));
    assert!(again.contains("was erased before"), "{again}");
    sidecar.end().await;
}

#[tokio::test]
async fn rotates_the_key_encryption_key() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    said(&mut on(&place, &["subject", "erase", "--customer", "C-2", "--basis", "consent"]));
    let new = place.beside("new-kek");
    write_secret(&new, "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=");
    let told = said(&mut on(&place, &["keys", "rotate", "--new-kek", new.to_str().unwrap()]));
    assert!(told.contains("7 keys are wrapped by the new key"), "{told}");
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    assert!(matches!(
        &ledger.entries.last().unwrap().body,
        EntryBody::Act { act: Act::RotateKey { .. }, .. }
    ));

    let export = ["subject", "export", "--customer", "C-1"];
    let complaint = refused(&mut on(&place, &export));
    assert!(complaint.contains("another key-encryption key"), "{complaint}");
    let told = json(&said(on(&place, &export).arg("--kek-file").arg(&new)));
    assert_eq!(told["records"][0]["display_name"], "Maria Okafor");
    let gone = ["subject", "export", "--customer", "C-2"];
    let complaint = refused(on(&place, &gone).arg("--kek-file").arg(&new));
    assert!(complaint.contains("nobody is known like this"), "{complaint}");
}
