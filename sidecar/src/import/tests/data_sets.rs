//! Real data sets through the mappings in `examples/imports`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use makegood_proto::v1 as api;

use super::super::report::Counts;
use super::super::rows::{Content, Kind};
use super::Desk;

const STAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/imports/star.toml");

/// The folder of data sets, if the environment names one.
fn data_set(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("MAKEGOOD_DATA_DIR").map(|it| PathBuf::from(it).join(name));
    let folder = folder.filter(|it| it.is_dir());
    if folder.is_none() {
        println!("skipped: no data set {name} (MAKEGOOD_DATA_DIR names no folder that has it)");
    }
    folder
}

#[test]
fn imports_star_as_its_file_counts_and_then_nothing() {
    let Some(folder) = data_set("star") else {
        return;
    };
    let mapping = std::fs::read_to_string(STAR).unwrap();
    let file = folder.join("interactions.csv.gz");
    let mut desk = Desk::new();

    let report = desk.import(&mapping, std::slice::from_ref(&file)).unwrap();
    let new = |new| Counts { new, ..Counts::default() };
    assert_eq!(report.counts(Kind::Interaction), new(6_652));
    assert_eq!(report.counts(Kind::Customer), new(109));
    assert_eq!(report.counts(Kind::Agent), new(115));
    assert_eq!(report.counts(Kind::Score), new(5_642 + 178));
    assert_eq!(report.rejected_count(), 0, "{report}");
    assert_eq!(desk.sink.bare().count(), 0);
    assert_eq!(resolved_counts(&desk), (1_704, 597));
    assert_eq!(calm_count(&desk), 5_642);

    let again = desk.import(&mapping, &[file]).unwrap();
    let same = |same| Counts { same, ..Counts::default() };
    assert_eq!(again.counts(Kind::Interaction), same(6_652));
    assert_eq!(again.counts(Kind::Customer), same(109));
    assert_eq!(again.counts(Kind::Agent), same(115));
    assert_eq!(again.counts(Kind::Score), same(5_820));
}

#[test]
fn keeps_what_star_says_of_a_dialogue() {
    let Some(folder) = data_set("star") else {
        return;
    };
    let mapping = std::fs::read_to_string(STAR).unwrap();
    let mut desk = Desk::new();
    desk.import(&mapping, &[folder.join("interactions.csv.gz")]).unwrap();

    let row = desk.sink.row(Kind::Interaction, "star", "2").unwrap();
    let Content::Interaction(interaction) = &row.content else { panic!("{row:?}") };
    assert_eq!(interaction.channel, api::Channel::Chat as i32);
    assert_eq!(interaction.reasons, ["spaceship access codes"]);
    assert_eq!(interaction.start_ns, 1_589_375_958_000_000_000);
    assert_eq!(interaction.end_ns, 1_589_376_354_000_000_000);
    assert_eq!(interaction.resolved_customer, Some(true));
    let customer = row.customer.as_ref().unwrap();
    let row = desk.sink.row(Kind::Customer, "star", &customer.id).unwrap();
    let Content::Customer(customer) = &row.content else { panic!("{row:?}") };
    assert_eq!(customer.display_name, "Customer 1777b3e5");

    // A dialogue without a start stands where its batch began, and says that it has none.
    let row = desk.sink.row(Kind::Interaction, "star", "44").unwrap();
    assert_eq!(row.sort_time_ns, 1_589_458_635_000_000_000);
    let Content::Interaction(interaction) = &row.content else { panic!("{row:?}") };
    assert_eq!(interaction.start_ns, 0);
}

fn resolved_counts(desk: &Desk) -> (usize, usize) {
    let answers: Vec<_> = desk
        .sink
        .rows(Kind::Interaction)
        .filter_map(|row| match &row.content {
            Content::Interaction(it) => it.resolved_customer,
            _ => None,
        })
        .collect();
    let yes = answers.iter().filter(|it| **it).count();
    (yes, answers.len() - yes)
}

fn calm_count(desk: &Desk) -> usize {
    let scores = desk.sink.rows(Kind::Score);
    scores.filter(|row| matches!(&row.content, Content::Score(it) if it.value == 1)).count()
}

/// The mapping of a data set that only has to be expressible, as yet.
struct Sketch {
    folder: &'static str,
    file: &'static str,
    mapping: &'static str,
    kind: Kind,
    count: usize,
}

const SKETCHES: [Sketch; 4] = [
    Sketch {
        folder: "cdnow",
        file: "CDNOW_master.txt.gz",
        mapping: r#"
            source = "cdnow"
            delimiter = "whitespace"
            [[record]]
            kind = "purchase"
            id = "{#row}"
            customer = "{customer_id}"
            at = { from = "{date}", format = "%Y%m%d", time_zone = "America/New_York" }
            currency = "USD"
            revenue = "{dollar_value}"
            quantity = "{number_of_cds}"
        "#,
        kind: Kind::Purchase,
        count: 69_659,
    },
    Sketch {
        folder: "clothing-reviews",
        file: "reviews.csv.gz",
        mapping: r#"
            source = "clothing-reviews"
            [[record]]
            kind = "score"
            id = "{#row}"
            customer = "{#row}"
            scale = "satisfaction"
            value = "{Rating}"
            words = "{Review Text}"
            responded = "2018-01-01"
        "#,
        kind: Kind::Score,
        count: 11_743,
    },
    Sketch {
        folder: "incidents",
        file: "events.csv.gz",
        mapping: r#"
            source = "incidents"
            encoding = "latin-1"
            missing = ["?"]
            [[record]]
            kind = "interaction"
            keep = "last"
            id = "{number}"
            case = "{number}"
            customer = "{caller_id}"
            agent = "{resolved_by}"
            team = "{assignment_group}"
            region = "{location}"
            channel = { from = "{contact_type}", map = { Phone = "phone", Email = "email" } }
            severity = { from = "{impact}", map = { "1 - High" = 5, "2 - Medium" = 3, "3 - Low" = 1 } }
            reason = ["{category}", "{u_symptom}"]
            start = { from = "{opened_at}", format = "%d/%m/%Y %H:%M" }
            transfer_count = "{reassignment_count}"
        "#,
        kind: Kind::Interaction,
        count: 12_461,
    },
    Sketch {
        folder: "hcahps",
        file: "hcahps_state_2018-04_2019-03.csv.gz",
        mapping: r#"
            source = "hcahps"
            missing = ["Not Available"]
            [[record]]
            kind = "score"
            when = [
                { column = "HCAHPS Measure ID", one_of = ["H_HSP_RATING_0_6", "H_HSP_RATING_7_8", "H_HSP_RATING_9_10"] },
                { column = "HCAHPS Answer Percent", present = true },
            ]
            id = "{State}:{HCAHPS Measure ID}"
            customer = "{State}"
            scale = "recommend"
            value = { from = "{HCAHPS Measure ID}", map = { H_HSP_RATING_0_6 = 6, H_HSP_RATING_7_8 = 8, H_HSP_RATING_9_10 = 10 } }
            question = "{HCAHPS Question}"
            responded = { from = "{End Date}", format = "%m/%d/%Y" }
        "#,
        kind: Kind::Score,
        count: 156,
    },
];

#[test]
fn expresses_the_other_data_sets() {
    for sketch in SKETCHES {
        let Some(folder) = data_set(sketch.folder) else {
            continue;
        };
        let mut desk = Desk::new();
        let report = desk.import(sketch.mapping, &[folder.join(sketch.file)]).unwrap();
        assert_eq!(report.rejected_count(), 0, "{}: {report}", sketch.folder);
        assert_eq!(desk.sink.count(sketch.kind), sketch.count, "{}", sketch.folder);
    }
}

#[test]
fn leaves_people_of_events_bare() {
    let Some(folder) = data_set("cdnow") else {
        return;
    };
    let mut desk = Desk::new();
    desk.import(SKETCHES[0].mapping, &[folder.join(SKETCHES[0].file)]).unwrap();
    let people: BTreeSet<_> = desk.sink.bare().map(|(_, it)| it.id.clone()).collect();
    assert_eq!(people.len(), 23_570);
    let cents: i64 = desk
        .sink
        .rows(Kind::Purchase)
        .map(|row| match &row.content {
            Content::Purchase(it) => it.revenue_minor,
            _ => 0,
        })
        .sum();
    assert_eq!(cents, 250_031_563);
}
