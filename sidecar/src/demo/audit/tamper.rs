//! One byte of a copy of the ledger is changed by hand, and the verifier says what it finds.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use makegood_core::ledger::EntryBody;
use makegood_core::money::Money;
use makegood_ledger::codec;
use makegood_ledger::journal::frame::{CHECKSUM_BYTES, FRAME_HEADER_BYTES};
use makegood_ledger::journal::reader::Reader;
use serde::Deserialize;
use serde_json::{Value, json};

use super::copy::copy;
use super::{apart, command};
use crate::demo::Demo;

/// How much of a segment is looked through at once; an entry is much smaller.
const LOOK_BYTES: usize = 1 << 20;

/// What is asked for.
#[derive(Debug, Deserialize)]
struct Wish {
    /// Whether the checksum beside the entry is made to fit again, as somebody would who knows the
    /// format.
    is_mended: bool,
}

/// A byte whose change makes an entry say another amount, and still an entry.
struct Forgery {
    position: u64,
    payload: Vec<u8>,
    /// The byte within the payload.
    at: usize,
    forged: u8,
    before: String,
    after: String,
}

pub(in crate::demo) async fn play(
    State(demo): State<Arc<Demo>>,
    body: Bytes,
) -> Result<Json<Value>, Response> {
    let Ok(wish) = serde_json::from_slice::<Wish>(&body) else {
        return Err(StatusCode::BAD_REQUEST.into_response());
    };
    demo.everything_is_signed().await;
    apart(&demo, move |demo| change(demo, &wish)).await.map(Json)
}

fn change(demo: &Demo, wish: &Wish) -> anyhow::Result<Value> {
    // One at a time: the folder is one.
    let _turn = demo.tampering.lock();
    let original = demo.house.folder();
    let folder = demo.audit_folder().join("copy");
    copy(original, &folder).context("copy the ledger")?;
    let untouched = demo.verdict(original)?;
    // The last entry of all is named by the head of its segment: to mend that too is another story.
    let forgery = Forgery::of_newest_gift(&folder.join("ledger"), wish.is_mended)?;
    let forgery = forgery.context("nothing was given yet; give something and come again")?;
    let (segment, offset) = forgery.place(&folder.join("ledger"))?;
    let mut writes = vec![(offset + forgery.at as u64, vec![forgery.forged])];
    if wish.is_mended {
        writes.push(forgery.checksum(&segment, offset)?);
    }
    let file = File::options().write(true).open(&segment)?;
    for (at, bytes) in &writes {
        file.write_all_at(bytes, *at)?;
    }
    let changed = demo.verdict(&folder)?;
    let key = demo.public_keys()?.first().map(ToString::to_string).unwrap_or_default();
    let verifier = command("makegood-verify");
    let name = segment.strip_prefix(&folder).unwrap_or(&segment).display().to_string();
    let mut by_hand = vec![format!("cp -r {} copy", original.display())];
    by_hand.extend(writes.iter().map(|(at, bytes)| {
        let bytes: Vec<_> = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        let bytes = bytes.concat();
        format!("printf '{bytes}' | dd of=copy/{name} bs=1 seek={at} conv=notrunc status=none")
    }));
    by_hand.push(format!("{verifier} copy --key '{key}'"));
    Ok(json!({
        "position": forgery.position,
        "file": name,
        "byte": offset + forgery.at as u64,
        "old": format!("{:02x}", forgery.payload[forgery.at]),
        "new": format!("{:02x}", forgery.forged),
        "said": forgery.before,
        "says": forgery.after,
        "is_mended": wish.is_mended,
        "original": untouched,
        "changed": changed,
        "by_hand": by_hand,
    }))
}

impl Forgery {
    /// For the newest gift of a ledger, which has entries behind it where that `is_covered`; none
    /// where nothing was given.
    fn of_newest_gift(ledger: &Path, is_covered: bool) -> anyhow::Result<Option<Self>> {
        let (mut newest, mut last) = (None, None);
        for record in Reader::open(ledger)?.iter_from(0) {
            newest = last.take().or(newest);
            last = Some(record?).filter(|record| given(&record.payload).is_some());
        }
        let newest = if is_covered { newest } else { last.or(newest) };
        Ok(newest.and_then(|record| Self::of(record.position, record.payload)))
    }

    /// The change of one bit by which the entry says the largest amount.
    fn of(position: u64, payload: Vec<u8>) -> Option<Self> {
        let (before_minor, before) = given(&payload)?;
        let bits =
            (0..payload.len()).flat_map(|at| (0..u8::BITS).map(move |bit| (at, 1_u8 << bit)));
        let changes = bits.filter_map(|(at, bit)| {
            let mut forged = payload.clone();
            forged[at] ^= bit;
            let (minor, after) = given(&forged)?;
            Some((minor, at, forged[at], after))
        });
        let (minor, at, forged, after) = changes.max_by_key(|change| change.0)?;
        (minor > before_minor).then_some(Self { position, payload, at, forged, before, after })
    }

    /// The segment that has the entry, and where its bytes begin in it.
    fn place(&self, ledger: &Path) -> anyhow::Result<(PathBuf, u64)> {
        let mut segments: Vec<PathBuf> =
            fs::read_dir(ledger)?.flatten().map(|item| item.path()).collect();
        segments.sort();
        for segment in segments {
            if let Some(offset) = offset_of(&segment, &self.payload)? {
                return Ok((segment, offset));
            }
        }
        anyhow::bail!("entry {} is in no segment", self.position)
    }

    /// The checksum that fits the changed entry, and where it goes.
    fn checksum(&self, segment: &Path, offset: u64) -> io::Result<(u64, Vec<u8>)> {
        let start = offset - FRAME_HEADER_BYTES as u64;
        let mut frame = vec![0; FRAME_HEADER_BYTES + self.payload.len()];
        File::open(segment)?.read_exact_at(&mut frame, start)?;
        frame[FRAME_HEADER_BYTES + self.at] = self.forged;
        let checksum = crc32c::crc32c(&frame[CHECKSUM_BYTES..]);
        Ok((start, checksum.to_le_bytes().to_vec()))
    }
}

/// What an entry says was given, in minor units and in words; none where it is no gift.
fn given(payload: &[u8]) -> Option<(i64, String)> {
    let entry = codec::decode(payload).ok()?;
    let EntryBody::Committed { amount_minor, .. } = &entry.body else { return None };
    let currency = entry.currency?;
    Some((*amount_minor, Money::new(currency, *amount_minor).to_string()))
}

/// Where some bytes begin in a file.
fn offset_of(file: &Path, wanted: &[u8]) -> io::Result<Option<u64>> {
    let mut file = File::open(file)?;
    let (mut start, mut seen) = (0, Vec::new());
    loop {
        let read = file.by_ref().take(LOOK_BYTES as u64).read_to_end(&mut seen)?;
        if let Some(at) = seen.windows(wanted.len()).position(|it| it == wanted) {
            return Ok(Some(start + at as u64));
        }
        if read == 0 {
            return Ok(None);
        }
        // The end may be the beginning of it.
        let done = seen.len().saturating_sub(wanted.len());
        seen.drain(..done);
        start += done as u64;
    }
}
