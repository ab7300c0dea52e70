//! Tests of the whole list: each step, and that it stands where it must.

mod places;
mod rates;

use std::time::Duration;

use axum::body::Body;
use axum::routing::{get, post};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use super::*;
use crate::config::ConfigFlags;
use crate::token::{Access, Grant, Identity, Signer, TokenFault, VerifierRules};

const GIVE: &str = "/makegood.v1.BudgetService/GiveSpend";
const IDENTIFY: &str = "/makegood.v1.CustomerService/IdentifyCaller";
const COMMIT: &str = "/makegood.v1.BudgetService/CommitSpend";
const PANEL: &str = "/makegood.v1.CustomerService/GetPanel";
const WATCH: &str = "/makegood.v1.DeskService/WatchDesk";
const REFLECT: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const EXPORT: &str = "/makegood.v1.SubjectService/ExportSubject";
const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// Stands in for the place where statuses are built.
fn respond(refusal: &Refusal) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert("grpc-status", HeaderValue::from(refusal.code() as i32));
    headers.insert("grpc-message", refusal.reason().parse().unwrap());
    response
}

struct Port {
    router: Router,
    signer: Signer,
    metrics: Metrics,
}

/// A guarded port whose handlers answer at once, but for those that wait or panic.
fn port(flags: &[(&str, &str)]) -> Port {
    let (config, _) = Config::load(&ConfigFlags::from_pairs(flags), &[]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let signer = Signer::development(folder.path()).unwrap();
    let rules = VerifierRules {
        tenant: config.tenant.clone(),
        tool_token_ttl: config.tool_token_ttl,
        allows_unbound_agents: true,
    };
    let verifier = Verifier::new(vec![signer.public_key()], rules).unwrap();
    let methods = MethodTable::from_descriptors(makegood_proto::FILE_DESCRIPTOR_SET).unwrap();
    let metrics = Metrics::new();
    let parts = GuardParts { methods, verifier, metrics: metrics.clone(), respond };
    let guard = Guard::new(&config, 7070, parts);
    let ok = || async { Response::new(Body::empty()) };
    let wait = || async {
        Notify::new().notified().await;
        Response::new(Body::empty())
    };
    let stream = || async {
        let messages = futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        Response::new(Body::from_stream(messages))
    };
    let who = |request: Request<Body>| async move {
        let identity = request.extensions().get::<Arc<Identity>>().unwrap();
        assert_eq!((identity.agent.as_str(), identity.access), ("agent-7", Access::Agent));
        Response::new(Body::empty())
    };
    let router = Router::new()
        .route(GIVE, post(who))
        .route(COMMIT, post(ok))
        .route(IDENTIFY, post(ok))
        .route(PANEL, post(wait))
        .route(WATCH, post(wait))
        .route(HEALTH, post(ok))
        .route(REFLECT, post(stream))
        .route(EXPORT, post(stream))
        .route("/makegood.v1.BudgetService/VoidSpend", post(panics))
        .route("/makegood.v1.Other/Open", post(ok))
        .route("/livez", get(ok))
        .route("/metrics", get(ok))
        .fallback(|| async { StatusCode::NOT_FOUND });
    Port { router: guard.protect(router), signer, metrics }
}

async fn panics() -> Response<Body> {
    tokio::task::yield_now().await;
    panic!("Maria's note");
}

impl Port {
    fn token(&self, access: Access) -> HeaderValue {
        self.token_of("agent-7", access)
    }

    fn token_of(&self, agent: &str, access: Access) -> HeaderValue {
        let grant = Grant {
            tenant: "house".to_owned(),
            agent: agent.to_owned(),
            access,
            interaction: None,
            ttl: Duration::from_mins(5),
        };
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let token = self.signer.sign(&grant, now.try_into().unwrap()).unwrap();
        format!("Bearer {token}").parse().unwrap()
    }

    /// A call with an agent's token; `change` may spoil it.
    async fn call(&self, path: &str, change: impl FnOnce(&mut Request<Body>)) -> Response<Body> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = path.parse().unwrap();
        *request.method_mut() = Method::POST;
        let headers = request.headers_mut();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:7070"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(header::AUTHORIZATION, self.token(Access::Agent));
        change(&mut request);
        self.router.clone().oneshot(request).await.unwrap()
    }
}

fn reason(response: &Response<Body>) -> (&str, &str) {
    let text =
        |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap());
    (text("grpc-status"), text("grpc-message"))
}

fn set(name: &'static str, value: &'static str) -> impl FnOnce(&mut Request<Body>) {
    move |request| {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
}

#[tokio::test]
async fn lets_a_caller_with_a_token_through() {
    let port = port(&[]);
    let answer = port.call(GIVE, |_| ()).await;
    assert_eq!((answer.status(), reason(&answer)), (StatusCode::OK, ("", "")));
    let line =
        "makegood_requests_total{method=\"makegood.v1.BudgetService/GiveSpend\",code=\"OK\"} 1";
    assert!(port.metrics.encode().unwrap().contains(line));
}

#[tokio::test]
async fn refuses_callers_without_a_good_token() {
    let port = port(&[]);
    let cases: [(Option<&'static str>, TokenFault); 5] = [
        (None, TokenFault::Missing),
        (Some(""), TokenFault::Malformed),
        (Some("Basic YTpi"), TokenFault::Malformed),
        (Some("Bearer garbage"), TokenFault::Malformed),
        (Some("garbage"), TokenFault::Malformed),
    ];
    for (value, fault) in cases {
        let answer = port
            .call(GIVE, |request| match value {
                Some(value) => set("authorization", value)(request),
                None => drop(request.headers_mut().remove(header::AUTHORIZATION)),
            })
            .await;
        assert_eq!(reason(&answer), ("16", fault.reason()), "{value:?}");
    }
}

#[tokio::test]
async fn refuses_foreign_hosts_and_pages_before_all_else() {
    let port = port(&[]);
    for (name, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
        let answer = port.call(GIVE, set(name, value)).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{value}");
        assert!(answer.headers().get("access-control-allow-origin").is_none());
        let answer = port
            .call("/nowhere", |request| {
                set(name, value)(request);
                request.headers_mut().remove(header::AUTHORIZATION);
            })
            .await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{value}");
    }
    let text = port.metrics.encode().unwrap();
    assert!(text.contains("makegood_refused_hosts_total 2"), "{text}");
    assert!(text.contains("makegood_refused_origins_total 2"), "{text}");
}

#[tokio::test]
async fn answers_preflights_of_allowed_pages_without_a_token() {
    let port = port(&[("allowed_origins", "https://crm.example")]);
    let preflight = |request: &mut Request<Body>| {
        *request.method_mut() = Method::OPTIONS;
        *request.headers_mut() = HeaderMap::new();
        set("host", "localhost:7070")(request);
        set("origin", "https://crm.example")(request);
        set("access-control-request-method", "POST")(request);
        set("access-control-request-private-network", "true")(request);
    };
    let answer = port.call(GIVE, preflight).await;
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap());
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header("access-control-allow-origin"), Some("https://crm.example"));
    assert_eq!(header("access-control-max-age"), Some("600"));
    assert_eq!(header("access-control-allow-private-network"), Some("true"));
    assert_eq!(header("access-control-allow-credentials"), None);
    assert!(header("access-control-allow-headers").unwrap().contains("authorization"));
    assert_eq!(header("vary"), Some("origin"));
}

#[tokio::test]
async fn shows_errors_to_allowed_pages() {
    let port = port(&[("allowed_origins", "https://crm.example")]);
    let answer = port
        .call(GIVE, |request| {
            request.headers_mut().remove(header::AUTHORIZATION);
            set("origin", "https://crm.example")(request);
            set("content-type", "application/grpc-web+proto")(request);
        })
        .await;
    assert_eq!(reason(&answer).0, "16");
    let headers = answer.headers();
    assert_eq!(headers["content-type"], "application/grpc-web+proto");
    assert_eq!(headers["access-control-allow-origin"], "https://crm.example");
    let shown = headers["access-control-expose-headers"].to_str().unwrap();
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        assert!(shown.contains(name), "{shown}");
    }
}

#[tokio::test]
async fn takes_grpc_content_types_only() {
    let port = port(&[]);
    for taken in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc-web+proto",
        "application/grpc-web; x=1",
    ] {
        let answer = port.call(GIVE, set("content-type", taken)).await;
        assert_eq!(answer.status(), StatusCode::OK, "{taken}");
    }
    for refused in
        ["text/plain", "", "application/json", "application/grpcx", "multipart/form-data"]
    {
        let answer = port.call(GIVE, set("content-type", refused)).await;
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{refused}");
    }
    let answer = port.call(GIVE, |request| *request.method_mut() = Method::GET).await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn closes_routes_that_the_table_does_not_name() {
    let port = port(&[]);
    let answer = port.call("/makegood.v1.Other/Open", |_| ()).await;
    assert_eq!(reason(&answer), ("12", "METHOD_UNKNOWN"));
    let answer = port.call("/makegood.v1.Other/Open", set("content-type", "text/plain")).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn opens_health_to_all_and_diagnostics_as_configured() {
    let anyone =
        |request: &mut Request<Body>| drop(request.headers_mut().remove(header::AUTHORIZATION));
    let open = port(&[]);
    let closed = port(&[("diagnostics", "admin")]);
    for port in [&open, &closed] {
        assert_eq!(reason(&port.call(HEALTH, anyone).await).0, "");
    }
    assert_eq!(reason(&open.call(REFLECT, anyone).await).0, "");
    assert_eq!(reason(&closed.call(REFLECT, anyone).await), ("16", "TOKEN_MISSING"));
    assert_eq!(reason(&closed.call(REFLECT, |_| ()).await), ("7", "ACCESS_NOT_ADMIN"));
    let get = |request: &mut Request<Body>| {
        *request.method_mut() = Method::GET;
        request.headers_mut().remove(header::CONTENT_TYPE);
    };
    assert_eq!(open.call("/metrics", get).await.status(), StatusCode::OK);
    assert_eq!(closed.call("/metrics", get).await.status(), StatusCode::FORBIDDEN);
    let admin = closed.token(Access::Admin);
    let answer = closed
        .call("/metrics", |request| {
            get(request);
            request.headers_mut().insert(header::AUTHORIZATION, admin);
        })
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn answers_deadline_exceeded_in_time() {
    let port = port(&[]);
    for (timeout, expected) in [("100m", 100), ("1H", 10_000), ("nonsense", 2_000)] {
        let start = tokio::time::Instant::now();
        let answer = port.call(PANEL, set("grpc-timeout", timeout)).await;
        assert_eq!(reason(&answer), ("4", "DEADLINE_EXCEEDED"));
        let took = start.elapsed().as_millis();
        assert!((expected..expected + 5).contains(&took), "{timeout} took {took}");
    }
}

#[tokio::test(start_paused = true)]
async fn bounds_the_opening_of_a_stream_and_not_the_stream() {
    let port = port(&[]);
    let start = tokio::time::Instant::now();
    let answer = port.call(WATCH, set("grpc-timeout", "1H")).await;
    assert_eq!(reason(&answer), ("4", "DEADLINE_EXCEEDED"));
    assert_eq!(start.elapsed().as_secs(), 2);
    let answer = port.call(REFLECT, set("grpc-timeout", "100m")).await;
    let stream = axum::body::to_bytes(answer.into_body(), usize::MAX);
    assert!(tokio::time::timeout(Duration::from_hours(1), stream).await.is_err());
}

#[tokio::test]
async fn answers_a_panic_with_an_id_and_goes_on() {
    let port = port(&[]);
    let answer = port.call("/makegood.v1.BudgetService/VoidSpend", |_| ()).await;
    assert_eq!(reason(&answer), ("13", "INTERNAL"));
    assert_eq!(reason(&port.call(COMMIT, |_| ()).await).0, "");
}
