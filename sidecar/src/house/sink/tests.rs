//! What an import may do to a house.

use super::*;
use crate::house::Settings;
use crate::policy_file::{self, STANDARD};

/// A house in a folder of its own, whose history is ready, with the standard policy at hand.
fn house(folder: &tempfile::TempDir) -> House {
    let house = House::open(Settings {
        data_dir: folder.path().to_owned(),
        tenant: "house".to_owned(),
        key_encryption_key: [7; 32],
        policy: policy_file::read(STANDARD).unwrap(),
        policy_text: STANDARD.to_owned(),
        phone_region: "US".to_owned(),
        cache_bytes: 1 << 20,
        development: true,
    })
    .unwrap();
    house.wait_for_history(|_| {}).unwrap();
    house
}

fn preference(id: &str, text_bytes: usize) -> Row {
    let content = Content::Preference(pb::Preference {
        text: "x".repeat(text_bytes),
        ..pb::Preference::default()
    });
    Row::new("crm", id, 1, content).with_customer("c-1")
}

#[test]
fn rejects_a_row_that_no_record_can_hold_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let house = house(&folder);
    let mut sink = HouseSink::new(&house);
    let refused = sink.put(preference("p-0", MAX_PAYLOAD_BYTES));
    assert!(
        matches!(&refused, Err(PutError::Rejected(reject)) if reject.field == "preference"),
        "{refused:?}"
    );
    // Together more than one batch may hold.
    for index in 0..200 {
        let put = sink.put(preference(&format!("p-{index}"), 60_000));
        assert_eq!(put.unwrap(), Put::New);
    }
    sink.flush().unwrap();
    assert_eq!(house.shared.state.record_count(), 201);
    house.close().unwrap();
}

#[test]
fn leaves_the_ledger_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut entry_count = 0;
    for id in ["p-1", "p-2"] {
        let house = house(&folder);
        let mut sink = HouseSink::new(&house);
        sink.put(preference(id, 10)).unwrap();
        sink.flush().unwrap();
        assert_eq!(house.shared.state.entry_count(), entry_count);
        house.activate_policy().unwrap();
        entry_count = house.shared.state.entry_count();
        house.activate_policy().unwrap();
        assert_eq!(house.shared.state.entry_count(), entry_count);
        house.close().unwrap();
    }
    assert_ne!(entry_count, 0);
}
