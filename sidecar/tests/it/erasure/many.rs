//! A hundred of a thousand people are erased: nothing of them is in any file, nobody else lacks
//! anything, the ledger proves what it proved, and neither a rebuild nor a backup brings them back.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use makegood_core::ledger::{Key, Row};
use makegood_proto::records::v1 as pb;
use makegood_proto::v1;
use makegood_sidecar::house::HouseSink;
use makegood_sidecar::import::rows::{Content, Ref, Row as ImportRow, Sink as _};
use makegood_sidecar::token::Access;

use super::{Export, admin, customer, erase, export, found, is_of_export};
use crate::privacy::{files, written};
use crate::support::{Place, Rules, Served, StoredLedger};

const PEOPLE: usize = 1_000;
const ERASED: usize = 100;

/// Calls at work at once: as many as a connection may have, and some less.
const AT_ONCE: usize = 16;

/// Of everybody it stands in every text; nobody else in the world says it.
const CANARY: &str = "Quokkafern";
/// All their numbers begin with it.
const PHONES: &str = "+1917555";

/// A row of the key file: a pseudonym and its wrapped key.
const PID_BYTES: usize = 15;
const ROW_BYTES: usize = PID_BYTES + 24 + 32 + 16;

fn name(index: usize) -> String {
    format!("P-{index}")
}

fn text(index: usize, what: &str) -> String {
    format!("{CANARY} {index} {what}")
}

/// Everything that can be imported about somebody.
fn rows(index: usize) -> Vec<ImportRow> {
    let text = |what: &str| text(index, what);
    let who = pb::Customer {
        display_name: text("name"),
        short_name: text("short"),
        tier: text("tier"),
        time_zone: text("zone"),
        language_code: text("language"),
        phones: vec![format!("{PHONES}{index:04}")],
        emails: vec![format!("{}{index}@example.com", CANARY.to_lowercase())],
        account_numbers: vec![text("account")],
        region: text("region"),
        ..pb::Customer::default()
    };
    let contact = pb::Interaction {
        touch_point: text("touch"),
        lifecycle_stage: text("stage"),
        reasons: vec![text("reason")],
        product: text("product"),
        case_id: text("case"),
        region: text("region"),
        start_ns: 5,
        ..pb::Interaction::default()
    };
    let score = pb::Score {
        kind: 1,
        value: 3,
        words: text("words"),
        question: text("question"),
        invited_by: text("system"),
        ..pb::Score::default()
    };
    let preference = pb::Preference { text: text("likes"), ..pb::Preference::default() };
    let promise = pb::Promise { text: text("promise"), ..pb::Promise::default() };
    let action =
        pb::AdvocacyAction { note: text("note"), counterpart: text("whom"), ..Default::default() };
    let purchase =
        pb::Purchase { product: text("bought"), acquired_by: text("won"), ..Default::default() };
    let own = [
        ("i", Content::Interaction(contact)),
        ("s", Content::Score(score)),
        ("p", Content::Preference(preference)),
        ("o", Content::Promise(promise)),
        ("a", Content::Action(action)),
        ("u", Content::Purchase(purchase)),
    ];
    let own = own.into_iter().map(|(kind, content)| {
        let mut row = ImportRow::new("crm", &text(kind), 5, content);
        row.customer = Some(Ref { source: "crm".to_owned(), id: name(index) });
        row
    });
    let who = ImportRow::new("crm", &name(index), 0, Content::Customer(who));
    std::iter::once(who).chain(own).collect()
}

/// Brings everybody in.
async fn fill(place: &Place, people: impl Iterator<Item = usize> + Send + 'static) {
    let house = place.open().await;
    let filled = tokio::task::spawn_blocking(move || {
        house.wait_for_history(|_| {}).unwrap();
        let mut sink = HouseSink::new(&house);
        for row in people.flat_map(rows) {
            sink.put(row).unwrap();
        }
        sink.flush().unwrap();
        drop(sink);
        house.close().unwrap();
    });
    filled.await.unwrap();
}

/// A gift with a note, on a call of its own.
async fn give(served: &Served<'_>, index: usize) {
    let interaction = format!("call-{CANARY}-{index}");
    let call = served.ring("A-1", &interaction, &name(index)).await;
    let gift = v1::GiveSpendRequest { note: text(index, "gift"), ..call.gift(4_500) };
    call.give(gift).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaves_nothing_of_a_hundred_and_everything_of_nine_hundred() {
    let place = Place::new(Rules::STANDARD);
    fill(&place, 0..PEOPLE).await;
    let served = place.serve().await;
    let gifts = (0..30).chain(ERASED..ERASED + 10);
    let given = stream::iter(gifts.map(|index| give(&served, index)));
    given.buffer_unordered(AT_ONCE).collect::<()>().await;
    let before = StoredLedger::read(&place.tenant_folder());
    let balances = balances(&before);
    let admin = admin(&served);
    let exports = stream::iter(sampled().map(|index| export(&admin, customer(&name(index)))));
    let others: Vec<_> = exports.buffered(AT_ONCE).try_collect().await.unwrap();
    assert!(others.iter().all(|it| it.records.len() >= 7 && it.subject.erasure.is_none()));
    let keys = fs::read(place.tenant_folder().join("keys")).unwrap();

    let erasures = stream::iter((0..ERASED).map(|index| erase(&admin, customer(&name(index)))));
    let erased: Vec<_> = erasures.buffered(AT_ONCE).try_collect().await.unwrap();
    let gone: HashSet<Vec<u8>> =
        erased.iter().map(|it| wrapped_key(&keys, &it.subject_id)).collect();
    assert_eq!(gone.len(), ERASED);
    is_as_it_should_be(&served, &others).await;
    served.stop().await;
    nothing_is_left(&place.data(), &gone);
    let after = StoredLedger::read(&place.tenant_folder());
    assert!(after.leaves.starts_with(&before.leaves), "a leaf has changed");
    let others_count = after.entries.iter().filter(|it| !is_of_export(&it.body)).count();
    assert_eq!(others_count, before.entries.len() + ERASED);
    after.verify();
    assert_eq!(self::balances(&after), balances);

    // The read model is built anew.
    fs::remove_dir_all(place.tenant_folder().join("read-model")).unwrap();
    let served = place.serve().await;
    is_as_it_should_be(&served, &others).await;
    served.stop().await;
    nothing_is_left(&place.data(), &gone);

    // The keys come back from a backup, as if the erasures had never been carried out.
    fs::write(place.tenant_folder().join("keys"), &keys).unwrap();
    let served = place.serve().await;
    is_as_it_should_be(&served, &others).await;
    served.stop().await;
    nothing_is_left(&place.data(), &gone);
    let last = StoredLedger::read(&place.tenant_folder());
    assert!(last.leaves.starts_with(&after.leaves), "a leaf has changed");
    let since = &last.entries[after.entries.len()..];
    assert!(since.iter().all(|it| is_of_export(&it.body)), "nobody is erased again");

    // Somebody comes again, under a pseudonym of their own.
    fill(&place, 0..1).await;
    let served = place.serve().await;
    let lead = served.client("L-1", Access::Supervisor, None);
    let [again] = found(&lead, &name(0)).await.try_into().unwrap();
    assert!(erased.iter().all(|it| it.subject_id != again.customer_id));
    let told = export(&lead, customer(&name(0))).await.unwrap();
    assert_eq!((told.records.len(), told.entries.len()), (7, 0));
    served.stop().await;
}

/// Some of those who stay: with gifts, and without.
fn sampled() -> impl Iterator<Item = usize> {
    [ERASED, ERASED + 9, ERASED + 10, PEOPLE / 2, PEOPLE - 1].into_iter()
}

/// Nobody who was erased is found, and everybody else as before.
async fn is_as_it_should_be(served: &Served<'_>, others: &[Export]) {
    let lead = served.client("L-1", Access::Supervisor, None);
    for index in (0..PEOPLE).step_by(9) {
        let found = found(&lead, &name(index)).await;
        if index < ERASED {
            assert_eq!(found, [], "{index}");
        } else {
            assert_eq!(found.len(), 1, "{index}");
            assert_eq!(found[0].display_name, text(index, "name"));
        }
    }
    for (index, before) in sampled().zip(others) {
        let now = export(&lead, customer(&name(index))).await.unwrap();
        assert_eq!(now, *before, "{index}");
    }
}

fn balances(ledger: &StoredLedger) -> Vec<(Key, Row)> {
    let rows = ledger.verify();
    let all = rows.iter().filter(|(_, row)| matches!(row, Row::Balance(_) | Row::Pool(_)));
    all.map(|(key, row)| (key.clone(), row.clone())).collect()
}

/// The wrapped key of somebody, as a key file has it.
fn wrapped_key(keys: &[u8], subject_id: &str) -> Vec<u8> {
    let pid: makegood_core::ids::CustomerPid = subject_id.parse().unwrap();
    let at = keys.windows(PID_BYTES).position(|it| it == pid.as_bytes()).unwrap();
    keys[at + PID_BYTES..at + ROW_BYTES].to_vec()
}

/// Neither a word of anybody, in any of the ways in which programs store text, nor a key of those
/// who were erased.
fn nothing_is_left(folder: &Path, gone: &HashSet<Vec<u8>>) {
    let small = CANARY.to_lowercase();
    let needles = [CANARY, &small, PHONES, &PHONES[1..]].into_iter().flat_map(spellings);
    let wanted = Needles::new(needles.into_iter().chain(gone.iter().cloned()));
    let mut searched = 0;
    for file in files(folder) {
        let bytes = written(&fs::read(&file).unwrap());
        searched += bytes.len();
        let found = wanted.find(&bytes).map(String::from_utf8_lossy);
        assert_eq!(found, None, "in {}", file.display());
    }
    assert!(searched > 1_000_000, "only {searched} bytes were searched");
}

/// A text as UTF-8, UTF-16, hexadecimal and, wherever in a longer text it stands, base64.
fn spellings(text: &str) -> Vec<Vec<u8>> {
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
    let hex = |upper: bool| {
        let digit = |byte: u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
        text.bytes().map(digit).collect::<String>().into_bytes()
    };
    let base64 = (0..3).map(|before| {
        let shifted = [vec![0; before], text.as_bytes().to_vec()].concat();
        let encoded = STANDARD_NO_PAD.encode(&shifted).into_bytes();
        // The characters that no neighbour has a part in.
        let from = (before * 8).div_ceil(6);
        encoded[from..shifted.len() * 8 / 6].to_vec()
    });
    let plain = [
        text.as_bytes().to_vec(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        hex(false),
        hex(true),
    ];
    plain.into_iter().chain(base64).collect()
}

/// Many texts to look for at once: by their first two bytes.
struct Needles(Vec<Vec<Vec<u8>>>);

impl Needles {
    fn new(all: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut needles = vec![Vec::new(); 1 << 16];
        all.for_each(|needle| needles[Self::place(&needle)].push(needle));
        Self(needles)
    }

    fn place(bytes: &[u8]) -> usize {
        usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn find(&self, bytes: &[u8]) -> Option<&[u8]> {
        (0..bytes.len().saturating_sub(1)).find_map(|at| {
            let rest = &bytes[at..];
            let like = self.0[Self::place(rest)].iter();
            like.map(Vec::as_slice).find(|needle| rest.starts_with(needle))
        })
    }
}
