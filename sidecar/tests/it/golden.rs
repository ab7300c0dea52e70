//! Folders that a release has written are opened by every later one.
//!
//! `sidecar/tests/golden/README.md` says what lies there and how it is written.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use makegood_proto::v1;
use makegood_sidecar::house::House;
use makegood_sidecar::token::Access;

use crate::support::{Call, Client, Place, Rules, Served, StoredLedger, id, usd};

/// Nothing here depends on when it is opened: what was given counts for ever.
const RULES: Rules = Rules { window: r#""lifetime""#, hold: "1 min", ..Rules::STANDARD };

/// Where the folders lie.
fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("golden")
}

/// The folder of each release, the oldest first.
fn releases() -> Vec<PathBuf> {
    let folders = fs::read_dir(golden()).unwrap().map(|it| it.unwrap().path());
    let mut releases: Vec<_> = folders.filter(|path| path.is_dir()).collect();
    releases.sort();
    releases
}

/// Every file below a folder, by its path from there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A place of its own with a copy of a release's folder.
fn copy_out(release: &Path) -> Place {
    let place = Place::empty(RULES);
    let lengths = fs::read_to_string(release.join("files.txt")).unwrap();
    for line in lengths.lines() {
        let (path, length) = line.split_once(' ').unwrap();
        let to = place.tenant_folder().join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(release.join("house").join(path), &to).unwrap();
        fs::File::options()
            .write(true)
            .open(&to)
            .unwrap()
            .set_len(length.parse().unwrap())
            .unwrap();
    }
    // Git keeps no modes, and a secret that everybody can read is refused.
    let folder = place.tenant_folder();
    for path in files(&folder).iter().filter(|path| path.starts_with("signing")) {
        fs::set_permissions(folder.join(path), Permissions::from_mode(0o600)).unwrap();
    }
    place
}

/// Takes a tenant's folder over, without what is built from it and without trailing zeros.
fn write_release(from: &Path, release: &Path) {
    let mut lengths = String::new();
    for path in files(from).iter().filter(|path| !path.starts_with("read-model")) {
        let bytes = fs::read(from.join(path)).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let to = release.join("house").join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, &bytes[..end]).unwrap();
        writeln!(lengths, "{} {}", path.display(), bytes.len()).unwrap();
    }
    fs::write(release.join("files.txt"), lengths).unwrap();
}

/// Every row, one a line.
fn rows(house: &House) -> String {
    let mut text = String::new();
    for (key, row) in house.ledger_state().all_rows().unwrap().iter() {
        writeln!(text, "{key:?}: {row:?}").unwrap();
    }
    text
}

/// What is shown of the calls and of the customer, without what depends on when it is asked for.
async fn shown(served: &Served<'_>) -> String {
    let mut text = String::new();
    for interaction in ["call-1", "call-2"] {
        let client = served.client("A-1", Access::Agent, Some(interaction));
        let request = v1::GetPanelRequest {
            interaction_id: interaction.to_owned(),
            ..v1::GetPanelRequest::default()
        };
        let panel = client.customers.clone().get_panel(request).await.unwrap().into_inner();
        let panel = panel.panel.unwrap();
        let customer = panel.context.unwrap_or_default().customer.unwrap_or_default();
        writeln!(text, "{interaction}: {}", customer.display_name).unwrap();
        panel.spends.iter().for_each(|spend| writeln!(text, "  {}", spend_line(spend)).unwrap());
        for action in &panel.actions {
            writeln!(text, "  {:?} {:?}", action.kind(), action.note).unwrap();
        }
        add_timeline(&mut text, &client, &customer.customer_id).await;
    }
    text
}

async fn add_timeline(text: &mut String, client: &Client, customer: &str) {
    let request = v1::ListTimelineRequest {
        customer_id: customer.to_owned(),
        ..v1::ListTimelineRequest::default()
    };
    let listed = client.customers.clone().list_timeline(request).await.unwrap().into_inner();
    for item in listed.items {
        let amount = item.amount.as_ref().map_or(0, |amount| amount.amount_minor);
        writeln!(text, "  {:?} {:?} {amount}", item.kind(), item.title).unwrap();
    }
}

fn spend_line(spend: &v1::Spend) -> String {
    let v1::Spend { held_minor, committed_minor, reversed_minor, agent_name, reference, .. } =
        spend;
    format!(
        "{} {:?}: {held_minor} held, {committed_minor} given, {reversed_minor} back, \
         {} {} by {agent_name}, {reference}",
        spend.spend_id,
        spend.state(),
        spend.reason_code,
        spend.gesture_code,
    )
}

/// Compares with what lies beside the folder, or writes it where that is asked for.
fn compare(release: &Path, name: &str, found: &str) {
    let path = release.join(name);
    let is_new = !path.try_exists().unwrap();
    if is_new || std::env::var_os("MAKEGOOD_WRITE_EXPECTED").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap();
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert_eq!(found, expected, "{}", path.display());
    }
    assert_eq!(found, expected, "{}", path.display());
}

#[tokio::test]
async fn opens_the_folder_of_each_release() {
    for release in releases() {
        let place = copy_out(&release);
        let replayed = StoredLedger::read(&place.tenant_folder()).verify();
        let house = place.open_as_found().await;
        let state = house.ledger_state();
        assert_eq!(state.all_rows().unwrap(), replayed);
        // A snapshot of an older format is set aside, and the journal has all of it.
        let is_present = Some(&release) == releases().last();
        let is_used = state.rows_in_memory() < replayed.iter().count();
        assert_eq!(is_used, is_present, "whether its snapshot is used");
        compare(&release, "rows.txt", &rows(&house));
        house.close().unwrap();
        let served = place.serve().await;
        compare(&release, "shown.txt", &shown(&served).await);
        let call = served.ring("A-2", "call-9", "C-2").await;
        call.give(call.gift(100)).await.unwrap();
        served.stop().await;
        StoredLedger::read(&place.tenant_folder()).verify();
    }
}

#[tokio::test]
async fn refuses_a_folder_of_a_newer_format_by_name() {
    let release = releases().pop().unwrap();
    for journal in ["ledger", "records"] {
        let place = copy_out(&release);
        let segment = place.tenant_folder().join(journal).join("00000000000000000000.seg");
        let mut bytes = fs::read(&segment).unwrap();
        // The header: magic, format version, base, capacity, leaf hash, checksum of those.
        bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
        fs::write(&segment, bytes).unwrap();
        let refused = place.try_open().await.err().unwrap();
        for text in [segment.to_str().unwrap(), "format version 2", "does not read"] {
            assert!(refused.contains(text), "{text} is not in {refused}");
        }
    }
}

#[tokio::test]
async fn starts_without_a_snapshot_of_a_newer_format() {
    let release = releases().pop().unwrap();
    let place = copy_out(&release);
    let folder = place.tenant_folder().join("snapshots");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&file).unwrap();
    bytes[8..12].copy_from_slice(&9_u32.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
    fs::write(&file, bytes).unwrap();
    let house = place.open_as_found().await;
    compare(&release, "rows.txt", &rows(&house));
    house.close().unwrap();
    assert!(!file.try_exists().unwrap(), "it is set aside");
}

#[tokio::test]
async fn writes_the_folder_of_this_release_where_asked() {
    let Some(release) = std::env::var_os("MAKEGOOD_WRITE_GOLDEN") else {
        println!("MAKEGOOD_WRITE_GOLDEN names no folder: nothing is written");
        return;
    };
    // The test runs in the crate's folder, and the path is given from the workspace's.
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let release = workspace.join(release);
    assert!(!release.try_exists().unwrap(), "{} is there already", release.display());
    let place = Place::new(RULES);
    let served = place.serve().await;
    let call = served.ring("A-1", "call-1", "C-1").await;
    tell(&call).await;
    served.house().write_snapshot().unwrap();
    // Some of it comes after the snapshot, a hold among it that is open for ever.
    let other = served.ring("A-1", "call-2", "C-3").await;
    other.give(other.gift(250)).await.unwrap();
    other.reserve(other.hold(900)).await.unwrap();
    served.stop().await;
    write_release(&place.tenant_folder(), &release);
}

/// One of each thing that can happen to a gesture.
async fn tell(call: &Call) {
    let gift =
        v1::GiveSpendRequest { note: "the parcel came twice".to_owned(), ..call.gift(4_500) };
    call.give(gift.clone()).await.unwrap();
    call.undo(&gift.spend_id, 500).await.unwrap();
    let hold = call.hold(1_000);
    call.reserve(hold.clone()).await.unwrap();
    call.extend(&hold.spend_id).await.unwrap();
    let part = v1::CommitSpendRequest {
        request_id: id(),
        spend_id: hold.spend_id.clone(),
        amount: Some(usd(300)),
        keep_rest: true,
    };
    call.commit_as(part).await.unwrap();
    call.void(&hold.spend_id).await.unwrap();
    assert!(call.give(call.gift(9_000_000)).await.is_err(), "above the limit");
    assert!(call.commit(&hold.spend_id, 1).await.is_err(), "released");
    let action = v1::LogActionRequest {
        action_id: id(),
        interaction_id: call.interaction.clone(),
        customer_id: call.customer.clone(),
        kind: v1::ActionKind::Apologised.into(),
        ..v1::LogActionRequest::default()
    };
    call.client.advocacy.clone().log_action(action).await.unwrap();
}
