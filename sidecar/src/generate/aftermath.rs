//! What comes of a contact: something done, something promised, something said.

use makegood_proto::records::v1 as records;
use makegood_proto::v1 as api;

use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::contacts::{Contact, Story};
use super::dice::Dice;
use super::{Out, words};
use crate::import::rows::{Content, PutError};

const ACTIONS: [(u32, (api::ActionKind, &str)); 7] = [
    (28, (api::ActionKind::Explained, "Explained what happened and what comes next")),
    (24, (api::ActionKind::Apologised, "Apologised without excuses")),
    (16, (api::ActionKind::Listened, "Listened to the end")),
    (12, (api::ActionKind::RaisedInside, "Raised with the warehouse")),
    (10, (api::ActionKind::SavedMoney, "Pointed to the cheaper delivery")),
    (6, (api::ActionKind::LowerMargin, "Recommended the simpler model")),
    (4, (api::ActionKind::PreferredHour, "Called back at the hour the customer likes")),
];

impl Story<'_> {
    pub(super) fn put_action(
        self,
        contact: &Contact<'_>,
        dice: &mut Dice,
        out: &mut Out<'_>,
    ) -> Result<(), PutError> {
        if !dice.chance(12) {
            return Ok(());
        }
        let (kind, note) = *dice.weighted(&ACTIONS);
        let value = i64::from(dice.between(5, 40)) * 100;
        let has_value = matches!(kind, api::ActionKind::SavedMoney | api::ActionKind::LowerMargin);
        let gives_margin = kind == api::ActionKind::LowerMargin;
        let action = records::AdvocacyAction {
            kind: kind as i32,
            act_ns: contact.end_ns - 30 * SECOND,
            note: note.to_owned(),
            currency_code: if has_value { "USD".to_owned() } else { String::new() },
            customer_value_minor: if has_value { value } else { 0 },
            margin_given_up_minor: if gives_margin { value / 3 } else { 0 },
            counterpart: if kind == api::ActionKind::RaisedInside {
                "Warehouse".to_owned()
            } else {
                String::new()
            },
            interaction_id: contact.id.clone(),
            ..records::AdvocacyAction::default()
        };
        let act_ns = action.act_ns;
        let row = self.row(&format!("{}-A", contact.id), act_ns, Content::Action(action));
        out.put(row.with_agent(&contact.agent.id))
    }

    pub(super) fn put_promise(
        self,
        contact: &Contact<'_>,
        dice: &mut Dice,
        out: &mut Out<'_>,
    ) -> Result<(), PutError> {
        if contact.is_settled || !dice.chance(45) {
            return Ok(());
        }
        let now_ns = self.config.now_ns;
        let due_ns = contact.end_ns + i64::from(dice.between(1, 9)) * DAY;
        // Some promises are kept before they are due, some after, some never.
        let settle_ns = contact.end_ns + i64::from(dice.between(6, 260)) * HOUR;
        let outcome = *dice.weighted(&[(74, 1), (14, 0), (8, 2), (4, 3)]);
        let is_settled = outcome != 0 && settle_ns < now_ns;
        let order = format!(
            "{}-{}",
            char::from(b'A' + u8::try_from(dice.below(8)).unwrap_or(0)),
            dice.between(100, 999)
        );
        let promise = records::Promise {
            text: contact.reason.promise.replace('#', &order),
            due_ns,
            create_ns: contact.end_ns,
            outcome: if is_settled { outcome } else { 0 },
            settle_ns: if is_settled { settle_ns } else { 0 },
            moved_by: *dice.weighted(&[(88, 0), (5, 1), (7, 2)]),
            interaction_id: contact.id.clone(),
            ..records::Promise::default()
        };
        let row = self.row(&format!("{}-P", contact.id), contact.end_ns, Content::Promise(promise));
        out.put(row.with_agent(&contact.agent.id))
    }

    pub(super) fn put_score(
        self,
        contact: &Contact<'_>,
        dice: &mut Dice,
        out: &mut Out<'_>,
    ) -> Result<(), PutError> {
        let respond_ns = contact.end_ns + i64::from(dice.between(3, 2_800)) * MINUTE;
        if !dice.chance(27) || respond_ns >= self.config.now_ns {
            return Ok(());
        }
        let recommend = feeling(contact, self.customer.ease, dice);
        let is_recommend = dice.chance(60);
        let (kind, value, question) = if is_recommend {
            let question = "How likely are you to recommend us to a friend?";
            (api::ScoreKind::Recommend, recommend, question)
        } else {
            let satisfaction = match recommend {
                0..=2 => 1,
                3..=4 => 2,
                5..=6 => 3,
                7..=8 => 4,
                _ => 5,
            };
            (api::ScoreKind::Satisfaction, satisfaction, "How satisfied are you with this contact?")
        };
        let score = records::Score {
            origin: None,
            kind: kind as i32,
            scale_version: 1,
            value: i32::try_from(value).unwrap_or(0),
            interaction_id: contact.id.clone(),
            invite_ns: contact.end_ns + MINUTE,
            invited_by: "survey".to_owned(),
            respond_ns,
            words: words::words(dice, recommend, contact.reason),
            question: question.to_owned(),
        };
        out.put(self.row(&format!("{}-S", contact.id), respond_ns, Content::Score(score)))
    }
}

/// How likely the customer is to recommend the house after a contact, 0 to 10: less for what went
/// wrong, most of all for a matter that is still open and for every time it had to be told again.
fn feeling(contact: &Contact<'_>, ease: u32, dice: &mut Dice) -> u32 {
    let open = if contact.is_settled { 0 } else { 3 };
    let hurt = if contact.is_settled { contact.severity / 2 } else { contact.severity };
    let wait = contact.wait_s / 400;
    let harm = open + hurt + wait + contact.transfers + 2 * (contact.attempt - 1);
    let base = 9 + ease.min(3) / 2 + dice.below(3);
    base.saturating_sub(harm).min(10)
}
