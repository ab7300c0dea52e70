//! Nothing is told of who was erased, and nothing of them is left in the engine.

use makegood_core::ids::{CustomerPid, Digest};
use makegood_core::ledger::{
    Act, Entry, EntryBody, ErasureBasis, Overlay, Person, RULES_VERSION, apply,
};
use makegood_core::time::Time;

use super::super::work::Sizes;
use super::*;
use crate::ledger::writer::system;
use makegood_ledger::codec;
use makegood_ledger::journal::frame::leaf_hash;

impl Bench {
    /// Erases somebody as the writer would.
    fn erase(&mut self, ledger: &mut Journal, model: Option<&ReadModel>, pid: Pid) {
        let position = self.state.entry_count();
        let subject = Person::Customer(CustomerPid::from_bytes(pid));
        let act = Act::EraseSubject { subject, basis: ErasureBasis::Request, asked: None };
        let entry = Entry {
            position,
            at: Time::from_nanos(1 + position.cast_signed()),
            caller: system(),
            policy: Digest::from_bytes([0; 32]),
            rules_version: RULES_VERSION,
            currency: None,
            effective_at: None,
            is_post_close: false,
            trace: Vec::new(),
            postings: Vec::new(),
            body: EntryBody::Act { request: None, act, balances: None },
        };
        let payload = codec::encode(&entry, true);
        ledger.append(&[&payload]).unwrap();
        self.vault.forget([(pid, position)]);
        let changes = {
            let rows = self.state.rows();
            let mut overlay = Overlay::new(&*rows);
            apply(&mut overlay, &entry);
            overlay.into_changes()
        };
        self.state.publish(changes, &[leaf_hash(&payload)], self.state.record_count());
        if let Some(model) = model {
            model.forget(&pid);
        }
    }

    fn ledger(&self) -> Journal {
        Journal::open(&self.folder.path().join("ledger"), Config::default()).unwrap().0
    }

    /// Everything in the engine that has one of these in its key or value, once it is at rest.
    fn left_of(&self, projector: Projector, needles: &[Vec<u8>]) -> usize {
        let model = projector.model();
        until("projected", || model.has_read(self.state.entry_count() - 1));
        let engine = model.engine.read().clone().unwrap();
        projector.stop();
        let has = |bytes: &[u8]| {
            needles.iter().any(|needle| bytes.windows(needle.len()).any(|it| it == needle))
        };
        let all = items(engine.as_ref());
        all.iter().filter(|(key, value)| has(key) || has(value)).count()
    }
}

/// What tells of a record: whose it is, which, and by what they are found.
fn needles(envelope: &Envelope) -> Vec<Vec<u8>> {
    let terms = envelope.index_terms.iter().map(|term| term.hash.clone());
    [envelope.subject_pid.clone(), envelope.record_id.clone()].into_iter().chain(terms).collect()
}

fn nobody_is_found(bench: &Bench, model: &ReadModel, gone: &Envelope, phone: &str) {
    let pid = records::subject(gone).unwrap();
    let id = gone.record_id.as_slice().try_into().unwrap();
    assert_eq!(bench.names(model, &pid), Vec::<String>::new());
    assert_eq!(model.gestures_of(&pid, 9), Ok(Vec::new()));
    assert_eq!(model.record(&id), Ok(None));
    assert_eq!(bench.find(model, phone), Ok(Vec::new()));
}

#[test]
fn forgets_at_once_and_deletes_soon() {
    for is_projected in [false, true] {
        let mut bench = Bench::new();
        let mut ledger = bench.ledger();
        let [gone, stays] = [(); 2].map(|()| bench.vault.create_subject().unwrap());
        let projector = bench.start();
        let model = projector.model();
        until("ready", || model.progress() == Progress::Ready);
        let written = bench.write_found_by(Some(&model), gone, ("c-1", "Maria"), "+1");
        bench.write_found_by(Some(&model), stays, ("c-2", "Noor"), "+2");
        model.accept_gesture(&gone, 5, &[1; 16], 0);
        if is_projected {
            until("projected", || model.pending.read().len() == 0);
        }
        bench.erase(&mut ledger, Some(&model), gone);
        nobody_is_found(&bench, &model, &written, "+1");
        assert_eq!(bench.names(&model, &stays), ["Noor"]);
        until("deleted", || model.has_read(0));
        nobody_is_found(&bench, &model, &written, "+1");
        assert_eq!(bench.names(&model, &stays), ["Noor"]);
        assert_eq!(bench.find(&model, "+2"), Ok(vec![stays]));
        assert_eq!(bench.left_of(projector, &needles(&written)), 0, "{is_projected}");
    }
}

#[test]
fn a_rebuild_and_a_load_leave_out_who_was_erased() {
    for load_from in [1, u64::MAX] {
        let mut bench = Bench::new();
        let mut ledger = bench.ledger();
        let [gone, stays] = [(); 2].map(|()| bench.vault.create_subject().unwrap());
        let written = bench.write_found_by(None, gone, ("c-1", "Maria"), "+1");
        bench.write_found_by(None, stays, ("c-2", "Noor"), "+2");
        let start = |bench: &Bench| {
            let sizes = Sizes { load_from, records_per_part: 1 };
            let state = Arc::clone(&bench.state);
            let projector = Projector::start_with(bench.sources(|| {}), state, sizes);
            let model = projector.model();
            until("ready", || model.progress() == Progress::Ready);
            (projector, model)
        };
        // The entry is read by a projector that has the person, and then by one that begins anew.
        let (projector, model) = start(&bench);
        assert_eq!(bench.names(&model, &gone), ["Maria"]);
        projector.stop();
        bench.erase(&mut ledger, None, gone);
        for what in ["read on", "rebuilt"] {
            let (projector, model) = start(&bench);
            nobody_is_found(&bench, &model, &written, "+1");
            assert_eq!(bench.names(&model, &stays), ["Noor"], "{what}");
            assert_eq!(bench.left_of(projector, &needles(&written)), 0, "{load_from}: {what}");
            std::fs::remove_dir_all(bench.engine()).unwrap();
        }
    }
}

#[test]
fn a_record_that_somebody_else_has_by_now_stays() {
    let mut bench = Bench::new();
    let mut ledger = bench.ledger();
    let [gone, stays] = [(); 2].map(|()| bench.vault.create_subject().unwrap());
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    let written = bench.write_found_by(Some(&model), gone, ("c-1", "Maria"), "+1");
    bench.erase(&mut ledger, Some(&model), gone);
    // Brought in again, under a pseudonym of their own.
    let again = bench.write_found_by(Some(&model), stays, ("c-1", "Maria"), "+1");
    assert_eq!(written.record_id, again.record_id);
    until("deleted", || model.has_read(0) && model.pending.read().len() == 0);
    assert_eq!(bench.names(&model, &gone), Vec::<String>::new());
    assert_eq!(bench.names(&model, &stays), ["Maria"]);
    assert_eq!(bench.find(&model, "+1"), Ok(vec![stays]));
    assert_eq!(model.record(&again.record_id.clone().try_into().unwrap()), Ok(Some(again)));
    let gone_pid = vec![gone.to_vec()];
    assert_eq!(bench.left_of(projector, &gone_pid), 0);
}

#[test]
fn an_engine_that_was_set_aside_goes_with_who_was_erased() {
    let mut bench = Bench::new();
    let mut ledger = bench.ledger();
    let gone = bench.vault.create_subject().unwrap();
    let aside = bench.engine().with_extension("damaged");
    std::fs::create_dir(&aside).unwrap();
    let projector = bench.start();
    let model = projector.model();
    until("ready", || model.progress() == Progress::Ready);
    assert!(aside.try_exists().unwrap());
    bench.erase(&mut ledger, Some(&model), gone);
    until("deleted", || model.has_read(0));
    assert!(!aside.try_exists().unwrap());
    projector.stop();
}
