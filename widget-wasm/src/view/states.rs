//! What is shown where there is no customer to show: nobody calls, nobody is known yet, nobody is
//! signed in.

use makegood_proto::v1 as pb;
use makegood_proto::v1::MatchStatus;

use super::Scene;
use super::customer::top;
use super::node::{Element, button, div, el, input, p, section, span};
use crate::copy;
use crate::model::matching::{LOOKING_MS, SLOW_MS};
use crate::model::{Action, Desktop, Field, Model};

fn plain(part: &'static str, title: &str) -> Element {
    section(part, "plain").child(top(title))
}

/// No call is shown.
pub(super) fn no_call(model: &Model) -> Element {
    match model.desktop {
        Desktop::Waiting => plain("idle", copy::CONNECTING),
        Desktop::Joined | Desktop::Spoken => {
            plain("idle", copy::NO_CALL).child(p("meta", copy::WAITING))
        }
        Desktop::Silent => {
            let find = button("find", "button", copy::FIND, Action::StartByHand);
            plain("idle", copy::NO_CONTEXT).child(div("buttons").child(find))
        }
    }
}

/// The first answer is awaited: a skeleton of the heights to come, and words once it takes time.
pub(super) fn looking(scene: Scene<'_>) -> Element {
    let waited = scene.model.now - scene.call.seen_at;
    let words = if waited < LOOKING_MS {
        String::new()
    } else if waited < SLOW_MS {
        copy::looking_up(scene.call.lookup_text())
    } else {
        copy::STILL_LOOKING.to_owned()
    };
    let mut part = section("looking", "skeleton")
        .flag("aria-busy", true)
        .child(p("meta", &words).attr("id", "top").attr("tabindex", "-1"));
    for bone in &["bone name", "bone meta", "bone score", "bone owe", "bone big", "bone meter"] {
        part.push(div(bone));
    }
    part
}

/// Several may be calling, or nobody is known: the agent says who it is.
pub(super) fn who(scene: Scene<'_>) -> Element {
    let call = scene.call;
    let mut part = plain("picker", copy::WHO_IS_CALLING);
    let candidates = candidates(scene);
    let why = match call.status() {
        _ if !candidates.is_empty() => "",
        MatchStatus::None => copy::NOBODY_YET,
        MatchStatus::Anonymous => copy::WITHHELD,
        _ => "",
    };
    if !why.is_empty() {
        part.push(p("meta", why));
    }
    let without = button("continue-without", "more", copy::CONTINUE_WITHOUT, Action::Without);
    part.child(candidates).child(search(scene)).child(without.only_if(scene.may_note()))
}

fn candidates(scene: Scene<'_>) -> Element {
    let mut cards = div("cards");
    for found in scene.call.candidates() {
        cards.push(candidate(scene, found));
    }
    cards
}

fn candidate(scene: Scene<'_>, found: &pb::Candidate) -> Element {
    let day = scene.day(found.last_contact_time.as_ref());
    let when = if day.is_empty() { copy::NEVER_IN_TOUCH } else { &day };
    button("pick", "card pick", "", Action::Pick(found.customer_id.clone()))
        .child(el("b").text(&found.display_name))
        .child(span("aside", when))
        .child(span("why", &found.tier))
        .only_if(scene.may_note())
}

fn search(scene: Scene<'_>) -> Element {
    let search = &scene.call.search;
    let words = if search.running {
        copy::FINDING
    } else if search.nobody {
        copy::FOUND_NOBODY
    } else {
        ""
    };
    let field = input("search", copy::FIND_LABEL, &search.text, Field::Search)
        .class("line")
        .attr("maxlength", "128")
        .attr("aria-keyshortcuts", "/");
    let find = button("search", "button", copy::FIND, Action::Search).only_if(scene.may_note());
    div("search").child(div("amount").child(field).child(find)).child(p("meta", words))
}

/// The agent goes on without a customer.
pub(super) fn without(scene: Scene<'_>) -> Element {
    plain("without", copy::WITHOUT_CUSTOMER).child(candidates(scene)).child(search(scene))
}

/// The token was refused: nothing of the customer is left but the name to sign in for.
pub(super) fn signed_out(scene: Scene<'_>) -> Element {
    let again = button("sign-in", "button main", copy::TRY_AGAIN, Action::SignIn);
    plain("signed-out", &copy::sign_in(scene.call.first_name())).child(div("buttons").child(again))
}

/// The sidecar will not show this call.
pub(super) fn faulty(scene: Scene<'_>) -> Element {
    let again = button("retry", "button main", copy::TRY_AGAIN, Action::Retry);
    plain("fault", &scene.call.fault).child(div("buttons").child(again))
}

/// Another panel acts on this interaction.
pub(super) fn mirror() -> Element {
    section("mirror", "mirror").child(el("p").text(copy::OTHER_TAB)).child(button(
        "use-here",
        "button",
        copy::USE_HERE,
        Action::UseHere,
    ))
}
