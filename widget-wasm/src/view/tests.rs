//! The screen as text: what an agent reads, from top to bottom.

use makegood_proto::v1 as pb;

use super::node::{ATTRIBUTES, Element, Node};
use super::view;
use crate::model::testing::{Plain, Rig, full_panel, quiet_panel};
use crate::model::{Acting, Action, Event};

#[test]
fn a_call_reads_from_top_to_bottom() {
    let rig = Rig::on_call();
    let expected = "\
On call · 00:00 [?]
Maria Okafor
Gold · 6 years
+1 555 0100 · matched by number [Not Maria?]
▼ Down 3 of 10 opponent day -10, was 9 “Third late delivery.”
◷ We owe: refund A-118, promised by day -9, 9 days late [Kept]
You can give this stay
$1,640 of $2,000
$360 given new room on day 9
Try this
[1 Waive fee $45 late twice in 30 days] [2 Upgrade $80 late twice in 30 days] [3 Call back free late twice in 30 days]
[+ Something else G]
What you did
[Saved money] [Raised inside] [Explained] [Just listened] [Make a promise] [More…]
Remember
◇ Tea, never coffee told us day -100 · that time only · until day 100 [×]
[+ Remember something]
Recent
● Chat · late delivery 3 of 10 · day -10 open “Third time this year.”
2 gestures in 180 days
Do right by the person in front of you.
Maria Okafor, last score 3, you can give $1,640";
    assert_eq!(rig.text(), expected);
}

#[test]
fn what_was_done_is_listed_with_what_it_was_worth() {
    let mut rig = Rig::on_call();
    let mut panel = full_panel();
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 21 });
    panel.actions.push(pb::AdvocacyAction {
        kind: pb::ActionKind::RaisedInside as i32,
        counterpart: "Logistics".to_owned(),
        ..pb::AdvocacyAction::default()
    });
    rig.stream(vec![panel]);
    let text = rig.text();
    assert!(text.contains("✓ fee waiver, $360 MG-7Q2K [Take back…]"), "{text}");
    assert!(text.contains("✓ Saved money: Pointed to the afternoon flight saved $150"), "{text}");
    assert!(text.contains("✓ Raised inside with Logistics"), "{text}");
}

#[test]
fn a_history_that_is_being_rebuilt_says_so() {
    let mut rig = Rig::on_call();
    let mut panel = quiet_panel();
    panel.history_state = pb::HistoryState::Rebuilding as i32;
    if let Some(context) = &mut panel.context {
        context.timeline.clear();
    }
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 21 });
    rig.stream(vec![panel]);
    assert!(rig.text().contains("The story is being put together again. Giving works."));
}

#[test]
fn wrap_up_asks_what_was_done() {
    let mut rig = Rig::on_call();
    rig.state("c-1", pb::CallState::WrapUp);
    assert!(rig.text().contains("What did you do for Maria?"));
    assert!(rig.text().contains("[Sent elsewhere]"), "every kind is there");
    rig.act(Action::ToggleSettled);
    assert!(rig.text().contains("[*The matter is settled]"));
}

/// Every element of a tree.
fn walk(element: &Element, visit: &mut impl FnMut(&Element)) {
    visit(element);
    for child in &element.children {
        if let Node::Element(child) = child {
            walk(child, visit);
        }
    }
}

/// Trees of many states.
fn trees() -> Vec<Element> {
    let mut rigs = [Rig::new(), Rig::on_call(), Rig::on_call(), Rig::on_call(), Rig::on_call()];
    rigs[2].act(Action::Compose);
    rigs[2].press("?");
    rigs[3].press("1");
    rigs[3].act(Action::ToggleRemember);
    rigs[3].act(Action::ToggleLog);
    rigs[4].act(Action::NotThem);
    rigs[4].feed(Event::Acting { call: "c-1".to_owned(), acting: Acting::Elsewhere });
    rigs.iter().map(|rig| view(&rig.model, &Plain)).collect()
}

#[test]
fn attributes_come_from_the_list_alone() {
    for tree in trees() {
        walk(&tree, &mut |element| {
            for (name, _) in &element.attributes {
                assert!(ATTRIBUTES.contains(name), "{name}");
            }
        });
    }
    for name in ATTRIBUTES {
        let can_act = name.starts_with("on") || ["style", "href", "src", "srcdoc"].contains(&name);
        assert!(!can_act, "{name}");
    }
}

#[test]
fn every_button_can_be_named_and_every_field_has_a_label() {
    let attribute = |element: &Element, name: &str| {
        element.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    };
    for tree in trees() {
        walk(&tree, &mut |element| match element.tag {
            "button" => {
                assert!(attribute(element, "data-act").is_some_and(|act| !act.is_empty()));
                assert_eq!(attribute(element, "type").as_deref(), Some("button"));
            }
            "input" => {
                assert!(attribute(element, "aria-label").is_some_and(|label| !label.is_empty()));
            }
            _ => {}
        });
    }
}

#[test]
fn no_id_is_there_twice() {
    for tree in trees() {
        let mut ids = Vec::new();
        walk(&tree, &mut |element| {
            ids.extend(
                element
                    .attributes
                    .iter()
                    .filter(|(name, _)| *name == "id")
                    .map(|(_, id)| id.clone()),
            );
        });
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}

#[test]
fn markup_in_words_stays_words() {
    let mut rig = Rig::on_call();
    let mut panel = quiet_panel();
    let evil = "<img src=x onerror=alert(1)>";
    if let Some(customer) = panel.context.as_mut().and_then(|context| context.customer.as_mut()) {
        evil.clone_into(&mut customer.display_name);
    }
    panel.revision = Some(pb::Revision { ledger_position: 11, record_position: 21 });
    rig.stream(vec![panel]);
    let mut found = false;
    walk(&view(&rig.model, &Plain), &mut |element| {
        assert_ne!(element.tag, "img");
        found |= element.children.iter().any(|child| *child == Node::Text(evil.to_owned()));
    });
    assert!(found);
}
