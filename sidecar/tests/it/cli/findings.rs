//! Findings into the ledger, whatever others have done with their ids.

use std::path::Path;

use makegood_core::ids::{Digest, RequestId};
use makegood_proto::v1;
use makegood_sidecar::token::Access;
use prost::Message as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::office::{DAYS, Person, lines};
use super::with_data;
use crate::support::{Makegood, Place, Rules, StoredLedger, makegood, run, said};

#[tokio::test]
async fn a_finding_whose_id_was_used_for_something_else_is_raised_all_the_same() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(4_500)).await.unwrap();
    let hold = call.hold(100);
    call.reserve(hold.clone()).await.unwrap();
    let auditor = Person::new(&place, &sidecar, "R-1", Access::Auditor);
    let listed = lines(&said(&mut with_data(&["ledger", "list", "--json"], &place)));
    let gift = listed.iter().find(|it| it["kind"] == "given").unwrap();
    let related = place.beside("related.csv");
    let pair = format!("{},{}", gift["who"].as_str().unwrap(), gift["for_whom"].as_str().unwrap());
    std::fs::write(&related, format!("agent,customer\n{pair}\n")).unwrap();
    let findings = |more: &[&str]| {
        let mut command = makegood(&["audit", "findings", "--rule", "f3", "--json"]);
        command.args(DAYS).args(more).args([Path::new("--data"), &place.data()]);
        command.arg("--related").arg(&related);
        command
    };

    // The agent knows what will be found, and uses up the id that it will be raised under.
    let found = &lines(&said(&mut findings(&[])))[0];
    let extend = v1::ExtendSpendRequest { request_id: id_of(found), spend_id: hold.spend_id };
    call.client.budget.clone().extend_spend(extend).await.unwrap();

    let token = auditor.token.to_str().unwrap();
    let record = ["--record", "--server", &auditor.url, "--token", token];
    let (code, stdout, stderr) = run(&mut findings(&record));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stderr.contains(&id_of(found)), "{stderr}");
    let position = &lines(&stdout)[0]["ledger_position"];
    let kept = lines(&said(&mut with_data(&["review", "findings", "--json"], &place)));
    assert_eq!((kept.len(), &kept[0]["rule"]), (1, &"f3".into()), "{kept:?}");
    // Once it is there, it is known by what it says.
    let (_, stdout, stderr) = run(&mut findings(&record));
    assert_eq!((&lines(&stdout)[0]["ledger_position"], stderr.as_str()), (position, ""));
    sidecar.end().await;
    StoredLedger::read(&place.tenant_folder()).verify();
}

/// The id under which a finding is raised, as anybody can work it out.
fn id_of(found: &Value) -> String {
    let numbers = |name: &str| -> Vec<i64> { serde_json::from_value(found[name].clone()).unwrap() };
    let parameters: Digest = found["parameters_sha256"].as_str().unwrap().parse().unwrap();
    let message = v1::RaiseFindingRequest {
        request_id: String::new(),
        rule: found["rule"].as_str().unwrap().to_owned(),
        rule_version: i32::try_from(found["rule_version"].as_i64().unwrap()).unwrap(),
        parameters_sha256: parameters.as_bytes().to_vec(),
        score_permille: i32::try_from(found["score_permille"].as_i64().unwrap()).unwrap(),
        positions: numbers("positions"),
        agent_ids: serde_json::from_value(found["agents"].clone()).unwrap(),
    };
    let digest = Sha256::digest(message.encode_to_vec());
    RequestId::from_bytes(*digest.first_chunk().unwrap()).to_string()
}
