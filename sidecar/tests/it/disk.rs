//! A disk that runs full, that may only be read, and that turns read-only while the sidecar runs;
//! on file systems of the test's own, against the real binary.

use std::fs;
use std::path::Path;

use makegood_proto::v1;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::support::{Call, Makegood, Mount, Place, Rules, StoredLedger, until};

/// Room for a house, and for the 64 MiB that the writer keeps free.
const DISK_MIB: u64 = 192;
const MARGIN_BYTES: u64 = 64 << 20;

/// What fills a disk beside us.
struct Ballast<'a>(&'a Path);

impl Ballast<'_> {
    /// Leaves so many bytes of the disk.
    fn leave(&self, bytes: u64) {
        self.remove();
        let free = rustix::fs::statvfs(self.0).unwrap();
        let surplus = (free.f_bavail * free.f_frsize).saturating_sub(bytes);
        let file = fs::File::create(self.0.join("ballast")).unwrap();
        // What is written is what takes room.
        let written =
            std::io::copy(&mut std::io::Read::take(std::io::repeat(1), surplus), &mut &file);
        assert!(written.is_ok() || bytes == 0, "{written:?}");
    }

    fn remove(&self) {
        drop(fs::remove_file(self.0.join("ballast")));
    }
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

/// Gives as soon as it is let.
async fn give_again(call: &Call) -> v1::GiveSpendResponse {
    let gift = call.gift(100);
    let mut given = None;
    until("giving works again", async || {
        given = call.give(gift.clone()).await.ok();
        given.is_some()
    })
    .await;
    given.unwrap()
}

#[tokio::test]
async fn refuses_before_the_disk_is_full_settles_and_recovers() {
    let disk = match Mount::memory(DISK_MIB) {
        Ok(disk) => disk,
        Err(why) => return println!("skipped, no file system of its own: {why}"),
    };
    let place = Place::on(disk.path(), Rules::STANDARD);
    place.fill().await;
    let sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    let mut holds = Vec::new();
    for _ in 0..4 {
        let held = call.reserve(call.hold(1_000)).await.unwrap();
        holds.push(held.spend.unwrap().spend_id);
    }
    let first = call.gift(500);
    let mut receipts = vec![call.give(first.clone()).await.unwrap().receipt.unwrap()];

    let ballast = Ballast(disk.path());
    ballast.leave(MARGIN_BYTES / 2);
    let refused = call.give(call.gift(100)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "DISK_FULL"));
    assert!(refused.get_details_retry_info().is_some());
    assert!(call.give(first).await.unwrap().replayed, "what was answered is answered again");
    receipts.push(call.commit(&holds[0], 1_000).await.unwrap().receipt.unwrap());
    receipts.push(call.void(&holds[1]).await.unwrap().receipt.unwrap());
    assert_eq!(call.available().await, 200_000 - 500 - 3_000);

    // Somebody else takes the rest.
    ballast.leave(0);
    receipts.push(call.commit(&holds[2], 1_000).await.unwrap().receipt.unwrap());
    receipts.push(call.extend(&holds[3]).await.unwrap().receipt.unwrap());
    assert_eq!(reason(&call.give(call.gift(100)).await.unwrap_err()), "DISK_FULL");

    ballast.remove();
    receipts.push(give_again(&call).await.receipt.unwrap());
    receipts.push(call.commit(&holds[3], 1_000).await.unwrap().receipt.unwrap());
    sidecar.end().await;
    assert_all_there(&place, &receipts);
}

fn assert_all_there(place: &Place, receipts: &[v1::Receipt]) {
    let ledger = StoredLedger::read(&place.tenant_folder());
    ledger.verify();
    for receipt in receipts {
        let position = usize::try_from(receipt.ledger_position).unwrap();
        assert_eq!(ledger.leaves[position].as_slice(), receipt.leaf_hash, "{position}");
    }
}

#[tokio::test]
async fn names_what_cannot_be_written_on_a_read_only_disk() {
    let disk = match Mount::memory(DISK_MIB) {
        Ok(disk) => disk,
        Err(why) => return println!("skipped, no file system of its own: {why}"),
    };
    let place = Place::on(disk.path(), Rules::STANDARD);
    place.fill().await;
    disk.make_read_only();
    let refused = Makegood::refuses(&place);
    let said = String::from_utf8(refused.stderr).unwrap();
    let path = place.data().display().to_string();
    for text in [path.as_str(), "Read-only file system"] {
        assert!(said.contains(text), "{text} is not in\n{said}");
    }
}

#[tokio::test]
async fn goes_on_reading_when_the_disk_turns_read_only_and_exits_as_failed() {
    let disk = Mount::memory(DISK_MIB + 64).and_then(|memory| {
        let file = memory.path().join("image");
        Mount::format(&file, DISK_MIB)?;
        Ok((Mount::image(&file)?, memory))
    });
    let (disk, _memory) = match disk {
        Ok(disks) => disks,
        Err(why) => return println!("skipped, no file system of its own: {why}"),
    };
    let place = Place::on(disk.path(), Rules::STANDARD);
    place.fill().await;
    let mut sidecar = Makegood::serve(&place);
    let call = sidecar.ring("A-1", "call-1", "C-1").await;
    let receipt = call.give(call.gift(500)).await.unwrap().receipt.unwrap();
    disk.break_down();

    let refused = call.give(call.gift(100)).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "JOURNAL_FAILED"));
    let hold = call.reserve(call.hold(100)).await.unwrap_err();
    assert_eq!(reason(&hold), "JOURNAL_FAILED");
    assert_eq!(call.available().await, 200_000 - 500, "reads go on");
    call.panel().await;
    sidecar.terminate();
    let status = sidecar.ended().await;
    assert!(!status.success(), "{status}: {}", sidecar.log());
    assert_all_there(&place, &[receipt]);
}
