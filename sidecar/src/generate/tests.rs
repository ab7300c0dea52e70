//! What the generated centre looks like from outside.

mod files;
mod shape;

use std::collections::BTreeSet;

use prost::Message as _;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::import::memory::MemorySink;
use crate::import::rows::{Content, Kind, Put, Reject, SinkError};
use crate::phone::normalise;

const DAY_NS: i64 = 86_400_000_000_000;

/// 2024-09-23 14:02:00 UTC, a Monday.
const NOW_NS: i64 = 1_727_100_120_000_000_000;

const SMALL: Config = Config {
    seed: 7,
    customer_count: 600,
    interaction_count: 1_500,
    agent_count: 12,
    days: 90,
    now_ns: NOW_NS,
};

/// A centre with the cast in it.
fn centre(config: Config) -> MemorySink {
    let mut sink = MemorySink::default();
    let mut generated = made(&config, &mut sink).unwrap();
    let played = play_cast(config.now_ns, &mut sink).unwrap();
    generated.row_count += played.row_count;
    generated.rejected_count += played.rejected_count;
    let count: usize = Kind::ALL.iter().map(|kind| sink.count(*kind)).sum();
    assert_eq!((generated.row_count, generated.rejected_count), (count as u64, 0));
    sink
}

fn made(config: &Config, sink: &mut dyn Sink) -> Result<Generated, PutError> {
    generate(config, sink, &mut |_, _| {})
}

/// Keeps nothing but a hash of all rows in their order.
#[derive(Default)]
struct Fingerprint(Sha256);

impl Sink for Fingerprint {
    fn put(&mut self, row: Row) -> Result<Put, PutError> {
        let people = [&row.customer, &row.agent].map(|it| it.as_ref().map(|it| it.id.clone()));
        let head = format!("{:?} {} {} {people:?}\n", row.kind(), row.source_id, row.sort_time_ns);
        self.0.update(head);
        self.0.update(match &row.content {
            Content::Customer(it) => it.encode_to_vec(),
            Content::Agent(it) => it.encode_to_vec(),
            Content::Interaction(it) => it.encode_to_vec(),
            Content::Score(it) => it.encode_to_vec(),
            Content::Preference(it) => it.encode_to_vec(),
            Content::Promise(it) => it.encode_to_vec(),
            Content::Action(it) => it.encode_to_vec(),
            Content::Purchase(it) => it.encode_to_vec(),
        });
        Ok(Put::New)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

fn fingerprint(config: Config) -> String {
    let mut sink = Fingerprint::default();
    made(&config, &mut sink).unwrap();
    let digest = sink.0.finalize();
    format!("{:016x}", u64::from_be_bytes(digest[..8].try_into().unwrap()))
}

#[test]
fn is_the_same_on_every_machine() {
    assert_eq!(fingerprint(SMALL), "aaa13a1f0ca506e8");
    assert_ne!(fingerprint(SMALL), fingerprint(Config { seed: 8, ..SMALL }));
}

#[test]
fn makes_exactly_as_many_as_are_asked_for() {
    for (customer_count, interaction_count) in
        [(0, 0), (1, 0), (1, 1), (1, 400), (600, 7), (600, 600), (600, 5_001)]
    {
        let config = Config { customer_count, interaction_count, agent_count: 40, ..SMALL };
        let mut sink = MemorySink::default();
        let mut last = (0, 0);
        generate(&config, &mut sink, &mut |done, total| last = (done, total)).unwrap();
        let counts = [Kind::Agent, Kind::Customer, Kind::Interaction].map(|kind| sink.count(kind));
        let asked = [40, u64::from(customer_count), interaction_count];
        assert_eq!(counts.map(|it| it as u64), asked);
        assert_eq!(last.0, last.1);
    }
}

#[test]
fn tells_people_first_and_then_what_happened_in_the_order_of_time() {
    struct Order(Vec<(Kind, i64)>);
    impl Sink for Order {
        fn put(&mut self, row: Row) -> Result<Put, PutError> {
            self.0.push((row.kind(), row.sort_time_ns));
            Ok(Put::New)
        }

        fn flush(&mut self) -> Result<(), SinkError> {
            Ok(())
        }
    }
    let mut sink = Order(Vec::new());
    made(&SMALL, &mut sink).unwrap();
    let (people, events) = sink.0.split_at(12 + 600);
    assert!(people[..12].iter().all(|it| *it == (Kind::Agent, 0)));
    assert!(people[12..].iter().all(|it| *it == (Kind::Customer, 0)));
    assert!(events.is_sorted_by_key(|(_, time)| *time));
    assert!(events.iter().all(|(_, time)| (1..NOW_NS).contains(time)));
}

#[test]
fn works_in_teams_and_shifts() {
    let staff = staff(7, 1_000);
    let mut teams = std::collections::BTreeMap::new();
    for employee in &staff {
        *teams.entry(employee.team.as_str()).or_insert(0) += 1;
    }
    assert!(teams.values().all(|size| (1..=15).contains(size)), "{teams:?}");
    let shifts: BTreeSet<_> = staff.iter().map(|it| it.shift.name).collect();
    assert_eq!(shifts, BTreeSet::from(["day", "early", "late", "night"]));
    let sink = centre(Config { agent_count: 300, interaction_count: 6_000, ..SMALL });
    let team_of = |id: &str| {
        let agent = sink.row(Kind::Agent, SOURCE, id).unwrap();
        let Content::Agent(agent) = &agent.content else { panic!("{agent:?}") };
        agent.team.clone()
    };
    for row in sink.rows(Kind::Interaction) {
        let Content::Interaction(contact) = &row.content else { panic!("{row:?}") };
        assert_eq!(contact.team, team_of(&row.agent.as_ref().unwrap().id));
    }
}

#[test]
fn names_only_people_who_are_there_and_nothing_that_lies_ahead() {
    let sink = centre(SMALL);
    assert_eq!(sink.bare().count(), 0);
    assert_eq!(sink.count(Kind::Agent), 12);
    assert_eq!(sink.count(Kind::Customer), 600 + 8);
    for kind in Kind::ALL {
        assert!(sink.count(kind) > 0, "{kind:?}");
        assert!(sink.rows(kind).all(|row| row.sort_time_ns < NOW_NS), "{kind:?}");
    }
    for row in sink.rows(Kind::Score) {
        let Content::Score(score) = &row.content else { panic!("{row:?}") };
        assert!(sink.row(Kind::Interaction, SOURCE, &score.interaction_id).is_some(), "{row:?}");
    }
}

#[test]
fn gives_every_customer_a_number_of_their_own() {
    let sink = centre(Config { customer_count: 3_000, interaction_count: 0, ..SMALL });
    let mut phones = BTreeSet::new();
    for row in sink.rows(Kind::Customer) {
        let Content::Customer(customer) = &row.content else { panic!("{row:?}") };
        let phone = &customer.phones[0];
        assert_eq!(normalise(phone, "").as_ref(), Ok(phone));
        let shared = row.source_id == "C-TOM";
        assert_eq!(phones.insert(phone.clone()), !shared, "{phone}");
    }
}

#[test]
fn scores_lower_what_went_wrong() {
    let sink = centre(Config { customer_count: 3_000, interaction_count: 9_000, ..SMALL });
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for row in sink.rows(Kind::Score) {
        let Content::Score(score) = &row.content else { panic!("{row:?}") };
        let about = sink.row(Kind::Interaction, SOURCE, &score.interaction_id).unwrap();
        let Content::Interaction(contact) = &about.content else { panic!("{about:?}") };
        if score.kind == makegood_proto::v1::ScoreKind::Recommend as i32 {
            assert!((0..=10).contains(&score.value));
            let went_wrong = contact.severity >= 3 && !contact.repeat_of.is_empty();
            if went_wrong { &mut bad } else { &mut good }.push(score.value);
        } else {
            assert!((1..=5).contains(&score.value));
        }
    }
    let mean =
        |values: &[i32]| values.iter().sum::<i32>() * 10 / i32::try_from(values.len()).unwrap();
    assert!(bad.len() > 20 && good.len() > 300, "{} {}", bad.len(), good.len());
    assert!(mean(&good) > mean(&bad) + 8, "{} {}", mean(&good), mean(&bad));
    // All three bands occur among the good ones too.
    for band in [0..=6, 7..=8, 9..=10] {
        assert!(good.iter().any(|value| band.contains(value)), "{band:?}");
    }
}

#[test]
fn tells_the_story_of_maria() {
    let sink = centre(SMALL);
    let of_maria = |kind| {
        let mut rows: Vec<_> = sink
            .rows(kind)
            .filter(|row| row.customer.as_ref().is_some_and(|it| it.id == "C-MARIA"))
            .collect();
        rows.sort_by_key(|row| row.sort_time_ns);
        rows
    };
    let scores: Vec<_> = of_maria(Kind::Score)
        .into_iter()
        .map(|row| match &row.content {
            Content::Score(it) => (it.value, it.words.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(scores.iter().map(|it| it.0).collect::<Vec<_>>(), [9, 3]);
    assert!(scores[1].1.starts_with("Third late delivery"));
    let open: Vec<_> = of_maria(Kind::Promise)
        .into_iter()
        .filter_map(|row| match &row.content {
            Content::Promise(it) if it.outcome == 0 => Some(it),
            _ => None,
        })
        .collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].text, "Refund A-118");
    assert_eq!((NOW_NS - open[0].due_ns) / DAY_NS, 9);
    assert_eq!(of_maria(Kind::Preference).len(), 2);
    assert_eq!(of_maria(Kind::Interaction).len(), 5);
}

#[test]
fn casts_customers_who_are_there_under_their_numbers() {
    let sink = centre(Config { customer_count: 0, interaction_count: 0, ..SMALL });
    let mut numbers = BTreeSet::new();
    for member in cast() {
        let phone = normalise(member.phone, "US").unwrap();
        let found: Vec<_> = sink
            .rows(Kind::Customer)
            .filter(
                |row| matches!(&row.content, Content::Customer(it) if it.phones.contains(&phone)),
            )
            .collect();
        let expected = match member.name {
            "Unknown caller" => 0,
            "Lena and Tom Berger" => 2,
            _ => 1,
        };
        assert_eq!(found.len(), expected, "{}", member.name);
        assert!(numbers.insert(phone));
    }
}

#[test]
fn goes_on_after_a_refusal_and_ends_with_a_failure() {
    struct Picky(u32);
    impl Sink for Picky {
        fn put(&mut self, row: Row) -> Result<Put, PutError> {
            self.0 -= 1;
            if self.0 == 0 {
                return Err(SinkError { message: "no space".to_owned(), cause: None }.into());
            }
            let reason = "not wanted".to_owned();
            match row.kind() {
                Kind::Purchase => Err(Reject { field: "kind".to_owned(), reason }.into()),
                _ => Ok(Put::New),
            }
        }

        fn flush(&mut self) -> Result<(), SinkError> {
            Ok(())
        }
    }
    let few = Config { customer_count: 3, interaction_count: 9, ..SMALL };
    assert!(made(&few, &mut Picky(10_000)).unwrap().rejected_count > 2);
    assert!(matches!(made(&few, &mut Picky(20)), Err(PutError::Failed(_))));
}
