//! The commands of those who review and answer, as a person at a terminal runs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use makegood_core::ids::Digest;
use makegood_core::ledger::{Act, EntryBody, ExportPurpose};
use makegood_proto::v1;
use makegood_sidecar::token::Access;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::with_data;
use crate::consult::scene::{Desk, RULES, ask};
use crate::support::{
    Makegood, Place, Rules, StoredLedger, has, makegood, run, said, serve_with_tls, write_secret,
};

/// A person with a token in a file, and the sidecar that they ask.
pub(super) struct Person {
    pub(super) url: String,
    pub(super) token: PathBuf,
}

impl Person {
    pub(super) fn new(place: &Place, sidecar: &Makegood<'_>, agent: &str, access: Access) -> Self {
        let token = place.beside(&format!("{agent}.token"));
        write_secret(&token, &place.token(agent, access, None));
        Self { url: format!("http://{}", sidecar.address), token }
    }

    fn asks(&self, args: &[&str]) -> Command {
        let mut command = makegood(args);
        command.args([Path::new("--server"), Path::new(&self.url), Path::new("--token")]);
        command.arg(&self.token);
        command
    }
}

pub(super) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn shows_how_reviews_stand_beside_a_sidecar_that_serves() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    let (spend, _) = call.given(4_500).await;
    let first = Person::new(&place, &sidecar, "R-1", Access::Auditor);
    let second = Person::new(&place, &sidecar, "L-1", Access::Auditor);

    let none = said(&mut with_data(&["review", "list"], &place));
    assert!(none.contains("makegood audit sample"), "{none}");
    let noted = said(&mut first.asks(&["review", "note", &spend]));
    assert!(noted.contains("is noted: entry"), "{noted}");
    let listed = said(&mut with_data(&["review", "list"], &place));
    assert!(listed.contains(&spend) && listed.contains("noted"), "{listed}");

    said(&mut second.asks(&["review", "clear", &spend]));
    let open = said(&mut with_data(&["review", "list"], &place));
    assert!(!open.contains(&spend), "{open}");
    let all = lines(&said(&mut with_data(&["review", "list", "--all", "--json"], &place)));
    assert_eq!((&all[0]["state"], &all[0]["note_count"]), (&"cleared".into(), &2.into()));
    let cleared = said(&mut with_data(&["review", "list", "--state", "cleared"], &place));
    assert!(cleared.contains(&spend), "{cleared}");

    let shown = said(&mut with_data(&["review", "show", &spend], &place));
    for text in ["held", "given", "45.00 USD", "its review stands at cleared"] {
        assert!(shown.contains(text), "{text} is not in\n{shown}");
    }
    let unknown = "00000000-0000-4000-8000-000000000000";
    let (code, _, stderr) = run(&mut with_data(&["review", "show", unknown], &place));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("makegood review list"), "{stderr}");
    sidecar.end().await;
}

#[tokio::test]
async fn answers_consults() {
    let place = Place::new(RULES);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    let lead = Person::new(&place, &sidecar, "L-1", Access::Supervisor);
    let nothing = said(&mut lead.asks(&["consult", "list"]));
    assert!(nothing.contains("nothing waits"), "{nothing}");

    let desk = Desk::at(&sidecar.client("L-1", Access::Agent, None).await, &[]).await;
    let asked = call.ask(ask(&call, 1_500)).await.unwrap().consult.unwrap();
    let waiting = said(&mut lead.asks(&["consult", "list"]));
    for text in [asked.consult_id.as_str(), "Sam Rivera", "10.00 USD", "15.00 USD", "open"] {
        assert!(waiting.contains(text), "{text} is not in\n{waiting}");
    }
    let answer = ["consult", "answer", &asked.consult_id, "--approve", "12.50"];
    let told = said(&mut lead.asks(&answer));
    assert!(told.contains("is approved for 12.50 USD: entry"), "{told}");
    let shown = lines(&said(lead.asks(&["consult", "show", &asked.consult_id]).arg("--json")));
    assert_eq!(
        (&shown[0]["state"], &shown[0]["approved_minor"]),
        (&"approved".into(), &1_250.into())
    );
    let (code, _, stderr) = run(&mut lead.asks(&["consult", "answer", &asked.consult_id]));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--approve"), "{stderr}");

    let again = v1::AskConsultRequest { spend_id: crate::support::id(), ..ask(&call, 1_600) };
    let again = call.ask(again).await.unwrap().consult.unwrap();
    let told = said(&mut lead.asks(&["consult", "answer", &again.consult_id, "--decline"]));
    assert!(told.contains("is declined: entry"), "{told}");
    drop(desk);
    sidecar.end().await;
}

#[tokio::test]
async fn an_export_is_an_entry_or_there_is_no_pack() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(4_500)).await.unwrap();
    let auditor = Person::new(&place, &sidecar, "R-1", Access::Auditor);
    let agent = Person::new(&place, &sidecar, "A-1", Access::Agent);
    let export = |person: &Person, out: &Path, more: &[&str]| {
        let mut command = person.asks(&["audit", "export", "--from", "2026-01-01"]);
        command.args(["--to", "2099-12-31", "--purpose", "accounting"]).args(more);
        command.args([Path::new("--data"), &place.data(), Path::new("--out"), out]);
        command
    };
    let out = place.beside("refused");
    let (code, _, stderr) = run(&mut export(&agent, &out, &[]));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("no pack") && stderr.contains("--request-id"), "{stderr}");
    assert!(!out.try_exists().unwrap());

    let (out, again) = (place.beside("pack"), place.beside("again"));
    let id = crate::support::id();
    let made = said(&mut export(&auditor, &out, &["--json", "--request-id", &id]));
    let made = &lines(&made)[0];
    let size = made["tree_size"].to_string();
    let flags = ["--json", "--request-id", &id, "--size", &size];
    let repeated = said(&mut export(&auditor, &again, &flags));
    assert_eq!(lines(&repeated)[0]["ledger_position"], made["ledger_position"]);
    sidecar.end().await;

    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    let position = made["ledger_position"].as_u64().unwrap();
    let entry = &ledger.entries[usize::try_from(position).unwrap()];
    let EntryBody::Act { act: Act::Export { tree_size, manifest, purpose, .. }, .. } = &entry.body
    else {
        panic!("{entry:?}");
    };
    assert!(*tree_size <= position, "an export does not hold its own entry");
    assert_eq!(*purpose, ExportPurpose::Accounting);
    let stored = std::fs::read(out.join("manifest.json")).unwrap();
    assert_eq!(*manifest, Digest::from_bytes(Sha256::digest(stored).into()));
}

/// The days of every test.
pub(super) const DAYS: [&str; 4] = ["--from", "2026-01-01", "--to", "2099-12-31"];

#[tokio::test]
async fn findings_and_samples_become_entries_once() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(4_500)).await.unwrap();
    let first = Person::new(&place, &sidecar, "R-1", Access::Auditor);
    let second = Person::new(&place, &sidecar, "L-1", Access::Auditor);
    let listed = lines(&said(&mut with_data(&["ledger", "list", "--json"], &place)));
    let gift = listed.iter().find(|it| it["kind"] == "given").unwrap();
    let related = place.beside("related.csv");
    let pair = format!("{},{}", gift["who"].as_str().unwrap(), gift["for_whom"].as_str().unwrap());
    std::fs::write(&related, format!("agent,customer\n{pair}\n")).unwrap();

    let record = |person: &Person, more: &[&str]| {
        let mut command = person.asks(&["audit", "findings", "--rule", "f3", "--record"]);
        command.args(DAYS).args(more).args([Path::new("--data"), &place.data()]);
        said(command.arg("--related").arg(&related))
    };
    let told = record(&first, &[]);
    assert!(told.contains("new in the ledger: 1; there before: 0"), "{told}");
    for person in [&first, &second] {
        let told = record(person, &[]);
        assert!(told.contains("new in the ledger: 0; there before: 1"), "{told}");
    }
    let found = &lines(&record(&first, &["--json"]))[0];
    let position = found["ledger_position"].to_string();
    let kept = said(&mut with_data(&["review", "findings"], &place));
    assert!(kept.contains(&position) && kept.contains("f3"), "{kept}");
    said(&mut second.asks(&["review", "dispose", &position, "dismissed"]));
    let open = said(&mut with_data(&["review", "findings"], &place));
    assert!(open.contains("--record"), "{open}");
    let all = lines(&said(&mut with_data(&["review", "findings", "--all", "--json"], &place)));
    assert_eq!((all.len(), &all[0]["disposition"]), (1, &"dismissed".into()));

    let sample = ["audit", "sample", "--method", "records", "--seed", "any", "--record", "--json"];
    let mut sample = first.asks(&sample);
    let drawn = said(sample.args(DAYS).args([Path::new("--data"), &place.data()]));
    let drawn = lines(&drawn);
    assert_eq!((&drawn[0]["spend_count"], drawn.len()), (&1.into(), 2));
    sidecar.end().await;
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    let position = usize::try_from(drawn[0]["ledger_position"].as_u64().unwrap()).unwrap();
    let EntryBody::Act { act: Act::DrawSample(entry), .. } = &ledger.entries[position].body else {
        panic!("{:?}", ledger.entries[position]);
    };
    assert_eq!(entry.spends.to_string(), drawn[0]["spends_sha256"].as_str().unwrap());
}

#[test]
fn says_how_a_sidecar_is_reached() {
    let place = Place::empty(Rules::STANDARD);
    let token = place.beside("token");
    write_secret(&token, "any");
    let asks = |url: &str, token: &Path| {
        let mut command = makegood(&["policy", "list", "--server", url, "--token"]);
        let (code, _, stderr) = run(command.arg(token));
        assert_eq!(code, Some(1), "{stderr}");
        stderr
    };
    for (url, fix) in [
        ("127.0.0.1:7070", "http://127.0.0.1:7070"),
        ("http://panel.example:7443", "in the clear"),
        ("http://127.0.0.1:1", "makegood serve"),
    ] {
        let stderr = asks(url, &token);
        assert!(stderr.contains(fix), "{url}: {stderr}");
    }
    let stderr = asks("http://127.0.0.1:1", &place.beside("absent"));
    assert!(stderr.contains("absent"), "{stderr}");
}

#[tokio::test]
async fn governs_a_sidecar_with_tls_whose_certificate_is_vouched_for() {
    if !has("openssl", "version") {
        println!("openssl is not installed; no command was tried over TLS");
        return;
    }
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let (sidecar, cert) = serve_with_tls(&place);
    let cert = cert.as_str();
    let mut lead = Person::new(&place, &sidecar, "L-1", Access::Admin);
    lead.url = format!("https://{}", sidecar.address);
    let pause = ["policy", "pause", "--reason", "fraud"];

    let (code, _, stderr) = run(&mut lead.asks(&pause));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("--ca"), "{stderr}");
    let paused = said(lead.asks(&pause).args(["--ca", cert]));
    assert!(paused.contains("entry"), "{paused}");
    let listed = said(lead.asks(&["policy", "list"]).args(["--ca", cert]));
    assert!(listed.contains("in force"), "{listed}");

    // The certificate is good for the names in it alone, and nothing is said without TLS.
    lead.url = format!("https://127.0.0.2:{}", sidecar.address.port());
    assert_eq!(run(lead.asks(&["policy", "list"]).args(["--ca", cert])).0, Some(1));
    lead.url = format!("http://{}", sidecar.address);
    assert_eq!(run(&mut lead.asks(&["policy", "list"])).0, Some(1));
    sidecar.end().await;
}

#[test]
fn writes_completions_and_man_pages() {
    for shell in ["bash", "zsh", "fish"] {
        let script = said(&mut makegood(&["completions", shell]));
        assert!(script.contains("makegood") && script.contains("subject"), "{script}");
    }
    let place = Place::empty(Rules::STANDARD);
    let out = place.beside("man");
    said(makegood(&["man", "--out"]).arg(&out));
    let page = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    assert!(page("makegood.1").contains("makegood\\-audit(1)"));
    assert!(page("makegood-audit-export.1").contains("nothing is"));
}
