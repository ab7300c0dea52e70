//! Without a sidecar: an export reads the journals beside whoever has them, an erasure takes the
//! folder.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use makegood_core::ids::CustomerPid;
use makegood_core::ledger::ErasureBasis;
use makegood_proto::records::v1::IndexKind;
use makegood_proto::v1;
use makegood_proto::v1::subject_ref::By;
use parking_lot::RwLock;

use super::super::{serve, setup};
use crate::config::Config;
use crate::house::House;
use crate::house::subjects::held::Held;
use crate::house::term_of;
use crate::ledger::erasure::erasures;
use crate::ledger::writer::system;
use crate::vault::{Pid, Vault};
use makegood_ledger::journal::reader::Reader;

/// How many people are erased at the same time.
const AT_ONCE: usize = 64;

/// Every part of what is held about a person.
pub(super) fn export(config: &Config, who: &By) -> anyhow::Result<Vec<v1::ExportSubjectResponse>> {
    let folder = config.tenant_folder();
    let open =
        |name: &str| Reader::open(&folder.join(name)).with_context(|| setup::reading(config));
    let (ledger, records) = (open("ledger")?, open("records")?);
    let vault = Vault::read(&folder, &setup::key_encryption_key(config)?)?;
    // The keys may not have been written anew yet.
    vault.forget(erasures(&ledger, vault.ledger_read())?);
    let vault = RwLock::new(vault);
    let (record_count, entry_count) = (u64::MAX, u64::MAX);
    let held =
        Held { vault: &vault, records: &records, ledger: &ledger, record_count, entry_count };
    let pid = pid_of(config, &held, who)?;
    let mut parts = Vec::new();
    held.export(&pid, &mut |part| {
        parts.push(part);
        true
    })?;
    Ok(parts)
}

fn pid_of(config: &Config, held: &Held<'_>, who: &By) -> anyhow::Result<Pid> {
    let (kind, value) = match who {
        By::SubjectId(text) => {
            let pid = *text.parse::<CustomerPid>()?.as_bytes();
            let vault = held.vault.read();
            if !vault.knows(&pid) && !vault.erased().contains(&pid) {
                bail!("nobody is known like this");
            }
            return Ok(pid);
        }
        By::Customer(lookup) => {
            let by = lookup.by.as_ref().context("say how the customer is known")?;
            term_of(by, &config.default_region)?
        }
        By::AgentId(host_id) => (IndexKind::Agent, host_id.clone()),
    };
    let hash = held.vault.read().index_hash(kind.into(), &value);
    match held.find(kind, &hash)?.as_slice() {
        [] => bail!("nobody is known like this"),
        [pid] => Ok(*pid),
        several => {
            let names = several.iter().map(|pid| CustomerPid::from_bytes(*pid).to_string());
            let names = names.collect::<Vec<_>>().join(", ");
            bail!("several people are known like this; name one of them by the pseudonym: {names}")
        }
    }
}

/// Erases people, one after the other, and tells of each.
pub(super) fn erase(
    config: &Config,
    whom: &[By],
    basis: ErasureBasis,
    tell: &mut dyn FnMut(&v1::EraseSubjectResponse),
) -> anyhow::Result<()> {
    if !config.tenant_folder().try_exists()? {
        bail!(
            "{} has no tenant {}; name another folder by --data, or another tenant by --tenant",
            config.data.display(),
            config.tenant
        );
    }
    let runtime = serve::runtime()?;
    let house = {
        // The writer answers on the runtime.
        let _entered = runtime.enter();
        setup::open_to_write(config).context(
            "open the data folder; while a sidecar serves it, ask that one with --server and --token",
        )?
    };
    house.wait_for_history(|_| {})?;
    house.found_ledger()?;
    let house = Arc::new(house);
    let erased = runtime.block_on(erase_all(&house, whom, basis, tell));
    let house = Arc::try_unwrap(house).map_err(|_| anyhow::anyhow!("the house is in use"))?;
    let closed = house.close();
    erased?;
    Ok(closed?)
}

async fn erase_all(
    house: &Arc<House>,
    whom: &[By],
    basis: ErasureBasis,
    tell: &mut dyn FnMut(&v1::EraseSubjectResponse),
) -> anyhow::Result<()> {
    let erase = |who| async move {
        let person = house.subject(who)?;
        house.erase_subject(system(), None, (person, basis, None)).await
    };
    // The key file is written anew once for all who are erased at the same time.
    let mut erased = stream::iter(whom.iter().map(erase)).buffered(AT_ONCE);
    while let Some(erased) = erased.try_next().await? {
        tell(&erased);
    }
    Ok(())
}
