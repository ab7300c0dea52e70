//! A data folder of a test's own, with its keys, its policy and its people.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use makegood_ledger::policy_file;
use makegood_sidecar::clock::wall_time;
use makegood_sidecar::config::{Config, ConfigFlags};
use makegood_sidecar::house::{House, Settings};
use makegood_sidecar::token::{AGENT_TOKEN_TTL_MAX, Access, Grant, Signer};
use tempfile::TempDir;

use super::people::{crowd, everybody, put};
use super::{Rules, Served};

const KEK: [u8; 32] = [7; 32];

/// A data folder.
pub(crate) struct Place {
    folder: PathBuf,
    /// Removes the folder at the end, where it is this place's own.
    _owned: Option<TempDir>,
    tenant: String,
    has_people: bool,
    signer: Signer,
}

impl Place {
    /// A house under these rules, with everybody in it from its first opening on.
    pub(crate) fn new(rules: Rules) -> Self {
        Self::of(rules, "house", true)
    }

    /// A house without people.
    pub(crate) fn empty(rules: Rules) -> Self {
        Self::of(rules, "house", false)
    }

    /// A house under these rules, of a tenant of its own.
    pub(crate) fn of(rules: Rules, tenant: &str, has_people: bool) -> Self {
        let folder = own_folder().tempdir().unwrap();
        let place = Self::at(folder.path(), rules, tenant, has_people);
        Self { _owned: Some(folder), ..place }
    }

    /// A house with everybody in it, on the file system that this folder is on.
    pub(crate) fn on(parent: &Path, rules: Rules) -> Self {
        let folder = own_folder().tempdir_in(parent).unwrap();
        let place = Self::at(folder.path(), rules, "house", true);
        Self { _owned: Some(folder), ..place }
    }

    fn at(folder: &Path, rules: Rules, tenant: &str, has_people: bool) -> Self {
        let data = folder.join("data");
        fs::create_dir(&data).unwrap();
        let signer = Signer::development(&data).unwrap();
        write_secret(&data.join("development-kek"), &STANDARD.encode(KEK));
        fs::write(folder.join("policy.toml"), rules.text()).unwrap();
        let (folder, tenant) = (folder.to_owned(), tenant.to_owned());
        Self { folder, _owned: None, tenant, has_people, signer }
    }

    /// The same place as it is found in a copy of the file system `from`, at `to`.
    pub(crate) fn copied(&self, from: &Path, to: &Path) -> Self {
        let folder = to.join(self.folder.strip_prefix(from).unwrap());
        let signer = Signer::development(&folder.join("data")).unwrap();
        let (tenant, has_people) = (self.tenant.clone(), self.has_people);
        Self { folder, _owned: None, tenant, has_people, signer }
    }

    /// Brings the people in, for a process that is to serve the folder.
    pub(crate) async fn fill(&self) {
        let house = self.open().await;
        blocking(move || house.close()).await.unwrap();
    }

    /// Brings in so many more customers, so that there is something to read.
    pub(crate) async fn crowd(&self, count: usize) {
        let house = self.open().await;
        blocking(move || {
            house.wait_for_history(|_| {}).unwrap();
            put(&house, crowd(count));
            house.close().unwrap();
        })
        .await;
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A place beside the data folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The tenant's folder.
    pub(crate) fn tenant_folder(&self) -> PathBuf {
        self.data().join(&self.tenant)
    }

    /// The policy's file.
    pub(crate) fn policy(&self) -> PathBuf {
        self.beside("policy.toml")
    }

    /// What a house in this process is configured with.
    pub(super) fn config(&self) -> Config {
        let data = self.data();
        let pairs = [
            ("data", data.to_str().unwrap()),
            ("listen", "127.0.0.1:0"),
            ("tenant", &self.tenant),
            // Tests ask as fast as they can.
            ("agent_rate", "0"),
            ("tenant_rate", "0"),
            ("search_rate", "0"),
        ];
        Config::load(&ConfigFlags::from_pairs(&pairs), &[]).unwrap().0
    }

    /// Opens the house in this process.
    pub(crate) async fn open(&self) -> House {
        self.try_open().await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Opens the house in this process, and leaves its ledger as it is.
    pub(crate) async fn open_as_found(&self) -> House {
        let settings = self.settings();
        blocking(move || House::open(settings)).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Opens the house in this process as in production: the ledger says which policy is in force.
    pub(crate) async fn open_in_production(&self) -> House {
        let settings = Settings { development: false, ..self.settings() };
        let opened = blocking(move || open(settings, false)).await;
        opened.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Opens the house in this process, or says why not.
    pub(crate) async fn try_open(&self) -> Result<House, String> {
        let (settings, has_people) = (self.settings(), self.has_people);
        blocking(move || open(settings, has_people)).await
    }

    fn settings(&self) -> Settings {
        let policy_text = fs::read_to_string(self.policy()).unwrap();
        Settings {
            data_dir: self.data(),
            tenant: self.tenant.clone(),
            key_encryption_key: KEK,
            policy: policy_file::read(&policy_text).unwrap(),
            policy_text,
            phone_region: "US".to_owned(),
            cache_bytes: 1 << 20,
            development: true,
        }
    }

    /// Serves the house in this process; its history is ready.
    pub(crate) async fn serve(&self) -> Served<'_> {
        Served::start(self, self.open().await).await
    }

    /// A token as a vendor's back end makes them.
    pub(crate) fn token(&self, agent: &str, access: Access, interaction: Option<&str>) -> String {
        let grant = Grant {
            tenant: self.tenant.clone(),
            agent: agent.to_owned(),
            access,
            interaction: interaction.map(ToOwned::to_owned),
            ttl: AGENT_TOKEN_TTL_MAX,
        };
        self.sign(&grant, Duration::ZERO)
    }

    /// A token of any kind, signed `ago`.
    pub(crate) fn sign(&self, grant: &Grant, ago: Duration) -> String {
        let now_s = wall_time().as_nanos() / 1_000_000_000;
        let ago_s = i64::try_from(ago.as_secs()).unwrap();
        self.signer.sign(grant, now_s - ago_s).unwrap()
    }
}

fn own_folder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("makegood-it-").permissions(fs::Permissions::from_mode(0o700));
    builder
}

fn open(settings: Settings, has_people: bool) -> Result<House, String> {
    let house = House::open(settings).map_err(|error| error.to_string())?;
    house.activate_policy().map_err(|error| error.to_string())?;
    if has_people && !house.has_records() {
        house.wait_for_history(|_| {}).unwrap();
        put(&house, everybody());
    }
    Ok(house)
}

/// Runs what waits for threads or disks away from the runtime.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// A new file that its owner alone reads.
pub(crate) fn write_secret(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
