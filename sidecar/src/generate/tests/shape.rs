//! The shape of the generated centre, held against the sets it was measured on.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::*;
use makegood_proto::v1 as api;

/// Large enough for the tails to show, with as many contacts each as callers of the real set have
/// cases.
const LARGE: Config = Config {
    seed: 7,
    customer_count: 12_000,
    interaction_count: 38_700,
    agent_count: 175,
    days: 350,
    now_ns: NOW_NS,
};

/// A packed file of a data set, if the environment names a folder that has it.
fn data_file(name: &str) -> Option<String> {
    let file = std::env::var_os("MAKEGOOD_DATA_DIR").map(|it| PathBuf::from(it).join(name));
    let Some(file) = file.filter(|it| it.is_file()) else {
        println!("skipped: no {name} (MAKEGOOD_DATA_DIR names no folder that has it)");
        return None;
    };
    let mut bytes = Vec::new();
    let packed = std::fs::File::open(file).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    // The set of incidents is in Latin-1; what is not ASCII in it is not looked at.
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn table(text: &str) -> impl Iterator<Item = BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).into_deserialize().map(Result::unwrap)
}

/// The last line of each case of the incidents.
fn cases(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut cases = BTreeMap::new();
    for row in table(text) {
        cases.insert(row["number"].clone(), row);
    }
    cases.into_values().collect()
}

/// The value below which so many of a thousand values lie.
fn quantile(sorted: &[u32], per_mille: usize) -> u32 {
    sorted[(sorted.len() * per_mille / 1_000).min(sorted.len() - 1)]
}

fn sorted(values: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable();
    values
}

/// How many of a thousand are of each of `count` kinds.
fn shares(values: impl IntoIterator<Item = usize>, count: usize) -> Vec<i64> {
    let mut counts = vec![0; count];
    values.into_iter().filter(|it| *it < count).for_each(|it| counts[it] += 1);
    let total = counts.iter().sum::<i64>().max(1);
    counts.iter().map(|it| it * 1_000 / total).collect()
}

/// Both are lists of shares of a thousand; each may be off by so many.
fn are_close(generated: &[i64], real: &[i64], most: i64) {
    let is_close = generated.iter().zip(real).all(|(it, other)| (it - other).abs() <= most);
    assert!(generated.len() == real.len() && is_close, "{generated:?} is far from {real:?}");
}

fn contacts(sink: &MemorySink) -> impl Iterator<Item = &makegood_proto::records::v1::Interaction> {
    sink.rows(Kind::Interaction).map(|row| match &row.content {
        Content::Interaction(contact) => contact,
        other => panic!("{other:?}"),
    })
}

fn scores(sink: &MemorySink) -> impl Iterator<Item = &makegood_proto::records::v1::Score> {
    sink.rows(Kind::Score).map(|row| match &row.content {
        Content::Score(score) => score,
        other => panic!("{other:?}"),
    })
}

fn large() -> &'static MemorySink {
    static SINK: OnceLock<MemorySink> = OnceLock::new();
    SINK.get_or_init(|| {
        let mut sink = MemorySink::default();
        made(&LARGE, &mut sink).unwrap();
        sink
    })
}

/// How many rows of a kind each customer who has any has.
fn counts(sink: &MemorySink, kind: Kind) -> Vec<u32> {
    let mut counts = BTreeMap::new();
    for row in sink.rows(kind) {
        *counts.entry(row.customer.clone().unwrap().id).or_insert(0) += 1;
    }
    sorted(counts.into_values())
}

/// Of a thousand, how many belong to the busiest so many of a hundred.
fn held_by(sorted: &[u32], percent: usize) -> i64 {
    let busiest = sorted.iter().rev().take(sorted.len() * percent / 100).sum::<u32>();
    i64::from(busiest * 1_000 / sorted.iter().sum::<u32>())
}

#[test]
fn customers_call_as_unevenly_as_callers_of_a_service_desk() {
    let Some(text) = data_file("incidents/events.csv.gz") else { return };
    let mut by_caller = BTreeMap::new();
    let cases = cases(&text);
    for case in cases.iter().filter(|it| it["caller_id"] != "?") {
        *by_caller.entry(case["caller_id"].clone()).or_insert(0) += 1;
    }
    let real = sorted(by_caller.into_values());
    let generated = counts(large(), Kind::Interaction);
    for per_mille in [100, 250, 500, 750, 900, 950, 990] {
        let (it, other) = (quantile(&generated, per_mille), quantile(&real, per_mille));
        let most = 1 + other / 4;
        assert!(it.abs_diff(other) <= most, "{per_mille}: {it} is far from {other}");
    }
    let shares = |counts: &[u32]| [1, 5, 10, 20, 50].map(|percent| held_by(counts, percent));
    are_close(&shares(&generated), &shares(&real), 50);
}

#[test]
fn customers_call_at_the_hours_and_days_at_which_cases_are_opened() {
    let Some(text) = data_file("incidents/events.csv.gz") else { return };
    let opened: Vec<_> = cases(&text)
        .iter()
        .map(|it| jiff::civil::DateTime::strptime("%d/%m/%Y %H:%M", &it["opened_at"]).unwrap())
        .collect();
    let days: BTreeSet<_> = opened.iter().map(|it| it.date()).collect();
    let weekday =
        |date: jiff::civil::Date| usize::try_from(date.weekday().to_monday_zero_offset()).unwrap();
    let real_hours = shares(opened.iter().map(|it| usize::try_from(it.hour()).unwrap()), 24);
    let each = shares(opened.iter().map(|it| weekday(it.date())), 7);
    // There were seven Mondays and six Saturdays.
    let rates: Vec<_> = (0..7)
        .map(|day| {
            let count = days.iter().filter(|it| weekday(**it) == day).count();
            each[day] * 1_000 / i64::try_from(count).unwrap()
        })
        .collect();
    let total: i64 = rates.iter().sum();
    let real_days: Vec<_> = rates.iter().map(|it| it * 1_000 / total).collect();
    let sink = large();
    let starts: Vec<_> = contacts(sink).map(|it| calendar::weekday_and_hour(it.start_ns)).collect();
    let hours = starts.iter().map(|(_, hour)| usize::try_from(*hour).unwrap());
    are_close(&shares(hours, 24), &real_hours, 15);
    let days = starts.iter().map(|(day, _)| usize::try_from(*day).unwrap());
    are_close(&shares(days, 7), &real_days, 25);
}

#[test]
fn contacts_are_handed_on_and_taken_up_again_as_cases_are() {
    let Some(text) = data_file("incidents/events.csv.gz") else { return };
    let cases = cases(&text);
    let number =
        |case: &BTreeMap<String, String>, column: &str| case[column].parse::<usize>().unwrap();
    let sink = large();
    let generated = contacts(sink).map(|it| usize::try_from(it.transfer_count).unwrap().min(5));
    let real = cases.iter().map(|it| number(it, "reassignment_count").min(5));
    are_close(&shares(generated, 6), &shares(real, 6), 15);

    let real = shares(cases.iter().map(|it| number(it, "reopen_count").min(1)), 2);
    // What is settled in truth is what was not told as open, whatever the agent believes.
    let repeated: BTreeSet<_> = contacts(sink).map(|it| it.repeat_of.as_str()).collect();
    let settled = contacts(sink).filter(|it| it.resolved_customer == Some(true));
    let again = settled.map(|it| {
        let id = &it.origin.as_ref().unwrap().source_id;
        usize::from(repeated.contains(id.as_str()))
    });
    are_close(&shares(again, 2), &real, 8);
}

#[test]
fn customers_score_and_write_as_reviewers_do() {
    let Some(text) = data_file("clothing-reviews/reviews.csv.gz") else { return };
    let reviews: Vec<_> = table(&text).collect();
    let sink = large();
    let satisfied = scores(sink).filter(|it| it.kind == api::ScoreKind::Satisfaction as i32);
    let generated = satisfied.map(|it| usize::try_from(it.value - 1).unwrap());
    let real = reviews.iter().map(|it| it["Rating"].parse::<usize>().unwrap() - 1);
    are_close(&shares(generated, 5), &shares(real, 5), 40);

    let length = |text: &str| u32::try_from(text.chars().count()).unwrap();
    let generated = sorted(scores(sink).map(|it| length(&it.words)));
    let real = sorted(reviews.iter().map(|it| length(&it["Review Text"])));
    let empty = |sorted: &[u32]| shares(sorted.iter().map(|it| usize::from(*it > 0)), 2);
    are_close(&empty(&generated), &empty(&real), 15);
    for per_mille in (100..=900).step_by(100) {
        let (it, other) = (quantile(&generated, per_mille), quantile(&real, per_mille));
        assert!(it.abs_diff(other) <= 30, "{per_mille}: {it} is far from {other}");
    }
}

#[test]
fn customers_recommend_in_the_bands_of_hospitals() {
    let Some(text) = data_file("hcahps/hcahps_state_2018-04_2019-03.csv.gz") else { return };
    let rows: Vec<_> = table(&text).collect();
    let mean = |band: &str| {
        let own =
            rows.iter().filter(|it| it["HCAHPS Measure ID"] == format!("H_HSP_RATING_{band}"));
        let percents: Vec<i64> =
            own.filter_map(|it| it["HCAHPS Answer Percent"].parse().ok()).collect();
        percents.iter().sum::<i64>() * 10 / i64::try_from(percents.len()).unwrap()
    };
    let sink = large();
    let asked = scores(sink).filter(|it| it.kind == api::ScoreKind::Recommend as i32);
    let bands = asked.map(|it| match it.value {
        ..=6 => 0,
        7..=8 => 1,
        _ => 2,
    });
    are_close(&shares(bands, 3), &["0_6", "7_8", "9_10"].map(mean), 40);
}

#[test]
fn customers_buy_as_unevenly_as_those_of_a_shop() {
    let Some(text) = data_file("cdnow/CDNOW_master.txt.gz") else { return };
    let mut by_customer = BTreeMap::new();
    for customer in text.lines().filter_map(|it| it.split_whitespace().next()) {
        *by_customer.entry(customer).or_insert(0) += 1;
    }
    let real = sorted(by_customer.into_values());
    let generated = counts(large(), Kind::Purchase);
    for per_mille in [250, 500, 750, 900, 950, 990] {
        let (it, other) = (quantile(&generated, per_mille), quantile(&real, per_mille));
        let most = 1 + other / 5;
        assert!(it.abs_diff(other) <= most, "{per_mille}: {it} is far from {other}");
    }
}
