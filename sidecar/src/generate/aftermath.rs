//! What comes of a contact: something done, something promised, something said.

use makegood_proto::records::v1 as records;
use makegood_proto::v1 as api;

use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::contacts::Contact;
use super::dice::Dice;
use super::{shape, words};
use crate::import::rows::{Content, Row};

const ACTIONS: [(u32, (api::ActionKind, &str)); 7] = [
    (28, (api::ActionKind::Explained, "Explained what happened and what comes next")),
    (24, (api::ActionKind::Apologised, "Apologised without excuses")),
    (16, (api::ActionKind::Listened, "Listened to the end")),
    (12, (api::ActionKind::RaisedInside, "Raised with the warehouse")),
    (10, (api::ActionKind::SavedMoney, "Pointed to the cheaper delivery")),
    (6, (api::ActionKind::LowerMargin, "Recommended the simpler model")),
    (4, (api::ActionKind::PreferredHour, "Called back at the hour the customer likes")),
];

/// What comes of a contact before `now_ns`.
pub(super) fn rows(contact: &Contact<'_>, now_ns: i64, dice: &mut Dice) -> [Option<Row>; 3] {
    [action(contact, dice), promise(contact, now_ns, dice), score(contact, now_ns, dice)]
}

fn action(contact: &Contact<'_>, dice: &mut Dice) -> Option<Row> {
    if !dice.chance(12) {
        return None;
    }
    let (kind, note) = *dice.weighted(&ACTIONS);
    let value = i64::from(dice.between(5, 40)) * 100;
    let has_value = matches!(kind, api::ActionKind::SavedMoney | api::ActionKind::LowerMargin);
    let gives_margin = kind == api::ActionKind::LowerMargin;
    let act_ns = contact.end_ns - 30 * SECOND;
    let action = records::AdvocacyAction {
        kind: kind as i32,
        act_ns,
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
    let row = contact.row(&format!("{}-A", contact.id), act_ns, Content::Action(action));
    Some(row.with_agent(&contact.agent.id))
}

fn promise(contact: &Contact<'_>, now_ns: i64, dice: &mut Dice) -> Option<Row> {
    if contact.facts.is_settled || !dice.chance(45) {
        return None;
    }
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
        text: contact.facts.reason.promise.replace('#', &order),
        due_ns,
        create_ns: contact.end_ns,
        outcome: if is_settled { outcome } else { 0 },
        settle_ns: if is_settled { settle_ns } else { 0 },
        moved_by: *dice.weighted(&[(88, 0), (5, 1), (7, 2)]),
        interaction_id: contact.id.clone(),
        ..records::Promise::default()
    };
    let row = contact.row(&format!("{}-P", contact.id), contact.end_ns, Content::Promise(promise));
    Some(row.with_agent(&contact.agent.id))
}

fn score(contact: &Contact<'_>, now_ns: i64, dice: &mut Dice) -> Option<Row> {
    let respond_ns = contact.end_ns + i64::from(dice.between(3, 2_800)) * MINUTE;
    if !dice.chance(shape::ANSWERED_PERCENT) || respond_ns >= now_ns {
        return None;
    }
    let contentment = shape::contentment(dice, contact.went_wrong());
    let likelihood = shape::likelihood(contentment);
    let (kind, value, question) = if dice.chance(60) {
        let question = "How likely are you to recommend us to a friend?";
        (api::ScoreKind::Recommend, likelihood, question)
    } else {
        let question = "How satisfied are you with this contact?";
        (api::ScoreKind::Satisfaction, shape::stars(contentment), question)
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
        words: words::words(dice, likelihood, contact.facts.reason),
        question: question.to_owned(),
    };
    Some(contact.row(&format!("{}-S", contact.id), respond_ns, Content::Score(score)))
}
