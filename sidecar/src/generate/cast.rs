//! The cast of the demo: a few customers with known numbers and known stories, told in days before
//! now.

mod stage;

use makegood_proto::v1 as api;

use super::Out;
use crate::import::rows::{PutError, Row};
use stage::{Person, Scene, Stage};

/// A customer of the demo, or a number that nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CastMember {
    /// The id in the source; empty for a number that nobody has.
    pub id: &'static str,
    /// The name; of everybody who shares the number.
    pub name: &'static str,
    /// The number to call from, as a switch would give it.
    pub phone: &'static str,
    /// What there is to see, in a few words.
    pub note: &'static str,
}

/// Who can call in the demo, the most telling first.
///
/// Their numbers are no longer than the exchange and the line, so that no generated customer has
/// them.
pub fn cast() -> Vec<CastMember> {
    let member = |id, name, phone, note| CastMember { id, name, phone, note };
    vec![
        member(MARIA, "Maria Okafor", "+1 555 0100", "third late delivery, a refund is owed"),
        member(INES, "Ines Duarte", "+1 555 0106", "asks for $180; Sam has $60 left for her"),
        member(AISHA, "Aisha Rahman", "+1 555 0101", "charged twice, told it four times"),
        member(SAMUEL, "Samuel Adeyemi", "+1 555 0102", "an advocate, nothing is wrong"),
        member(LENA, "Lena and Tom Berger", "+1 555 0103", "two customers with one number"),
        member(YUKI, "Yuki Tanaka", "+1 555 0104", "a customer since yesterday, no history"),
        member(LAYLA, "ليلى منصور", "+1 555 0105", "a name written from right to left"),
        member("", "Unknown caller", "+1 555 0199", "nobody has this number"),
    ]
}

/// Whom a third late delivery made an opponent.
pub const MARIA: &str = "C-MARIA";
const AISHA: &str = "C-AISHA";
const SAMUEL: &str = "C-SAMUEL";
const LENA: &str = "C-LENA";
const TOM: &str = "C-TOM";
const YUKI: &str = "C-YUKI";
const LAYLA: &str = "C-LAYLA";
/// Whom the agent of her contacts has given nearly all that may be given.
pub const INES: &str = "C-INES";

/// Puts the cast and their stories.
pub(super) fn play(now_ns: i64, out: &mut Out<'_>) -> Result<(), PutError> {
    let stage = Stage::new(now_ns);
    let rows =
        [maria(stage), aisha(stage), samuel(stage), bergers(stage), newcomers(stage), ines(stage)];
    rows.into_iter().flatten().try_for_each(|row| out.put(row))
}

/// Six years a customer, an advocate once; three late deliveries later an opponent.
fn maria(stage: Stage) -> Vec<Row> {
    let tea = (api::PreferenceKind::Other, "Tea, never coffee");
    let hours = (api::PreferenceKind::ContactHours, "No calls before 9");
    let words = "Third late delivery this year. I keep explaining.";
    let (visit, first, second) = ((128, 15, 20), (96, 14, 5), (47, 18, 40));
    let (refund, chat) = ((18, 16, 30), (11, 19, 15));
    let late =
        |id, channel, at| Scene { id, channel, at, reason: "late delivery", ..Scene::default() };
    let last = Scene { attempt: 3, is_settled: false, ..late("MARIA-5", api::Channel::Chat, chat) };
    vec![
        stage.customer(&Person {
            id: MARIA,
            name: "Maria Okafor",
            short: "Maria",
            tier: "Gold",
            days: 6 * 365 + 20,
            phone: "+15550100",
            language: "en-US",
        }),
        stage.preference(MARIA, "L1", tea, 143),
        stage.preference(MARIA, "L2", hours, 90),
        stage.purchase(MARIA, "B1", 131, ("Tea set", 5_900)),
        stage.purchase(MARIA, "B2", 104, ("Winter coat", 18_900)),
        stage.purchase(MARIA, "B3", 54, ("Desk lamp", 6_500)),
        stage.purchase(MARIA, "B4", 24, ("Office chair", 24_900)),
        stage.contact(
            MARIA,
            &Scene { reason: "product question", ..late("MARIA-1", api::Channel::Store, visit) },
        ),
        stage.recommend(MARIA, "MARIA-1", visit, (9, "She knew exactly which tea set I meant.")),
        stage.contact(MARIA, &late("MARIA-2", api::Channel::Phone, first)),
        stage.kept(MARIA, "MARIA-2", first, "Delivery fee back for A-072"),
        stage.contact(MARIA, &Scene { attempt: 2, ..late("MARIA-3", api::Channel::Email, second) }),
        stage.contact(
            MARIA,
            &Scene {
                reason: "return",
                is_settled: false,
                transfers: 1,
                ..late("MARIA-4", api::Channel::Phone, refund)
            },
        ),
        stage.owed(MARIA, "MARIA-4", refund, ("Refund A-118", 9)),
        stage.contact(MARIA, &last),
        stage.recommend(MARIA, "MARIA-5", chat, (3, words)),
    ]
}

/// One matter told four times in five days, and a promise that is due tomorrow.
fn aisha(stage: Stage) -> Vec<Row> {
    let tries = [
        ("AISHA-1", api::Channel::Web, (6, 13, 10), 0),
        ("AISHA-2", api::Channel::Chat, (5, 17, 45), 0),
        ("AISHA-3", api::Channel::Phone, (3, 15, 30), 2),
        ("AISHA-4", api::Channel::Phone, (2, 20, 5), 1),
    ];
    let mut rows = vec![stage.customer(&Person {
        id: AISHA,
        name: "Aisha Rahman",
        short: "Aisha",
        tier: "Silver",
        days: 500,
        phone: "+15550101",
        language: "en-GB",
    })];
    let number = (api::PreferenceKind::Need, "Speak slowly, hard of hearing");
    rows.push(stage.preference(AISHA, "L1", number, 40));
    rows.push(stage.purchase(AISHA, "B1", 8, ("Headphones", 14_900)));
    for (attempt, (id, channel, at, transfers)) in (1..).zip(tries) {
        let scene = Scene {
            id,
            channel,
            at,
            attempt,
            transfers,
            reason: "double charge",
            is_settled: false,
        };
        rows.push(stage.contact(AISHA, &scene));
    }
    let words = "My money is still gone, and I told it four times.";
    rows.push(stage.satisfaction(AISHA, "AISHA-1", (6, 13, 10), (4, "")));
    rows.push(stage.satisfaction(AISHA, "AISHA-4", (2, 20, 5), (2, words)));
    rows.push(stage.owed(AISHA, "AISHA-4", (2, 20, 5), ("Refund of the second charge, B-207", -1)));
    rows
}

/// Content, and getting more so.
fn samuel(stage: Stage) -> Vec<Row> {
    let mut rows = vec![stage.customer(&Person {
        id: SAMUEL,
        name: "Samuel Adeyemi",
        short: "Samuel",
        tier: "Platinum",
        days: 11 * 365,
        phone: "+15550102",
        language: "en-NG",
    })];
    let mail = (api::PreferenceKind::Channel, "Mail rather than a call");
    rows.push(stage.preference(SAMUEL, "L1", mail, 200));
    let visits = [
        ("SAMUEL-1", (70, 14, 0), (8, "Good help, long wait.")),
        ("SAMUEL-2", (20, 16, 10), (10, "Sorted in five minutes. I will tell my sister.")),
    ];
    for (id, at, answer) in visits {
        let scene = Scene {
            id,
            channel: api::Channel::Phone,
            at,
            reason: "product question",
            ..Scene::default()
        };
        rows.push(stage.contact(SAMUEL, &scene));
        rows.push(stage.recommend(SAMUEL, id, at, answer));
    }
    rows.push(stage.purchase(SAMUEL, "B1", 19, ("Running shoes", 11_900)));
    rows
}

/// Two who share a number, so that the agent has to ask who is calling.
fn bergers(stage: Stage) -> Vec<Row> {
    let berger = |id, name, short, days| Person {
        id,
        name,
        short,
        tier: "",
        days,
        phone: "+15550103",
        language: "de-AT",
    };
    let damaged = Scene {
        id: "LENA-1",
        channel: api::Channel::Email,
        at: (5, 12, 25),
        reason: "damaged item",
        ..Scene::default()
    };
    let bill = Scene {
        id: "TOM-1",
        channel: api::Channel::Phone,
        at: (33, 18, 50),
        reason: "billing question",
        ..Scene::default()
    };
    vec![
        stage.customer(&berger(LENA, "Lena Berger", "Lena", 1_400)),
        stage.customer(&berger(TOM, "Tom Berger", "Tom", 210)),
        stage.contact(LENA, &damaged),
        stage.satisfaction(LENA, "LENA-1", (5, 12, 25), (4, "New one came the next day.")),
        stage.contact(TOM, &bill),
    ]
}

/// A table that came broken twice; what is asked for now is more than is left to give.
fn ines(stage: Stage) -> Vec<Row> {
    let (first, second) = ((12, 14, 20), (5, 16, 45));
    let broken = |id, at| Scene { id, at, reason: "damaged item", ..Scene::default() };
    let again = Scene { attempt: 2, is_settled: false, ..broken("INES-2", second) };
    let words = "The second table came with a crack, and I paid for the assembly.";
    vec![
        stage.customer(&Person {
            id: INES,
            name: "Ines Duarte",
            short: "Ines",
            tier: "Gold",
            days: 3 * 365,
            phone: "+15550106",
            language: "pt-PT",
        }),
        stage.purchase(INES, "B1", 19, ("Dining table", 234_000)),
        stage.contact(INES, &broken("INES-1", first)),
        stage.contact(INES, &again),
        stage.satisfaction(INES, "INES-2", second, (2, words)),
        stage.owed(INES, "INES-2", second, ("Assembly fee, $180", 0)),
    ]
}

/// A customer without a history, and one whose name runs the other way.
fn newcomers(stage: Stage) -> Vec<Row> {
    let yuki = Person {
        id: YUKI,
        name: "Yuki Tanaka",
        short: "Yuki",
        tier: "",
        days: 1,
        phone: "+15550104",
        language: "ja-JP",
    };
    let layla = Person {
        id: LAYLA,
        name: "ليلى منصور",
        short: "ليلى",
        tier: "Gold",
        days: 900,
        phone: "+15550105",
        language: "ar-JO",
    };
    let wrong = Scene {
        id: "LAYLA-1",
        channel: api::Channel::Chat,
        at: (9, 15, 0),
        reason: "wrong item",
        ..Scene::default()
    };
    vec![
        stage.customer(&yuki),
        stage.customer(&layla),
        stage.contact(LAYLA, &wrong),
        stage.recommend(LAYLA, "LAYLA-1", (9, 15, 0), (7, "وصل الطلب الصحيح في اليوم التالي.")),
    ]
}
