//! The load generator against a house that is served in this process.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use makegood_ledger::policy_file;
use makegood_sidecar::config::{Config, ConfigFlags};
use makegood_sidecar::generate::{self, generate};
use makegood_sidecar::house::{House, HouseSink, Settings};
use makegood_sidecar::token::Signer;
use makegood_sidecar::{clock, server};
use serde_json::Value;
use tempfile::TempDir;

const POLICY: &str = include_str!("../policy.toml");

/// A generated house, served until the test ends.
struct Served {
    folder: TempDir,
    address: SocketAddr,
}

fn fill(data: &Path) -> House {
    let settings = Settings {
        data_dir: data.to_owned(),
        tenant: "house".to_owned(),
        key_encryption_key: [7; 32],
        policy: policy_file::read(POLICY).unwrap(),
        policy_text: POLICY.to_owned(),
        phone_region: "US".to_owned(),
        cache_bytes: 1 << 20,
        development: true,
    };
    let house = House::open(settings).unwrap();
    house.activate_policy().unwrap();
    house.wait_for_history(|_| {}).unwrap();
    let centre = generate::Config {
        seed: 1,
        customer_count: 8,
        interaction_count: 40,
        agent_count: 8,
        days: 7,
        now_ns: clock::wall_time().as_nanos(),
    };
    generate(&centre, &mut HouseSink::new(&house), &mut |_, _| {}).unwrap();
    house.wait_for_history(|_| {}).unwrap();
    house
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("makegood-load-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        // Made beforehand, so that server and generator find the same.
        Signer::development(&data).unwrap();
        let filling = data.clone();
        let house = tokio::task::spawn_blocking(move || fill(&filling)).await.unwrap();
        let pairs = [("data", data.to_str().unwrap()), ("agent_rate", "0"), ("tenant_rate", "0")];
        let (config, _) = Config::load(&ConfigFlags::from_pairs(&pairs), &[]).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let house = Arc::new(house);
            server::serve(&config, &house, listener, std::future::pending()).await.unwrap();
        });
        Self { folder, address }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs a scenario and reads its figures.
    async fn figures(&self, args: &[&str]) -> Value {
        let output = self.run(args).await;
        let (out, error) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{args:?}: {error}");
        serde_json::from_str(out.lines().last().unwrap()).unwrap()
    }

    async fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_makegood-load"));
        command.arg("--json").args(args);
        command.args(["--address", &self.address.to_string(), "--data"]).arg(self.data());
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn measures_each_kind_of_call_against_a_served_house() {
    let served = Served::start().await;
    for call in ["empty", "panel", "give"] {
        let pid = std::process::id().to_string();
        let rate = ["rate", "--call", call, "--agents", "4", "--customers", "4", "--clients", "8"];
        let rest = ["--seconds", "1", "--server-pid", &pid];
        let figures = served.figures(&[&rate[..], &rest[..]].concat()).await;
        assert_eq!(figures["call"], call);
        assert_eq!(figures["not_done"], serde_json::json!({}), "{figures}");
        assert!(figures["calls"].as_u64().unwrap() > 0, "{figures}");
        assert!(figures["p50_us"].as_u64() <= figures["p99_us"].as_u64(), "{figures}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_gifts_to_the_desks_that_show_them() {
    let served = Served::start().await;
    for (affected, rounds) in [("one", "5"), ("all", "3")] {
        let watch = ["watch", "--desks", "6", "--affected", affected, "--rounds", rounds];
        let figures = served.figures(&watch).await;
        assert_eq!(figures["rounds"].to_string(), rounds);
        let (first, last) =
            (&figures["sent_to_first_desk_p50_us"], &figures["sent_to_last_desk_p50_us"]);
        assert!(first.as_u64() <= last.as_u64(), "{figures}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_more_than_the_peak_and_sheds_no_commit() {
    let served = Served::start().await;
    let overload = ["overload", "--times", "2", "--seconds", "1", "--agents", "4"];
    let rest = ["--customers", "4", "--commits-per-s", "20", "--load-connections", "4"];
    let figures = served.figures(&[&overload[..], &rest[..]].concat()).await;
    assert_eq!(figures["commits_shed"], 0, "{figures}");
    assert!(figures["commit_calls"].as_u64().unwrap() > 0, "{figures}");
    assert!(figures["goodput_ratio"].as_f64().unwrap() > 0.0, "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn plays_a_day_and_storms_into_pages() {
    let served = Served::start().await;
    let out = served.folder.path().join("out");
    let out = out.to_str().unwrap();
    let day = ["day", "--agents", "6", "--customers", "8", "--compress", "3600", "--out", out];
    let figures = served.figures(&[&day[..], &["--from", "8", "--to", "9"]].concat()).await;
    assert!(figures["start_calls"].as_u64().unwrap() > 0, "{figures}");
    assert!(figures["panel_calls"].as_u64().unwrap() > 0, "{figures}");
    let page = fs::read_to_string(figures["page"].as_str().unwrap()).unwrap();
    assert!(page.contains("<svg"));
    for (storm, rest) in [
        ("hot-customer", ["--agents", "4", "--seconds", "1", "--per-second", "40"]),
        ("hot-pool", ["--agents", "4", "--seconds", "1", "--per-second", "40"]),
        ("reconnect", ["--desks", "6", "--rounds", "1", "--per-second", "20"]),
    ] {
        let figures = served.figures(&[&[storm, "--out", out], &rest[..]].concat()).await;
        assert!(figures["panel_calls"].as_u64().unwrap() > 0, "{figures}");
        assert_eq!(figures["panel_not_done"], serde_json::json!({}), "{figures}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refuses_to_load_a_sidecar_of_another_machine() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_makegood-load"));
    command.args(["rate", "--address", "192.0.2.1:7070", "--data", "/"]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("--i-own-this-server"), "{error}");
}
