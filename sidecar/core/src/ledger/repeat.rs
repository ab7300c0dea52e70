//! Whether an operation under an id that was used before is the same again.

use super::{GestureRequest, Operation};

impl Operation {
    /// The first field in which another operation under the same id differs; `None` for a repeat.
    ///
    /// Neither the time to decide is compared, which a retry measures anew, nor who is there to be
    /// asked, which may have changed since.
    pub fn differing_field(&self, other: &Self) -> Option<&'static str> {
        match (self, other) {
            (Self::Reserve(left), Self::Reserve(right)) | (Self::Give(left), Self::Give(right)) => {
                left.differing_field(right)
            }
            (Self::Ask { gesture: left, .. }, Self::Ask { gesture: right, .. }) => {
                let spend = (left.spend != right.spend).then_some("spend_id");
                spend.or_else(|| left.differing_field(right))
            }
            _ if std::mem::discriminant(self) != std::mem::discriminant(other) => Some("operation"),
            _ if self.spend() != other.spend() => Some("spend_id"),
            _ if self.amount_minor() != other.amount_minor() => Some("amount_minor"),
            _ => self.differing_detail(other),
        }
    }

    /// What two operations of one kind, on one gesture and of one amount, may still differ in.
    fn differing_detail(&self, other: &Self) -> Option<&'static str> {
        match (self, other) {
            (Self::Commit { is_final: left, .. }, Self::Commit { is_final: right, .. }) => {
                first_differing(&[("is_final", left == right)])
            }
            (Self::Void { reason: left, .. }, Self::Void { reason: right, .. }) => {
                first_differing(&[("reason", left == right)])
            }
            (
                Self::Reverse { reason, effective_at, .. },
                Self::Reverse { reason: other_reason, effective_at: other_at, .. },
            ) => first_differing(&[
                ("reason", reason == other_reason),
                ("effective_time", effective_at == other_at),
            ]),
            (
                Self::Correct { reason, gesture, effective_at, .. },
                Self::Correct {
                    reason: other_reason,
                    gesture: other_gesture,
                    effective_at: other_at,
                    ..
                },
            ) => first_differing(&[
                ("reason", reason == other_reason),
                ("gesture", gesture == other_gesture),
                ("effective_time", effective_at == other_at),
            ]),
            (Self::Answer { consult: left, .. }, Self::Answer { consult: right, .. })
            | (Self::Withdraw { consult: left, .. }, Self::Withdraw { consult: right, .. }) => {
                first_differing(&[("consult_id", left == right)])
            }
            _ => None,
        }
    }
}

fn first_differing(fields: &[(&'static str, bool)]) -> Option<&'static str> {
    fields.iter().find(|(_, is_same)| !is_same).map(|(field, _)| *field)
}

impl GestureRequest {
    fn differing_field(&self, other: &Self) -> Option<&'static str> {
        // Taken apart so that a new field cannot be forgotten here.
        let Self {
            spend: _,
            customer,
            interaction,
            case,
            amount,
            reason,
            gesture,
            note,
            decided_ms: _,
            suggestion,
        } = self;
        let compared = [
            ("customer", *customer == other.customer),
            ("interaction", *interaction == other.interaction),
            ("case", *case == other.case),
            ("currency_code", amount.currency == other.amount.currency),
            ("amount_minor", amount.amount_minor == other.amount.amount_minor),
            ("reason", *reason == other.reason),
            ("gesture", *gesture == other.gesture),
            ("note", *note == other.note),
            ("suggestion", *suggestion == other.suggestion),
        ];
        first_differing(&compared)
    }
}
