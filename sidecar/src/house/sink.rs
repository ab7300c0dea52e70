//! Takes imported rows into the house: names people by pseudonyms, seals and writes.
//!
//! Whether a row is new is known from an index of what is there, [`Known`]. It is complete where the
//! house was empty; where it was not, the read model is asked row by row, and once many were asked
//! for, the index is read from the journal. From some number of rows on the read model rests and
//! reads them all together afterwards.

mod contents;
mod feed;
mod known;

use makegood_proto::records::v1::{Envelope, RecordKind};

use super::{House, HouseError};
use crate::import::rows::{Content, Put, PutError, Ref, Reject, Row, Sink, SinkError};
use crate::ledger::writer::{BATCH_BYTES, record_bytes};
use crate::read_model::Bulk;
use crate::records::{self, Draft};
use crate::vault::Pid;
use feed::Feed;
use known::{Known, RecordId, content};
use makegood_ledger::journal::reader::Reader;

/// Rows that are written as one batch. More no longer gain.
const ROWS_PER_BATCH: usize = 2_048;

/// When the sink changes its way of working.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// After how many written rows the read model rests.
    bulk_after: u64,
    /// After how many rows that were looked for in the read model the journal is read instead.
    scan_after: u64,
    /// The most records of which the index knows; about 450 MB.
    records_max: usize,
    /// The most people of whom it knows; about 130 MB.
    people_max: usize,
}

const LIMITS: Limits = Limits {
    bulk_after: 50_000,
    scan_after: 50_000,
    records_max: 28_000_000,
    people_max: 3_600_000,
};

/// Writes rows through the house's writer, many at a time.
///
/// While it lives, what it wrote may be away from the read model; afterwards
/// [`House::wait_for_history`] waits for it.
pub struct HouseSink<'a> {
    house: &'a House,
    limits: Limits,
    waiting: Vec<Draft>,
    waiting_bytes: usize,
    known: Known,
    /// Whether a record that is not known is not there.
    knows_all: bool,
    looked_up_count: u64,
    written_count: u64,
    feed: Option<Feed<'a>>,
    bulk: Option<Bulk>,
}

/// A row on its way: whose it is, and under which id.
struct Place {
    kind: RecordKind,
    record_id: RecordId,
    subject: Pid,
}

impl<'a> HouseSink<'a> {
    /// A sink into a house whose read model is ready.
    pub fn new(house: &'a House) -> Self {
        Self::with_limits(house, LIMITS)
    }

    fn with_limits(house: &'a House, limits: Limits) -> Self {
        Self {
            house,
            limits,
            waiting: Vec::new(),
            waiting_bytes: 0,
            known: Known::default(),
            knows_all: !house.has_records(),
            looked_up_count: 0,
            written_count: 0,
            feed: None,
            bulk: None,
        }
    }

    /// The pseudonym of a person; one who has no record of their own gets a bare one.
    fn person(&mut self, kind: RecordKind, who: &Ref) -> Result<Pid, PutError> {
        let record_id = self.record_id(kind, &who.source, &who.id);
        if let Some(pid) = self.stored_person(&record_id)? {
            return Ok(pid);
        }
        let subject = self.create_subject()?;
        let mut draft = Place { kind, record_id, subject }.draft(0);
        contents::fill_bare(&mut draft, &self.house.shared.vault.read(), who);
        let hash = self.content_hash(&draft)?;
        self.write(draft, hash)?;
        Ok(subject)
    }

    fn record_id(&self, kind: RecordKind, source: &str, id: &str) -> RecordId {
        self.house.shared.vault.read().record_id(kind.into(), source, id)
    }

    /// What a record says, if it is there.
    fn stored(&mut self, record_id: &RecordId) -> Result<Option<known::Content>, SinkError> {
        if self.known.content(record_id).is_none() && !self.knows_all {
            self.look_up(record_id)?;
        }
        Ok(self.known.content(record_id))
    }

    /// Whose record it is, if a person's own is there.
    fn stored_person(&mut self, record_id: &RecordId) -> Result<Option<Pid>, SinkError> {
        if self.known.person(record_id).is_none() && !self.knows_all {
            self.look_up(record_id)?;
        }
        Ok(self.known.person(record_id))
    }

    /// Looks for a record where the index does not have it.
    fn look_up(&mut self, record_id: &RecordId) -> Result<(), SinkError> {
        let fits = self.house.shared.state.record_count() <= self.limits.records_max as u64;
        if self.looked_up_count >= self.limits.scan_after && fits {
            return self.read_journal();
        }
        self.looked_up_count += 1;
        if let Some(envelope) = self.house.shared.read_model.record(record_id).map_err(failed)? {
            self.learn(&envelope)?;
        }
        Ok(())
    }

    /// Reads everything that is there into the index.
    fn read_journal(&mut self) -> Result<(), SinkError> {
        self.submit()?;
        self.feed.as_ref().map_or(Ok(()), Feed::flush).map_err(failed)?;
        let reader = Reader::open(&self.house.folder().join("records")).map_err(failed)?;
        for record in reader.iter_from(0) {
            let record = record.map_err(failed)?;
            let envelope = records::decode(&record.payload).map_err(failed)?;
            self.learn(&envelope)?;
        }
        self.knows_all = true;
        Ok(())
    }

    fn learn(&mut self, envelope: &Envelope) -> Result<(), SinkError> {
        // Who was erased and comes again is somebody new.
        if self.house.shared.erased.contains(&envelope.subject_pid) {
            return Ok(());
        }
        // Ids of another length are of no record of ours.
        let Ok(record_id) = RecordId::try_from(envelope.record_id.as_slice()) else {
            return Ok(());
        };
        self.known.add(&record_id, content(&envelope.content_hash));
        if matches!(envelope.kind(), RecordKind::Customer | RecordKind::Agent) {
            let pid = records::subject(envelope).map_err(failed)?;
            self.known.add_person(&record_id, pid);
        }
        Ok(())
    }

    fn create_subject(&self) -> Result<Pid, SinkError> {
        self.house.shared.vault.read().create_subject().map_err(failed)
    }

    fn content_hash(&self, draft: &Draft) -> Result<known::Content, SinkError> {
        let vault = self.house.shared.vault.read();
        let hash = vault.content_hash(&draft.subject, &draft.content).map_err(failed)?;
        Ok(content(&hash))
    }

    fn write(&mut self, draft: Draft, hash: known::Content) -> Result<(), SinkError> {
        let bytes = record_bytes(&draft);
        if self.waiting_bytes + bytes > BATCH_BYTES {
            self.submit()?;
        }
        self.make_room()?;
        self.known.add(&draft.record_id, hash);
        if matches!(draft.kind, RecordKind::Customer | RecordKind::Agent) {
            self.known.add_person(&draft.record_id, draft.subject);
        }
        self.waiting_bytes += bytes;
        self.waiting.push(draft);
        self.written_count += 1;
        if self.bulk.is_none() && self.written_count >= self.limits.bulk_after {
            self.bulk = Some(self.house.shared.read_model.begin_bulk());
        }
        if self.waiting.len() >= ROWS_PER_BATCH {
            self.submit()?;
        }
        Ok(())
    }

    /// Forgets what is known where it is too much: once the read model has everything, it can be
    /// asked.
    fn make_room(&mut self) -> Result<(), SinkError> {
        let Limits { records_max, people_max, .. } = self.limits;
        if self.known.record_count() < records_max && self.known.person_count() < people_max {
            return Ok(());
        }
        self.flush()?;
        self.known = Known::default();
        self.knows_all = false;
        self.looked_up_count = 0;
        self.bulk = None;
        self.written_count = 0;
        self.house.wait_for_history(|_| {}).map_err(failed)
    }

    /// Hands what waits to the writer.
    fn submit(&mut self) -> Result<(), SinkError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let records = std::mem::replace(&mut self.waiting, Vec::with_capacity(ROWS_PER_BATCH));
        self.waiting_bytes = 0;
        let feed = match self.feed.take() {
            Some(feed) => feed,
            None => Feed::start(self.house).map_err(failed)?,
        };
        self.feed.insert(feed).send(records).map_err(failed)
    }

    /// The pseudonyms of those whom the row names.
    fn people_of(&mut self, row: &Row) -> Result<(Option<Pid>, Option<Pid>), PutError> {
        let mut find =
            |kind, who: &Option<Ref>| who.as_ref().map(|who| self.person(kind, who)).transpose();
        Ok((find(RecordKind::Customer, &row.customer)?, find(RecordKind::Agent, &row.agent)?))
    }

    /// Under whose key the row is sealed.
    fn subject(
        &mut self,
        row: &Row,
        record_id: &RecordId,
        people: (Option<Pid>, Option<Pid>),
    ) -> Result<Pid, PutError> {
        if matches!(row.content, Content::Customer(_) | Content::Agent(_)) {
            return match self.stored_person(record_id)? {
                Some(pid) => Ok(pid),
                None => Ok(self.create_subject()?),
            };
        }
        people.0.or(people.1).ok_or_else(|| {
            PutError::Rejected(Reject {
                field: row.kind().name().to_owned(),
                reason: "names neither a customer nor an agent; map at least one".to_owned(),
            })
        })
    }
}

impl Sink for HouseSink<'_> {
    fn put(&mut self, row: Row) -> Result<Put, PutError> {
        let kind = contents::record_kind(&row.content);
        let (customer, agent) = self.people_of(&row)?;
        let record_id = self.record_id(kind, &row.source, &row.source_id);
        let subject = self.subject(&row, &record_id, (customer, agent))?;
        let mut draft = Place { kind, record_id, subject }.draft(row.sort_time_ns);
        let field = row.kind().name();
        {
            let vault = self.house.shared.vault.read();
            contents::find_by(&mut draft, &vault, &row);
            draft.content = contents::encode(row, &vault, (customer, agent));
        }
        contents::check_size(&draft, field)?;
        // The hash is keyed by the subject, so that it tells another subject too.
        let hash = self.content_hash(&draft)?;
        let put = match self.stored(&record_id)? {
            Some(before) if before == hash => return Ok(Put::Same),
            Some(_) => Put::Changed,
            None => Put::New,
        };
        self.write(draft, hash)?;
        Ok(put)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.submit()?;
        self.feed.as_ref().map_or(Ok(()), Feed::flush).map_err(failed)
    }
}

impl Place {
    /// A record there that says nothing yet.
    fn draft(self, sort_time_ns: i64) -> Draft {
        let Self { kind, record_id, subject } = self;
        let (index_terms, content) = (Vec::new(), Vec::new());
        Draft { kind, subject, record_id, sort_time_ns, index_terms, content }
    }
}

impl House {
    /// Waits until history can be read; `report` is told now and then how far it is.
    ///
    /// # Errors
    /// [`HouseError::Rebuilding`] when it is not there after ten minutes without progress.
    pub fn wait_for_history(
        &self,
        mut report: impl FnMut(crate::read_model::Progress),
    ) -> Result<(), HouseError> {
        use crate::read_model::{Progress, Rebuilding};
        const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(20);
        const PATIENCE: u32 = 10 * 60 * 50;
        let mut last = None;
        let mut without_progress = 0;
        while without_progress < PATIENCE {
            let progress = self.progress();
            if progress == Progress::Ready {
                return Ok(());
            }
            without_progress = if last == Some(progress) { without_progress + 1 } else { 0 };
            last = Some(progress);
            report(progress);
            std::thread::sleep(LOOK_EVERY);
        }
        Err(HouseError::Rebuilding(Rebuilding))
    }
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SinkError {
    SinkError { message: error.to_string(), cause: Some(Box::new(error)) }
}

#[cfg(test)]
mod tests;
