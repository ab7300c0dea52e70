//! From a line and a block of the mapping to a row.

use makegood_proto::records::v1 as records;
use makegood_proto::v1 as api;

use super::block::Block;
use super::fields::{self, Type};
use super::input::Place;
use super::mapping::Mapping;
use super::rows::{Content, Kind, Ref, Reject, Row};
use super::value::{self, Value};

/// Makes the row of a block.
///
/// # Errors
/// The first field at fault.
pub(super) fn row(mapping: &Mapping, block: &Block, place: &Place<'_>) -> Result<Row, Reject> {
    let line = Line { mapping, block, place };
    let (content, sort_time_ns) = match block.kind {
        Kind::Customer => (line.customer()?, 0),
        Kind::Agent => (line.agent()?, 0),
        Kind::Interaction => line.interaction()?,
        Kind::Score => line.score()?,
        Kind::Preference => line.preference()?,
        Kind::Promise => line.promise()?,
        Kind::Purchase => line.purchase()?,
        Kind::Action => return Err(line.reject("kind", "cannot be imported")),
    };
    let id = block.id.fill(place);
    let id = id.ok_or_else(|| line.missing("id", block.id.columns()))?;
    fields::check_id("it", &id).map_err(|reason| line.reject("id", &reason))?;
    let mut row = Row::new(&mapping.source, &id, sort_time_ns, content);
    let person =
        |source: &str, id: Option<String>| id.map(|id| Ref { source: source.to_owned(), id });
    row.customer = person(&mapping.customer_source, line.text("customer")?);
    row.agent = person(&mapping.agent_source, line.text("agent")?);
    if block.kind == Kind::Interaction && row.customer.is_none() && row.agent.is_none() {
        return Err(line.reject("customer", "is missing, and there is no agent either"));
    }
    Ok(row)
}

/// A line under a block: the typed fields of the record.
///
/// A field that is absent reads as what the stored form means by "not known": empty text, 0.
struct Line<'a> {
    mapping: &'a Mapping,
    block: &'a Block,
    place: &'a Place<'a>,
}

impl Line<'_> {
    fn customer(&self) -> Result<Content, Reject> {
        Ok(Content::Customer(records::Customer {
            origin: None,
            display_name: self.must("name")?,
            short_name: self.plain("short_name")?,
            tier: self.plain("tier")?,
            customer_since_ns: self.time("since")?.unwrap_or(0),
            time_zone: self.plain("time_zone")?,
            language_code: self.plain("language")?,
            phones: self.texts("phone")?,
            emails: self.texts("email")?,
            account_numbers: self.texts("account")?,
            region: self.plain("region")?,
        }))
    }

    fn agent(&self) -> Result<Content, Reject> {
        Ok(Content::Agent(records::Agent {
            origin: None,
            display_name: self.must("name")?,
            team: self.plain("team")?,
            role: self.plain("role")?,
            hired_ns: self.time("hired")?.unwrap_or(0),
            site: self.plain("site")?,
        }))
    }

    fn interaction(&self) -> Result<(Content, i64), Reject> {
        let start = self.time("start")?;
        let at = self.time("at")?.or(start);
        let at =
            at.ok_or_else(|| self.reject("start", "is missing, and there is no `at` either"))?;
        let start_ns = start.unwrap_or(0);
        let end_ns = self.time("end")?.unwrap_or(0);
        if end_ns != 0 && end_ns < start_ns {
            return Err(self.reject("end", "is before the start"));
        }
        let customer = self.text("customer")?;
        let match_status = match customer {
            Some(_) => api::MatchStatus::Exact,
            None => api::MatchStatus::None,
        };
        let content = Content::Interaction(records::Interaction {
            team: self.plain("team")?,
            site: self.plain("site")?,
            region: self.plain("region")?,
            channel: self.word("channel")?.unwrap_or(0),
            touch_point: self.plain("touch_point")?,
            lifecycle_stage: self.plain("lifecycle_stage")?,
            reasons: self.texts("reason")?,
            severity: self.count("severity")?.unwrap_or(0),
            product: self.plain("product")?,
            start_ns,
            connect_ns: self.time("connect")?.unwrap_or(0),
            end_ns,
            wait_ms: self.duration_ms("wait")?.unwrap_or(0),
            transfer_count: self.count("transfer_count")?.unwrap_or(0),
            repeat_of: self.plain("repeat_of")?,
            resolved_agent: self.flag("resolved_agent")?,
            resolved_customer: self.flag("resolved_customer")?,
            call_state: api::CallState::Ended as i32,
            match_status: match_status as i32,
            case_id: self.plain("case")?,
            ..records::Interaction::default()
        });
        Ok((content, at))
    }

    fn score(&self) -> Result<(Content, i64), Reject> {
        self.must("customer")?;
        let kind = self.word("scale")?.ok_or_else(|| self.missing_field("scale"))?;
        let value = self.read("value", |value, text| value::score(value, text, kind))?;
        let respond_ns = self.must_time("responded")?;
        let content = Content::Score(records::Score {
            origin: None,
            kind,
            scale_version: self.count("scale_version")?.unwrap_or(1),
            value: value.ok_or_else(|| self.missing_field("value"))?,
            interaction_id: self.plain("interaction")?,
            invite_ns: self.time("invited")?.unwrap_or(0),
            invited_by: self.plain("invited_by")?,
            respond_ns,
            words: self.plain("words")?,
            question: self.plain("question")?,
        });
        Ok((content, respond_ns))
    }

    fn preference(&self) -> Result<(Content, i64), Reject> {
        self.must("customer")?;
        let learned_ns = self.must_time("learned")?;
        let other = api::PreferenceKind::Other as i32;
        let imported = api::PreferenceSource::Imported as i32;
        let content = Content::Preference(records::Preference {
            kind: self.word("about")?.unwrap_or(other),
            text: self.must("text")?,
            source: self.word("learned_from")?.unwrap_or(imported),
            learned_ns,
            confirmed_ns: self.time("confirmed")?.unwrap_or(0),
            expire_ns: self.time("expires")?.unwrap_or(0),
            situational: self.flag("situational")?.unwrap_or(false),
            interaction_id: self.plain("interaction")?,
            ..records::Preference::default()
        });
        Ok((content, learned_ns))
    }

    fn promise(&self) -> Result<(Content, i64), Reject> {
        self.must("customer")?;
        let create_ns = self.must_time("made")?;
        let content = Content::Promise(records::Promise {
            text: self.must("text")?,
            due_ns: self.must_time("due")?,
            create_ns,
            outcome: self.word("outcome")?.unwrap_or(0),
            settle_ns: self.time("settled")?.unwrap_or(0),
            moved_by: self.word("moved_by")?.unwrap_or(0),
            interaction_id: self.plain("interaction")?,
            ..records::Promise::default()
        });
        Ok((content, create_ns))
    }

    fn purchase(&self) -> Result<(Content, i64), Reject> {
        self.must("customer")?;
        let at_ns = self.must_time("at")?;
        let currency_code = self.must("currency")?;
        let amount = |value: &Value, text: &str| value::money(value, text, &currency_code);
        let revenue = self.read("revenue", amount)?;
        let content = Content::Purchase(records::Purchase {
            origin: None,
            at_ns,
            revenue_minor: revenue.ok_or_else(|| self.missing_field("revenue"))?,
            margin_minor: self.read("margin", amount)?,
            acquired_by: self.plain("acquired_by")?,
            product: self.plain("product")?,
            quantity: self.count("quantity")?.unwrap_or(1),
            currency_code,
        });
        Ok((content, at_ns))
    }

    // The typed reads.

    /// Text of the field's own type; absent if it is not there.
    fn text(&self, name: &str) -> Result<Option<String>, Reject> {
        let ty = self.ty(name);
        self.read(name, |_, text| check_text(ty, text))
    }

    fn plain(&self, name: &str) -> Result<String, Reject> {
        self.text(name).map(Option::unwrap_or_default)
    }

    fn must(&self, name: &str) -> Result<String, Reject> {
        self.text(name)?.ok_or_else(|| self.missing_field(name))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, Reject> {
        let Some(value) = self.block.value(name) else {
            return Ok(Vec::new());
        };
        let ty = self.ty(name);
        let read = |text: String| match ty {
            Type::Phones => {
                crate::phone::normalise(&text, &value.region).map_err(|error| error.to_string())
            }
            Type::Emails => value::email(&text),
            _ => check_text(ty, &text),
        };
        let texts = value.texts(self.place).map_err(|reason| self.reject(name, &reason))?;
        texts
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map_err(|reason| self.reject(name, &reason))
    }

    fn time(&self, name: &str) -> Result<Option<i64>, Reject> {
        self.read(name, |value, text| value.time.read(text))
    }

    fn must_time(&self, name: &str) -> Result<i64, Reject> {
        self.time(name)?.ok_or_else(|| self.missing_field(name))
    }

    fn duration_ms(&self, name: &str) -> Result<Option<i64>, Reject> {
        self.read(name, value::duration_ms)
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Reject> {
        self.read(name, value::flag)
    }

    fn count(&self, name: &str) -> Result<Option<i32>, Reject> {
        let most = match self.ty(name) {
            Type::Count(most) => most,
            _ => i32::MAX,
        };
        self.read(name, |_, text| value::count(text, most))
    }

    fn word(&self, name: &str) -> Result<Option<i32>, Reject> {
        let words = match self.ty(name) {
            Type::Word(words) => words,
            _ => &[],
        };
        self.read(name, |_, text| value::word(text, words))
    }

    /// Reads a field that holds one value.
    fn read<T>(
        &self,
        name: &str,
        convert: impl Fn(&Value, &str) -> Result<T, String>,
    ) -> Result<Option<T>, Reject> {
        let Some(value) = self.block.value(name) else {
            return Ok(None);
        };
        let text = value.text(self.place).map_err(|reason| self.reject(name, &reason))?;
        let converted = text.map(|text| convert(value, &text)).transpose();
        converted.map_err(|reason| self.reject(name, &reason))
    }

    fn ty(&self, name: &str) -> Type {
        let field = fields::of(self.block.kind).iter().find(|field| field.name == name);
        field.map_or(Type::Id, |field| field.ty)
    }

    // What goes wrong.

    fn reject(&self, name: &str, reason: &str) -> Reject {
        Reject { field: format!("{}.{name}", self.block.kind.name()), reason: reason.to_owned() }
    }

    fn missing_field(&self, name: &str) -> Reject {
        let columns = self.block.value(name).into_iter().flat_map(Value::columns);
        self.missing(name, columns)
    }

    fn missing(&self, name: &str, columns: impl Iterator<Item = usize>) -> Reject {
        let names: Vec<_> =
            columns.filter_map(|column| self.mapping.columns.names.get(column).cloned()).collect();
        self.reject(name, &format!("is missing; there is no value in column {}", names.join(", ")))
    }
}

/// Checks text that stays text.
fn check_text(ty: Type, text: &str) -> Result<String, String> {
    match ty {
        Type::Id => fields::check_id("it", text).map(|()| text.to_owned()),
        Type::Language => value::language(text),
        Type::TimeZone => value::time_zone(text),
        Type::Text(most) | Type::Texts(most) => {
            let count = text.chars().count();
            if count > most {
                return Err(format!("has {count} characters; the most are {most}"));
            }
            Ok(text.to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}
