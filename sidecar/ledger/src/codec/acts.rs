//! Acts as messages, and back.

use makegood_core::ledger::{
    Act, FindingRaised, KeyKind, Period, PolicyNamed, SampleDrawn, SampleMethod,
};
use makegood_core::money::{Currency, Money};
use makegood_core::time::Time;
use makegood_proto::ledger::v1 as pb;
use pb::act::Kind;

use super::decode::{
    DecodeError, Result, currency, digest, optional, parse, pid, position, present, unsigned,
};
use super::{codes, encode, people};

pub(crate) fn act(act: &Act) -> pb::Act {
    let kind = match act {
        Act::DraftPolicy(PolicyNamed { digest, name, version }) => {
            Kind::DraftPolicy(pb::PolicyNamed {
                sha256: digest.as_bytes().to_vec(),
                name: name.clone(),
                version: version.clone(),
            })
        }
        Act::PublishPolicy { digest } => Kind::PublishPolicySha256(digest.as_bytes().to_vec()),
        Act::SchedulePolicy { digest, effective_at } => Kind::SchedulePolicy(pb::SchedulePolicy {
            sha256: digest.as_bytes().to_vec(),
            effective_time_ns: effective_at.as_nanos(),
        }),
        Act::WithdrawPolicy { digest } => Kind::WithdrawPolicySha256(digest.as_bytes().to_vec()),
        Act::Pause { reason, note } => Kind::Pause(pb::Pause {
            reason: codes::pause_reason(*reason).into(),
            note_commitment: encode::digest(note.as_ref()),
        }),
        Act::Resume { note } => {
            Kind::Resume(pb::Resume { note_commitment: encode::digest(note.as_ref()) })
        }
        Act::Allocate { from, to, amount } => Kind::Allocate(pb::Allocate {
            from_pool_id: encode::text(from.as_ref()),
            to_pool_id: encode::text(to.as_ref()),
            amount_minor: amount.amount_minor,
            currency_code: amount.currency.code().to_owned(),
        }),
        Act::ClosePeriod(period) => Kind::ClosePeriod(self::period(*period)),
        Act::ReopenPeriod(period) => Kind::ReopenPeriod(self::period(*period)),
        Act::SecondReopening(period) => Kind::SecondReopening(self::period(*period)),
        Act::DigestBalances => Kind::DigestBalances(true),
        keeping => keeping_kind(keeping),
    };
    pb::Act { kind: Some(kind) }
}

/// What those who keep and review the ledger do.
fn keeping_kind(act: &Act) -> Kind {
    match act {
        Act::RotateKey { kind, key } => Kind::RotateKey(pb::RotateKey {
            kind: key_kind(*kind).into(),
            key_sha256: key.as_bytes().to_vec(),
        }),
        Act::Export { first, end, tree_size, manifest, purpose } => Kind::Export(pb::Export {
            first_position: first.cast_signed(),
            end_position: end.cast_signed(),
            tree_size: tree_size.cast_signed(),
            manifest_sha256: manifest.as_bytes().to_vec(),
            purpose: codes::export_purpose(*purpose).into(),
        }),
        about_person @ (Act::ExportSubject { .. }
        | Act::AskErasure { .. }
        | Act::EraseSubject { .. }) => people::kind(about_person),
        Act::DrawSample(sample) => Kind::DrawSample(draw_sample(sample)),
        Act::Note { spend, state, note } => Kind::Note(pb::Note {
            spend_id: spend.as_bytes().to_vec(),
            state: codes::review_state(*state).into(),
            note_commitment: encode::digest(note.as_ref()),
        }),
        Act::RaiseFinding(finding) => Kind::RaiseFinding(self::finding(finding)),
        Act::DisposeFinding { finding, disposition, note } => {
            Kind::DisposeFinding(pb::DisposeFinding {
                finding_position: finding.cast_signed(),
                disposition: codes::disposition(*disposition).into(),
                note_commitment: encode::digest(note.as_ref()),
            })
        }
        _ => unreachable!("`act` takes the others"),
    }
}

fn period(Period { start, end }: Period) -> pb::Period {
    pb::Period { start_ns: start.as_nanos(), end_ns: end.as_nanos() }
}

fn draw_sample(sample: &SampleDrawn) -> pb::DrawSample {
    let SampleDrawn { method, first, end, seed, interval, spend_count, population_count, spends } =
        sample;
    let method = match method {
        SampleMethod::Records => pb::SampleMethod::Records,
        SampleMethod::MonetaryUnit => pb::SampleMethod::MonetaryUnit,
    };
    let currency_code = interval.map(|money| money.currency.code().to_owned());
    pb::DrawSample {
        method: method.into(),
        first_position: first.cast_signed(),
        end_position: end.cast_signed(),
        seed: seed.as_bytes().to_vec(),
        currency_code: currency_code.unwrap_or_default(),
        interval_minor: interval.map_or(0, |money| money.amount_minor),
        spend_count: spend_count.cast_signed(),
        population_count: population_count.cast_signed(),
        spends_sha256: spends.as_bytes().to_vec(),
    }
}

fn finding(finding: &FindingRaised) -> pb::Finding {
    let FindingRaised { rule, rule_version, parameters, score_permille, positions, agents } =
        finding;
    pb::Finding {
        rule: rule.to_string(),
        rule_version: rule_version.cast_signed(),
        parameters_sha256: parameters.as_bytes().to_vec(),
        score_permille: score_permille.cast_signed(),
        positions: positions.iter().map(|position| position.cast_signed()).collect(),
        agent_pids: agents.iter().map(|pid| pid.as_bytes().to_vec()).collect(),
    }
}

pub(crate) fn read(act: pb::Act) -> Result<Act> {
    Ok(match present(act.kind, "act")? {
        Kind::DraftPolicy(it) => Act::DraftPolicy(PolicyNamed {
            digest: pid(&it.sha256, "sha256")?,
            name: it.name,
            version: it.version,
        }),
        Kind::PublishPolicySha256(sha256) => {
            Act::PublishPolicy { digest: pid(&sha256, "publish_policy_sha256")? }
        }
        Kind::SchedulePolicy(it) => Act::SchedulePolicy {
            digest: pid(&it.sha256, "sha256")?,
            effective_at: Time::from_nanos(it.effective_time_ns),
        },
        Kind::WithdrawPolicySha256(sha256) => {
            Act::WithdrawPolicy { digest: pid(&sha256, "withdraw_policy_sha256")? }
        }
        Kind::Pause(it) => Act::Pause {
            reason: codes::read_pause_reason(it.reason())?,
            note: digest(&it.note_commitment, "note_commitment")?,
        },
        Kind::Resume(it) => Act::Resume { note: digest(&it.note_commitment, "note_commitment")? },
        Kind::Allocate(it) => Act::Allocate {
            from: optional(&it.from_pool_id, "from_pool_id")?,
            to: optional(&it.to_pool_id, "to_pool_id")?,
            amount: Money::new(currency(&it.currency_code)?, it.amount_minor),
        },
        Kind::ClosePeriod(it) => Act::ClosePeriod(read_period(&it)),
        Kind::ReopenPeriod(it) => Act::ReopenPeriod(read_period(&it)),
        Kind::SecondReopening(it) => Act::SecondReopening(read_period(&it)),
        Kind::DigestBalances(_) => Act::DigestBalances,
        keeping => read_keeping(keeping)?,
    })
}

fn read_keeping(kind: Kind) -> Result<Act> {
    Ok(match kind {
        Kind::RotateKey(it) => Act::RotateKey {
            kind: match it.kind() {
                pb::KeyKind::Checkpoint => KeyKind::Checkpoint,
                pb::KeyKind::KeyEncryption => KeyKind::KeyEncryption,
                pb::KeyKind::Unspecified => return Err(DecodeError { field: "kind" }),
            },
            key: pid(&it.key_sha256, "key_sha256")?,
        },
        Kind::Export(it) => Act::Export {
            first: position(it.first_position, "first_position")?,
            end: position(it.end_position, "end_position")?,
            tree_size: position(it.tree_size, "tree_size")?,
            manifest: pid(&it.manifest_sha256, "manifest_sha256")?,
            purpose: codes::read_export_purpose(it.purpose())?,
        },
        Kind::ExportSubject(it) => people::read_export(&it)?,
        Kind::AskErasure(it) => people::read_asked(&it)?,
        Kind::EraseSubject(it) => people::read_erasure(&it)?,
        Kind::DrawSample(it) => Act::DrawSample(read_sample(&it)?),
        Kind::Note(it) => Act::Note {
            spend: pid(&it.spend_id, "spend_id")?,
            state: codes::read_review_state(it.state())?,
            note: digest(&it.note_commitment, "note_commitment")?,
        },
        Kind::RaiseFinding(it) => Act::RaiseFinding(Box::new(read_finding(&it)?)),
        Kind::DisposeFinding(it) => Act::DisposeFinding {
            finding: position(it.finding_position, "finding_position")?,
            disposition: codes::read_disposition(it.disposition())?,
            note: digest(&it.note_commitment, "note_commitment")?,
        },
        _ => unreachable!("`read` takes the others"),
    })
}

fn read_period(it: &pb::Period) -> Period {
    Period { start: Time::from_nanos(it.start_ns), end: Time::from_nanos(it.end_ns) }
}

fn read_sample(it: &pb::DrawSample) -> Result<SampleDrawn> {
    let in_currency = |currency: Currency| Money::new(currency, it.interval_minor);
    Ok(SampleDrawn {
        method: match it.method() {
            pb::SampleMethod::Records => SampleMethod::Records,
            pb::SampleMethod::MonetaryUnit => SampleMethod::MonetaryUnit,
            pb::SampleMethod::Unspecified => return Err(DecodeError { field: "method" }),
        },
        first: position(it.first_position, "first_position")?,
        end: position(it.end_position, "end_position")?,
        seed: pid(&it.seed, "seed")?,
        interval: match it.currency_code.as_str() {
            "" => None,
            code => Some(in_currency(currency(code)?)),
        },
        spend_count: position(it.spend_count, "spend_count")?,
        population_count: position(it.population_count, "population_count")?,
        spends: pid(&it.spends_sha256, "spends_sha256")?,
    })
}

fn read_finding(it: &pb::Finding) -> Result<FindingRaised> {
    Ok(FindingRaised {
        rule: parse(&it.rule, "rule")?,
        rule_version: unsigned(it.rule_version, "rule_version")?,
        parameters: pid(&it.parameters_sha256, "parameters_sha256")?,
        score_permille: unsigned(it.score_permille, "score_permille")?,
        positions: it
            .positions
            .iter()
            .map(|at| position(*at, "positions"))
            .collect::<Result<_>>()?,
        agents: it
            .agent_pids
            .iter()
            .map(|agent| pid(agent, "agent_pids"))
            .collect::<Result<_>>()?,
    })
}

fn key_kind(kind: KeyKind) -> pb::KeyKind {
    match kind {
        KeyKind::Checkpoint => pb::KeyKind::Checkpoint,
        KeyKind::KeyEncryption => pb::KeyKind::KeyEncryption,
    }
}
