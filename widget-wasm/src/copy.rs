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
    FOUND_NOBODY = "Nobody fits. Try another number.";
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
    BUDGET_USED = "the budget is used up";
    FRAUD = "fraud is being looked into";
    SYSTEM_DOWN = "a system does not work";
    POLICY_CHANGES = "the policy is being changed";
    NO_MORE_KNOWN = "your lead knows more";
    GOES_ON = "Giving goes on.";
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
    TOO_FINE = "Too many decimals.";
    TOO_LARGE = "That is too much.";
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
    BUSY = "Too busy. Nothing was spent; try again.";
    REFUSED = "That could not be done. Nothing was spent.";

    // Asking for more, and being asked.
    ASK_AGAIN = "Ask again";
    WITHDRAW = "Stop asking";
    NOBODY_THERE = "Nobody is there to ask.";
    STAYS_HELD = "What you can give stays held while you wait.";
    NO_ANSWER = "Nobody answered.";
    TOOK_BACK = "You took the question back.";
    NOT_ASKED = "Nobody was asked. Nothing was spent.";
    FOR_YOU = "For you to answer";
    DECLINE = "Decline";
    YOU_DECLINED = "You declined.";
    QUESTION_OVER = "This question is over.";
    NO_REPLY = "No reply. Answer again: only one counts.";

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
pub(crate) const KEYS: [(&str, &str); 10] = [
    ("1–3", "Hold a suggestion"),
    ("G", "Something else"),
    ("1–9", "Pick a reason"),
    ("Enter", "Hold the amount"),
    ("Ctrl Enter", "Give"),
    ("A", "Ask for more"),
    ("R", "Release, asked once more"),
    ("T", "Recent"),
    ("/", "Find a customer"),
    ("Esc", "Back; never releases"),
];

/// Puts values where a template has `{}`.
fn fill(template: &str, values: &[&str]) -> String {
    let mut text = String::new();
    let mut values = values.iter();
    for letter in template.chars() {
        match letter {
            '{' => text.push_str(values.next().copied().unwrap_or_default()),
            '}' => {}
            letter => text.push(letter),
        }
    }
    text
}

/// Puts one value where a template has `{}`.
#[inline(never)]
fn one(template: &str, value: &str) -> String {
    fill(template, &[value])
}

fn plural(count: i64, single: &str, many: &str) -> String {
    one(if count == 1 { single } else { many }, &number(count))
}

/// "Looking up +1 555 0100…"
pub(crate) fn looking_up(what: &str) -> String {
    one("Looking up {}…", what)
}

/// "Offline since 14:02. Showing what we knew at 13:58."
pub(crate) fn offline(since: &str, known: &str) -> String {
    if known.is_empty() {
        return one("Offline since {}.", since);
    }
    fill("Offline since {}. Showing what we knew at {}.", &[since, known])
}

/// "Headroom from 14:01 — checking…"
pub(crate) fn stale(at: &str) -> String {
    one("Headroom from {} — checking…", at)
}

/// "You could give at 13:58"
pub(crate) fn could_give(at: &str) -> String {
    one("You could give at {}", at)
}

/// "2 notes waiting to send"
pub(crate) fn notes_waiting(count: i64) -> String {
    plural(count, "{} note waiting to send", "{} notes waiting to send")
}

/// "6 years"
pub(crate) fn years(count: i64) -> String {
    plural(count, "{} year", "{} years")
}

/// "Not Maria?"
pub(crate) fn not_them(name: &str) -> String {
    one("Not {}?", name)
}

/// "Sign in again to see Maria."
pub(crate) fn sign_in(name: &str) -> String {
    one("Sign in again to see {}.", name)
}

/// "Maria Okafor, last score 3, you can give $1,640"
pub(crate) fn painted(name: &str, score: Option<i32>, amount: &str) -> String {
    match score {
        None => fill("{}, you can give {}", &[name, amount]),
        Some(score) => {
            fill("{}, last score {}, you can give {}", &[name, &number(i64::from(score)), amount])
        }
    }
}

/// "3 of 10"
pub(crate) fn out_of(value: i32, max: i32) -> String {
    fill("{} of {}", &[&number(i64::from(value)), &number(i64::from(max))])
}

/// "12 Sep, was 9"
pub(crate) fn was(day: &str, value: i32) -> String {
    fill("{}, was {}", &[day, &number(i64::from(value))])
}

/// "We owe: refund A-118, promised by 14 Sep, 9 days late"
pub(crate) fn we_owe(what: &str, due: &str, late_days: i64) -> String {
    let owed = fill("We owe: {}, promised by {}", &[what, due]);
    if late_days <= 0 {
        return owed;
    }
    let late = plural(late_days, "{} day late", "{} days late");
    fill("{}, {}", &[&owed, &late])
}

/// "3 contacts about this in 30 days"
pub(crate) fn repeats(count: i64) -> String {
    plural(count, "{} contact about this in 30 days", "{} contacts about this in 30 days")
}

/// "of $2,000"
pub(crate) fn of_cap(cap: &str) -> String {
    one("of {}", cap)
}

/// "$360 given, $45 held"
pub(crate) fn given_and_held(given: &str, held: &str) -> String {
    if held.is_empty() {
        return one("{} given", given);
    }
    fill("{} given, {} held", &[given, held])
}

/// "new room on 1 Dec"
pub(crate) fn new_room(day: &str) -> String {
    one("new room on {}", day)
}

/// "2 gestures in 180 days"
pub(crate) fn gestures(count: i64) -> String {
    plural(count, "{} gesture in 180 days", "{} gestures in 180 days")
}

/// "You’ve used your room with Maria until 1 Dec."
pub(crate) fn used_up(name: &str, day: &str) -> String {
    if day.is_empty() {
        return one("You’ve used your room with {}.", name);
    }
    fill("You’ve used your room with {} until {}.", &[name, day])
}

/// "Giving is paused since 22 Nov, 09:00: a system does not work. Notes still work."
pub(crate) fn paused(day: &str, clock: &str, why: &str) -> String {
    fill("Giving is paused since {}, {}: {}. Notes still work.", &[day, clock, why])
}

/// "3 of 3 gestures this month"
pub(crate) fn times(used: i64, cap: i64, label: &str) -> String {
    fill("{} of {} gestures {}", &[&number(used), &number(cap), label])
}

/// "Leaves you $1,595."
pub(crate) fn leaves(amount: &str) -> String {
    one("Leaves you {}.", amount)
}

/// "$220 more than today’s room. You can give $1,640 now."
pub(crate) fn over(excess: &str, left: &str) -> String {
    still(&one("{} more than today’s room.", excess), left)
}

/// "Maya declined. You can give $1,640 now."
pub(crate) fn still(what: &str, left: &str) -> String {
    if left.is_empty() {
        return what.to_owned();
    }
    fill("{} You can give {} now.", &[what, left])
}

/// "Ask Maya"
pub(crate) fn ask(whom: &str) -> String {
    one("Ask {}", whom)
}

/// "Asking Maya"
pub(crate) fn asking(whom: &str) -> String {
    one("Asking {}", whom)
}

/// "Maya approved $1,800. Offer it, then confirm."
pub(crate) fn approved(who: &str, amount: &str) -> String {
    fill("{} approved {}. Offer it, then confirm.", &[who, amount])
}

/// "Maya declined."
pub(crate) fn declined(who: &str) -> String {
    one("{} declined.", who)
}

/// "Sam asks for $1,860 for Maria"
pub(crate) fn asks(who: &str, amount: &str, name: &str) -> String {
    fill("{} asks for {} for {}", &[who, amount, name])
}

/// "$220 above this stay"
pub(crate) fn above(excess: &str, limit: &str) -> String {
    fill("{} above {}", &[excess, limit])
}

/// "Approve $1,800"
pub(crate) fn approve(amount: &str) -> String {
    one("Approve {}", amount)
}

/// "You approved $1,800 for Sam."
pub(crate) fn you_approved(amount: &str, who: &str) -> String {
    fill("You approved {} for {}.", &[amount, who])
}

/// "More than $1,640, at most $1,860."
pub(crate) fn between(held: &str, asked: &str) -> String {
    fill("More than {}, at most {}.", &[held, asked])
}

/// "0:42 left"
pub(crate) fn left(span: &str) -> String {
    one("{} left", span)
}

/// "Sam just gave Maria $300. You now have $1,340."
pub(crate) fn race_lost(who: &str, name: &str, amount: &str, left: &str) -> String {
    if who.is_empty() {
        return fill("{} of your room is used elsewhere. You now have {}.", &[amount, left]);
    }
    fill("{} just gave {} {}. You now have {}.", &[who, name, amount, left])
}

/// "Hold $45"
pub(crate) fn hold(amount: &str) -> String {
    one("Hold {}", amount)
}

/// "Give $45"
pub(crate) fn give(amount: &str) -> String {
    one("Give {}", amount)
}

/// "Release $45?"
pub(crate) fn release(amount: &str) -> String {
    one("Release {}?", amount)
}

/// "fee waiver, $45"
pub(crate) fn gesture(label: &str, amount: &str) -> String {
    fill("{}, {}", &[label, amount])
}

/// "Held for Maria: fee waiver, $45"
pub(crate) fn held_for(name: &str, gesture: &str) -> String {
    fill("Held for {}: {}", &[name, gesture])
}

/// "$45 is still held for Maria. Give it, or release it?"
pub(crate) fn still_held(amount: &str, name: &str) -> String {
    fill("{} is still held for {}. Give it, or release it?", &[amount, name])
}

/// "Held until 14:12 unless you keep holding."
pub(crate) fn held_until(clock: &str) -> String {
    one("Held until {} unless you keep holding.", clock)
}

/// "Holding $45…"
pub(crate) fn holding(amount: &str) -> String {
    one("Holding {}…", amount)
}

/// "Giving $45…"
pub(crate) fn giving(amount: &str) -> String {
    one("Giving {}…", amount)
}

/// "Releasing $45…"
pub(crate) fn releasing(amount: &str) -> String {
    one("Releasing {}…", amount)
}

/// "Taking $45 back…"
pub(crate) fn taking_back(amount: &str) -> String {
    one("Taking {} back…", amount)
}

/// "Given. Undo for 27 s"
pub(crate) fn given(seconds: i64) -> String {
    if seconds <= 0 {
        return "Given.".to_owned();
    }
    one("Given. Undo for {} s", &number(seconds))
}

/// "What did you do for Maria?"
pub(crate) fn what_did_you_do(name: &str) -> String {
    one("What did you do for {}?", name)
}

/// "Promised: call back"
pub(crate) fn said(what: &str, words: &str) -> String {
    fill("{}: {}", &[what, words])
}

/// "saved $150"
pub(crate) fn saved(amount: &str) -> String {
    one("saved {}", amount)
}

/// "with Logistics"
pub(crate) fn with(whom: &str) -> String {
    one("with {}", whom)
}

/// "until 1 Dec"
pub(crate) fn until(day: &str) -> String {
    one("until {}", day)
}

/// "by Sam"
pub(crate) fn by(whom: &str) -> String {
    one("by {}", whom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_the_template_has_them() {
        assert_eq!(
            race_lost("Sam", "Maria", "$300", "$1,340"),
            "Sam just gave Maria $300. You now have $1,340."
        );
        assert_eq!(held_for("{}", "a {b}"), "Held for {}: a {b}", "values are not templates");
    }

    #[test]
    fn one_is_one() {
        assert_eq!(notes_waiting(1), "1 note waiting to send");
        assert_eq!(notes_waiting(2), "2 notes waiting to send");
    }
}
