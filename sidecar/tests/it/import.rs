//! `makegood import`, as the process: a real set, files of every kind of wrong, and no writing.

mod interrupted;
mod sets;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use flate2::read::GzDecoder;
use makegood_proto::v1;
use makegood_sidecar::token::Access;

use crate::support::{Call, Place, Rules, makegood};

const STAR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/imports/star.toml");

/// A run of the command: its exit code and all that it said.
struct Run {
    code: Option<i32>,
    said: String,
}

fn import(place: &Place, mapping: &Path, files: &[&Path], flags: &[&str]) -> Run {
    let mut command = makegood(&["import"]);
    command.arg("--data").arg(place.data());
    command.arg("--policy").arg(place.policy());
    command.arg("--mapping").arg(mapping).args(flags).args(files);
    command.arg("--rejects").arg(place.beside("rejects.csv"));
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = [stdout, stderr].map(|it| String::from_utf8(it).unwrap());
    Run { code: status.code(), said: said.concat() }
}

impl Run {
    /// The counts of a line of the report, for example of `interactions`.
    fn counts(&self, kind: &str) -> Vec<u64> {
        let line = self.said.lines().find(|it| it.starts_with(kind));
        let line = line.unwrap_or_else(|| panic!("no {kind} in\n{}", self.said));
        let words = line.split_whitespace().skip(1);
        words.map(|it| it.parse().unwrap()).collect()
    }
}

/// The rows of the set's own file, by the names of its columns.
fn rows(file: &Path) -> Vec<BTreeMap<String, String>> {
    let file = fs::File::open(file).unwrap();
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    reader.deserialize().map(Result::unwrap).collect()
}

/// The folder of a data set, if the environment names one.
fn data_set(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("MAKEGOOD_DATA_DIR").map(|it| PathBuf::from(it).join(name));
    let folder = folder.filter(|it| it.is_dir());
    if folder.is_none() {
        println!("skipped: no data set {name} (MAKEGOOD_DATA_DIR names no folder that has it)");
    }
    folder
}

#[tokio::test]
async fn brings_star_in_once_and_shows_it_on_a_call() {
    let Some(folder) = data_set("star") else {
        return;
    };
    let file = folder.join("interactions.csv.gz");
    let rows = rows(&file);
    let distinct = |column: &str| {
        let values = rows.iter().map(|it| it[column].as_str());
        values.collect::<BTreeSet<_>>().len() as u64
    };
    let answers = rows.iter().filter(|it| !it["q_calm_helpful"].is_empty()).count() as u64;
    let place = Place::empty(Rules::STANDARD);
    let first = import(&place, Path::new(STAR), &[&file], &[]);
    assert_eq!(first.code, Some(0), "{}", first.said);
    let count = rows.len() as u64;
    assert_eq!(first.counts("interactions"), [count, 0, 0, 0], "{}", first.said);
    assert_eq!(first.counts("customers"), [distinct("customer_id"), 0, 0, 0]);
    assert_eq!(first.counts("agents"), [distinct("agent_id"), 0, 0, 0]);
    assert!(first.counts("scores")[0] >= answers, "{}", first.said);

    let size = records_size(&place);
    let again = import(&place, Path::new(STAR), &[&file], &[]);
    assert_eq!(again.code, Some(0), "{}", again.said);
    assert_eq!(again.counts("interactions"), [0, 0, count, 0], "{}", again.said);
    assert_eq!(again.counts("scores")[..2], [0, 0], "{}", again.said);
    assert_eq!(records_size(&place), size, "a second import wrote something");
    shows_the_story_on_a_call(&place, &rows).await;
}

/// The end of what is written in the records' journal.
fn records_size(place: &Place) -> u64 {
    let records = place.tenant_folder().join("records");
    let reader = makegood_ledger::journal::reader::Reader::open(&records).unwrap();
    reader.confirmed_position().unwrap()
}

/// A call of the customer with the most dialogues that have answers, held against the file.
async fn shows_the_story_on_a_call(place: &Place, rows: &[BTreeMap<String, String>]) {
    let of = |customer: &str| -> Vec<_> {
        let own = rows.iter().filter(|it| it["customer_id"] == customer);
        own.filter(|it| !it["start_unix"].is_empty()).collect()
    };
    let customer = &rows[0]["customer_id"];
    let (own, agent) = (of(customer), &rows[0]["agent_id"]);
    let served = place.serve().await;
    let client = served.client(agent, Access::Agent, Some("call-1"));
    let call = Call::ring(client, "call-1", customer).await;
    let context = call.panel().await.context.unwrap();
    let name = format!("Customer {}", &customer[..8]);
    assert_eq!(context.customer.unwrap().display_name, name);
    assert!(!context.recent_scores.is_empty() && !context.timeline.is_empty());

    let listed = timeline(&call).await;
    let shown: BTreeSet<i64> = listed
        .iter()
        .filter(|it| it.kind() == v1::TimelineKind::Interaction)
        .map(|it| it.occur_time.unwrap().seconds)
        .collect();
    assert!(own.len() > 1, "{customer} has too few dialogues to tell anything");
    for row in &own {
        let (seconds, _) = row["start_unix"].split_once('.').unwrap_or((&row["start_unix"], ""));
        let start = seconds.parse::<i64>().unwrap();
        assert!(shown.contains(&start), "the dialogue of {start} is not shown");
    }
    let reason = own[0]["tasks"].split('|').next().unwrap().replace('_', " ");
    assert!(listed.iter().any(|it| it.title.contains(&reason)), "{reason}: {listed:?}");
    call.give(call.gift(100)).await.unwrap();
    served.stop().await;
}

async fn timeline(call: &Call) -> Vec<v1::TimelineItem> {
    let (mut items, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = v1::ListTimelineRequest {
            customer_id: call.customer.clone(),
            page_size: 200,
            page_token,
        };
        let page = call.client.customers.clone().list_timeline(request).await;
        let page = page.unwrap().into_inner();
        items.extend(page.items);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return items;
        }
    }
}

const MAPPING: &str = r#"
source = "crm"

[[record]]
kind = "customer"
id = "{id}"
name = "{name}"
phone = "{phone}"
"#;

/// A mapping and a file beside the data folder.
fn files(place: &Place, mapping: &str, data: &str) -> (PathBuf, PathBuf) {
    let paths = (place.beside("mapping.toml"), place.beside("people.csv"));
    fs::write(&paths.0, mapping).unwrap();
    fs::write(&paths.1, data).unwrap();
    paths
}

#[tokio::test]
async fn keeps_refused_lines_and_takes_all_others() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let data = "id,name,phone\n\
                C-10,Ada Byron,+12025550110\n\
                C-11,No Number,not a number\n\
                C-12,\"Open quote,+12025550112\n\
                C-13,Grace Hopper,+12025550113\n";
    let (mapping, people) = files(&place, MAPPING, data);
    let run = import(&place, &mapping, &[&people], &[]);
    assert_eq!(run.code, Some(3), "{}", run.said);
    let rejects = fs::read_to_string(place.beside("rejects.csv")).unwrap();
    for text in ["people.csv", "phone", "not a number", "Open quote"] {
        assert!(rejects.contains(text), "{text} is not in\n{rejects}");
    }
    assert!(run.said.contains("rejects.csv"), "{}", run.said);
    let served = place.serve().await;
    for (id, is_there) in [("C-10", true), ("C-11", false), ("C-12", false), ("C-13", true)] {
        let by = Some(v1::lookup::By::ExternalId(id.to_owned()));
        let request = v1::IdentifyCallerRequest { lookup: Some(v1::Lookup { by }) };
        let client = served.client("A-1", Access::Agent, None);
        let found = client.customers.clone().identify_caller(request).await;
        let found = found.unwrap().into_inner().candidates.len();
        assert_eq!(found == 1, is_there, "{id}\n{rejects}");
    }
    served.stop().await;
}

#[tokio::test]
async fn writes_nothing_in_a_dry_run() {
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let size = records_size(&place);
    let (mapping, people) = files(&place, MAPPING, "id,name,phone\nC-10,Ada,+12025550110\n");
    let run = import(&place, &mapping, &[&people], &["--dry-run"]);
    assert_eq!(run.code, Some(0), "{}", run.said);
    assert_eq!(run.counts("customers"), [1, 0]);
    assert!(run.said.contains("nothing was written"), "{}", run.said);
    assert_eq!(records_size(&place), size);
}

#[tokio::test]
async fn names_what_a_mapping_has_wrong() {
    let place = Place::new(Rules::STANDARD);
    let data = "id,name,telephone\nC-10,Ada,+12025550110\n";
    let (mapping, people) = files(&place, MAPPING, data);
    let run = import(&place, &mapping, &[&people], &[]);
    assert_eq!(run.code, Some(1), "{}", run.said);
    for text in ["people.csv", "phone", "telephone"] {
        assert!(run.said.contains(text), "{text} is not in\n{}", run.said);
    }
    let (mapping, people) = files(&place, &MAPPING.replace("name =", "nmae ="), data);
    let run = import(&place, &mapping, &[&people], &[]);
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("nmae") && run.said.contains("name"), "{}", run.said);
    let absent = place.beside("absent.csv");
    let (mapping, _) = files(&place, MAPPING, data);
    let run = import(&place, &mapping, &[&absent], &[]);
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("absent.csv"), "{}", run.said);
}
