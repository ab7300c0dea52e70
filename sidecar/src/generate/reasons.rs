//! Why people get in touch, and how it tends to go.

/// A contact reason.
#[derive(Debug)]
pub(super) struct Reason {
    /// The word for it.
    pub(super) name: &'static str,
    /// Where it happened.
    pub(super) touch_point: &'static str,
    /// Where in the customer's life.
    pub(super) lifecycle_stage: &'static str,
    /// The least and the most that it hurts, 1 to 5.
    pub(super) severity: (u32, u32),
    /// In how many of a hundred cases one contact settles it.
    pub(super) settled_percent: u32,
    /// What is promised when it is not settled; `#` becomes the order's number.
    pub(super) promise: &'static str,
    /// What an unhappy customer says of it.
    pub(super) complaints: &'static [&'static str],
}

/// The reasons by their weights: few of them make up most contacts.
pub(super) const REASONS: [(u32, Reason); 10] = [
    (
        26,
        Reason {
            name: "late delivery",
            touch_point: "delivery",
            lifecycle_stage: "buying",
            severity: (2, 4),
            settled_percent: 55,
            promise: "Refund of the delivery fee, order #",
            complaints: &[
                "The parcel was late again",
                "I took a day off and nobody came",
                "It said tomorrow four times",
            ],
        },
    ),
    (
        16,
        Reason {
            name: "billing question",
            touch_point: "invoice",
            lifecycle_stage: "support",
            severity: (1, 3),
            settled_percent: 80,
            promise: "A corrected invoice for order #",
            complaints: &["The invoice makes no sense", "I was sent from one desk to the next"],
        },
    ),
    (
        14,
        Reason {
            name: "return",
            touch_point: "returns desk",
            lifecycle_stage: "returns",
            severity: (1, 3),
            settled_percent: 72,
            promise: "A return label for order #",
            complaints: &["The label never came", "I had to send it back twice"],
        },
    ),
    (
        12,
        Reason {
            name: "product question",
            touch_point: "shop",
            lifecycle_stage: "browsing",
            severity: (1, 1),
            settled_percent: 94,
            promise: "An answer from the workshop on order #",
            complaints: &["Nobody could answer a simple question"],
        },
    ),
    (
        9,
        Reason {
            name: "damaged item",
            touch_point: "delivery",
            lifecycle_stage: "support",
            severity: (3, 5),
            settled_percent: 60,
            promise: "A replacement for order #",
            complaints: &["It came in pieces", "The box was fine, what was in it was not"],
        },
    ),
    (
        7,
        Reason {
            name: "wrong item",
            touch_point: "warehouse",
            lifecycle_stage: "buying",
            severity: (2, 4),
            settled_percent: 66,
            promise: "The right item for order #",
            complaints: &["I ordered one thing and got another", "Wrong size for the second time"],
        },
    ),
    (
        6,
        Reason {
            name: "account access",
            touch_point: "web site",
            lifecycle_stage: "activation",
            severity: (1, 3),
            settled_percent: 85,
            promise: "A call when the account of order # is open again",
            complaints: &["Locked out of my own account", "The code never arrives"],
        },
    ),
    (
        4,
        Reason {
            name: "double charge",
            touch_point: "payment",
            lifecycle_stage: "buying",
            severity: (3, 5),
            settled_percent: 50,
            promise: "Refund of the second charge, order #",
            complaints: &["Charged twice, and I had to prove it", "My money is still gone"],
        },
    ),
    (
        3,
        Reason {
            name: "subscription change",
            touch_point: "subscription",
            lifecycle_stage: "renewal",
            severity: (1, 2),
            settled_percent: 88,
            promise: "The new plan from the next bill on, order #",
            complaints: &["Changing a plan should not take three calls"],
        },
    ),
    (
        3,
        Reason {
            name: "cancellation",
            touch_point: "subscription",
            lifecycle_stage: "cancellation",
            severity: (2, 5),
            settled_percent: 70,
            promise: "A written confirmation for order #",
            complaints: &["You make it hard to leave", "I cancelled and was charged all the same"],
        },
    ),
];
