//! Patches the view's tree into the document: every node of the tree is one node of the document,
//! text is only ever set as text, and nothing is ever parsed as markup.

use crate::format::{joined, number};
use crate::js::{self, create_element, create_text, set_style, text};
use crate::model::{Action, Field};
use crate::view::node::{Element, Node};

/// The tree that is on the screen, and where it hangs.
pub(crate) struct Dom {
    root: js::Node,
    tree: Element,
}

impl Dom {
    /// Paints a first tree as the only child of `mount`.
    pub(crate) fn mount(mount: &js::Node, tree: Element) -> Dom {
        let root = create(&tree);
        mount.set_text("");
        mount.insert_before(&root, None);
        Dom { root, tree }
    }

    /// Changes what is on the screen to another tree.
    pub(crate) fn paint(&mut self, tree: Element) {
        patch(&self.root, &self.tree, &tree);
        self.tree = tree;
    }

    /// Takes what a click on a node does out of the tree, which is painted anew afterwards: the
    /// innermost action on the way to the node from the root.
    pub(crate) fn take_action(&mut self, target: &js::Node) -> Option<Action> {
        let path = self.path_to(target)?;
        let mut depth = None;
        self.walk(&path, |at, element| {
            if element.action.is_some() {
                depth = Some(at);
            }
        });
        let mut element = &mut self.tree;
        for index in path.iter().rev().take(depth?) {
            element = element.child_mut(*index)?;
        }
        element.take_action()
    }

    /// What typing into a node changes, and whether a click on it does something.
    pub(crate) fn field_at(&self, target: &js::Node) -> (Option<Field>, bool) {
        let (mut field, mut acts) = (None, false);
        self.walk(&self.path_to(target).unwrap_or_default(), |_, element| {
            field = element.field.or(field);
            acts |= element.action.is_some();
        });
        (field, acts)
    }

    /// The indexes that lead from a node up to the root, which the tree has in common with the
    /// document.
    fn path_to(&self, target: &js::Node) -> Option<Vec<usize>> {
        let mut path = Vec::new();
        let mut node = target.clone();
        while node != self.root {
            let mut index = 0;
            let mut before = node.previous_sibling();
            while let Some(sibling) = before {
                index += 1;
                before = sibling.previous_sibling();
            }
            path.push(index);
            node = node.parent_node()?;
        }
        Some(path)
    }

    fn walk<'a>(&'a self, path: &[usize], mut visit: impl FnMut(usize, &'a Element)) {
        let mut element = &self.tree;
        visit(0, element);
        for (depth, index) in path.iter().rev().enumerate() {
            let Some(Node::Element(child)) = element.children.get(*index) else {
                return;
            };
            element = child;
            visit(depth + 1, element);
        }
    }
}

fn create(element: &Element) -> js::Node {
    let made = create_element(element.tag);
    for (name, value) in &element.attributes {
        set(&made, name, value);
    }
    fill(&made, element.fill);
    for child in &element.children {
        made.insert_before(&create_node(child), None);
    }
    made
}

fn create_node(node: &Node) -> js::Node {
    match node {
        Node::Text(text) => create_text(text),
        Node::Element(element) => create(element),
    }
}

/// Sets an attribute; what a field holds is a property and not an attribute.
fn set(element: &js::Node, name: &str, value: &str) {
    if name != "value" {
        element.set_attribute(name, value);
    } else if text(element, name) != value {
        // Setting the same value again would move the caret.
        js::set(element, name, &value.into());
    }
}

fn fill(element: &js::Node, percent: Option<i64>) {
    if let Some(percent) = percent {
        set_style(element, "inline-size", &joined(&[&number(percent), "%"]));
    }
}

fn patch(place: &js::Node, old: &Element, new: &Element) {
    for (name, value) in &new.attributes {
        let before = old.attributes.iter().find(|(known, _)| known == name);
        // What a field holds may have changed without us.
        if *name == "value" || before.is_none_or(|(_, before)| before != value) {
            set(place, name, value);
        }
    }
    for (name, _) in &old.attributes {
        if !new.attributes.iter().any(|(kept, _)| kept == name) {
            place.remove_attribute(name);
        }
    }
    if old.fill != new.fill {
        fill(place, new.fill);
    }
    patch_children(place, &old.children, &new.children);
}

/// Keeps each child that is the same thing as before, so that the focus stays where it is.
fn patch_children(place: &js::Node, old: &[Node], new: &[Node]) {
    // For each child of before, where it is among the new ones.
    let mut places = vec![usize::MAX; old.len()];
    for (index, node) in new.iter().enumerate() {
        take_match(old, &mut places, node, index);
    }
    let mut nodes = Vec::new();
    let mut next = place.first_child();
    for place_of in &places {
        let Some(node) = next else { break };
        next = node.next_sibling();
        if *place_of == usize::MAX {
            place.remove_child(&node);
        }
        nodes.push(node);
    }
    let mut next = place.first_child();
    for (index, node) in new.iter().enumerate() {
        let at = places.iter().position(|place_of| *place_of == index);
        let kept = at.and_then(|at| Some((nodes.get(at)?, old.get(at)?)));
        let Some((kept, before)) = kept else {
            place.insert_before(&create_node(node), next.as_ref());
            continue;
        };
        if next.as_ref() == Some(kept) {
            next = kept.next_sibling();
        } else {
            place.insert_before(kept, next.as_ref());
        }
        match (before, node) {
            (Node::Text(before), Node::Text(text)) if before != text => kept.set_text(text),
            (Node::Element(before), Node::Element(element)) => patch(kept, before, element),
            _ => {}
        }
    }
}

/// Takes the first child of before that is the same thing: same key, or same kind where there is
/// none.
fn take_match(old: &[Node], places: &mut [usize], node: &Node, index: usize) {
    let same = |before: &Node| match (before, node) {
        (Node::Text(_), Node::Text(_)) => true,
        (Node::Element(before), Node::Element(element)) => {
            before.tag == element.tag && before.key == element.key
        }
        _ => false,
    };
    for (before, place) in old.iter().zip(places) {
        if *place == usize::MAX && same(before) {
            *place = index;
            return;
        }
    }
}
