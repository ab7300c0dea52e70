//! What a path is: a method with its effect, a page, or nothing that we know.

use std::collections::HashMap;
use std::sync::Arc;

use http::HeaderMap;
use prost::Message as _;
use prost_types::method_options::IdempotencyLevel;
use prost_types::{FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto, MethodOptions};

use super::refuse::Dialect;

/// Methods that keep a hold, complete it, end it or take it back, and those that end a question about
/// it: shedding them would leave money tied up or a promise unkept, so they are always let through, at
/// any rate.
const NEVER_SHED: [&str; 6] = [
    "/makegood.v1.BudgetService/CommitSpend",
    "/makegood.v1.BudgetService/ExtendSpend",
    "/makegood.v1.BudgetService/ReverseSpend",
    "/makegood.v1.BudgetService/VoidSpend",
    "/makegood.v1.ConsultService/AnswerConsult",
    "/makegood.v1.ConsultService/WithdrawConsult",
];

/// Methods that find people: whoever calls these often is no agent on a call.
const SEARCHES: [&str; 2] =
    ["/makegood.v1.CustomerService/IdentifyCaller", "/makegood.v1.SubjectService/ExportSubject"];

/// Methods whose stream ends by itself once everything is said: they work for as long as it lasts.
const EXPORTS: [&str; 1] = ["/makegood.v1.SubjectService/ExportSubject"];

/// Methods of gRPC's own services, which our descriptors do not hold.
const COMMON: [(&str, Effect, Entry); 5] = [
    ("/grpc.health.v1.Health/Check", Effect::Read, Entry::Open),
    ("/grpc.health.v1.Health/List", Effect::Read, Entry::Open),
    ("/grpc.health.v1.Health/Watch", Effect::Stream, Entry::Open),
    (
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        Effect::Stream,
        Entry::Diagnostics,
    ),
    (
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        Effect::Stream,
        Entry::Diagnostics,
    ),
];

/// Pages; a name that ends in `/` stands for all below it.
const PAGES: [(&str, Entry); 5] = [
    (LOG, Entry::Token),
    ("/embed/", Entry::Open),
    ("/livez", Entry::Open),
    ("/readyz", Entry::Open),
    ("/metrics", Entry::Diagnostics),
];

/// The ledger's tree.
const LOG: &str = "/tlog/";

/// What calling a method does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Reads.
    Read,
    /// Writes.
    Write,
    /// Opens a stream, which has no deadline.
    Stream,
    /// Opens a stream that ends by itself; it holds its place until then.
    Export,
}

/// Who may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Anyone.
    Open,
    /// As configured for diagnostics.
    Diagnostics,
    /// Holders of a token.
    Token,
}

/// How often a caller may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As often as they like.
    Free,
    /// At the rate of calls.
    Call,
    /// At the rate of searches too.
    Search,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A method.
    Method {
        /// What calling it does.
        effect: Effect,
        /// Whether it may be refused under load.
        may_shed: bool,
    },
    /// A page or a probe.
    Page,
    /// Nothing that we know.
    Unknown,
}

/// A request's place in the table; the observer puts it into the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// The name for metrics and logs; unknown paths share one.
    pub(super) label: Arc<str>,
    pub(super) target: Target,
    pub(super) entry: Entry,
    pub(super) pace: Pace,
    pub(super) dialect: Dialect,
}

#[derive(Debug, Clone)]
struct Row {
    label: Arc<str>,
    target: Target,
    entry: Entry,
    pace: Pace,
}

/// Every method that the port serves, from the descriptors of the API.
#[derive(Debug, Clone)]
pub struct MethodTable {
    methods: HashMap<String, Row>,
    pages: Vec<(&'static str, Row)>,
    unknown: Row,
}

impl MethodTable {
    /// Reads the table from an encoded `FileDescriptorSet`.
    ///
    /// A method is a read where it has the option `idempotency_level = NO_SIDE_EFFECTS`.
    ///
    /// # Errors
    /// The bytes are no descriptor set.
    pub fn from_descriptors(encoded: &[u8]) -> Result<Self, prost::DecodeError> {
        let set = FileDescriptorSet::decode(encoded)?;
        let mut methods: HashMap<String, Row> = set.file.iter().flat_map(rows).collect();
        for (path, effect, entry) in COMMON {
            methods.insert(path.to_owned(), Row::method(path, effect, entry));
        }
        let page = |(path, entry): (&'static str, Entry)| {
            let row = Row {
                label: path.trim_end_matches('/').into(),
                target: Target::Page,
                entry,
                pace: Pace::Free,
            };
            (path, row)
        };
        Ok(Self {
            methods,
            pages: PAGES.into_iter().map(page).collect(),
            unknown: Row {
                label: "unknown".into(),
                target: Target::Unknown,
                entry: Entry::Token,
                pace: Pace::Free,
            },
        })
    }

    /// Lets everybody read the ledger's tree, if it is public.
    #[must_use]
    pub fn with_log(mut self, is_public: bool) -> Self {
        for (_, row) in self.pages.iter_mut().filter(|(name, _)| is_public && *name == LOG) {
            row.entry = Entry::Open;
        }
        self
    }

    pub(super) fn route(&self, path: &str, headers: &HeaderMap) -> Route {
        let row = self.methods.get(path).or_else(|| self.page(path)).unwrap_or(&self.unknown);
        Route {
            label: Arc::clone(&row.label),
            target: row.target,
            entry: row.entry,
            pace: row.pace,
            dialect: Dialect::of(headers),
        }
    }

    fn page(&self, path: &str) -> Option<&Row> {
        let fits = |name: &str| {
            let is_below = name.len() > 1 && name.ends_with('/') && path.starts_with(name);
            path == name || is_below
        };
        let (_, row) = self.pages.iter().find(|(name, _)| fits(name))?;
        Some(row)
    }
}

impl Route {
    /// What calling the method does; none for a page.
    pub(super) fn effect(&self) -> Option<Effect> {
        match self.target {
            Target::Method { effect, .. } => Some(effect),
            Target::Page | Target::Unknown => None,
        }
    }
}

impl Row {
    fn method(path: &str, effect: Effect, entry: Entry) -> Self {
        // A health check that is shed would have a busy sidecar killed.
        let may_shed = entry != Entry::Open && !NEVER_SHED.contains(&path);
        let pace = match may_shed {
            false => Pace::Free,
            true if SEARCHES.contains(&path) => Pace::Search,
            true => Pace::Call,
        };
        Self {
            label: path.trim_start_matches('/').into(),
            target: Target::Method { effect, may_shed },
            entry,
            pace,
        }
    }
}

/// A row for each method of a file, by its path.
fn rows(file: &FileDescriptorProto) -> impl Iterator<Item = (String, Row)> {
    file.service.iter().flat_map(|service| {
        service.method.iter().map(|method| {
            let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
            let effect =
                if EXPORTS.contains(&path.as_str()) { Effect::Export } else { effect(method) };
            let row = Row::method(&path, effect, Entry::Token);
            (path, row)
        })
    })
}

fn effect(method: &MethodDescriptorProto) -> Effect {
    if method.client_streaming() || method.server_streaming() {
        return Effect::Stream;
    }
    let level = method.options.as_ref().map(MethodOptions::idempotency_level);
    match level {
        Some(IdempotencyLevel::NoSideEffects) => Effect::Read,
        _ => Effect::Write,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> MethodTable {
        MethodTable::from_descriptors(makegood_proto::FILE_DESCRIPTOR_SET).unwrap()
    }

    fn route(path: &str) -> Route {
        table().route(path, &HeaderMap::new())
    }

    #[test]
    fn knows_what_each_method_does() {
        let cases = [
            ("/makegood.v1.CustomerService/GetPanel", Effect::Read, Pace::Call),
            ("/makegood.v1.CustomerService/IdentifyCaller", Effect::Read, Pace::Search),
            ("/makegood.v1.BudgetService/PreviewSpend", Effect::Read, Pace::Call),
            ("/makegood.v1.BudgetService/GiveSpend", Effect::Write, Pace::Call),
            ("/makegood.v1.BudgetService/ReserveSpend", Effect::Write, Pace::Call),
            ("/makegood.v1.BudgetService/CommitSpend", Effect::Write, Pace::Free),
            ("/makegood.v1.BudgetService/ExtendSpend", Effect::Write, Pace::Free),
            ("/makegood.v1.BudgetService/VoidSpend", Effect::Write, Pace::Free),
            ("/makegood.v1.BudgetService/ReverseSpend", Effect::Write, Pace::Free),
            ("/makegood.v1.BudgetService/IncrementSpend", Effect::Write, Pace::Call),
            ("/makegood.v1.BudgetService/CorrectSpend", Effect::Write, Pace::Call),
            ("/makegood.v1.ConsultService/AskConsult", Effect::Write, Pace::Call),
            ("/makegood.v1.ConsultService/AnswerConsult", Effect::Write, Pace::Free),
            ("/makegood.v1.ConsultService/WithdrawConsult", Effect::Write, Pace::Free),
            ("/makegood.v1.ConsultService/ListConsults", Effect::Read, Pace::Call),
            ("/makegood.v1.DeskService/WatchDesk", Effect::Stream, Pace::Call),
            ("/makegood.v1.SubjectService/ExportSubject", Effect::Export, Pace::Search),
            ("/makegood.v1.SubjectService/AskErasure", Effect::Write, Pace::Call),
            ("/makegood.v1.SubjectService/EraseSubject", Effect::Write, Pace::Call),
            ("/makegood.v1.ReviewService/DrawSample", Effect::Write, Pace::Call),
            ("/makegood.v1.ReviewService/NoteReview", Effect::Write, Pace::Call),
            ("/makegood.v1.ReviewService/RaiseFinding", Effect::Write, Pace::Call),
            ("/makegood.v1.ReviewService/DisposeFinding", Effect::Write, Pace::Call),
            ("/makegood.v1.ReviewService/RecordExport", Effect::Write, Pace::Call),
        ];
        for (path, effect, pace) in cases {
            let route = route(path);
            let may_shed = pace != Pace::Free;
            assert_eq!(route.pace, pace, "{path}");
            assert_eq!(route.target, Target::Method { effect, may_shed }, "{path}");
            assert_eq!(route.entry, Entry::Token, "{path}");
        }
    }

    #[test]
    fn names_only_methods_that_exist() {
        let table = table();
        for path in NEVER_SHED.into_iter().chain(SEARCHES).chain(EXPORTS) {
            assert!(table.methods.contains_key(path), "{path}");
        }
    }

    #[test]
    fn opens_nothing_that_it_does_not_know() {
        for path in [
            "/makegood.v1.BudgetService/giveSpend",
            "/makegood.v1.BudgetService/GiveSpend/",
            "//embed/",
            "/embed",
            "/metrics/",
            "/admin",
            "*",
            "",
        ] {
            let route = route(path);
            assert_eq!((route.target, route.entry), (Target::Unknown, Entry::Token), "{path}");
        }
    }

    #[test]
    fn opens_pages_and_probes() {
        for path in ["/embed/frame.html", "/livez", "/readyz"] {
            assert_eq!(route(path).entry, Entry::Open, "{path}");
        }
        assert_eq!(route("/metrics").entry, Entry::Diagnostics);
    }
}
