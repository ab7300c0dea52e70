//! A customer: who it is, what they like, what they bought.

use makegood_proto::records::v1 as records;
use makegood_proto::v1 as api;

use super::calendar::{DAY, any_moment};
use super::dice::Dice;
use super::names::{self, Name};
use super::{Config, Out, SOURCE};
use crate::import::rows::{Content, PutError, Row};

/// Area codes: a first digit from 2 to 9, a second from 0 to 8, any third.
const AREA_CODES: u64 = 8 * 90;
/// Numbers of the exchange 555 in all area codes. Beyond so many customers numbers are shared.
const NUMBERS: u64 = AREA_CODES * 10_000;
/// Without a common divisor with [`NUMBERS`], so that neighbours have numbers far apart and no two
/// the same.
const STRIDE: u64 = 1_299_721;

/// A customer under way, with the chance that makes the rest of their story.
pub(super) struct Customer {
    /// The id in the source.
    pub(super) id: String,
    /// The customer's own stream.
    pub(super) dice: Dice,
    /// The name and the home.
    pub(super) name: Name,
    /// How easily the customer is content: 0 (hard to please) to 3.
    pub(super) ease: u32,
    tier: &'static str,
    since_days: u32,
    phone: String,
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

impl Customer {
    /// The customer of that number.
    pub(super) fn new(config: &Config, index: u32) -> Self {
        let mut dice = Dice::new(config.seed, u64::from(index));
        let name = names::name(&mut dice);
        let tiers = [(60, ""), (25, "Silver"), (12, "Gold"), (3, "Platinum")];
        let tier = *dice.weighted(&tiers);
        let least = if tier.is_empty() { 1 } else { 300 };
        Self {
            id: format!("C-{:07}", index + 1),
            name,
            ease: dice.below(4),
            tier,
            since_days: dice.between(least, 4_000),
            phone: phone(config.seed, index),
            dice,
        }
    }

    /// The row of the customer.
    pub(super) fn row(&mut self, now_ns: i64) -> Row {
        let plain = |text: &str| -> String {
            text.to_lowercase().chars().filter(char::is_ascii_alphabetic).collect()
        };
        let domain = *self.dice.pick(&["example.com", "example.net", "example.org"]);
        // The number tells people of one name apart.
        let number = self.id.trim_start_matches("C-").trim_start_matches('0');
        let email = format!("{}.{number}@{domain}", plain(self.name.short));
        let account = format!("AC-{}", self.id.trim_start_matches("C-"));
        let customer = records::Customer {
            origin: None,
            display_name: self.name.full.clone(),
            short_name: self.name.short.to_owned(),
            tier: self.tier.to_owned(),
            customer_since_ns: self.since_ns(now_ns),
            time_zone: self.name.time_zone.to_owned(),
            language_code: self.name.language.to_owned(),
            phones: vec![self.phone.clone()],
            emails: vec![email],
            account_numbers: vec![account],
            region: self.name.region.to_owned(),
        };
        Row::new(SOURCE, &self.id, 0, Content::Customer(customer))
    }

    /// Since when a customer.
    pub(super) fn since_ns(&self, now_ns: i64) -> i64 {
        now_ns - now_ns.rem_euclid(DAY) - i64::from(self.since_days) * DAY
    }

    /// Puts what the customer likes: mostly nothing that is known, rarely three things.
    pub(super) fn put_preferences(
        &mut self,
        config: &Config,
        out: &mut Out<'_>,
    ) -> Result<(), PutError> {
        let count = *self.dice.weighted(&[(55, 0), (28, 1), (12, 2), (5, 3)]);
        let first = self.dice.below(14);
        for number in 0..count {
            // Steps of five meet no preference twice.
            let (kind, text, lasts_days, situational) =
                PREFERENCES[(first as usize + number * 5) % PREFERENCES.len()];
            let learned_ns = any_moment(&mut self.dice, config.now_ns, self.since_days.min(400));
            let sources = [
                (60, api::PreferenceSource::ToldUs),
                (30, api::PreferenceSource::Noticed),
                (10, api::PreferenceSource::Imported),
            ];
            let source = *self.dice.weighted(&sources);
            let confirmed = self.dice.chance(30);
            let preference = records::Preference {
                kind: kind as i32,
                text: text.to_owned(),
                source: source as i32,
                learned_ns,
                confirmed_ns: if confirmed {
                    learned_ns + (config.now_ns - learned_ns) / 2
                } else {
                    0
                },
                expire_ns: lasts_days.map_or(0, |days| learned_ns + days * DAY),
                situational,
                ..records::Preference::default()
            };
            let id = format!("{}-L{}", self.id, number + 1);
            out.put(
                Row::new(SOURCE, &id, learned_ns, Content::Preference(preference))
                    .with_customer(&self.id),
            )?;
        }
        Ok(())
    }

    /// Puts what the customer bought in the last two years.
    pub(super) fn put_purchases(
        &mut self,
        config: &Config,
        out: &mut Out<'_>,
    ) -> Result<(), PutError> {
        let (least, most) =
            *self.dice.weighted(&[(45, (1, 2)), (35, (3, 5)), (15, (6, 12)), (5, (13, 40))]);
        let days = self.since_days.min(730);
        let won_by = *self.dice.pick(&["search", "a friend", "shop", "mail", "advertisement"]);
        for number in 1..=self.dice.between(least, most) {
            let at_ns = any_moment(&mut self.dice, config.now_ns, days);
            let (product, price) = *self.dice.pick(&PRODUCTS);
            let quantity = *self.dice.weighted(&[(80, 1), (15, 2), (5, 3)]);
            let revenue = i64::from(price) * i64::from(quantity);
            let purchase = records::Purchase {
                origin: None,
                at_ns,
                currency_code: "USD".to_owned(),
                revenue_minor: revenue,
                margin_minor: Some(revenue * i64::from(self.dice.between(18, 46)) / 100),
                acquired_by: if number == 1 { won_by.to_owned() } else { String::new() },
                product: product.to_owned(),
                quantity,
            };
            let id = format!("{}-B{number}", self.id);
            out.put(
                Row::new(SOURCE, &id, at_ns, Content::Purchase(purchase)).with_customer(&self.id),
            )?;
        }
        Ok(())
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
