//! The guard as clients meet it: rates, TLS, and the end of the process.

use std::process::{Command, Output, Stdio};

use makegood_sidecar::token::Access;
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_types::StatusExt as _;

use crate::support::{Makegood, Place, Rules, connect, has, serve_with_tls, until};

#[tokio::test]
async fn tells_an_agent_who_calls_too_often_when_to_come_back() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve_with(&place, &["--agent-rate", "1"]);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    let hold = call.hold(1_000);
    call.reserve(hold.clone()).await.unwrap();
    let status = call.give(call.gift(1)).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!((info.domain.as_str(), info.reason.as_str()), ("makegood", "AGENT_RATE"));
    assert!(info.metadata["retry_after_ms"].parse::<u64>().unwrap() <= 1_000, "{info:?}");
    assert!(details.retry_info().unwrap().retry_delay.unwrap().as_secs_f64() > 0.0);
    // The hold can be kept and ended all the same.
    for _ in 0..5 {
        call.extend(&hold.spend_id).await.unwrap();
    }
    call.commit(&hold.spend_id, 1_000).await.unwrap();
    // Another agent is not held to it.
    let other = sidecar.client("A-2", Access::Agent, Some("call-2")).await;
    crate::support::Call::ring(other, "call-2", "C-2").await;
    sidecar.end().await;
}

#[tokio::test]
async fn tells_those_who_watch_its_health_and_ends_their_streams() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let mut sidecar = Makegood::serve(&place);
    let mut health = HealthClient::new(connect(sidecar.address).await);
    let watched = health.watch(HealthCheckRequest::default()).await.unwrap();
    let mut watched = watched.into_inner();
    let serving = watched.next().await.unwrap().unwrap();
    assert_eq!(serving.status(), ServingStatus::Serving);
    sidecar.terminate();
    let ending = watched.next().await.unwrap().unwrap();
    assert_eq!(ending.status(), ServingStatus::NotServing);
    assert!(watched.next().await.is_none_or(|last| last.is_err()));
    let status = sidecar.ended().await;
    assert_eq!(status.code(), Some(0), "{}", sidecar.log());
    assert!(!sidecar.log().contains("still open"), "{}", sidecar.log());
}

#[tokio::test]
async fn ends_soon_when_it_is_asked_again() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let mut sidecar = Makegood::serve(&place);
    // A client that keeps its stream open whatever it is told.
    let mut reflection = ServerReflectionClient::new(connect(sidecar.address).await);
    let ask = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let asks = tokio_stream::once(ask).chain(tokio_stream::pending());
    let answers = reflection.server_reflection_info(asks).await.unwrap();
    let mut answers = answers.into_inner();
    answers.message().await.unwrap().unwrap();
    sidecar.terminate();
    until("the drain has begun", async || sidecar.log().contains("draining")).await;
    until("it was asked again", async || {
        sidecar.terminate();
        sidecar.log().contains("asked to end again")
    })
    .await;
    let status = sidecar.ended().await;
    assert_eq!(status.code(), Some(0), "{}", sidecar.log());
    assert!(sidecar.log().contains("still open"), "{}", sidecar.log());
}

#[tokio::test]
async fn speaks_tls_1_3_alone_and_http_2_to_foreign_clients() {
    if [("openssl", "version"), ("curl", "--version")].iter().any(|(it, flag)| !has(it, flag)) {
        println!("openssl or curl is not installed; TLS was not tried with foreign clients");
        return;
    }
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let (sidecar, cert) = serve_with_tls(&place);
    let cert = cert.as_str();
    let at = sidecar.address.to_string();
    let page = format!("https://{at}/livez");

    let client = |more: &[&str]| {
        let usual = ["s_client", "-connect", &at, "-CAfile", cert, "-verify_return_error"];
        run("openssl", &[&usual, more].concat())
    };
    let shaken = client(&["-tls1_3", "-alpn", "h2,http/1.1"]);
    let said = String::from_utf8_lossy(&shaken.stdout);
    assert!(shaken.status.success(), "{shaken:?}");
    assert!(said.contains("ALPN protocol: h2") && said.contains("TLSv1.3"), "{said}");
    for old in ["-tls1_2", "-tls1_1"] {
        assert!(!client(&[old]).status.success(), "{old}");
    }

    let usual = ["--silent", "--cacert", cert, "--write-out", "%{http_version} %{http_code}"];
    let answered = run("curl", &[&usual, ["--http2", page.as_str()].as_slice()].concat());
    assert_eq!(String::from_utf8_lossy(&answered.stdout), "live\n2 200", "{answered:?}");
    let old = run("curl", &[&usual, ["--tls-max", "1.2", page.as_str()].as_slice()].concat());
    assert!(!old.status.success(), "{old:?}");
    sidecar.end().await;
}

fn run(program: &str, args: &[&str]) -> Output {
    Command::new(program).args(args).stdin(Stdio::null()).output().unwrap()
}
