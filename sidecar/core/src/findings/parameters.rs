//! The parameters of the rules, with the printed form by which findings name them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::Rule;
use crate::ids::Digest;
use crate::time::{NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_S};

macro_rules! parameters {
    ($($(#[$doc:meta])* $rule:ident($field:ident) {
        $($(#[$value_doc:meta])* $value:ident = $default:expr,)*
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $rule {
                $($(#[$value_doc])* pub $value: i64,)*
            }

            impl Default for $rule {
                fn default() -> Self {
                    Self { $($value: $default,)* }
                }
            }
        )*

        /// The parameters of all rules. Times are in nanoseconds, parts in thousandths, chances as
        /// the power of ten that they must stay below (8 is 10^-8).
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Parameters {
            $(
                $(#[$doc])*
                pub $field: $rule,
            )*
        }

        impl Parameters {
            /// The parameters of one rule as text: the rule and its version, then one
            /// `name=value` a line in the order of their definition.
            pub fn printed(&self, rule: Rule) -> String {
                let mut text = format!("rule={}\nversion={}\n", rule.code(), rule.version());
                match rule {
                    $(Rule::$rule => {
                        let $rule { $($value,)* } = self.$field;
                        let values: &[(&str, i64)] = &[$((stringify!($value), $value),)*];
                        for (name, value) in values {
                            // Writing to a string cannot fail.
                            let _ = writeln!(text, "{name}={value}");
                        }
                    })*
                }
                text
            }
        }
    };
}

parameters! {
    /// Just below the limit.
    JustBelowLimit(just_below_limit) {
        /// From which part of a cap on.
        near_permille = 900,
        /// Within which time.
        window_ns = 30 * NS_PER_DAY,
        /// From how many on.
        least_count = 3,
        /// The chance by the rate of the others.
        chance_power = 6,
    }
    /// Split over interactions.
    Split(split) {
        /// The longest pause between two parts.
        gap_ns = 6 * NS_PER_HOUR,
        /// From which part of the cap on a gesture counts as a part.
        part_permille = 250,
        /// The parts together, as a part of the cap.
        sum_permille = 1_200,
        /// From how many parts on.
        least_count = 2,
    }
    /// Shared contact.
    SelfDealing(self_dealing) {
        /// From how many gestures on.
        least_count = 1,
    }
    /// Concentration on one customer.
    Concentration(concentration) {
        /// Within which time.
        window_ns = 90 * NS_PER_DAY,
        /// From how many gestures on.
        least_count = 8,
        /// The agent's part of all that the customer got.
        share_permille = 300,
        /// The chance by how often others give to this customer.
        chance_power = 9,
    }
    /// Velocity.
    Velocity(velocity) {
        /// Within which time.
        window_ns = 45 * NS_PER_MINUTE,
        /// From how many gestures on.
        least_count = 10,
        /// The weight of the newest hour in the moving average of the agent's hours.
        newest_permille = 50,
        /// The chance by the agent's own moving average, raised by the rush of the house.
        chance_power = 5,
    }
    /// Above peers.
    PeerOutlier(peer_outlier) {
        /// From how many gestures on.
        least_count = 30,
        /// The shrunken mean, as a part of the peers' mean for the same reasons and gestures.
        ratio_permille = 1_400,
        /// How many standard errors above the peers: 3.291 is 99.9 % on both sides.
        errors_permille = 3_291,
    }
    /// First digits.
    Digits(digits) {
        /// From how many amounts on.
        least_count = 300,
        /// The 99th of a hundred parts of the amounts over the first: below, digits are bound.
        least_spread = 100,
        /// The most that one single amount may make up.
        most_common_permille = 100,
        /// The mean absolute deviation beyond chance, in millionths, that is nonconformity.
        deviation_millionths = 15_000,
    }
    /// Round amounts.
    RoundAmounts(round_amounts) {
        /// Which multiples are round, in major units.
        multiple_major = 50,
        /// From which amount on, in major units.
        least_major = 100,
        /// Within which time.
        window_ns = 30 * NS_PER_DAY,
        /// From how many on.
        least_count = 6,
        /// The chance by the rate of the others.
        chance_power = 5,
    }
    /// Outside the shift.
    OffShift(off_shift) {
        /// The house's offset from UTC, in seconds.
        zone_offset_s = 0,
        /// The hours of the day in which everybody may work: from, in hours; equal to the end
        /// where each agent's own habits decide alone.
        open_hour = 0,
        /// The end of those hours.
        close_hour = 0,
        /// The part of an agent's gestures from which on an hour is one of their hours.
        usual_hour_permille = 20,
        /// How many hours away from those.
        distance_hours = 4,
        /// The part of an agent's gestures below which a day of the week is not one of theirs.
        rare_weekday_permille = 4,
        /// From how many gestures in all on habits can be told.
        least_gestures = 100,
        /// Within which time.
        window_ns = 7 * NS_PER_DAY,
        /// From how many on.
        least_count = 4,
    }
    /// Void and reissue.
    VoidAndReissue(void_and_reissue) {
        /// How long after the end the next is the same again.
        again_ns = 24 * NS_PER_HOUR,
        /// Within which time.
        window_ns = 7 * NS_PER_DAY,
        /// From how many rounds on.
        least_count = 3,
    }
    /// Rubber stamp.
    RubberStamp(rubber_stamp) {
        /// An answer before this is no thought.
        at_once_ns = 5 * NS_PER_S,
        /// Within which time.
        window_ns = 60 * NS_PER_DAY,
        /// From how many on.
        least_count = 6,
        /// Their part of the answers of the one to the other in that time.
        share_permille = 700,
        /// The chance by the rate of the others.
        chance_power = 6,
    }
    /// Back-dated.
    BackDated(back_dated) {
        /// How far back, at least.
        back_ns = NS_PER_DAY,
        /// From how many on, where no closed period was touched.
        least_count = 3,
        /// Within which time.
        window_ns = 30 * NS_PER_DAY,
    }
    /// Rare agent or gesture.
    Rare(rare) {
        /// The rule says nothing of fewer gestures in all.
        least_gestures = 1_000,
        /// An agent with at most so many gestures is rare.
        agent_count = 10,
        /// A gesture that was given at most so often is rare.
        gesture_count = 3,
    }
    /// Consult shopping.
    ConsultShopping(consult_shopping) {
        /// How long after a refusal.
        window_ns = 48 * NS_PER_HOUR,
        /// The part of the refused wish from which on another wish is the same.
        same_permille = 700,
        /// The part of the refused wish that is given in parts.
        parts_permille = 750,
    }
    /// Dormant customers.
    Dormant(dormant) {
        /// How long nothing was heard.
        silent_ns = 180 * NS_PER_DAY,
        /// Within which time.
        window_ns = 14 * NS_PER_DAY,
        /// From how many on.
        least_count = 8,
        /// The chance by the rate of the others.
        chance_power = 8,
    }
    /// No outcome recorded.
    NoOutcome(no_outcome) {
        /// Within which time.
        window_ns = 30 * NS_PER_DAY,
        /// From how many on.
        least_count = 5,
        /// The chance by the rate of the others.
        chance_power = 7,
    }
    /// Duplicate.
    Duplicate(duplicate) {
        /// Within which time.
        window_ns = 72 * NS_PER_HOUR,
        /// Amounts that make up more of a gesture than this are its price, and no duplicates.
        usual_permille = 4,
    }
    /// Same amount, different customers.
    SameAmount(same_amount) {
        /// Within which time.
        window_ns = 14 * NS_PER_DAY,
        /// From how many customers on.
        least_count = 5,
        /// The chance by how often others give this amount.
        chance_power = 8,
    }
}

/// SHA-256 of the parameters of a rule as they are printed.
pub fn parameters_digest(parameters: &Parameters, rule: Rule) -> Digest {
    Digest::from_bytes(Sha256::digest(parameters.printed(rule)).into())
}
