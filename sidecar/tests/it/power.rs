//! Power cuts under load: the image under the file system is copied while the sidecar writes, and
//! whoever opens the copy finds everything that was acknowledged by then.
//!
//! The image is what a disk would hold: bytes that were written and not synced are in the page cache
//! above it. A second sidecar, whose syncs do nothing, proves that losses would be seen.

mod image;

use std::path::Path;

use rand_pcg::rand_core::Rng as _;

use crate::crash::desks::{Desks, RULES, Told};
use crate::crash::{dice, rounds};
use crate::support::{Makegood, Place};
use image::{Image, library_without_syncs};

/// In every run; `MAKEGOOD_POWER_CUTS` asks for more.
const CUTS: usize = 20;
/// Of a sidecar that does not sync: the first one shows it already.
const CUTS_WITHOUT_SYNC: usize = 3;
/// Between two cuts fewer gifts are answered.
const ANSWERS_MAX: u64 = 60;

/// Serves from an image, and cuts its power again and again under load; answers with what was
/// lost at each cut, and how much was acknowledged in all. A library is loaded before all others.
async fn cut_power(
    image: &Image,
    library: Option<&Path>,
    cuts: usize,
) -> (Vec<Option<String>>, usize) {
    let mut dice = dice();
    let place = Place::on(image.live(), RULES);
    place.fill().await;
    // What the test itself has written is no part of the proof.
    image.sync();
    let sidecar = match library {
        Some(library) => Makegood::serve_under(&place, library),
        None => Makegood::serve(&place),
    };
    sidecar.ready().await;
    let desks = Desks::knowing(Told::default());
    let working = desks.work(&sidecar, &place, 0).await;
    let mut lost = Vec::new();
    for _ in 0..cuts {
        desks.answered(1 + u32::try_from(dice.next_u64() % ANSWERS_MAX).unwrap()).await;
        sidecar.pause().await;
        let told = desks.told();
        let copy = image.copy();
        sidecar.resume_process();
        lost.push(copy.lost(&place, &told).await);
    }
    sidecar.kill();
    working.join_all().await;
    (lost, desks.told().acknowledged.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_every_acknowledgement_through_power_cuts() {
    let image = match Image::new() {
        Ok(image) => image,
        Err(why) => return println!("skipped, no file system of its own: {why}"),
    };
    let cuts = rounds("MAKEGOOD_POWER_CUTS", CUTS);
    let (lost, given) = cut_power(&image, None, cuts).await;
    let lost: Vec<String> = lost.into_iter().flatten().collect();
    assert!(lost.is_empty(), "{} of {cuts} cuts lost something: {lost:#?}", lost.len());
    println!("{given} gifts acknowledged over {cuts} power cuts");
    assert!(given > cuts, "too little was done to prove anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sidecar_that_does_not_sync_is_seen_to_lose_acknowledgements() {
    let image = match Image::new() {
        Ok(image) => image,
        Err(why) => return println!("skipped, no file system of its own: {why}"),
    };
    let library = match library_without_syncs() {
        Ok(library) => library,
        Err(why) => return println!("skipped, no C compiler: {why}"),
    };
    let (lost, _) = cut_power(&image, Some(library.path()), CUTS_WITHOUT_SYNC).await;
    println!("lost without syncs: {lost:?}");
    assert!(lost.iter().all(Option::is_some), "a loss was not seen: {lost:?}");
}
