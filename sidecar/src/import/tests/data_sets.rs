//! Real data sets through the mappings in `examples/imports`: what comes out is what the files say.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use makegood_proto::v1 as api;

use super::super::report::{Counts, Report};
use super::super::rows::{Content, Kind};
use super::Desk;

const MAPPINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/imports");

/// A data set with its mapping.
struct Set {
    mapping: String,
    file: PathBuf,
}

impl Set {
    /// A set of the folder that the environment names, if it is there.
    fn find(name: &str, file: &str) -> Option<Self> {
        let folder = std::env::var_os("MAKEGOOD_DATA_DIR").map(|it| PathBuf::from(it).join(name));
        let Some(folder) = folder.filter(|it| it.is_dir()) else {
            println!("skipped: no data set {name} (MAKEGOOD_DATA_DIR names no folder that has it)");
            return None;
        };
        let mapping = Path::new(MAPPINGS).join(format!("{name}.toml"));
        let mapping = std::fs::read_to_string(mapping).unwrap();
        Some(Self { mapping, file: folder.join(file) })
    }

    fn import(&self, desk: &mut Desk) -> Report {
        let report = desk.import(&self.mapping, std::slice::from_ref(&self.file)).unwrap();
        assert_eq!(report.rejected_count(), 0, "{report}");
        report
    }

    /// Imports twice: so many records of each kind are new, and then nothing changes.
    fn import_twice(&self, lines: u64, counts: &[(Kind, u64)]) -> Desk {
        let mut desk = Desk::new();
        let report = self.import(&mut desk);
        assert_eq!(report.line_count, lines);
        let found: Vec<_> = report.kinds.iter().map(|(kind, it)| (*kind, *it)).collect();
        let new = |new| Counts { new, ..Counts::default() };
        assert_eq!(found, counts.iter().map(|(kind, it)| (*kind, new(*it))).collect::<Vec<_>>());
        assert_eq!(desk.sink.bare().count(), 0);

        let again = self.import(&mut desk);
        let found: Vec<_> = again.kinds.iter().map(|(kind, it)| (*kind, *it)).collect();
        let same = |same| Counts { same, ..Counts::default() };
        assert_eq!(found, counts.iter().map(|(kind, it)| (*kind, same(*it))).collect::<Vec<_>>());
        desk
    }

    /// The file's text, every byte as a character.
    fn text(&self) -> String {
        let mut bytes = Vec::new();
        let packed = std::fs::File::open(&self.file).unwrap();
        GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
        bytes.into_iter().map(char::from).collect()
    }

    /// The file's rows with these columns of it, read by another reader.
    fn rows<const N: usize>(&self, columns: [&str; N]) -> Vec<[String; N]> {
        let text = self.text();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let places = columns.map(|name| header.iter().position(|it| it == name).unwrap());
        let rows = reader.records().map(Result::unwrap);
        rows.map(|row| places.map(|place| row[place].to_owned())).collect()
    }
}

#[test]
fn imports_star_as_its_file_counts_and_then_nothing() {
    let Some(set) = Set::find("star", "interactions.csv.gz") else {
        return;
    };
    let counts = [
        (Kind::Customer, 109),
        (Kind::Agent, 115),
        (Kind::Interaction, 6_652),
        (Kind::Score, 5_642 + 178),
    ];
    let desk = set.import_twice(6_652, &counts);
    assert_eq!(resolved_counts(&desk), (1_704, 597));
    assert_eq!(calm_count(&desk), 5_642);
}

#[test]
fn keeps_what_star_says_of_a_dialogue() {
    let Some(set) = Set::find("star", "interactions.csv.gz") else {
        return;
    };
    let mut desk = Desk::new();
    set.import(&mut desk);

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

#[test]
fn imports_every_purchase_of_cdnow_to_the_cent_and_then_nothing() {
    let Some(set) = Set::find("cdnow", "CDNOW_master.txt.gz") else {
        return;
    };
    let counts = [(Kind::Customer, 23_570), (Kind::Purchase, 69_659)];
    let desk = set.import_twice(69_659, &counts);
    let purchases: Vec<_> = desk
        .sink
        .rows(Kind::Purchase)
        .map(|row| match &row.content {
            Content::Purchase(it) => it.clone(),
            _ => panic!("{row:?}"),
        })
        .collect();
    assert_eq!(purchases.iter().map(|it| it.revenue_minor).sum::<i64>(), 250_031_563);
    let text = set.text();
    let discs = text.lines().skip(1).filter_map(|line| line.split_whitespace().nth(2));
    let discs: i32 = discs.map(|it| it.parse::<i32>().unwrap()).sum();
    assert_eq!(purchases.iter().map(|it| it.quantity).sum::<i32>(), discs);

    // The first purchase of each says since when there is such a customer.
    let row = desk.sink.row(Kind::Customer, "cdnow", "00003").unwrap();
    let Content::Customer(customer) = &row.content else { panic!("{row:?}") };
    assert_eq!(customer.customer_since_ns, 852_181_200_000_000_000, "1997-01-02 in New York");
}

#[test]
fn imports_every_clothing_review_and_then_nothing() {
    let Some(set) = Set::find("clothing-reviews", "reviews.csv.gz") else {
        return;
    };
    let counts = [(Kind::Customer, 11_743), (Kind::Interaction, 11_743), (Kind::Score, 2 * 11_743)];
    let desk = set.import_twice(11_743, &counts);
    for [id, stars, title, text] in set.rows(["", "Rating", "Title", "Review Text"]) {
        let score = desk.sink.row(Kind::Score, "clothing-reviews", &format!("{id}:rating"));
        let Content::Score(score) = &score.unwrap().content else { panic!("{id}") };
        assert_eq!(score.value.to_string(), stars);
        // The other reader read bytes; what matters is that no line of a text is lost.
        assert_eq!(score.words.lines().count(), lines(title.trim(), text.trim()), "{id}");
    }
}

/// The lines of a title and a text with an empty line between them.
fn lines(title: &str, text: &str) -> usize {
    match (title.is_empty(), text.is_empty()) {
        (false, false) => title.lines().count() + 1 + text.lines().count(),
        _ => title.lines().count() + text.lines().count(),
    }
}

#[test]
fn keeps_every_share_of_hcahps_as_a_note_and_makes_no_score_of_it() {
    let Some(set) = Set::find("hcahps", "hcahps_state_2018-04_2019-03.csv.gz") else {
        return;
    };
    // 4 of 56 areas have no figures for their 72 measures.
    let counts = [(Kind::Customer, 52), (Kind::Preference, 52 * 72)];
    let desk = set.import_twice(4_032, &counts);
    let row = desk.sink.row(Kind::Preference, "hcahps", "AK:H_COMP_1_A_P").unwrap();
    let Content::Preference(share) = &row.content else { panic!("{row:?}") };
    assert_eq!(share.text, "79 %: Nurses \"always\" communicated well");
    assert!(desk.sink.row(Kind::Customer, "hcahps", "GU").is_none());
}

const COLUMNS: [&str; 8] = [
    "number",
    "caller_id",
    "resolved_by",
    "reopen_count",
    "reassignment_count",
    "assignment_group",
    "location",
    "made_sla",
];
const NUMBER: usize = 0;
const CALLER: usize = 1;
const RESOLVER: usize = 2;
const REOPENED: usize = 3;
const REASSIGNED: usize = 4;
const GROUP: usize = 5;
const LOCATION: usize = 6;
const MADE: usize = 7;

/// The last value of a column that is one.
fn last<'a>(case: &[&'a [String; 8]], column: usize) -> &'a str {
    let known = case.iter().rev().map(|it| it[column].as_str());
    known.into_iter().find(|it| *it != "?").unwrap_or_default()
}

fn distinct(rows: &[[String; 8]], column: usize) -> u64 {
    let known = rows.iter().map(|it| it[column].as_str()).filter(|it| *it != "?");
    known.collect::<BTreeSet<_>>().len() as u64
}

#[test]
fn imports_incidents_as_their_cases_count_and_then_nothing() {
    let Some(set) = Set::find("incidents", "events.csv.gz") else {
        return;
    };
    let rows = set.rows(COLUMNS);
    assert_eq!(rows.len(), 77_018);
    let mut cases: BTreeMap<&str, Vec<&[String; 8]>> = BTreeMap::new();
    for row in &rows {
        cases.entry(&row[NUMBER]).or_default().push(row);
    }
    let reopenings: BTreeSet<_> = rows.iter().map(|it| (&it[NUMBER], &it[REOPENED])).collect();
    let reopenings = reopenings.iter().filter(|(_, count)| *count != "0").count() as u64;
    let with_caller = cases.values().filter(|it| !last(it, CALLER).is_empty()).count() as u64;
    assert_eq!((cases.len(), with_caller, reopenings), (12_461, 12_458, 189));
    assert_eq!((distinct(&rows, CALLER), distinct(&rows, RESOLVER)), (3_864, 174));

    let mut desk = Desk::new();
    let report = set.import(&mut desk);
    assert_eq!(report.line_count, 77_018);
    let new = |kind| report.counts(kind).new;
    assert_eq!(new(Kind::Customer), 3_864);
    assert_eq!(new(Kind::Interaction), 12_461 + reopenings);
    assert_eq!(new(Kind::Promise), with_caller);
    for (number, case) in &cases {
        let row = desk.sink.row(Kind::Interaction, "incidents", number).unwrap();
        let Content::Interaction(it) = &row.content else { panic!("{row:?}") };
        assert_eq!(it.transfer_count.to_string(), last(case, REASSIGNED), "{number}");
        assert_eq!(it.team, last(case, GROUP), "{number}");
        assert_eq!(it.region, last(case, LOCATION), "{number}");
        let caller = row.customer.as_ref().map(|it| it.id.clone()).unwrap_or_default();
        assert_eq!(caller, last(case, CALLER), "{number}");
    }
    let kept = desk.sink.rows(Kind::Promise);
    let kept = kept.filter(|row| matches!(&row.content, Content::Promise(it) if it.outcome == 1));
    let made = |case: &&Vec<_>| !last(case, CALLER).is_empty() && last(case, MADE) == "true";
    assert_eq!(kept.count(), cases.values().filter(made).count());

    let size = desk.sink.count(Kind::Interaction);
    let again = set.import(&mut desk);
    let changed: u64 = again.kinds.values().map(|it| it.new + it.changed).sum();
    assert_eq!((changed, desk.sink.count(Kind::Interaction)), (0, size));
}
