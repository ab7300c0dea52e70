//! Who works and calls in the house of the tests.

use makegood_proto::records::v1 as records;
use makegood_sidecar::house::{House, HouseSink};
use makegood_sidecar::import::rows::{Content, Row, Sink as _};

/// Where the people come from.
const SOURCE: &str = "crm";

/// Brings rows in.
pub(super) fn put(house: &House, rows: impl IntoIterator<Item = Row>) {
    let mut sink = HouseSink::new(house);
    for row in rows {
        sink.put(row).unwrap();
    }
    sink.flush().unwrap();
}

/// A customer's row with what identifies them.
fn customer(id: &str, name: &str, phone: &str) -> Row {
    let content = records::Customer {
        display_name: name.to_owned(),
        tier: "Gold".to_owned(),
        phones: vec![phone.to_owned()],
        emails: vec![format!("{}@example.com", id.to_lowercase())],
        account_numbers: vec![format!("ACC-{id}")],
        ..records::Customer::default()
    };
    Row::new(SOURCE, id, 0, Content::Customer(content))
}

fn agent(id: &str, name: &str, role: &str) -> Row {
    let content = records::Agent {
        display_name: name.to_owned(),
        role: role.to_owned(),
        team: "orders".to_owned(),
        ..records::Agent::default()
    };
    Row::new(SOURCE, id, 0, Content::Agent(content))
}

/// Agents, a lead and a reviewer; customers, two of whom share a phone.
pub(super) fn everybody() -> Vec<Row> {
    vec![
        agent("A-1", "Sam Rivera", "agent"),
        agent("A-2", "Noor Haddad", "agent"),
        agent("L-1", "Dana Novak", "lead"),
        agent("R-1", "Ravi Shah", "reviewer"),
        customer("C-1", "Maria Okafor", "+12025550101"),
        customer("C-2", "Jonas Weber", "+12025550102"),
        customer("C-3", "Ana Silva", "+12025550199"),
        customer("C-4", "Rui Silva", "+12025550199"),
    ]
}

/// People whom nobody asks for.
pub(super) fn crowd(count: usize) -> Vec<Row> {
    let one = |index: usize| {
        let (id, phone) = (format!("X-{index}"), format!("+1303{index:07}"));
        customer(&id, "Nobody in Particular", &phone)
    };
    (0..count).map(one).collect()
}
