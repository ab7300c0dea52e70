//! Policies to test under: one limit, few reasons, everything that a case may want otherwise.

/// What differs between the policies of tests; all texts are as a policy writes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) hold: &'static str,
    pub(crate) undo: &'static str,
    /// The cap in USD; that in ZAR is the same.
    pub(crate) cap: &'static str,
    pub(crate) scope: &'static str,
    /// The limit's window with its length, where it has one.
    pub(crate) window: &'static str,
    /// Further limits, one a line with a comma behind it.
    pub(crate) limits: &'static str,
    /// The section about consults, or nothing.
    pub(crate) consult: &'static str,
}

impl Rules {
    /// 2,000.00 for each agent and customer, in the case or in 30 days.
    pub(crate) const STANDARD: Self = Self {
        hold: "10 min",
        undo: "30 s",
        cap: "2000.00",
        scope: r#"["agent", "customer"]"#,
        window: r#""case", length = "30 days""#,
        limits: "",
        consult: "",
    };

    /// As the standard, with another cap.
    pub(crate) const fn capped(cap: &'static str) -> Self {
        Self { cap, ..Self::STANDARD }
    }

    /// The policy's text.
    pub(crate) fn text(&self) -> String {
        let Self { hold, undo, cap, scope, window, limits, consult } = self;
        format!(
            r#"
name = "tests"
version = "1"
vision = "Do right by the person in front of you."
currencies = ["USD", "ZAR"]
hold = "{hold}"
undo = "{undo}"
note_max_chars = 500
limits = [
  {{ id = "only", label = "this case", scope = {scope}, window = {window}, caps = {{ USD = "{cap}", ZAR = "{cap}" }} }},
{limits}
]
{consult}

[[reasons]]
code = "delay"
label = "Delay"
standard = "We come when we said, or say so before."

[[reasons]]
code = "damage"
label = "Damage"

[[gestures]]
code = "credit"
label = "Credit"
kind = "refund_credit"
value = "asked"
reason = "delay"

[[gestures]]
code = "call_back"
label = "Call back"
kind = "promise_made"
value = "free"
reason = "delay"
"#
        )
    }
}
