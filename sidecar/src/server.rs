//! The one port: gRPC, gRPC-Web, the widget's files and the probes, behind the guard.

mod health;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use axum::middleware::map_response;
use makegood_proto::FILE_DESCRIPTOR_SET;
use tokio::net::TcpListener;
use tonic_web::GrpcWebLayer;

use crate::config::{Config, Mode};
use crate::grpc::{self, Desks, status};
use crate::guard::connection::Server;
use crate::guard::{self, Guard, GuardParts, MethodTable};
use crate::house::House;
use crate::http::{self, EmbeddedFile, Pages, Ready};
use crate::proofs;
use crate::telemetry::Metrics;
use crate::token::{PublicKey, Signer, Verifier, VerifierRules};

/// The widget's files, as they were built before the sidecar.
static WIDGET_FILES: &[EmbeddedFile] = include!(concat!(env!("OUT_DIR"), "/widget_files.rs"));

/// As [`serve_until`], for those who never hurry.
///
/// # Errors
/// When keys or certificates cannot be read.
pub async fn serve(
    config: &Config,
    house: &Arc<House>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    serve_until(config, house, listener, stop, std::future::pending()).await
}

/// Serves the house on a listener until `stop` is ready, then drains; faster once `hurry`, which is
/// not polled before, is ready too.
///
/// # Errors
/// When keys or certificates cannot be read.
pub async fn serve_until(
    config: &Config,
    house: &Arc<House>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
    hurry: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let port = listener.local_addr()?.port();
    let metrics = Metrics::new();
    let desks = Arc::new(Desks::new(&metrics));
    let (reporter, health) = tonic_health::server::health_reporter();
    let is_draining = Arc::new(AtomicBool::new(false));
    let ready = ready(house, &is_draining);
    let reporter = health::Reporter::start(reporter, Arc::clone(&ready)).await;
    let api = grpc::routes(house, &desks, config.limits.message_bytes)
        .add_service(health)
        .add_service(reflection_v1()?)
        .add_service(reflection_v1alpha()?)
        .prepare()
        .into_axum_router()
        .layer(map_response(status::complete))
        .layer(GrpcWebLayer::new())
        .reset_fallback();
    house.keep_proofs(config)?;
    let tlog = proofs::router(house, config.tlog_public);
    let pages = http::router(Pages {
        files: WIDGET_FILES,
        frame_ancestors: config.frame_ancestors_at(port),
        ready,
        metrics: metrics.clone(),
    });
    let parts = GuardParts {
        methods: MethodTable::from_descriptors(FILE_DESCRIPTOR_SET)?.with_log(config.tlog_public),
        verifier: verifier(config)?,
        metrics: metrics.clone(),
        respond: status::from_guard,
    };
    let guard = Guard::new(config, port, parts);
    let tls = config.tls.as_ref().map(guard::acceptor).transpose()?;
    let server =
        Server::new(guard.protect(api.merge(tlog).merge(pages)), tls, config.limits, metrics)
            .with_proxies(&config.proxies);
    let stop = async {
        reporter.follow_until(stop).await;
        is_draining.store(true, Ordering::Release);
        tracing::info!("draining");
        desks.go_away();
    };
    // Desks are open only while the port is, so that consults are sent on here.
    let house = Arc::clone(house);
    let passing = tokio::spawn(async move { house.pass_due_consults().await });
    server.serve_until(listener, stop, hurry).await;
    passing.abort();
    // It was aborted; what it had asked of the writer is carried out all the same.
    drop(passing.await);
    Ok(())
}

/// Ready is who can give, until the end has begun.
fn ready(house: &Arc<House>, is_draining: &Arc<AtomicBool>) -> Ready {
    let (house, is_draining) = (Arc::clone(house), Arc::clone(is_draining));
    Arc::new(move || {
        if is_draining.load(Ordering::Acquire) {
            return Err("draining".to_owned());
        }
        house.ready()
    })
}

/// Whoever signs tokens: the vendors' keys, and in development mode the data folder's own.
fn verifier(config: &Config) -> anyhow::Result<Verifier> {
    let is_development = config.mode == Mode::Development;
    let keys = config.token_keys.iter().map(|path| PublicKey::read(path));
    let mut keys = keys.collect::<Result<Vec<_>, _>>().context("read token_keys")?;
    if is_development {
        keys.push(Signer::development(&config.data)?.public_key());
    }
    let rules = VerifierRules {
        tenant: config.tenant.clone(),
        tool_token_ttl: config.tool_token_ttl,
        allows_unbound_agents: is_development,
    };
    Ok(Verifier::new(keys, rules)?)
}

/// The API, health and the details of errors: without the latter, clients print them as base64.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

fn reflection_v1() -> anyhow::Result<
    tonic_reflection::server::v1::ServerReflectionServer<
        impl tonic_reflection::server::v1::ServerReflection,
    >,
> {
    Ok(reflection().build_v1()?)
}

fn reflection_v1alpha() -> anyhow::Result<
    tonic_reflection::server::v1alpha::ServerReflectionServer<
        impl tonic_reflection::server::v1alpha::ServerReflection,
    >,
> {
    Ok(reflection().build_v1alpha()?)
}
