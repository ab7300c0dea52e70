//! A restored backup does not pass for the present.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use makegood_sidecar::token::Access;
use tonic::Code;

use super::{copy, production, serve};
use crate::support::{Call, Place, Rules, makegood, until};

#[tokio::test]
async fn refuses_to_write_to_a_restored_backup_until_that_is_accepted() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let anchor = place.beside("elsewhere").join("checkpoint");
    let flags = production(&place, &["--checkpoint-file", anchor.to_str().unwrap()]);
    let sidecar = serve(&place, &flags);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    call.give(call.gift(1_00)).await.unwrap();
    sidecar.end().await;
    let backup = place.beside("backup");
    copy(&place.data(), &backup);
    let sidecar = serve(&place, &flags);
    let call = sidecar.ring("A-1", "call-2", "C-1").await;
    call.give(call.gift(2_00)).await.unwrap();
    sidecar.end().await;
    std::fs::remove_dir_all(place.data()).unwrap();
    copy(&backup, &place.data());

    let erase = ["subject", "erase", "--customer", "C-2", "--basis", "consent"];
    let new = place.beside("new-kek");
    std::fs::write(&new, "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=").unwrap();
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).unwrap();
    let rotate = ["keys", "rotate", "--new-kek", new.to_str().unwrap()];
    for offline in [erase.as_slice(), &rotate] {
        let mut command = makegood(offline);
        command.args([Path::new("--data"), &place.data(), Path::new("--policy"), &place.policy()]);
        let output = command.args(&flags).output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        assert!(complaint.contains("start with --accept-rollback "), "{complaint}");
    }

    let sidecar = serve(&place, &flags);
    until("the log says why", async || sidecar.log().contains("--accept-rollback ")).await;
    sidecar.ready().await;
    let client = sidecar.client("A-1", Access::Agent, Some("call-2")).await;
    let request = Call::start("call-2", "C-1");
    let refused = client.interactions.clone().start_interaction(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    let log = sidecar.log();
    let named = log.split("--accept-rollback ").nth(1).unwrap();
    let named: String =
        named.chars().take_while(|it| it.is_ascii_hexdigit() || *it == ':').collect();
    sidecar.end().await;

    let accepting = [flags.clone(), vec!["--accept-rollback".to_owned(), named]].concat();
    let sidecar = serve(&place, &accepting);
    assert!(sidecar.log().contains("a rollback was accepted"));
    let call = sidecar.ring("A-1", "call-3", "C-1").await;
    call.give(call.gift(3_00)).await.unwrap();
    sidecar.end().await;
    let sidecar = serve(&place, &flags);
    let call = sidecar.ring("A-1", "call-4", "C-1").await;
    call.give(call.gift(4_00)).await.unwrap();
    sidecar.end().await;
}
