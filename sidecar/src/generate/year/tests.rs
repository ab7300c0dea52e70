//! What a generated year is like.

use std::collections::{BTreeMap, BTreeSet};

use makegood_core::ledger::{Entry, EntryBody, Side};
use makegood_ledger::codec;

use super::*;

fn small(seed: u64) -> (Vec<Entry>, Truth) {
    let mut entries = Vec::new();
    let truth = year(&YearConfig::small(seed), &mut |entry| entries.push(entry));
    (entries, truth)
}

#[test]
fn is_the_same_from_the_same_seed() {
    let (first, truth) = small(1);
    let (second, same_truth) = small(1);
    assert_eq!(first, second);
    assert_eq!(truth, same_truth);
    assert_ne!(first, small(2).0);
}

#[test]
fn entries_are_shaped_as_a_ledger_has_them() {
    let (entries, truth) = small(3);
    assert_eq!(entries.len() as u64, truth.entry_count);
    let mut last = None;
    for (position, entry) in (0_u64..).zip(&entries) {
        assert_eq!(entry.position, position);
        assert!(last < Some(entry.at), "time goes on at {position}");
        last = Some(entry.at);
        let sum = |side: Side| -> i64 {
            let of_side = entry.postings.iter().filter(|line| line.side == side);
            of_side.map(|line| line.amount_minor).sum()
        };
        assert_eq!(sum(Side::Debit), sum(Side::Credit), "entry {position} balances");
        for trace in &entry.trace {
            let room = trace.cap_minor + trace.granted_minor;
            assert!((0..=room).contains(&trace.after_minor), "{trace:?} at {position}");
        }
        let stored = codec::encode(entry, false);
        assert_eq!(codec::decode(&stored).as_ref(), Ok(entry), "entry {position} can be stored");
    }
}

#[test]
fn holds_are_resolved_once_and_for_what_they_hold() {
    let (entries, _) = small(1);
    let mut held = BTreeMap::new();
    for entry in &entries {
        let Some(spend) = entry.body.spend() else { continue };
        match &entry.body {
            EntryBody::Reserved { request, .. } => {
                assert_eq!(held.insert(spend, request.amount.amount_minor), None);
            }
            EntryBody::ConsultApproved { approved_minor, .. } => {
                assert!(held.insert(spend, *approved_minor) < Some(*approved_minor));
            }
            EntryBody::Committed { amount_minor: minor, .. }
            | EntryBody::Voided { released_minor: minor, .. }
            | EntryBody::Expired { released_minor: minor, .. } => {
                assert_eq!(held.remove(&spend), Some(*minor), "entry {}", entry.position);
            }
            _ => {}
        }
    }
    assert!(held.is_empty(), "{} holds are left", held.len());
}

#[test]
fn plants_every_pattern_with_its_entries() {
    let (entries, truth) = small(2);
    for pattern in Pattern::ALL {
        let plants: Vec<_> = truth.plants.iter().filter(|it| it.pattern == pattern).collect();
        assert!(plants.len() >= 2, "{} is planted", pattern.code());
        for plant in plants {
            assert!(plant.positions.len() >= 2, "{plant:?}");
            assert!(plant.positions.is_sorted());
            let callers: BTreeSet<_> = plant
                .positions
                .iter()
                .map(|at| entries[usize::try_from(*at).unwrap()].caller.agent)
                .collect();
            assert!(callers.contains(&plant.agents[0]), "{plant:?}");
        }
    }
    let planted: BTreeSet<_> = truth.plants.iter().flat_map(|it| &it.positions).collect();
    let all: usize = truth.plants.iter().map(|it| it.positions.len()).sum();
    assert_eq!(planted.len(), all, "no entry belongs to two plants");
}

#[test]
fn has_the_shape_of_a_working_house() {
    let (entries, truth) = small(1);
    let share = |kind: &str| {
        let count = entries.iter().filter(|entry| entry.body.kind() == kind).count();
        count * 1_000 / entries.len()
    };
    assert!((45_000..56_000).contains(&truth.entry_count), "{}", truth.entry_count);
    let shares: Vec<_> = ["COMMITTED", "VOIDED", "EXPIRED", "REVERSED", "REFUSED", "CONSULT_ASKED"]
        .map(|kind| (kind, share(kind)))
        .into();
    let within = [(400, 500), (5, 20), (1, 5), (4, 20), (0, 10), (2, 20)];
    for ((kind, share), (least, most)) in shares.iter().zip(within) {
        assert!((least..=most).contains(share), "{kind}: {shares:?}");
    }
}

#[test]
fn rules_find_what_was_planted_and_little_else() {
    let verdict = judge::Verdict::of(judge::JUDGING_SEEDS.map(YearConfig::small));
    assert!(verdict.least_recall_permille() >= 950, "{:#?}", verdict.scores);
    assert!(verdict.least_precision_permille() >= 800, "{:#?}", verdict.scores);
    assert!(verdict.false_per_million() <= 1_000, "{:?}", verdict.false_by_rule);
}
