//! What an import may do to a house.

use makegood_proto::records::v1 as pb;

use super::*;
use crate::house::Settings;
use makegood_ledger::journal::frame::MAX_PAYLOAD_BYTES;
use makegood_ledger::policy_file::{self, STANDARD};

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
    drop(sink);
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
        drop(sink);
        assert_eq!(house.shared.state.entry_count(), entry_count);
        house.activate_policy().unwrap();
        entry_count = house.shared.state.entry_count();
        house.activate_policy().unwrap();
        assert_eq!(house.shared.state.entry_count(), entry_count);
        house.close().unwrap();
    }
    assert_ne!(entry_count, 0);
}

fn customer(id: &str, name: &str) -> Row {
    let content = pb::Customer { display_name: name.to_owned(), ..pb::Customer::default() };
    Row::new("crm", id, 0, Content::Customer(content))
}

/// Two people and six preferences, of which one belongs to somebody who has no row.
fn rows() -> Vec<Row> {
    let of =
        |id: &str, whom: &str| Row { customer: None, ..preference(id, 10) }.with_customer(whom);
    vec![
        customer("c-1", "Maria"),
        of("p-1", "c-1"),
        of("p-2", "c-1"),
        of("p-3", "c-2"),
        customer("c-2", "Ada"),
        of("p-4", "c-2"),
        of("p-5", "c-3"),
        of("p-6", "c-1"),
    ]
}

fn put_all(sink: &mut HouseSink<'_>) -> Vec<Put> {
    let puts = rows().into_iter().map(|row| sink.put(row).unwrap()).collect();
    sink.flush().unwrap();
    puts
}

/// How a house of limits that are reached at once goes on.
fn limits() -> [Limits; 4] {
    [
        LIMITS,
        Limits { bulk_after: 1, ..LIMITS },
        Limits { scan_after: 0, bulk_after: 3, ..LIMITS },
        Limits { records_max: 3, bulk_after: 2, ..LIMITS },
    ]
}

#[test]
fn writes_each_row_once_wherever_its_limits_lie() {
    for limits in limits() {
        let folder = tempfile::tempdir().unwrap();
        let house = house(&folder);
        let mut sink = HouseSink::with_limits(&house, limits);
        let first = put_all(&mut sink);
        // The row of c-2 completes the bare one.
        assert_eq!(first.iter().filter(|it| **it == Put::Changed).count(), 1, "{limits:?}");
        assert_eq!(first.iter().filter(|it| **it == Put::New).count(), 7, "{limits:?}");
        assert!(put_all(&mut sink).iter().all(|it| *it == Put::Same), "{limits:?}");
        drop(sink);
        let count = house.shared.state.record_count();
        assert_eq!(count, 8 + 2, "{limits:?}");
        house.wait_for_history(|_| {}).unwrap();
        let mut again = HouseSink::with_limits(&house, limits);
        assert!(put_all(&mut again).iter().all(|it| *it == Put::Same), "{limits:?}");
        assert_eq!(again.put(customer("c-1", "Mario")).unwrap(), Put::Changed);
        drop(again);
        house.close().unwrap();
    }
}

#[test]
fn tells_what_changed_and_whose_it_became() {
    let folder = tempfile::tempdir().unwrap();
    let house = house(&folder);
    let mut sink = HouseSink::new(&house);
    assert_eq!(sink.put(preference("p-1", 10)).unwrap(), Put::New);
    assert_eq!(sink.put(preference("p-1", 10)).unwrap(), Put::Same);
    assert_eq!(sink.put(preference("p-1", 11)).unwrap(), Put::Changed);
    assert_eq!(sink.put(preference("p-1", 10)).unwrap(), Put::Changed);
    let moved = Row { customer: None, ..preference("p-1", 10) }.with_customer("c-9");
    assert_eq!(sink.put(moved).unwrap(), Put::Changed);
    drop(sink);
    house.close().unwrap();
}

#[test]
fn can_be_read_once_history_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let house = house(&folder);
    let mut sink = HouseSink::with_limits(&house, Limits { bulk_after: 2, ..LIMITS });
    put_all(&mut sink);
    drop(sink);
    house.wait_for_history(|_| {}).unwrap();
    let vault = house.shared.vault.read();
    let id = vault.record_id(RecordKind::Customer.into(), "crm", "c-2");
    let stored = house.shared.read_model.record(&id).unwrap().unwrap();
    let stored: pb::Customer = records::open(&vault, &stored).unwrap();
    assert_eq!(stored.display_name, "Ada");
    drop(vault);
    house.close().unwrap();
}
