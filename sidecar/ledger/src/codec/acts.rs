//! Acts as messages, and back.

use makegood_core::ledger::{
    Act, Disposition, ErasureBasis, FindingRaised, KeyKind, PauseReason, Period, Person,
    PolicyNamed, ReviewState, SampleDrawn, SampleMethod,
};
use makegood_core::money::{Currency, Money};
use makegood_core::time::Time;
use makegood_proto::ledger::v1 as pb;
use pb::act::Kind;

use super::decode::{
    DecodeError, Result, currency, digest, optional, parse, pid, position, present, unsigned,
};
use super::encode;

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
            reason: pause_reason(*reason).into(),
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
        Act::Export { first, end, tree_size, manifest } => Kind::Export(pb::Export {
            first_position: first.cast_signed(),
            end_position: end.cast_signed(),
            tree_size: tree_size.cast_signed(),
            manifest_sha256: manifest.as_bytes().to_vec(),
        }),
        Act::EraseSubject { subject, basis } => Kind::EraseSubject(erase_subject(*subject, *basis)),
        Act::DrawSample(sample) => Kind::DrawSample(draw_sample(sample)),
        Act::Note { spend, state, note } => Kind::Note(pb::Note {
            spend_id: spend.as_bytes().to_vec(),
            state: review_state(*state).into(),
            note_commitment: encode::digest(note.as_ref()),
        }),
        Act::RaiseFinding(finding) => Kind::RaiseFinding(self::finding(finding)),
        Act::DisposeFinding { finding, disposition, note } => {
            Kind::DisposeFinding(pb::DisposeFinding {
                finding_position: finding.cast_signed(),
                disposition: self::disposition(*disposition).into(),
                note_commitment: encode::digest(note.as_ref()),
            })
        }
        _ => unreachable!("`act` takes the others"),
    }
}

fn period(Period { start, end }: Period) -> pb::Period {
    pb::Period { start_ns: start.as_nanos(), end_ns: end.as_nanos() }
}

fn erase_subject(subject: Person, basis: ErasureBasis) -> pb::EraseSubject {
    let (customer_pid, agent_pid) = match subject {
        Person::Customer(pid) => (pid.as_bytes().to_vec(), Vec::new()),
        Person::Agent(pid) => (Vec::new(), pid.as_bytes().to_vec()),
    };
    let basis = match basis {
        ErasureBasis::Request => pb::ErasureBasis::Request,
        ErasureBasis::Retention => pb::ErasureBasis::Retention,
        ErasureBasis::Order => pb::ErasureBasis::Order,
        ErasureBasis::Consent => pb::ErasureBasis::Consent,
    };
    pb::EraseSubject { customer_pid, basis: basis.into(), agent_pid }
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
            reason: read_pause_reason(it.reason())?,
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
        },
        Kind::EraseSubject(it) => read_erasure(&it)?,
        Kind::DrawSample(it) => Act::DrawSample(read_sample(&it)?),
        Kind::Note(it) => Act::Note {
            spend: pid(&it.spend_id, "spend_id")?,
            state: read_review_state(it.state())?,
            note: digest(&it.note_commitment, "note_commitment")?,
        },
        Kind::RaiseFinding(it) => Act::RaiseFinding(Box::new(read_finding(&it)?)),
        Kind::DisposeFinding(it) => Act::DisposeFinding {
            finding: position(it.finding_position, "finding_position")?,
            disposition: match it.disposition() {
                pb::Disposition::Dismissed => Disposition::Dismissed,
                pb::Disposition::Confirmed => Disposition::Confirmed,
                pb::Disposition::Escalated => Disposition::Escalated,
                pb::Disposition::Unspecified => return Err(DecodeError { field: "disposition" }),
            },
            note: digest(&it.note_commitment, "note_commitment")?,
        },
        _ => unreachable!("`read` takes the others"),
    })
}

fn read_period(it: &pb::Period) -> Period {
    Period { start: Time::from_nanos(it.start_ns), end: Time::from_nanos(it.end_ns) }
}

fn read_erasure(it: &pb::EraseSubject) -> Result<Act> {
    let subject = if it.agent_pid.is_empty() {
        Person::Customer(pid(&it.customer_pid, "customer_pid")?)
    } else {
        Person::Agent(pid(&it.agent_pid, "agent_pid")?)
    };
    let basis = match it.basis() {
        pb::ErasureBasis::Request => ErasureBasis::Request,
        pb::ErasureBasis::Retention => ErasureBasis::Retention,
        pb::ErasureBasis::Order => ErasureBasis::Order,
        pb::ErasureBasis::Consent => ErasureBasis::Consent,
        pb::ErasureBasis::Unspecified => return Err(DecodeError { field: "basis" }),
    };
    Ok(Act::EraseSubject { subject, basis })
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

pub(super) fn pause_reason(reason: PauseReason) -> pb::PauseReason {
    match reason {
        PauseReason::Budget => pb::PauseReason::Budget,
        PauseReason::Fraud => pb::PauseReason::Fraud,
        PauseReason::System => pb::PauseReason::System,
        PauseReason::Policy => pb::PauseReason::Policy,
        PauseReason::Other => pb::PauseReason::Other,
    }
}

pub(super) fn read_pause_reason(reason: pb::PauseReason) -> Result<PauseReason> {
    match reason {
        pb::PauseReason::Budget => Ok(PauseReason::Budget),
        pb::PauseReason::Fraud => Ok(PauseReason::Fraud),
        pb::PauseReason::System => Ok(PauseReason::System),
        pb::PauseReason::Policy => Ok(PauseReason::Policy),
        pb::PauseReason::Other => Ok(PauseReason::Other),
        pb::PauseReason::Unspecified => Err(DecodeError { field: "reason" }),
    }
}

fn key_kind(kind: KeyKind) -> pb::KeyKind {
    match kind {
        KeyKind::Checkpoint => pb::KeyKind::Checkpoint,
        KeyKind::KeyEncryption => pb::KeyKind::KeyEncryption,
    }
}

fn review_state(state: ReviewState) -> pb::ReviewState {
    match state {
        ReviewState::Noted => pb::ReviewState::Noted,
        ReviewState::Questioned => pb::ReviewState::Questioned,
        ReviewState::Answered => pb::ReviewState::Answered,
        ReviewState::Escalated => pb::ReviewState::Escalated,
        ReviewState::Cleared => pb::ReviewState::Cleared,
        ReviewState::Praised => pb::ReviewState::Praised,
    }
}

fn read_review_state(state: pb::ReviewState) -> Result<ReviewState> {
    match state {
        pb::ReviewState::Noted => Ok(ReviewState::Noted),
        pb::ReviewState::Questioned => Ok(ReviewState::Questioned),
        pb::ReviewState::Answered => Ok(ReviewState::Answered),
        pb::ReviewState::Escalated => Ok(ReviewState::Escalated),
        pb::ReviewState::Cleared => Ok(ReviewState::Cleared),
        pb::ReviewState::Praised => Ok(ReviewState::Praised),
        pb::ReviewState::Unspecified => Err(DecodeError { field: "state" }),
    }
}

fn disposition(disposition: Disposition) -> pb::Disposition {
    match disposition {
        Disposition::Dismissed => pb::Disposition::Dismissed,
        Disposition::Confirmed => pb::Disposition::Confirmed,
        Disposition::Escalated => pb::Disposition::Escalated,
    }
}
