//! People who are named on many lines.

use super::super::rows::{Content, Kind};
use super::Desk;

const CALLS: &str = r#"
    source = "calls"
    [[record]]
    kind = "customer"
    id = "{who}"
    name = "{name}"
    [[record]]
    kind = "interaction"
    id = "{id}"
    customer = "{who}"
    agent = "{agent}"
    start = "{day}"
"#;

#[test]
fn counts_a_person_once_however_many_lines_repeat_them() {
    let mut desk = Desk::new();
    let text = "id,who,name,agent,day\n\
        1,c,Maria,a,2024-05-03\n2,c,Maria,a,2024-05-04\n3,d,Sam,a,2024-05-04\n";
    let report = desk.import_text(CALLS, text);
    let customers = report.counts(Kind::Customer);
    assert_eq!((customers.new, customers.same), (2, 0));
    let bare: Vec<_> = desk.sink.bare().map(|(kind, it)| (kind, it.id.as_str())).collect();
    assert_eq!(bare, [(Kind::Agent, "a"); 3]);
}

#[test]
fn takes_the_last_of_what_lines_say_of_a_person() {
    let mut desk = Desk::new();
    let text = "id,who,name,agent,day\n\
        1,c,Maria,a,2024-05-03\n2,c,Mary,a,2024-05-04\n3,c,Maria,a,2024-05-05\n";
    let report = desk.import_text(CALLS, text);
    let customers = report.counts(Kind::Customer);
    assert_eq!((customers.new, customers.changed), (1, 2));
    let row = desk.sink.row(Kind::Customer, "calls", "c").unwrap();
    assert!(matches!(&row.content, Content::Customer(it) if it.display_name == "Maria"));
}
