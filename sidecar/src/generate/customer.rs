//! A customer: who it is, what they like, what they bought.

use makegood_proto::records::v1 as records;
use makegood_proto::v1 as api;

use super::calendar::DAY;
use super::names::{self, Name};
use super::plan::{Stream, What, dice};
use super::{Config, SOURCE};
use crate::import::rows::{Content, Row};

/// Area codes: a first digit from 2 to 9, a second from 0 to 8, any third.
const AREA_CODES: u64 = 8 * 90;
/// Numbers of the exchange 555 in all area codes. Beyond so many customers numbers are shared.
const NUMBERS: u64 = AREA_CODES * 10_000;
/// Without a common divisor with [`NUMBERS`], so that neighbours have numbers far apart and no two
/// the same.
const STRIDE: u64 = 1_299_721;

/// How many days a customer has been one, at most.
const MOST_DAYS: u32 = 4_000;

/// A customer.
pub(super) struct Customer {
    /// The number, from 0.
    pub(super) index: u32,
    /// The id in the source.
    pub(super) id: String,
    /// The name and the home.
    pub(super) name: Name,
    seed: u64,
    tier: &'static str,
    since_ns: i64,
}

/// What a customer likes.
pub(super) struct Likes {
    /// How many things are known: mostly none, rarely three.
    pub(super) count: u32,
    first: u32,
}

/// Preferences: kind, words, for how many days, whether of one situation only.
const PREFERENCES: [(api::PreferenceKind, &str, Option<i64>, bool); 14] = [
    (api::PreferenceKind::ContactHours, "No calls before 9", None, false),
    (api::PreferenceKind::ContactHours, "Calls after 6 in the evening only", Some(180), false),
    (api::PreferenceKind::ContactHours, "Not on Fridays", None, false),
    (api::PreferenceKind::Channel, "Mail rather than a call", None, false),
    (api::PreferenceKind::Channel, "Text message when the parcel is near", None, false),
    (api::PreferenceKind::Language, "Likes to speak their own language", None, false),
    (api::PreferenceKind::Need, "Step-free delivery, no stairs", None, false),
    (api::PreferenceKind::Need, "Speak slowly, hard of hearing", None, false),
    (
        api::PreferenceKind::Need,
        "Parcel to the neighbour while the arm is in plaster",
        Some(60),
        true,
    ),
    (api::PreferenceKind::Usage, "Orders for a small shop", None, false),
    (api::PreferenceKind::Usage, "Returns everything in the first week", None, false),
    (api::PreferenceKind::Other, "Tea, never coffee", None, false),
    (api::PreferenceKind::Other, "Keep it short", None, false),
    (api::PreferenceKind::Other, "Gift wrap, it is a surprise", Some(21), true),
];

/// Products with their prices in cents.
const PRODUCTS: [(&str, u32); 10] = [
    ("Kettle", 4_900),
    ("Desk lamp", 6_500),
    ("Running shoes", 11_900),
    ("Winter coat", 18_900),
    ("Headphones", 14_900),
    ("Tea set", 5_900),
    ("Office chair", 24_900),
    ("Backpack", 8_900),
    ("Blender", 9_900),
    ("Subscription box", 2_900),
];

/// For how many whole days a customer has been one; at least one.
pub(super) fn since_days(config: &Config, index: u32) -> u32 {
    let mut dice = dice(config.seed, index, Stream::Person);
    dice.between(1, MOST_DAYS)
}

/// What a customer likes.
pub(super) fn likes(seed: u64, index: u32) -> Likes {
    let mut dice = dice(seed, index, Stream::Likes);
    let count = *dice.weighted(&[(55, 0), (28, 1), (12, 2), (5, 3)]);
    Likes { count, first: dice.below(14) }
}

impl Customer {
    /// The customer of that number.
    pub(super) fn new(config: &Config, index: u32) -> Self {
        let mut dice = dice(config.seed, index, Stream::Person);
        let since_days = dice.between(1, MOST_DAYS);
        let tiers = [(60, ""), (25, "Silver"), (12, "Gold"), (3, "Platinum")];
        // A tier is earned.
        let tier = if since_days < 300 { "" } else { *dice.weighted(&tiers) };
        Self {
            index,
            id: format!("C-{:07}", index + 1),
            name: names::name(&mut dice),
            seed: config.seed,
            tier,
            since_ns: super::calendar::days_ago(config.now_ns, i64::from(since_days), 0, 0),
        }
    }

    /// The row of the customer.
    pub(super) fn row(&self) -> Row {
        let plain = |text: &str| -> String {
            text.to_lowercase().chars().filter(char::is_ascii_alphabetic).collect()
        };
        let domains = ["example.com", "example.net", "example.org"];
        let domain = domains[self.index as usize % domains.len()];
        // The number tells people of one name apart.
        let number = self.index + 1;
        let customer = records::Customer {
            origin: None,
            display_name: self.name.full.clone(),
            short_name: self.name.short.to_owned(),
            tier: self.tier.to_owned(),
            customer_since_ns: self.since_ns,
            time_zone: self.name.time_zone.to_owned(),
            language_code: self.name.language.to_owned(),
            phones: vec![phone(self.seed, self.index)],
            emails: vec![format!("{}.{number}@{domain}", plain(self.name.short))],
            account_numbers: vec![format!("AC-{number:07}")],
            region: self.name.region.to_owned(),
        };
        Row::new(SOURCE, &self.id, 0, Content::Customer(customer))
    }

    /// Something that the customer likes.
    pub(super) fn preference(&self, number: u32, learned_ns: i64, now_ns: i64) -> Row {
        // Steps of five meet no preference twice.
        let place = (likes(self.seed, self.index).first + number * 5) as usize;
        let (kind, text, lasts_days, situational) = PREFERENCES[place % PREFERENCES.len()];
        let mut dice = dice(self.seed, self.index, Stream::Event(What::Preference(number)));
        let sources = [
            (60, api::PreferenceSource::ToldUs),
            (30, api::PreferenceSource::Noticed),
            (10, api::PreferenceSource::Imported),
        ];
        let source = *dice.weighted(&sources);
        let days_since = (now_ns - learned_ns) / DAY;
        let confirmed_ns = if dice.chance(30) { learned_ns + days_since / 2 * DAY } else { 0 };
        let preference = records::Preference {
            kind: kind as i32,
            text: text.to_owned(),
            source: source as i32,
            learned_ns,
            confirmed_ns,
            expire_ns: lasts_days.map_or(0, |days| learned_ns + days * DAY),
            situational,
            ..records::Preference::default()
        };
        let id = format!("{}-L{}", self.id, number + 1);
        Row::new(SOURCE, &id, learned_ns, Content::Preference(preference)).with_customer(&self.id)
    }

    /// Something that the customer bought.
    pub(super) fn purchase(&self, number: u32, at_ns: i64) -> Row {
        let mut dice = dice(self.seed, self.index, Stream::Event(What::Purchase(number)));
        let won_by = *dice.pick(&["search", "a friend", "shop", "mail", "advertisement"]);
        let (product, price) = *dice.pick(&PRODUCTS);
        let quantity = *dice.weighted(&[(80, 1), (15, 2), (5, 3)]);
        let revenue = i64::from(price) * i64::from(quantity);
        let purchase = records::Purchase {
            origin: None,
            at_ns,
            currency_code: "USD".to_owned(),
            revenue_minor: revenue,
            margin_minor: Some(revenue * i64::from(dice.between(18, 46)) / 100),
            acquired_by: if number == 1 { won_by.to_owned() } else { String::new() },
            product: product.to_owned(),
            quantity,
        };
        let id = format!("{}-B{number}", self.id);
        Row::new(SOURCE, &id, at_ns, Content::Purchase(purchase)).with_customer(&self.id)
    }
}

/// The number of a customer.
fn phone(seed: u64, index: u32) -> String {
    let place = (u64::from(index) * STRIDE + seed % NUMBERS) % NUMBERS;
    let (area, line) = (place / 10_000, place % 10_000);
    // The first digit 2 to 9, the second 0 to 8, the third any.
    let area = 200 + area / 90 * 100 + area % 90;
    format!("+1{area}555{line:04}")
}
