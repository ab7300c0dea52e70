//! The rows that an importer or the generator brings in, and the port that takes them.

use makegood_proto::records::v1 as records;

/// A record on its way in.
///
/// People are named by their ids in the source: pseudonyms belong to the sink, which fills the
/// `*_pid` fields of the content; they are empty here.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The system or data set, for example `crm`; 1 to 64 bytes.
    pub source: String,
    /// The record's id there; 1 to 128 bytes. Together with the source and the kind it names the
    /// record: the same three again are another version of it.
    pub source_id: String,
    /// The customer it is about. Absent in [`Content::Customer`] and [`Content::Agent`], and where
    /// the source knows none.
    pub customer: Option<Ref>,
    /// The employee who handled, promised or did it. Absent in [`Content::Customer`] and
    /// [`Content::Agent`].
    pub agent: Option<Ref>,
    /// What it says. Its `origin` repeats the source and the id.
    pub content: Content,
    /// Where it stands in a timeline, in nanoseconds since the Unix epoch; 0 for people. The same
    /// for every version of a record that is written by the same mapping.
    pub sort_time_ns: i64,
}

/// A person, named by an id of the source.
///
/// A row may name somebody who has no row of their own, or none yet: the sink then creates a bare
/// customer or agent, whose name is the id, and the later row completes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ref {
    /// The system that gave the id.
    pub source: String,
    /// The id there.
    pub id: String,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A customer: the phones, mails and account numbers by which the sink indexes it are inside,
    /// phones in E.164 and mails in lower case. Its id in the CRM is the row's source id.
    Customer(records::Customer),
    /// An employee. The host's id is the row's source id.
    Agent(records::Agent),
    /// A contact. The host's id is the row's source id.
    Interaction(records::Interaction),
    /// What a customer said.
    Score(records::Score),
    /// Something to remember about a customer.
    Preference(records::Preference),
    /// A commitment; the row's agent owns it.
    Promise(records::Promise),
    /// Something done for the customer's good; the row's agent did it.
    Action(records::AdvocacyAction),
    /// A purchase.
    Purchase(records::Purchase),
}

/// What a row is, in the order in which reports list it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A customer.
    Customer,
    /// An employee.
    Agent,
    /// A contact.
    Interaction,
    /// What a customer said.
    Score,
    /// Something to remember.
    Preference,
    /// A commitment.
    Promise,
    /// Something done for the customer's good.
    Action,
    /// A purchase.
    Purchase,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The record was not there.
    New,
    /// The record was there and says something else now.
    Changed,
    /// The record was there and says the same; nothing was written.
    Same,
}

/// Why a row was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The row is at fault; it alone is lost.
    #[error(transparent)]
    Rejected(#[from] Reject),
    /// The store is at fault; the run ends.
    #[error(transparent)]
    Failed(#[from] SinkError),
}

/// A row that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Reject {
    /// The field at fault, in the words of the mapping, for example `interaction.start`.
    pub field: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// The store behind the sink failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot store the rows: {message}")]
pub struct SinkError {
    /// What failed.
    pub message: String,
    /// The cause, if the store knows one.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Takes rows in; the store behind an import.
///
/// Rows arrive in any order. Later rows see the effect of earlier ones, flushed or not.
pub trait Sink {
    /// Takes one row.
    ///
    /// # Errors
    /// [`PutError::Rejected`] if this row cannot be taken, after which the sink goes on;
    /// [`PutError::Failed`] if the store cannot go on.
    fn put(&mut self, row: Row) -> Result<Put, PutError>;

    /// Makes durable what was put since the last flush. A run flushes from time to time, and once
    /// at its end; rows that were not flushed may be lost by a crash and come again with the next
    /// import.
    ///
    /// # Errors
    /// If the store cannot make the rows durable.
    fn flush(&mut self) -> Result<(), SinkError>;
}

// === impl Row ===

impl Row {
    /// A row that names nobody. Writes the origin into the content, so that the two agree.
    pub fn new(source: &str, source_id: &str, sort_time_ns: i64, content: Content) -> Self {
        let mut content = content;
        *content.origin_mut() =
            Some(records::Origin { source: source.to_owned(), source_id: source_id.to_owned() });
        Self {
            source: source.to_owned(),
            source_id: source_id.to_owned(),
            customer: None,
            agent: None,
            content,
            sort_time_ns,
        }
    }

    /// Names the customer by an id of the row's own source.
    #[must_use]
    pub fn with_customer(mut self, id: &str) -> Self {
        self.customer = Some(Ref { source: self.source.clone(), id: id.to_owned() });
        self
    }

    /// Names the employee by an id of the row's own source.
    #[must_use]
    pub fn with_agent(mut self, id: &str) -> Self {
        self.agent = Some(Ref { source: self.source.clone(), id: id.to_owned() });
        self
    }

    /// What the row is.
    pub fn kind(&self) -> Kind {
        self.content.kind()
    }
}

// === impl Content ===

impl Content {
    /// What the content is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Customer(_) => Kind::Customer,
            Self::Agent(_) => Kind::Agent,
            Self::Interaction(_) => Kind::Interaction,
            Self::Score(_) => Kind::Score,
            Self::Preference(_) => Kind::Preference,
            Self::Promise(_) => Kind::Promise,
            Self::Action(_) => Kind::Action,
            Self::Purchase(_) => Kind::Purchase,
        }
    }

    /// Where the content comes from.
    pub fn origin_mut(&mut self) -> &mut Option<records::Origin> {
        match self {
            Self::Customer(it) => &mut it.origin,
            Self::Agent(it) => &mut it.origin,
            Self::Interaction(it) => &mut it.origin,
            Self::Score(it) => &mut it.origin,
            Self::Preference(it) => &mut it.origin,
            Self::Promise(it) => &mut it.origin,
            Self::Action(it) => &mut it.origin,
            Self::Purchase(it) => &mut it.origin,
        }
    }
}

// === impl Kind ===

impl Kind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Customer,
        Self::Agent,
        Self::Interaction,
        Self::Score,
        Self::Preference,
        Self::Promise,
        Self::Action,
        Self::Purchase,
    ];

    /// The word of the mapping language and of reports, in the singular.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
            Self::Interaction => "interaction",
            Self::Score => "score",
            Self::Preference => "preference",
            Self::Promise => "promise",
            Self::Action => "action",
            Self::Purchase => "purchase",
        }
    }
}
