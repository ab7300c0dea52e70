//! One gesture from the wish to its end, as it is thought up before anything is written.

/// A gesture and what becomes of it.
#[derive(Debug, Clone)]
pub(super) struct Story {
    /// When it begins, in nanoseconds since the Unix epoch.
    pub(super) at: i64,
    /// The employee, by index.
    pub(super) agent: u32,
    /// The customer, by index.
    pub(super) customer: u32,
    /// The interaction, by number.
    pub(super) interaction: u32,
    /// The case, by number.
    pub(super) case: Option<u32>,
    /// The reason, by index.
    pub(super) reason: u8,
    /// The gesture, by index.
    pub(super) gesture: u8,
    /// What is wished, in minor units.
    pub(super) amount: i64,
    /// What becomes of it.
    pub(super) life: Life,
    /// The plant that it belongs to, by number.
    pub(super) plant: Option<u32>,
}

/// What becomes of a gesture.
#[derive(Debug, Clone, Copy)]
pub(super) enum Life {
    /// It is given at once.
    Give,
    /// It is held first, and all of it given after so many seconds.
    Hold { commit_after_s: i64 },
    /// It is held and released after so many seconds.
    Void { after_s: i64 },
    /// It is held and forgotten.
    Forget,
    /// It is given and taken back after so many seconds.
    TakeBack { after_s: i64 },
    /// A second person is asked.
    Consult(Consult),
}

/// How a consult goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consult {
    /// Who is asked, by index.
    pub(super) to: u32,
    /// Who is asked when the first does not answer; the first answers where there is none.
    pub(super) passed_to: Option<u32>,
    /// From the question to the answer, in milliseconds.
    pub(super) waited_ms: i64,
    /// The part of the wish that is approved, in thousandths; 0 declines.
    pub(super) approved_permille: i64,
    /// Whether what is held is given after a refusal, and not released.
    pub(super) gives_rest: bool,
}
