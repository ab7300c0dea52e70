//! A witness in another process cosigns what grows, and tells of what was rolled back.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use makegood_ledger::checkpoint::{SignedCheckpoint, VerifierKey};
use makegood_proto::v1;
use makegood_sidecar::token::Access;

use super::{copy, keys, production, serve};
use crate::support::{Makegood, Place, Rules, makegood, until};

/// A witness that watches the place's ledger; killed when it is dropped.
struct Witness {
    child: Child,
    address: String,
    key: VerifierKey,
}

impl Witness {
    /// Makes the keys of both, and starts the witness.
    fn start(place: &Place) -> Self {
        let data = place.data();
        let run = |args: &[&str]| {
            let output = makegood(args).output().unwrap();
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let log = run(&["checkpoint", "keygen", "--data", data.to_str().unwrap()]);
        let key = place.beside("witness.key");
        let key = key.to_str().unwrap();
        let public = run(&["witness", "keygen", "--name", "audit.example", "--key", key]);
        let state = place.beside("witness");
        let mut command = makegood(&["witness", "serve", "--listen", "127.0.0.1:0"]);
        command.args(["--state", state.to_str().unwrap(), "--key", key, "--origin", &log]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let listening = lines.find(|line| line.contains("witnessing")).unwrap();
        let port = listening.rsplit_once("127.0.0.1:").unwrap().1;
        let port: String = port.chars().take_while(char::is_ascii_digit).collect();
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let key = VerifierKey::parse(&public).unwrap();
        Self { child, address: format!("{public}@http://127.0.0.1:{port}"), key }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn checkpoint(sidecar: &Makegood<'_>) -> v1::GetCheckpointResponse {
    let mut client = sidecar.client("R-1", Access::Auditor, None).await.ledger;
    client.get_checkpoint(v1::GetCheckpointRequest {}).await.unwrap().into_inner()
}

#[tokio::test]
async fn cosigns_what_grows_and_tells_of_what_was_rolled_back() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let witness = Witness::start(&place);
    let flags = production(&place, &["--witnesses", &witness.address]);
    let backup = place.beside("backup");
    copy(&place.data(), &backup);
    let sidecar = serve(&place, &flags);
    for nth in 0..2 {
        let call = sidecar.ring("A-1", &format!("call-{nth}"), "C-1").await;
        let given = call.give(call.gift(1_00)).await.unwrap();
        let position = given.receipt.unwrap().ledger_position;
        until("the gift is cosigned", async || {
            let text = checkpoint(&sidecar).await.cosigned_checkpoint;
            let both = [keys(&place), vec![witness.key.clone()]].concat();
            cosigned_size(&text, &both) > position.cast_unsigned()
        })
        .await;
    }
    sidecar.end().await;
    std::fs::remove_dir_all(place.data()).unwrap();
    copy(&backup, &place.data());
    let sidecar = serve(&place, &flags);
    until("the rollback is told", async || sidecar.log().contains("was rolled back")).await;
    sidecar.ready().await;
    let client = sidecar.client("A-1", Access::Agent, Some("call-9")).await;
    let request = crate::support::Call::start("call-9", "C-1");
    let refused = client.interactions.clone().start_interaction(request).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unavailable, "{refused}");
    sidecar.end().await;
}

/// The size that the witness has vouched for; 0 while there is none.
fn cosigned_size(text: &str, keys: &[VerifierKey]) -> u64 {
    let Ok(cosigned) = SignedCheckpoint::parse(text) else {
        return 0;
    };
    let vouched = cosigned.verify(keys).unwrap();
    assert_eq!(vouched.witnesses[0].0, "audit.example");
    cosigned.head().size
}
