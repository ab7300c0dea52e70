//! A PostgreSQL of our own on loopback, on the disk where the sidecar's data lies.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

use crate::bench::Session;
use crate::process;

/// Where Debian has the version that we compare with.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql/15/bin";
const DEBIAN_PACKAGE: &str = "postgresql-15";
/// The server is never run by root; its package brings this user.
const USER: &str = "postgres";
/// Durable as the sidecar is, and else generous: connections for every client, no checkpoint in the
/// middle of a round for want of room.
const SETTINGS: [&str; 7] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "synchronous_commit=on",
    "fsync=on",
    "max_connections=200",
    "shared_buffers=512MB",
    "max_wal_size=8GB",
];
/// How often, and after how long, a server that starts is asked again.
const TRIES: usize = 300;
const STEP: Duration = Duration::from_millis(100);

/// A running server; ended when dropped.
pub(super) struct Postgres {
    child: Child,
    folder: PathBuf,
    /// Where it is reached.
    pub(super) url: String,
}

/// Whom the server runs as.
#[derive(Clone, Copy)]
struct Account {
    user: u32,
    group: u32,
}

impl Postgres {
    /// Makes a cluster in a scratch folder of this name, and starts it.
    ///
    /// # Errors
    ///
    /// When `PostgreSQL` is missing and cannot be installed, or does not start.
    pub(super) fn start(session: &Session<'_>, name: &str) -> anyhow::Result<Self> {
        let programs = programs(session)?;
        let folder = session.scratch(name)?;
        let account = account(&folder)?;
        let cluster = folder.join("cluster");
        let mut init = run_as(&programs.join("initdb"), &folder, account);
        init.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
        init.arg("--pgdata").arg(&cluster).stdout(Stdio::null());
        process::run(&mut init)
            .with_context(|| format!("can the user {USER} reach {}?", folder.display()))?;
        let port = free_port()?;
        let mut serve = run_as(&programs.join("postgres"), &folder, account);
        serve.arg("-D").arg(&cluster).args(["-p", &port.to_string()]);
        for setting in SETTINGS {
            serve.args(["-c", setting]);
        }
        let log = fs::File::create(folder.join("log"))?;
        let child = serve.stdout(log.try_clone()?).stderr(log).spawn().context("postgres")?;
        let url = format!("postgresql://postgres@127.0.0.1:{port}/postgres");
        let server = Self { child, folder, url };
        server.wait_until_ready(&programs)?;
        Ok(server)
    }

    fn wait_until_ready(&self, programs: &Path) -> anyhow::Result<()> {
        for _ in 0..TRIES {
            let mut ask =
                process::command(&programs.join("pg_isready").to_string_lossy(), programs);
            if process::probe(ask.args(["--dbname", &self.url])).is_some() {
                return Ok(());
            }
            thread::sleep(STEP);
        }
        anyhow::bail!("PostgreSQL does not come up; see {}", self.folder.join("log").display())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A fast shutdown; a server that has ended already is what we want.
        let mut kill = process::command("kill", &self.folder);
        process::probe(kill.args(["-INT", &self.child.id().to_string()]));
        self.child.wait().ok();
    }
}

/// The folder of the server's programs.
fn programs(session: &Session<'_>) -> anyhow::Result<PathBuf> {
    let folder = Path::new(DEBIAN_FOLDER);
    if !folder.join("postgres").is_file() {
        session.install("PostgreSQL 15", DEBIAN_PACKAGE)?;
    }
    anyhow::ensure!(
        folder.join("postgres").is_file(),
        "{DEBIAN_PACKAGE} brought no {DEBIAN_FOLDER}/postgres"
    );
    Ok(folder.to_owned())
}

/// Whom the server runs as, who is given the folder: ourselves, or where we are root a user of its
/// own.
fn account(folder: &Path) -> anyhow::Result<Option<Account>> {
    let id = |flag: &str, of: &[&str]| {
        let printed = process::output(process::command("id", folder).arg(flag).args(of))?;
        anyhow::Ok(printed.trim().parse::<u32>()?)
    };
    if id("-u", &[])? != 0 {
        return Ok(None);
    }
    let account = Account { user: id("-u", &[USER])?, group: id("-g", &[USER])? };
    std::os::unix::fs::chown(folder, Some(account.user), Some(account.group))?;
    Ok(Some(account))
}

fn run_as(program: &Path, folder: &Path, account: Option<Account>) -> Command {
    let mut command = process::command(&program.to_string_lossy(), folder);
    if let Some(Account { user, group }) = account {
        command.uid(user).gid(group);
    }
    command
}

/// A port that was free a moment ago.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
