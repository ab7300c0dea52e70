//! The one port as browsers, probes and tools see it.

use std::net::SocketAddr;
use std::path::Path;

use makegood_proto::v1;
use makegood_sidecar::token::Access;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::support::{Answer, Ask, Call, Makegood, Place, Rules, Served};

async fn get(address: SocketAddr, path: &str) -> Answer {
    Ask::get(path).send(address).await
}

#[tokio::test]
async fn answers_probes_and_knows_no_other_path() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let address = served.address();
    for (path, status, text) in [
        ("/livez", 200, "live\n"),
        ("/readyz", 200, "ready\n"),
        ("/", 404, "not found\n"),
        ("/demo/", 404, "not found\n"),
        ("/embed", 404, "not found\n"),
        ("/etc/passwd", 404, "not found\n"),
        ("/embed/../livez", 404, ""),
    ] {
        let answer = get(address, path).await;
        // Paths that are unknown need a token to learn so.
        let is_closed = status == 404 && answer.status == 401;
        assert!(answer.status == status || is_closed, "{path}: {answer:?}");
        if answer.status == 200 {
            assert_eq!(answer.text(), text, "{path}");
        }
    }
    let answer = get(address, "/metrics").await;
    assert_eq!(answer.status, 200);
    let content_type = answer.header("content-type").unwrap();
    assert!(content_type.starts_with("application/openmetrics-text"), "{content_type}");
    assert!(answer.text().ends_with("# EOF\n"), "{}", answer.text());
    let text = answer.text();
    assert!(text.contains("livez") && !text.contains("passwd"), "{text}");
    served.stop().await;
}

#[tokio::test]
async fn serves_the_widget_or_says_how_to_build_it() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../widget-wasm/dist/frame.html");
    let answer = get(served.address(), "/embed/frame.html").await;
    if built.try_exists().unwrap() {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors"), "{policy}");
        let etag = answer.header("etag").unwrap();
        let again = Ask::get("/embed/frame.html").with("if-none-match", etag);
        assert_eq!(again.send(served.address()).await.status, 304);
        assert_eq!(get(served.address(), "/embed/absent.js").await.status, 404);
    } else {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.text().contains("cargo xtask wasm"), "{answer:?}");
    }
    served.stop().await;
}

#[tokio::test]
async fn speaks_grpc_web_with_fetch() {
    const PATH: &str = "/makegood.v1.BudgetService/GiveSpend";
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    let token = place.token("A-1", Access::Agent, Some("call-1"));
    let gift = call.gift(4_500);
    let own = format!("http://{}", served.address());
    let ask = Ask::grpc_web(PATH, &token, &gift).with("origin", &own);
    let answer = ask.send(served.address()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/grpc-web+proto"));
    assert_eq!(answer.header("access-control-allow-origin"), Some(own.as_str()));
    let (messages, trailers) = answer.grpc_web::<v1::GiveSpendResponse>();
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
    let given = messages[0].spend.clone().unwrap();
    assert_eq!(given.committed_minor, 4_500);
    assert_eq!(call.available().await, 200_000 - 4_500);

    // A refusal comes with its details, in the headers or behind the last frame.
    let above = Ask::grpc_web(PATH, &token, &call.gift(200_000)).with("origin", &own);
    let answer = above.send(served.address()).await;
    let (messages, trailers) = answer.grpc_web::<v1::GiveSpendResponse>();
    assert_eq!(messages, []);
    let in_trailers = trailers.contains("grpc-status:9");
    assert!(in_trailers || answer.header("grpc-status") == Some("9"), "{answer:?} {trailers}");
    let details = trailers.contains("grpc-status-details-bin");
    assert!(details || answer.header("grpc-status-details-bin").is_some());

    // Bytes that are no message are the caller's fault.
    let garbled =
        Ask { body: vec![0, 0, 0, 0, 3, 0xff, 0xff, 0xff], ..Ask::grpc_web(PATH, &token, &gift) };
    let answer = garbled.send(served.address()).await;
    let (_, trailers) = answer.grpc_web::<v1::GiveSpendResponse>();
    let in_trailers = trailers.contains("grpc-status:3");
    assert!(in_trailers || answer.header("grpc-status") == Some("3"), "{answer:?} {trailers}");

    stranger_pages_are_refused(&served, &token, &call).await;
    served.stop().await;
}

async fn stranger_pages_are_refused(served: &Served<'_>, token: &str, call: &Call) {
    const PATH: &str = "/makegood.v1.BudgetService/GiveSpend";
    let address = served.address();
    let own = format!("http://{address}");
    let entries = served.entry_count();
    for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example"] {
        let ask = Ask::grpc_web(PATH, token, &call.gift(1)).with("origin", origin);
        let answer = ask.send(address).await;
        assert_eq!(answer.status, 403, "{origin}: {answer:?}");
        assert!(answer.text().contains("allowed_origins"), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let two = Ask::grpc_web(PATH, token, &call.gift(1)).with("origin", &own).with("origin", &own);
    assert_eq!(two.send(address).await.status, 403);
    for host in ["evil.example", "127.0.0.1.evil.example", "[::2]:80"] {
        let ask = Ask { host: Some(host), ..Ask::grpc_web(PATH, token, &call.gift(1)) };
        let answer = ask.send(address).await;
        assert_eq!(answer.status, 403, "{host}: {answer:?}");
        assert!(answer.text().contains("allowed_hosts"), "{answer:?}");
    }
    assert_eq!(served.entry_count(), entries);
    // Plain forms cannot send the type of content that calls need.
    let form = Ask {
        headers: vec![("content-type", "text/plain".to_owned())],
        ..Ask::grpc_web(PATH, token, &call.gift(1))
    };
    let answer = form.with("authorization", &format!("Bearer {token}")).send(address).await;
    assert_eq!(answer.status, 415, "{answer:?}");
}

#[tokio::test]
async fn lets_pages_that_are_allowed_ask_first() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let own = format!("http://localhost:{}", served.address().port());
    let preflight = Ask { method: "OPTIONS", ..Ask::get("/makegood.v1.CustomerService/GetPanel") };
    let preflight = preflight
        .with("access-control-request-method", "POST")
        .with("access-control-request-headers", "authorization,content-type,x-grpc-web");
    let answer = preflight.clone().with("origin", &own).send(served.address()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some(own.as_str()));
    let answer = preflight.with("origin", "https://evil.example").send(served.address()).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    served.stop().await;
}

#[tokio::test]
async fn tells_tools_of_its_health_and_its_services() {
    let place = Place::new(Rules::STANDARD);
    let served = place.serve().await;
    let mut health = HealthClient::new(served.channel());
    for service in ["", "makegood.v1.BudgetService", "makegood.v1.DeskService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let checked = health.check(request).await.unwrap().into_inner();
        assert_eq!(checked.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = HealthCheckRequest { service: "makegood.v1.CastleService".to_owned() };
    let status = health.check(unknown).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::NotFound);

    let mut reflection = ServerReflectionClient::new(served.channel());
    let ask = |message_request| ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message_request),
    };
    let asked = vec![
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("google.rpc.ErrorInfo".to_owned())),
    ];
    let mut answers =
        reflection.server_reflection_info(tokio_stream::iter(asked)).await.unwrap().into_inner();
    let mut next =
        async || -> ServerReflectionResponse { answers.message().await.unwrap().unwrap() };
    let Some(MessageResponse::ListServicesResponse(listed)) = next().await.message_response else {
        panic!("no list of services");
    };
    let mut names: Vec<_> = listed.service.into_iter().map(|it| it.name).collect();
    names.retain(|it| it.starts_with("makegood."));
    names.sort();
    let services = [
        "Advocacy",
        "Budget",
        "Consult",
        "Customer",
        "Desk",
        "Experience",
        "Governance",
        "Interaction",
        "Ledger",
        "Review",
        "Subject",
    ];
    assert_eq!(names, services.map(|it| format!("makegood.v1.{it}Service")));
    let described = next().await.message_response;
    assert!(matches!(described, Some(MessageResponse::FileDescriptorResponse(_))), "{described:?}");
    served.stop().await;
}

#[tokio::test]
async fn drains_and_ends_well_when_it_is_asked_to() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let mut sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    let request =
        v1::WatchDeskRequest { desk_id: crate::support::id(), ..v1::WatchDeskRequest::default() };
    let desk = call.client.desk.clone().watch_desk(request).await;
    let mut desk = desk.unwrap().into_inner();
    assert!(!desk.message().await.unwrap().unwrap().going_away);
    let given = call.give(call.gift(4_500)).await.unwrap();
    sidecar.terminate();
    let last = desk.message().await.unwrap().unwrap();
    assert!(last.going_away, "{last:?}");
    drop((desk, call));
    let status = sidecar.ended().await;
    assert_eq!(status.code(), Some(0), "{}", sidecar.log());
    assert!(sidecar.log().contains("draining") && sidecar.log().contains("stopped"));

    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    let spend = call.spend(&given.spend.unwrap().spend_id).await.unwrap();
    assert_eq!(spend.committed_minor, 4_500);
}
