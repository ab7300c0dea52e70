//! Why gestures are given, what they are, and what they cost.

use makegood_core::policy::GestureKind;

use crate::generate::dice::Dice;

/// The reasons by their codes.
pub(super) const REASONS: [&str; 6] = ["late", "wrong", "damaged", "billing", "effort", "goodwill"];

/// The gestures: code, kind, and what they cost.
pub(super) const GESTURES: [(&str, GestureKind, Price); 5] = [
    ("refund", GestureKind::RefundCredit, Price::Bands(&REFUNDS)),
    ("waive_fee", GestureKind::FeeWaiver, Price::List(&[495, 750, 995, 1_200, 2_500])),
    ("gift", GestureKind::Gift, Price::List(&[1_500, 2_000, 2_500, 4_000, 5_000])),
    ("upgrade", GestureKind::Upgrade, Price::Bands(&UPGRADES)),
    ("expedite", GestureKind::Expedite, Price::Bands(&EXPEDITES)),
];

/// The gesture that is a refund.
pub(super) const REFUND: u8 = 0;

/// Which gestures a reason leads to, by weight: indices of [`GESTURES`].
const MIX: [&[(u32, u8)]; 6] = [
    &[(40, 0), (25, 1), (10, 2), (25, 4)],
    &[(60, 0), (10, 2), (15, 3), (15, 4)],
    &[(75, 0), (15, 2), (10, 4)],
    &[(35, 0), (65, 1)],
    &[(30, 0), (30, 1), (30, 2), (10, 3)],
    &[(20, 0), (20, 1), (50, 2), (10, 3)],
];

/// Why a team is called, by weight: indices of [`REASONS`]; teams take turns.
const CALLS: [&[(u32, u8)]; 3] = [
    &[(35, 0), (20, 1), (15, 2), (8, 3), (10, 4), (12, 5)],
    &[(8, 0), (8, 1), (4, 2), (55, 3), (13, 4), (12, 5)],
    &[(15, 0), (15, 1), (15, 2), (15, 3), (20, 4), (20, 5)],
];

/// In how many of a hundred cases a sum that is free is made a round one.
const ROUNDED_PERCENT: u32 = 30;

/// What gestures cost.
#[derive(Debug, Clone, Copy)]
pub(super) enum Price {
    /// One of a list, in minor units.
    List(&'static [i64]),
    /// Between two amounts in minor units, by weight.
    Bands(&'static [(u32, (u32, u32))]),
}

const REFUNDS: [(u32, (u32, u32)); 6] = [
    (420, (300, 2_500)),
    (310, (2_500, 7_000)),
    (180, (7_000, 17_000)),
    (65, (17_000, 38_000)),
    (13, (38_000, 50_000)),
    (12, (50_001, 150_000)),
];
const UPGRADES: [(u32, (u32, u32)); 5] = [
    (300, (1_500, 4_000)),
    (420, (4_000, 12_000)),
    (230, (12_000, 30_000)),
    (30, (30_000, 50_000)),
    (20, (50_001, 120_000)),
];
const EXPEDITES: [(u32, (u32, u32)); 2] = [(800, (600, 2_500)), (200, (2_500, 6_000))];

/// Why a customer of this department calls.
pub(super) fn reason(department: usize, dice: &mut Dice) -> u8 {
    *dice.weighted(CALLS[department % CALLS.len()])
}

/// What is done for this reason.
pub(super) fn gesture(reason: u8, dice: &mut Dice) -> u8 {
    *dice.weighted(MIX[usize::from(reason) % MIX.len()])
}

/// What a gesture costs, in minor units; some agents give more freely (`generosity` in hundredths).
pub(super) fn amount(gesture: u8, generosity: u32, dice: &mut Dice) -> i64 {
    match GESTURES[usize::from(gesture) % GESTURES.len()].2 {
        Price::List(prices) => *dice.pick(prices),
        Price::Bands(bands) => {
            let (least, most) = *dice.weighted(bands);
            let free = dice.between(least, most);
            // What lies above a limit is not made a little more or less: that would cross it.
            let free = if most < 38_000 { free * generosity / 100 } else { free };
            let rounded = (free / 500 * 500).max(500);
            i64::from(if dice.chance(ROUNDED_PERCENT) { rounded } else { free })
        }
    }
}
