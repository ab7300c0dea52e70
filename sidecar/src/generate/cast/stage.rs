//! How the stories of the cast become rows.

use makegood_proto::records::v1 as records;
use makegood_proto::v1 as api;

use super::super::SOURCE;
use super::super::calendar::{HOUR, MINUTE, days_ago};
use crate::import::rows::{Content, Row};

/// Days before now, hour and minute.
pub(super) type At = (i64, i64, i64);

/// Somebody of the cast.
pub(super) struct Person {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) short: &'static str,
    pub(super) tier: &'static str,
    pub(super) days: i64,
    pub(super) phone: &'static str,
    pub(super) language: &'static str,
}

/// One contact.
pub(super) struct Scene {
    pub(super) id: &'static str,
    pub(super) channel: api::Channel,
    pub(super) at: At,
    pub(super) reason: &'static str,
    /// The number of the contact about this matter, from 1.
    pub(super) attempt: i32,
    pub(super) transfers: i32,
    pub(super) is_settled: bool,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            id: "",
            channel: api::Channel::Phone,
            at: (0, 0, 0),
            reason: "",
            attempt: 1,
            transfers: 0,
            is_settled: true,
        }
    }
}

/// The moment from which the stories are told.
#[derive(Clone, Copy)]
pub(super) struct Stage {
    now_ns: i64,
}

impl Stage {
    pub(super) fn new(now_ns: i64) -> Self {
        Self { now_ns }
    }

    fn at(self, (days, hour, minute): At) -> i64 {
        days_ago(self.now_ns, days, hour, minute)
    }

    pub(super) fn customer(self, person: &Person) -> Row {
        let customer = records::Customer {
            origin: None,
            display_name: person.name.to_owned(),
            short_name: person.short.to_owned(),
            tier: person.tier.to_owned(),
            customer_since_ns: self.at((person.days, 0, 0)),
            time_zone: "America/New_York".to_owned(),
            language_code: person.language.to_owned(),
            phones: vec![person.phone.to_owned()],
            emails: vec![format!(
                "{}@example.com",
                person.id.trim_start_matches("C-").to_lowercase()
            )],
            account_numbers: vec![person.id.replace("C-", "AC-")],
            region: "East".to_owned(),
        };
        Row::new(SOURCE, person.id, 0, Content::Customer(customer))
    }

    pub(super) fn contact(self, customer: &str, scene: &Scene) -> Row {
        let start_ns = self.at(scene.at);
        let (stem, number) = scene.id.split_once('-').unwrap_or((scene.id, "1"));
        let before: i32 = number.parse().unwrap_or(1) - 1;
        let interaction = records::Interaction {
            team: "Orders".to_owned(),
            site: "Austin".to_owned(),
            region: "East".to_owned(),
            channel: scene.channel as i32,
            touch_point: "delivery".to_owned(),
            lifecycle_stage: "support".to_owned(),
            reasons: vec![scene.reason.to_owned()],
            severity: if scene.is_settled { 2 } else { 4 },
            start_ns,
            connect_ns: start_ns + MINUTE,
            end_ns: start_ns + 12 * MINUTE,
            wait_ms: 60_000,
            transfer_count: scene.transfers,
            repeat_of: if scene.attempt > 1 { format!("{stem}-{before}") } else { String::new() },
            resolved_agent: Some(scene.is_settled),
            call_state: api::CallState::Ended as i32,
            match_status: api::MatchStatus::Exact as i32,
            case_id: format!("{stem}-{}", scene.reason.replace(' ', "-")),
            ..records::Interaction::default()
        };
        Self::row(customer, scene.id, start_ns, Content::Interaction(interaction))
            .with_agent("A-001")
    }

    pub(super) fn recommend(
        self,
        customer: &str,
        interaction: &str,
        at: At,
        answer: (i32, &str),
    ) -> Row {
        let question = "How likely are you to recommend us to a friend?";
        self.score(customer, interaction, at, (api::ScoreKind::Recommend, question, answer))
    }

    pub(super) fn satisfaction(
        self,
        customer: &str,
        interaction: &str,
        at: At,
        answer: (i32, &str),
    ) -> Row {
        let question = "How satisfied are you with this contact?";
        self.score(customer, interaction, at, (api::ScoreKind::Satisfaction, question, answer))
    }

    fn score(
        self,
        customer: &str,
        interaction: &str,
        at: At,
        (kind, question, (value, words)): (api::ScoreKind, &str, (i32, &str)),
    ) -> Row {
        let end_ns = self.at(at) + 12 * MINUTE;
        let score = records::Score {
            origin: None,
            kind: kind as i32,
            scale_version: 1,
            value,
            interaction_id: interaction.to_owned(),
            invite_ns: end_ns + MINUTE,
            invited_by: "survey".to_owned(),
            respond_ns: end_ns + HOUR,
            words: words.to_owned(),
            question: question.to_owned(),
        };
        Self::row(customer, &format!("{interaction}-S"), end_ns + HOUR, Content::Score(score))
    }

    pub(super) fn preference(
        self,
        customer: &str,
        id: &str,
        (kind, text): (api::PreferenceKind, &str),
        days: i64,
    ) -> Row {
        let learned_ns = self.at((days, 15, 0));
        let preference = records::Preference {
            kind: kind as i32,
            text: text.to_owned(),
            source: api::PreferenceSource::ToldUs as i32,
            learned_ns,
            ..records::Preference::default()
        };
        Self::row(
            customer,
            &format!("{customer}-{id}"),
            learned_ns,
            Content::Preference(preference),
        )
    }

    pub(super) fn purchase(
        self,
        customer: &str,
        id: &str,
        days: i64,
        (product, price): (&str, i64),
    ) -> Row {
        let at_ns = self.at((days, 10, 30));
        let purchase = records::Purchase {
            at_ns,
            currency_code: "USD".to_owned(),
            revenue_minor: price,
            margin_minor: Some(price * 30 / 100),
            product: product.to_owned(),
            quantity: 1,
            ..records::Purchase::default()
        };
        Self::row(customer, &format!("{customer}-{id}"), at_ns, Content::Purchase(purchase))
    }

    /// A promise that is open; late by so many days, or due in so many if they are negative.
    pub(super) fn owed(
        self,
        customer: &str,
        interaction: &str,
        made: At,
        (text, late_days): (&str, i64),
    ) -> Row {
        // At the start of the day, so that it is late by whole days at any hour of now.
        let due_ns = self.at((late_days, 0, 0));
        self.promise(
            customer,
            interaction,
            made,
            records::Promise { text: text.to_owned(), due_ns, ..records::Promise::default() },
        )
    }

    /// A promise that was kept the day after it was made.
    pub(super) fn kept(self, customer: &str, interaction: &str, made: At, text: &str) -> Row {
        let (days, hour, minute) = made;
        self.promise(
            customer,
            interaction,
            made,
            records::Promise {
                text: text.to_owned(),
                due_ns: self.at((days - 2, 17, 0)),
                outcome: 1,
                settle_ns: self.at((days - 1, hour, minute)),
                ..records::Promise::default()
            },
        )
    }

    fn promise(
        self,
        customer: &str,
        interaction: &str,
        made: At,
        promise: records::Promise,
    ) -> Row {
        let create_ns = self.at(made) + 10 * MINUTE;
        let promise =
            records::Promise { create_ns, interaction_id: interaction.to_owned(), ..promise };
        Self::row(customer, &format!("{interaction}-P"), create_ns, Content::Promise(promise))
            .with_agent("A-001")
    }

    fn row(customer: &str, id: &str, sort_time_ns: i64, content: Content) -> Row {
        Row::new(SOURCE, id, sort_time_ns, content).with_customer(customer)
    }
}
