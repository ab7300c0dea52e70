//! Every word that the panel says, in one place: plain verbs, the customer's first name, money
//! before adjectives, never blame.

use crate::format::number;

/// Names constants of copy.
macro_rules! words {
    ($($name:ident = $text:literal;)*) => {
        $(
            #[doc = concat!("\"", $text, "\"")]
            pub(crate) const $name: &str = $text;
        )*
    };
}

words! {
    // The strip and the states of the whole panel.
    RINGING = "Ringing";
    ON_CALL = "On call";
    ON_HOLD = "On hold";
    WRAPPING_UP = "Wrapping up";
    NO_CALL = "No call right now";
    WAITING = "The next caller appears here as it rings.";
    CONNECTING = "Connecting to your desktop";
    NO_CONTEXT = "Your desktop didn’t say who’s calling.";
    STILL_LOOKING = "Still looking. You can start the call.";
    OTHER_TAB = "Makegood is active in another tab.";
    USE_HERE = "Use it here";
    READ_ONLY = "Read only here.";
    REBUILDING = "The story is being put together again. Giving works.";
    CANNOT_SHOW = "This call cannot be shown.";
    TRY_AGAIN = "Try again";
    SHORTCUTS = "Keyboard shortcuts";
    CLOSE = "Close";

    // Who is calling.
    CLEARED = "Cleared. Who is calling?";
    WHO_IS_CALLING = "Who is calling?";
    NOBODY_YET = "No one with this number yet";
    WITHHELD = "The caller withholds their number";
    CONTINUE_WITHOUT = "Continue without a customer";
    WITHOUT_CUSTOMER = "No customer on this call. Notes still work.";
    FIND = "Find";
    FIND_LABEL = "Phone, mail or account number";
    FINDING = "Looking…";
    FOUND_NOBODY = "Nobody fits. Check the number, or try another.";
    NEVER_IN_TOUCH = "never in touch";
    BY_NUMBER = "matched by number";
    BY_MAIL = "matched by mail";
    BY_ID = "matched by id";
    BY_ACCOUNT = "matched by account";
    BY_YOU = "confirmed by you";
    THEM = "them";
    DOWN = "Down";
    UP = "Up";
    SAME = "The same";
    FIRST = "First";
    NO_SCORE = "No score yet";
    ADVOCATE = "advocate";
    PASSIVE = "passive";
    OPPONENT = "opponent";
    SATISFACTION = "satisfaction";
    EASE = "ease";
    YES = "yes";
    NO = "no";
    KEPT_IT = "Kept";

    // Headroom.
    YOU_CAN_GIVE = "You can give";
    AFTER_THIS = "after this";
    NO_ROOM_RULE = "No limit gives you room here. Notes still work.";
    GIVING_WAITS = "Giving waits until we are back. Notes still work.";

    // Giving.
    TRY_THIS = "Try this";
    SOMETHING_ELSE = "Something else";
    ADD_SOMETHING_ELSE = "+ Something else";
    FREE = "free";
    AMOUNT = "Amount";
    WHAT = "What";
    REASON = "Reason";
    NOTE_OPTIONAL = "Note (optional)";
    PICK_REASON = "Pick a reason.";
    NOT_AN_AMOUNT = "That is not an amount.";
    TOO_FINE = "That has more decimals than the currency.";
    TOO_LARGE = "That is more than can be written down.";
    CANCEL = "Cancel";
    RELEASE = "Release";
    GIVE_SECTION = "Held and given";
    OFFER_THEN_CONFIRM = "Offer it, then confirm. Held while the call lasts.";
    KEEP_HOLDING = "Keep holding";
    CHECKING = "Checking if that went through… don’t repeat it.";
    STILL_UNSURE = "Still not sure if that went through.";
    CHECK_AGAIN = "Check again";
    NOT_GIVEN = "Not given. Nothing was spent.";
    NOT_HELD = "Not held. Nothing was spent.";
    NOT_CONFIRMED = "not confirmed";
    RELEASED = "Released. Nothing was spent.";
    HOLD_ENDED = "The hold ended. Hold again?";
    HOLD_AGAIN = "Hold again";
    LET_GO = "Let it go";
    UNDO = "Undo";
    TAKEN_BACK = "Taken back.";
    TAKE_BACK = "Take back…";
    WHY_BACK = "Why is it taken back?";
    RETURNED = "Customer returned it";
    TWICE = "Given twice";
    OTHER_REASON = "Other";
    MORE_THAN_ROOM = "That’s more than today’s room.";
    BUSY = "Too much is going on. Nothing was spent; try again.";
    REFUSED = "That could not be done. Nothing was spent.";

    // What was done.
    WHAT_YOU_DID = "What you did";
    MORE_KINDS = "More…";
    LESS = "Less";
    SAVED_MONEY = "Saved money";
    RAISED_INSIDE = "Raised inside";
    PREFERRED_HOUR = "Kept their hour";
    LOWER_MARGIN = "Cheaper option";
    COMPETITOR = "Sent elsewhere";
    EXPLAINED = "Explained";
    APOLOGISED = "Apologised";
    LISTENED = "Just listened";
    PROMISE = "Make a promise";
    PROMISED = "Promised";
    OTHER_ACTION = "Something else";
    HOW_MUCH_SAVED = "How much did it save them?";
    MARGIN_GIVEN_UP = "Margin given up (never held against you)";
    WITH_WHOM = "With whom?";
    WHERE_TO = "Where to?";
    WHAT_PROMISED = "What do you promise?";
    BY_WHEN = "By when?";
    TODAY = "Today";
    TOMORROW = "Tomorrow";
    IN_THREE_DAYS = "In 3 days";
    IN_A_WEEK = "In a week";
    SAVE = "Save";
    SETTLED = "The matter is settled";
    WAITING_TO_SEND = "waiting to send";

    // The customer's story.
    REMEMBER = "Remember";
    REMEMBER_MORE = "+ Remember something";
    IN_WORDS = "In words";
    NOT_TRUE = "Not true any more";
    TOLD_US = "told us";
    NOTICED = "noticed";
    IMPORTED = "from the CRM";
    THAT_TIME = "that time only";
    RECENT = "Recent";
    MORE = "More";
    NOTHING_YET = "Nothing yet";
    STILL_OPEN = "open";
}

/// What a preference can be, ready to tap: the kind's number in the API and the words.
pub(crate) const PREFERENCES: [(i32, &str); 6] = [
    (1, "Call in the morning"),
    (1, "Not before 9"),
    (1, "Call in the evening"),
    (2, "Write, do not call"),
    (2, "Call, do not write"),
    (4, "Speak slowly"),
];

/// The list of shortcuts: keys and what they do.
pub(crate) const KEYS: [(&str, &str); 9] = [
    ("1–3", "Hold a suggestion"),
    ("G", "Something else"),
    ("1–9", "Pick a reason"),
    ("Enter", "Hold the amount"),
    ("Ctrl Enter", "Give"),
    ("R", "Release, asked once more"),
    ("T", "Recent"),
    ("/", "Find a customer"),
    ("Esc", "Back; never releases"),
];

fn plural(count: i64, one: &str, many: &str) -> String {
    [
        number(count).as_str(),
        " ",
        if count == 1 { one } else { many },
    ]
    .concat()
}

/// "Looking up +1 555 0100…"
pub(crate) fn looking_up(what: &str) -> String {
    ["Looking up ", what, "…"].concat()
}

/// "Offline since 14:02. Showing what we knew at 13:58."
pub(crate) fn offline(since: &str, known: &str) -> String {
    if known.is_empty() {
        return ["Offline since ", since, "."].concat();
    }
    [
        "Offline since ",
        since,
        ". Showing what we knew at ",
        known,
        ".",
    ]
    .concat()
}

/// "Headroom from 14:01 — checking…"
pub(crate) fn stale(at: &str) -> String {
    ["Headroom from ", at, " — checking…"].concat()
}

/// "You could give at 13:58"
pub(crate) fn could_give(at: &str) -> String {
    ["You could give at ", at].concat()
}

/// "2 notes waiting to send"
pub(crate) fn notes_waiting(count: usize) -> String {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    [&plural(count, "note", "notes"), " ", WAITING_TO_SEND].concat()
}

/// "6 years"
pub(crate) fn years(count: i64) -> String {
    plural(count, "year", "years")
}

/// "Not Maria?"
pub(crate) fn not_them(name: &str) -> String {
    ["Not ", name, "?"].concat()
}

/// "Sign in again to see Maria."
pub(crate) fn sign_in(name: &str) -> String {
    ["Sign in again to see ", name, "."].concat()
}

/// "Maria Okafor, last score 3, you can give $1,640"
pub(crate) fn painted(name: &str, score: Option<i32>, amount: &str) -> String {
    let score = score.map_or_else(String::new, |score| {
        [", last score ", &number(i64::from(score))].concat()
    });
    [name, &score, ", you can give ", amount].concat()
}

/// "3 of 10"
pub(crate) fn out_of(value: i32, max: i32) -> String {
    [&number(i64::from(value)), " of ", &number(i64::from(max))].concat()
}

/// "was 9"
pub(crate) fn was(value: i32) -> String {
    ["was ", &number(i64::from(value))].concat()
}

/// "We owe: refund A-118, promised by 14 Sep, 9 days late"
pub(crate) fn we_owe(what: &str, due: &str, late_days: i64) -> String {
    let due = if due.is_empty() {
        String::new()
    } else {
        [", promised by ", due].concat()
    };
    let late = if late_days > 0 {
        [", ", &plural(late_days, "day", "days"), " late"].concat()
    } else {
        String::new()
    };
    ["We owe: ", what, &due, &late].concat()
}

/// "3 contacts about this in 30 days"
pub(crate) fn repeats(count: i64) -> String {
    [
        &plural(count, "contact", "contacts"),
        " about this in 30 days",
    ]
    .concat()
}

/// "of $2,000"
pub(crate) fn of_cap(cap: &str) -> String {
    ["of ", cap].concat()
}

/// "$360 given, $45 held"
pub(crate) fn given_and_held(given: &str, held: &str) -> String {
    let given = [given, " given"].concat();
    if held.is_empty() {
        given
    } else {
        [&given, ", ", held, " held"].concat()
    }
}

/// "new room on 1 Dec"
pub(crate) fn new_room(day: &str) -> String {
    ["new room on ", day].concat()
}

/// "2 gestures in 180 days"
pub(crate) fn gestures(count: i64) -> String {
    [&plural(count, "gesture", "gestures"), " in 180 days"].concat()
}

/// "You’ve used your room with Maria until 1 Dec."
pub(crate) fn used_up(name: &str, day: &str) -> String {
    if day.is_empty() {
        return ["You’ve used your room with ", name, "."].concat();
    }
    ["You’ve used your room with ", name, " until ", day, "."].concat()
}

/// "Leaves you $1,595."
pub(crate) fn leaves(amount: &str) -> String {
    ["Leaves you ", amount, "."].concat()
}

/// "$220 more than today’s room. You can give $1,640 now."
pub(crate) fn over(excess: &str, left: &str) -> String {
    [
        excess,
        " more than today’s room. You can give ",
        left,
        " now.",
    ]
    .concat()
}

/// "Sam just gave Maria $300. You now have $1,340."
pub(crate) fn race_lost(who: &str, name: &str, amount: &str, left: &str) -> String {
    if who.is_empty() {
        return [
            amount,
            " of your room is used elsewhere. You now have ",
            left,
            ".",
        ]
        .concat();
    }
    [
        who,
        " just gave ",
        name,
        " ",
        amount,
        ". You now have ",
        left,
        ".",
    ]
    .concat()
}

/// "Hold $45"
pub(crate) fn hold(amount: &str) -> String {
    ["Hold ", amount].concat()
}

/// "Give $45"
pub(crate) fn give(amount: &str) -> String {
    ["Give ", amount].concat()
}

/// "Release $45?"
pub(crate) fn release(amount: &str) -> String {
    ["Release ", amount, "?"].concat()
}

/// "fee waiver, $45"
pub(crate) fn gesture(label: &str, amount: &str) -> String {
    [label, ", ", amount].concat()
}

/// "Held for Maria: fee waiver, $45"
pub(crate) fn held_for(name: &str, gesture: &str) -> String {
    ["Held for ", name, ": ", gesture].concat()
}

/// "$45 is still held for Maria. Give it, or release it?"
pub(crate) fn still_held(amount: &str, name: &str) -> String {
    [
        amount,
        " is still held for ",
        name,
        ". Give it, or release it?",
    ]
    .concat()
}

/// "Held until 14:12 unless you keep holding."
pub(crate) fn held_until(clock: &str) -> String {
    ["Held until ", clock, " unless you keep holding."].concat()
}

/// "Holding $45…"
pub(crate) fn holding(amount: &str) -> String {
    ["Holding ", amount, "…"].concat()
}

/// "Giving $45…"
pub(crate) fn giving(amount: &str) -> String {
    ["Giving ", amount, "…"].concat()
}

/// "Releasing $45…"
pub(crate) fn releasing(amount: &str) -> String {
    ["Releasing ", amount, "…"].concat()
}

/// "Taking $45 back…"
pub(crate) fn taking_back(amount: &str) -> String {
    ["Taking ", amount, " back…"].concat()
}

/// "Given. Undo for 27 s"
pub(crate) fn given(seconds: i64) -> String {
    if seconds <= 0 {
        return "Given.".to_owned();
    }
    ["Given. Undo for ", &number(seconds), " s"].concat()
}

/// "What did you do for Maria?"
pub(crate) fn what_did_you_do(name: &str) -> String {
    ["What did you do for ", name, "?"].concat()
}

/// "saved $150"
pub(crate) fn saved(amount: &str) -> String {
    ["saved ", amount].concat()
}

/// "with Logistics"
pub(crate) fn with(whom: &str) -> String {
    ["with ", whom].concat()
}

/// "until 1 Dec"
pub(crate) fn until(day: &str) -> String {
    ["until ", day].concat()
}

/// "by Sam"
pub(crate) fn by(whom: &str) -> String {
    ["by ", whom].concat()
}
