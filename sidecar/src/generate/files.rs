//! A generated contact centre as files: CSV, one a kind, with the mapping that imports them.

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use makegood_proto::records::v1 as records;
use makegood_proto::v1 as api;

use crate::import::rows::{Content, Kind, Put, PutError, Row, Sink, SinkError};

/// The mapping that reads the files.
pub const MAPPING: &str = include_str!("mapping.toml");

/// The mapping's name in the folder.
const MAPPING_FILE: &str = "mapping.toml";

/// The kinds that have a file, with its name. Actions have none: the sidecar alone writes them, and
/// no import brings them.
const FILES: [(Kind, &str); 7] = [
    (Kind::Agent, "agents.csv"),
    (Kind::Customer, "customers.csv"),
    (Kind::Interaction, "interactions.csv"),
    (Kind::Score, "scores.csv"),
    (Kind::Preference, "preferences.csv"),
    (Kind::Promise, "promises.csv"),
    (Kind::Purchase, "purchases.csv"),
];

/// Every file has all of these, in this order.
const COLUMNS: [&str; 53] = [
    "kind",
    "id",
    "customer",
    "agent",
    "at",
    "connect",
    "end",
    "wait_s",
    "case",
    "interaction",
    "repeat_of",
    "channel",
    "reason",
    "team",
    "site",
    "region",
    "touch_point",
    "lifecycle_stage",
    "severity",
    "transfer_count",
    "resolved_agent",
    "resolved_customer",
    "name",
    "short_name",
    "tier",
    "role",
    "since",
    "time_zone",
    "language",
    "phone",
    "email",
    "account",
    "scale",
    "value",
    "invited",
    "invited_by",
    "text",
    "question",
    "about",
    "learned_from",
    "confirmed",
    "expires",
    "situational",
    "due",
    "outcome",
    "settled",
    "moved_by",
    "currency",
    "revenue",
    "margin",
    "acquired_by",
    "product",
    "quantity",
];

/// Writes rows into the files of a folder.
pub struct FilesSink {
    folder: PathBuf,
    writers: Vec<(Kind, csv::Writer<BufWriter<File>>)>,
}

impl FilesSink {
    /// Makes the folder, the mapping and the files in it; older ones of these names are replaced.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn create(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join(MAPPING_FILE), MAPPING)?;
        let create = |(kind, name): (Kind, &str)| {
            let file = BufWriter::new(File::create(folder.join(name))?);
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(COLUMNS)?;
            Ok((kind, writer))
        };
        let writers = FILES.into_iter().map(create).collect::<io::Result<_>>()?;
        Ok(Self { folder: folder.to_owned(), writers })
    }

    fn failed(&self, error: impl std::error::Error + Send + Sync + 'static) -> SinkError {
        let message = format!("{}: {error}", self.folder.display());
        SinkError { message, cause: Some(Box::new(error)) }
    }
}

impl Sink for FilesSink {
    fn put(&mut self, row: Row) -> Result<Put, PutError> {
        let kind = row.kind();
        let cells = Cells::of(&row);
        let own = self.writers.iter_mut().find(|(it, _)| *it == kind);
        if let Some((_, writer)) = own
            && let Err(error) = writer.write_record(&cells.0)
        {
            return Err(self.failed(error).into());
        }
        Ok(Put::New)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let flushed = self.writers.iter_mut().try_for_each(|(_, writer)| writer.flush());
        flushed.map_err(|error| self.failed(error))
    }
}

/// The cells of a line, by column; empty where the row says nothing.
struct Cells([String; COLUMNS.len()]);

impl Cells {
    fn of(row: &Row) -> Self {
        let mut cells = Self(std::array::from_fn(|_| String::new()));
        cells.set("kind", row.kind().name());
        cells.set("id", &row.source_id);
        cells.set("customer", row.customer.as_ref().map_or("", |it| &it.id));
        cells.set("agent", row.agent.as_ref().map_or("", |it| &it.id));
        if !matches!(row.kind(), Kind::Customer | Kind::Agent) {
            cells.time("at", row.sort_time_ns);
        }
        cells.content(&row.content);
        cells
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Customer(it) => self.customer(it),
            Content::Agent(it) => {
                self.set("name", &it.display_name);
                self.set("team", &it.team);
                self.set("role", &it.role);
                self.time("since", it.hired_ns);
                self.set("site", &it.site);
            }
            Content::Interaction(it) => self.interaction(it),
            Content::Score(it) => self.score(it),
            Content::Preference(it) => self.preference(it),
            Content::Promise(it) => self.promise(it),
            Content::Purchase(it) => self.purchase(it),
            // It has no file.
            Content::Action(_) => {}
        }
    }

    fn customer(&mut self, it: &records::Customer) {
        self.set("name", &it.display_name);
        self.set("short_name", &it.short_name);
        self.set("tier", &it.tier);
        self.time("since", it.customer_since_ns);
        self.set("time_zone", &it.time_zone);
        self.set("language", &it.language_code);
        self.set("phone", &it.phones.concat());
        self.set("email", &it.emails.concat());
        self.set("account", &it.account_numbers.concat());
        self.set("region", &it.region);
    }

    fn interaction(&mut self, it: &records::Interaction) {
        self.time("connect", it.connect_ns);
        self.time("end", it.end_ns);
        self.number("wait_s", it.wait_ms / 1_000);
        self.set("case", &it.case_id);
        self.set("repeat_of", &it.repeat_of);
        let channel = api::Channel::try_from(it.channel).unwrap_or_default();
        self.set("channel", &word(channel.as_str_name(), "CHANNEL_"));
        self.set("reason", &it.reasons.concat());
        self.set("team", &it.team);
        self.set("site", &it.site);
        self.set("region", &it.region);
        self.set("touch_point", &it.touch_point);
        self.set("lifecycle_stage", &it.lifecycle_stage);
        self.number("severity", it.severity);
        self.number("transfer_count", it.transfer_count);
        self.answer("resolved_agent", it.resolved_agent);
        self.answer("resolved_customer", it.resolved_customer);
    }

    fn score(&mut self, it: &records::Score) {
        self.set("interaction", &it.interaction_id);
        let scale = api::ScoreKind::try_from(it.kind).unwrap_or_default();
        self.set("scale", &word(scale.as_str_name(), "SCORE_KIND_"));
        self.number("value", it.value);
        self.time("invited", it.invite_ns);
        self.set("invited_by", &it.invited_by);
        self.set("text", &it.words);
        self.set("question", &it.question);
    }

    fn preference(&mut self, it: &records::Preference) {
        self.set("text", &it.text);
        let about = api::PreferenceKind::try_from(it.kind).unwrap_or_default();
        self.set("about", &word(about.as_str_name(), "PREFERENCE_KIND_"));
        let source = api::PreferenceSource::try_from(it.source).unwrap_or_default();
        self.set("learned_from", &word(source.as_str_name(), "PREFERENCE_SOURCE_"));
        self.time("confirmed", it.confirmed_ns);
        self.time("expires", it.expire_ns);
        self.answer("situational", Some(it.situational));
    }

    fn promise(&mut self, it: &records::Promise) {
        self.set("interaction", &it.interaction_id);
        self.set("text", &it.text);
        self.time("due", it.due_ns);
        // The numbers are those of the record.
        self.set("outcome", one_of(["open", "kept", "broken", "cancelled"], it.outcome));
        self.time("settled", it.settle_ns);
        self.set("moved_by", one_of(["nobody", "customer", "company"], it.moved_by));
    }

    fn purchase(&mut self, it: &records::Purchase) {
        self.set("currency", &it.currency_code);
        self.amount("revenue", it.revenue_minor);
        if let Some(margin_minor) = it.margin_minor {
            self.amount("margin", margin_minor);
        }
        self.set("acquired_by", &it.acquired_by);
        self.set("product", &it.product);
        self.number("quantity", it.quantity);
    }

    fn set(&mut self, column: &str, text: &str) {
        if let Some(index) = COLUMNS.iter().position(|it| *it == column) {
            text.clone_into(&mut self.0[index]);
        }
    }

    fn number(&mut self, column: &str, number: impl Into<i64>) {
        self.set(column, &number.into().to_string());
    }

    fn answer(&mut self, column: &str, answer: Option<bool>) {
        self.set(column, answer.map_or("", |answer| if answer { "yes" } else { "no" }));
    }

    /// A moment, unless it is 0, which stands for none.
    fn time(&mut self, column: &str, time_ns: i64) {
        if time_ns != 0
            && let Ok(time) = Timestamp::from_nanosecond(time_ns.into())
        {
            self.set(column, &time.to_string());
        }
    }

    /// An amount of a currency that has cents, as every generated one has.
    fn amount(&mut self, column: &str, minor: i64) {
        let sign = if minor < 0 { "-" } else { "" };
        let minor = minor.unsigned_abs();
        self.set(column, &format!("{sign}{}.{:02}", minor / 100, minor % 100));
    }
}

/// The word of the mapping for a value of the API.
fn word(name: &str, prefix: &str) -> String {
    name.trim_start_matches(prefix).to_ascii_lowercase()
}

fn one_of<const N: usize>(words: [&'static str; N], number: i32) -> &'static str {
    usize::try_from(number).ok().and_then(|it| words.get(it).copied()).unwrap_or("")
}
