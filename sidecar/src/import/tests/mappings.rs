//! The mapping language: what it expresses, and what it says to mistakes.

use makegood_proto::v1 as api;

use super::super::mapping::Mapping;
use super::super::progress::Silent;
use super::super::rows::{Content, Kind, Row};
use super::super::run::{Options, run};
use super::Desk;

fn only(desk: &Desk, kind: Kind) -> &Row {
    let mut rows = desk.sink.rows(kind);
    let row = rows.next().unwrap();
    assert!(rows.next().is_none());
    row
}

#[test]
fn reads_a_customer_with_everything() {
    let mut desk = Desk::new();
    let mapping = r#"
        source = "crm"
        delimiter = ";"
        missing = ["n/a"]
        region = "AT"
        time_zone = "Europe/Vienna"
        [[record]]
        kind = "customer"
        id = "{No}"
        name = "{First} {Last}"
        short_name = "{First}"
        tier = { from = "{Tier}", map = { "1" = "Gold", "2" = "" }, other = "Silver" }
        since = { from = "{Since}", format = "%d.%m.%Y" }
        time_zone = ["{Zone}", "Europe/Vienna"]
        language = "{Lang}"
        phone = { from = ["{Phone}", "{Mobile}"], split = "," }
        email = "{Mail}"
        account = "A-{No}"
        region = "{Region}"
    "#;
    let text = "No;First;Last;Tier;Since;Zone;Lang;Phone;Mobile;Mail;Region\n\
        7;Maria;Okafor;1;3.5.2019;n/a;de_AT;01/58858-0, 0664 1234567;+1 202 555 0100;M@Example.com;n/a\n";
    let report = desk.import_text(mapping, text);
    assert_eq!(report.rejected_count(), 0, "{report}");
    let row = only(&desk, Kind::Customer);
    assert_eq!((row.source.as_str(), row.source_id.as_str(), row.sort_time_ns), ("crm", "7", 0));
    let Content::Customer(customer) = &row.content else { panic!("{row:?}") };
    assert_eq!(customer.display_name, "Maria Okafor");
    assert_eq!(customer.short_name, "Maria");
    assert_eq!(customer.tier, "Gold");
    assert_eq!(customer.customer_since_ns, 1_556_834_400_000_000_000);
    assert_eq!(customer.time_zone, "Europe/Vienna");
    assert_eq!(customer.language_code, "de-AT");
    assert_eq!(customer.phones, ["+431588580", "+436641234567", "+12025550100"]);
    assert_eq!(customer.emails, ["m@example.com"]);
    assert_eq!(customer.account_numbers, ["A-7"]);
    assert_eq!(customer.region, "");
    assert_eq!(customer.origin.as_ref().unwrap().source_id, "7");
}

#[test]
fn reads_an_interaction_from_nested_json() {
    let mut desk = Desk::new();
    let mapping = r#"
        source = "tickets"
        customer_source = "crm"
        format = "jsonl"
        [[record]]
        kind = "interaction"
        id = "{id}"
        customer = "{who.id}"
        agent = "{by}"
        channel = "{via}"
        reason = "{tags}"
        product = "{tags}"
        start = { from = "{at}", format = "unix_ms" }
        wait = { from = "{waited}", unit = "min" }
        resolved_agent = { from = "{done}", yes = ["solved"], no = ["open", "new"] }
        severity = 2
    "#;
    let line = r#"{"id": 12, "who": {"id": "c-1"}, "by": null, "via": "phone", "tags": ["late", "lost"],
        "at": 1589375664250, "waited": 1.5, "done": "solved"}"#;
    let second = r#"{"id": 13, "via": "fax", "by": "x", "at": 1589375664250}"#;
    let file = desk.file("t.jsonl", format!("{}\n{second}\n[1]\n", line.replace('\n', " ")));
    let report = desk.import(mapping, &[file]).unwrap();
    let reasons: Vec<_> = desk.rejected().into_iter().map(|it| it[4].clone()).collect();
    assert_eq!(report.rejected_count(), 2);
    assert!(reasons[0].starts_with("`fax` is unknown; there are: phone, chat"), "{reasons:?}");
    assert!(reasons[1].starts_with("the line is no JSON object"), "{reasons:?}");
    let row = only(&desk, Kind::Interaction);
    let customer = row.customer.as_ref().unwrap();
    assert_eq!((customer.source.as_str(), customer.id.as_str()), ("crm", "c-1"));
    assert_eq!(row.agent, None);
    let Content::Interaction(it) = &row.content else { panic!("{row:?}") };
    assert_eq!(it.channel, api::Channel::Phone as i32);
    assert_eq!((it.reasons.join("+"), it.product.as_str()), ("late+lost".to_owned(), "late, lost"));
    assert_eq!((it.wait_ms, it.severity, it.resolved_agent), (90_000, 2, Some(true)));
    assert_eq!(row.sort_time_ns, 1_589_375_664_250_000_000);
}

#[test]
fn reads_a_promise_and_latin_1_with_given_names() {
    let mut desk = Desk::new();
    let mapping = r#"
        source = "desk"
        delimiter = "§"
        encoding = "latin-1"
        header = false
        columns = ["who", "what", "due", "state"]
        [[record]]
        kind = "promise"
        id = "{#file}:{#row}"
        customer = "{who}"
        agent = "a-1"
        text = "{what}"
        made = "2024-05-01"
        due = "{due}"
        outcome = { from = "{state}", map = { o = "open", k = "kept" } }
    "#;
    let report = desk.import_text(mapping, b"c-1\xa7R\xfcckruf\xa72024-05-03\xa7k\n");
    assert_eq!(report.rejected_count(), 0, "{report}");
    let row = only(&desk, Kind::Promise);
    assert_eq!(row.source_id, "data.csv:1");
    assert_eq!(row.agent.as_ref().unwrap().id, "a-1");
    let Content::Promise(it) = &row.content else { panic!("{row:?}") };
    assert_eq!((it.text.as_str(), it.outcome), ("Rückruf", 1));
}

#[test]
fn takes_events_of_one_case_as_one_record() {
    let mut desk = Desk::new();
    let mapping = r#"
        source = "log"
        [[record]]
        kind = "interaction"
        keep = "last"
        id = "{case}"
        agent = "{team}"
        start = "{opened}"
        team = "{team}"
    "#;
    let text = "case,opened,team\n1,2024-05-03,A\n1,2024-05-03,B\n2,2024-05-04,C\n3,2024-05-05,D\n3,2024-05-05,E\n";
    for expected in [(3, 0), (0, 3)] {
        let report = desk.import_text(mapping, text);
        let counts = report.counts(Kind::Interaction);
        assert_eq!((counts.new, counts.same), expected);
    }
    let teams: Vec<_> = desk
        .sink
        .rows(Kind::Interaction)
        .map(|row| match &row.content {
            Content::Interaction(it) => it.team.clone(),
            _ => String::new(),
        })
        .collect();
    assert_eq!(teams, ["B", "C", "E"]);
}

#[test]
fn writes_nothing_in_a_dry_run() {
    let mut desk = Desk::new();
    let mapping = r#"
        source = "shop"
        [[record]]
        kind = "purchase"
        id = "{#row}"
        customer = "{who}"
        at = "{day}"
        currency = "EUR"
        revenue = { from = "{sum}", replace = { "€" = "", "." = "" }, decimal = "," }
    "#;
    let file =
        desk.file("shop.csv", "who,day,sum\na,2024-05-03,\"1.234,50€\"\nb,2024-05-03,free\n");
    let parsed = Mapping::parse(mapping).unwrap();
    let options = Options { is_dry_run: true, rejects: desk.rejects() };
    let files = [file];
    let report = run(&parsed, &files, &mut desk.sink, options, &mut Silent).unwrap();
    let counts = report.counts(Kind::Purchase);
    assert_eq!((counts.checked, counts.rejected, counts.new), (1, 1, 0));
    assert_eq!(desk.sink.count(Kind::Purchase), 0);
    assert!(report.to_string().contains("dry run: nothing was written"), "{report}");

    desk.import(mapping, &files).unwrap();
    let Content::Purchase(it) = &only(&desk, Kind::Purchase).content else { panic!() };
    assert_eq!((it.revenue_minor, it.quantity, it.margin_minor), (123_450, 1, None));
}

const CASES: &str = r#"
    source = "desk"
    missing = ["?"]
    [[record]]
    kind = "interaction"
    keep = "KEEP"
    id = "{case}"
    customer = "{who}"
    team = "{team}"
    touch_point = "{state}"
    start = "2024-05-03"
"#;

#[test]
fn makes_one_record_of_the_lines_of_a_case() {
    let text = "case,who,team,state\n1,a,blue,new\n1,a,red,active\n1,a,?,closed\n2,b,?,new\n";
    let table = [
        ("first", ("blue", "new")),
        ("last", ("", "closed")),
        ("merged", ("red", "closed")),
        ("all", ("", "closed")),
    ];
    for (keep, expected) in table {
        let mut desk = Desk::new();
        let report = desk.import_text(&CASES.replace("KEEP", keep), text);
        let counts = report.counts(Kind::Interaction);
        assert_eq!((counts.new, counts.changed), (2, if keep == "all" { 2 } else { 0 }), "{keep}");
        let row = desk.sink.row(Kind::Interaction, "desk", "1").unwrap();
        let Content::Interaction(it) = &row.content else { panic!("{row:?}") };
        assert_eq!((it.team.as_str(), it.touch_point.as_str()), expected, "{keep}");
        // What one case said is not said of the next.
        let row = desk.sink.row(Kind::Interaction, "desk", "2").unwrap();
        let Content::Interaction(it) = &row.content else { panic!("{row:?}") };
        assert_eq!((it.team.as_str(), it.touch_point.as_str()), ("", "new"), "{keep}");
    }
}
